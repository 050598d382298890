"""The check of the lock files must be able to fail."""

import shutil
from pathlib import Path

import pytest

from tools.locks import CHECKOUT, list_asked_for, list_problems


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    shutil.copytree(CHECKOUT / "requirements", tmp_path / "requirements")
    return tmp_path


def test_the_committed_lock_files_agree(checkout: Path) -> None:
    assert list(list_problems(checkout)) == []


def test_a_package_that_was_not_locked_is_named(checkout: Path) -> None:
    with (checkout / "requirements" / "base.in").open("a") as file:
        file.write("another_package  # why\n")
    assert any("another-package" in problem for problem in list_problems(checkout))


def test_a_package_that_nobody_asks_for_any_more_is_named(checkout: Path) -> None:
    file = checkout / "requirements" / "base.in"
    lines = [line for line in file.read_text().splitlines() if not line.startswith("granian")]
    file.write_text("\n".join(lines) + "\n")
    assert any("granian" in problem for problem in list_problems(checkout))


def test_a_host_in_a_lock_file_is_found(checkout: Path) -> None:
    with (checkout / "requirements" / "dev.txt").open("a") as file:
        file.write("# --index-url https" + "://example.org/simple\n")
    assert any("names a host" in problem for problem in list_problems(checkout))


def test_a_resolved_address_in_the_npm_lock_is_found(checkout: Path) -> None:
    (checkout / "package-lock.json").write_text('{"packages": {"a": {"resolved": "x"}}}')
    assert any("package-lock.json" in problem for problem in list_problems(checkout))


def test_different_versions_in_base_and_dev_are_found(checkout: Path) -> None:
    file = checkout / "requirements" / "dev.txt"
    text = file.read_text()
    version = text.split("\ngranian==")[1].split(" ")[0]
    file.write_text(text.replace(f"granian=={version}", "granian==0.0.1"))
    assert any(problem.startswith("granian is") for problem in list_problems(checkout))


def test_names_are_read_without_extras_versions_and_comments() -> None:
    assert list_asked_for("django==5.2.*  # web\n-r base.in\n# note\nDjango_Allauth[x]\n") == {
        "django",
        "django-allauth",
    }
