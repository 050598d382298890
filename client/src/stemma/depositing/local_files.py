"""From the PATHs of a command to the files of a deposit and their names there."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemma.errors import UsageError

_SYSTEM_JUNK = frozenset(
    {"thumbs.db", "desktop.ini", "__macosx", "$recycle.bin", "system volume information"}
)
# Zarr v2 and zspy keep their metadata in dot files: without them the arrays are lost.
_NEEDED_DOT_FILES = frozenset({".zarray", ".zgroup", ".zattrs", ".zmetadata"})


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file here and its name in the deposit: relative, with ``/``, in Unicode NFC."""

    location: Path
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Selection:
    """What will be sent, in the order of names, and what was left out with the reason."""

    files: tuple[LocalFile, ...]
    skipped: tuple[tuple[Path, str], ...]

    @property
    def total_size(self) -> int:
        return sum(file.size for file in self.files)


def select_files(paths: Sequence[Path]) -> Selection:
    """Collect files and the files below folders.

    A file is named by its last part, a folder's files relative to that folder. Where two would get one name,
    all names are taken relative to the common parent of the PATHs instead. Hidden files and the leavings of
    operating systems are skipped inside folders, not where they are named outright. Links are followed.

    Raises
    ------
    UsageError
        A path does not exist or cannot be read, two files would have one name, or there is no file at all.
    """
    skipped: list[tuple[Path, str]] = []
    found: dict[Path, str] = {}
    for path in paths:
        for location, name in _collect(path, skipped):
            found.setdefault(Path(os.path.abspath(location)), name)  # noqa: PTH100 - resolve() would follow links
    names = [_clean_name(name) for name in found.values()]
    if len(set(names)) < len(names):
        parent = Path(os.path.commonpath([location.parent for location in found]))
        names = [_clean_name(location.relative_to(parent).as_posix()) for location in found]
    _refuse_twins(names)
    files = [
        LocalFile(location, name, location.stat().st_size)
        for location, name in zip(found, names, strict=True)
    ]
    if not files:
        raise UsageError(
            f"No file to send in {', '.join(map(str, paths))}.",
            hint="Hidden files are skipped.",
            code="no_files",
        )
    return Selection(tuple(sorted(files, key=lambda file: file.name)), tuple(skipped))


def _collect(path: Path, skipped: list[tuple[Path, str]]) -> Iterator[tuple[Path, str]]:
    if path.is_dir():
        for location in _walk(path, (_identity(path),), skipped):
            yield location, location.relative_to(path).as_posix()
    elif path.is_file():
        yield path, path.name
    elif path.exists():
        raise UsageError(f"{path} is neither a file nor a folder.", code="not_a_file")
    else:
        raise UsageError(f"{path} does not exist.", code="no_such_file")


def _walk(
    folder: Path, ancestors: tuple[tuple[int, int], ...], skipped: list[tuple[Path, str]]
) -> Iterator[Path]:
    try:
        entries = sorted(folder.iterdir())
    except OSError as fault:
        raise UsageError(
            f"The folder {folder} cannot be read: {fault.strerror}.", code="unreadable"
        ) from fault
    for entry in entries:
        reason = _reason_to_skip(entry, ancestors)
        if reason:
            skipped.append((entry, reason))
        elif entry.is_dir():
            yield from _walk(entry, (*ancestors, _identity(entry)), skipped)
        else:
            yield entry


def _reason_to_skip(entry: Path, ancestors: tuple[tuple[int, int], ...]) -> str:
    name = entry.name
    if name.lower() in _SYSTEM_JUNK or name.startswith("~$"):
        return "left by the operating system or an editor"
    if name.startswith(".") and name not in _NEEDED_DOT_FILES:
        return "hidden"
    if not entry.exists():
        return "a link to nothing"
    if entry.is_dir():
        return "a link back to a folder that holds it" if _identity(entry) in ancestors else ""
    return "" if entry.is_file() else "neither a file nor a folder"


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _clean_name(name: str) -> str:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as fault:
        raise UsageError(
            f"The name {name!r} is not valid Unicode.", hint="Rename the file.", code="bad_name"
        ) from fault
    return unicodedata.normalize("NFC", name)


def _refuse_twins(names: list[str]) -> None:
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        raise UsageError(
            f"Two different files would both be called {twins[0]!r}.",
            hint="Rename one of them.",
            code="same_name",
        )
