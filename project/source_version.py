"""Which version of the source this is: the package's from pyproject.toml, the commit from the checkout's history."""

import re
import tomllib
from pathlib import Path

_COMMIT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")


def read_package_version(checkout: Path) -> str:
    """Return the version that pyproject.toml states."""
    with (checkout / "pyproject.toml").open("rb") as stream:
        return str(tomllib.load(stream)["project"]["version"])


def find_commit(checkout: Path) -> str:
    """Return the commit that is checked out; empty where the source came without its history.

    Git's files are read, because not every machine that runs Stemma has the program. Changes that are not committed
    do not show.
    """
    folder = checkout / ".git"
    try:
        if folder.is_file():  # a further work tree: the file names its folder
            folder = checkout / folder.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
        head = (folder / "HEAD").read_text(encoding="utf-8").strip()
        if head.startswith("ref:"):
            head = _read_reference(folder, head.removeprefix("ref:").strip())
    except (OSError, UnicodeDecodeError):
        return ""
    return head if _COMMIT.fullmatch(head) else ""


def _read_reference(folder: Path, name: str) -> str:
    common = folder / "commondir"
    shared = folder / common.read_text(encoding="utf-8").strip() if common.is_file() else folder
    loose = shared / name
    if loose.is_file():
        return loose.read_text(encoding="utf-8").strip()
    for line in (shared / "packed-refs").read_text(encoding="utf-8").splitlines():
        commit, _, packed = line.partition(" ")
        if packed == name:
            return commit
    return ""
