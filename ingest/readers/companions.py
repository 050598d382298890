"""Names of other files that a file holds: only a bare name is followed, and only among the uploaded files."""

from collections.abc import Iterable

from ingest.readers.refusals import refuse


def folder_of(path: str) -> str:
    """Return the folder part of a relative upload path, `""` at the top."""
    return path.rpartition("/")[0]


def base_of(path: str) -> str:
    """Return the last part of a relative upload path."""
    return path.rpartition("/")[2]


def stem_of(path: str) -> str:
    """Return the name without its folder and its last suffix."""
    name = base_of(path)
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name


def check_bare_name(name: str, *, inside: str, field: str) -> str:
    """Return `name` if it is a plain file name.

    Raises
    ------
    ReadRefusedError
        `path_inside_file`, if it is absolute, climbs or has folders: following it could open any file of
        the server.
    """
    if not name or name in {".", ".."} or any(mark in name for mark in ("/", "\\", "\0")) or name[1:2] == ":":
        raise refuse(
            "path_inside_file",
            f"{inside} names another file by a path in {field}; only a plain file name is followed.",
            f"Edit {field} so that it holds the name alone, and upload both files into one folder.",
        )
    return name


def find_beside(name: str, *, primary: str, files: Iterable[str]) -> str | None:
    """Return the path called `name` in the folder of `primary`; letter case counts only among twins."""
    folder = folder_of(primary)
    beside = [path for path in files if folder_of(path) == folder and path != primary]
    exact = [path for path in beside if base_of(path) == name]
    if exact:
        return exact[0]
    folded = [path for path in beside if base_of(path).casefold() == name.casefold()]
    return folded[0] if len(folded) == 1 else None
