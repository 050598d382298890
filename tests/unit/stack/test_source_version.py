"""The commit is that of the checkout, however git keeps it; without history there is none."""

import subprocess
from pathlib import Path

import pytest

from project.environment import CHECKOUT
from project.source_version import find_commit, read_package_version
from tests.ties import tie

FIRST, SECOND = "a" * 40, "b" * 40


def test_the_version_is_that_of_the_package() -> None:
    assert f'\nversion = "{read_package_version(CHECKOUT)}"\n' in (CHECKOUT / "pyproject.toml").read_text()


def make_history(folder: Path, head: str, **files: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "HEAD").write_text(f"{head}\n")
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_", "-")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder.parent


@pytest.mark.parametrize(
    ("head", "files", "expected"),
    [
        (FIRST, {}, FIRST),
        ("ref: refs/heads/main", {"refs__heads__main": f"{SECOND}\n"}, SECOND),
        (
            "ref: refs/heads/main",
            {"packed_refs": f"# pack-refs\n{FIRST} refs/heads/old\n{SECOND} refs/heads/main\n"},
            SECOND,
        ),
        ("ref: refs/heads/main", {"packed_refs": f"{FIRST} refs/heads/old\n"}, ""),
        ("ref: refs/heads/unborn", {}, ""),
        ("something else", {}, ""),
    ],
)
def test_the_commit_is_read_from_the_history(
    tmp_path: Path, head: str, files: dict[str, str], expected: str
) -> None:
    assert find_commit(make_history(tmp_path / "source" / ".git", head, **files)) == expected


def test_a_further_work_tree_has_its_own_head_and_the_shared_branches(tmp_path: Path) -> None:
    make_history(tmp_path / "main" / ".git", "ref: refs/heads/main", refs__heads__work=f"{SECOND}\n")
    own = make_history(
        tmp_path / "main" / ".git" / "worktrees" / "tree", "ref: refs/heads/work", commondir="../..\n"
    )
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / ".git").write_text(f"gitdir: {own / 'tree'}\n")
    assert find_commit(tree) == SECOND


def test_without_history_there_is_no_commit(tmp_path: Path) -> None:
    assert find_commit(tmp_path) == ""


def test_it_agrees_with_git(tmp_path: Path) -> None:
    """Of branches, packed branches, a commit without a branch, and a further work tree."""
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    source, tree = tmp_path / "source", tmp_path / "tree"
    run_git(tmp_path, "init", "--quiet", str(source))
    for step in (
        (*who, "commit", "--quiet", "--allow-empty", "--message", "first"),
        ("pack-refs", "--all"),
        (*who, "commit", "--quiet", "--allow-empty", "--message", "second"),
        ("checkout", "--quiet", "--detach", "HEAD~1"),
        ("worktree", "add", "--quiet", "-b", "more", str(tree)),
    ):
        run_git(source, *step)
        assert find_commit(source) == run_git(source, "rev-parse", "HEAD"), step
    assert find_commit(tree) == run_git(tree, "rev-parse", "HEAD")


def run_git(folder: Path, *words: str) -> str:
    told = subprocess.run(tie("git", *words), cwd=folder, capture_output=True, text=True, check=True)
    return told.stdout.strip()
