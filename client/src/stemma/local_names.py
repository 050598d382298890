"""Where the files of a dataset go on this machine: under their names, or under others that any system can hold.

One rule for all systems, so that a folder can be moved from one to the next. Names come from strangers: none leads
out of the folder, and none stops the rest.
"""

import hashlib
import os
import sys
import tempfile
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from stemma.file_names import find_odd_class, is_device, read_rule
from stemma.texts import to_system_name

LONGEST_PART = 255  # bytes, of nearly all file systems
LONGEST_PATH = 259 if sys.platform == "win32" else 4095
_MARK = 24  # room for what is appended to a file that is on its way
_LONGEST_ENDING = 20  # bytes of what stands behind the dot; what is longer is no ending


@dataclass(frozen=True, slots=True)
class SavedName:
    """A file of a dataset and its name here, both with ``/``; the reason where they differ."""

    path: str
    saved_as: str
    reason: str = ""

    @property
    def is_renamed(self) -> bool:
        return bool(self.reason)

    def within(self, folder: Path) -> Path:
        return folder.joinpath(*map(to_system_name, self.saved_as.split("/")))

    def as_dict(self) -> dict[str, str]:
        return {"path": self.path, "saved_as": self.saved_as, "reason": self.reason}


@dataclass(slots=True)
class _Folder:
    """A folder to be: the names in it, and which of them are folders."""

    taken: dict[str, str] = field(default_factory=dict)
    folders: dict[str, tuple[str, "_Folder"]] = field(default_factory=dict)


def plan_names(paths: Iterable[str], folder: Path, *, folds_case: bool | None = None) -> dict[str, SavedName]:
    """Return for each path of a dataset the name it gets in the folder.

    Names that need no other go first: none loses its own to a stranger's. The others follow in the order of the paths,
    so that the same dataset always gives the same names.

    Parameters
    ----------
    folds_case
        Whether ``A`` and ``a`` are one file there; found out where it matters.
    """
    wanted = sorted(set(paths))
    if folds_case is None:
        folds_case = _has_twins(wanted) and ignores_case(folder)
    room = LONGEST_PATH - _MARK - len(os.fsencode(os.path.abspath(folder))) - 1  # noqa: PTH100 - follows no link
    root = _Folder()
    plain = [path for path in wanted if not _clean(path)[1]]
    odd = [path for path in wanted if _clean(path)[1]]
    return {path: _place(path, root, room, folds_case=folds_case) for path in (*plain, *odd)}


def rename_by_digest(name: SavedName, *, reason: str = "this file system refuses the name") -> SavedName:
    """Return a name that every file system can hold, for one that this one refused."""
    ending = _split_ending(name.saved_as.rpartition("/")[2])[1]
    kept = ending if ending[1:].isascii() and ending[1:].isalnum() else ""
    return SavedName(name.path, f"file-{_digest(name.path, 16)}{kept}", reason)


def ignores_case(folder: Path) -> bool:
    """Try in the nearest folder that exists whether ``A`` and ``a`` are one file."""
    place = next(one for one in (folder, *folder.absolute().parents) if one.is_dir())
    with suppress(OSError), tempfile.NamedTemporaryFile(prefix=".stemma-a", dir=place) as probe:
        name = Path(probe.name)
        return name.with_name(name.name.replace(".stemma-a", ".STEMMA-A")).exists()
    return False


def _has_twins(paths: list[str]) -> bool:
    """Return whether two paths, or two folders on the way to them, differ only in case or in Unicode form."""
    seen: dict[str, str] = {}
    for path in paths:
        parts = path.split("/")
        for length in range(1, len(parts) + 1):
            head = "/".join(parts[:length])
            if seen.setdefault(_fold(head), head) != head:
                return True
    return False


def _place(path: str, root: _Folder, room: int, *, folds_case: bool) -> SavedName:
    parts, reasons = _clean(path)
    here, saved = root, []
    for part in parts[:-1]:
        name, here = _enter(here, part, reasons, folds_case=folds_case)
        saved.append(name)
    saved.append(_take(here, parts[-1], path, reasons, folds_case=folds_case))
    full = "/".join(saved)
    if len(full.encode()) > room:
        reasons.append("the path is too long for this system")
        full = _take(root, f"{_digest(path, 16)}-{_cut(parts[-1], 80)}", path, reasons, folds_case=folds_case)
    return SavedName(path, full, "; ".join(dict.fromkeys(reasons)))


def _enter(here: _Folder, part: str, reasons: list[str], *, folds_case: bool) -> tuple[str, _Folder]:
    if part not in here.folders:
        name = _take(here, part, f"folder {part}", reasons, folds_case=folds_case)
        here.folders[part] = (name, _Folder())
    name, inner = here.folders[part]
    if name != part:
        reasons.append("another file has its name")
    return name, inner


def _take(here: _Folder, part: str, path: str, reasons: list[str], *, folds_case: bool) -> str:
    """Give the name to this path, or one that nobody has."""
    name, length = part, 6
    while (_fold(name) if folds_case else name) in here.taken:
        reasons.append("another file has its name")
        head, ending = _split_ending(part)
        name = f"{_cut(head, 160)}_{_digest(path, length)}{ending}"
        length += 2
    here.taken[_fold(name) if folds_case else name] = path
    return name


def _clean(path: str) -> tuple[list[str], list[str]]:
    """Return the parts of a path as every system can hold them, and why they were changed."""
    reasons: list[str] = []
    parts = path.split("/")
    if path.startswith("/"):
        reasons.append("an absolute path")
    elif "" in parts:
        reasons.append("an empty name in the path")
    cleaned = [_clean_part(part, reasons) for part in parts if part]
    return cleaned or [_clean_part("_", reasons)], reasons


def _clean_part(part: str, reasons: list[str]) -> str:
    reserved, ends = read_rule()["reserved"], read_rule()["ends"]
    name = "".join("_" if symbol in reserved or find_odd_class(symbol) else symbol for symbol in part)
    if part in {".", ".."}:
        reasons.append("a path that leads elsewhere")
    elif any(symbol in reserved for symbol in part):
        reasons.append("characters that not every system can hold")
    if any(map(find_odd_class, part)):
        reasons.append("invisible characters")
    bare = name.rstrip(ends)
    if len(bare) < len(name):
        if part not in {".", ".."}:
            reasons.append("a dot or space at the end")
        name = bare + "_" * (len(name) - len(bare))
    if is_device(name):
        reasons.append("the name of a device on some systems")
        name = f"_{name}"
    if len(name.encode()) > LONGEST_PART:
        reasons.append("the name is too long")
        head, ending = _split_ending(name)
        name = f"{_cut(head, 200)}_{_digest(part, 8)}{ending}"
    return name


def _split_ending(name: str) -> tuple[str, str]:
    """Return a name's head, and its ending with the dot where it has one."""
    head, dot, ending = name.rpartition(".")
    return (head, f".{ending}") if dot and head and len(ending.encode()) < _LONGEST_ENDING else (name, "")


def _cut(name: str, most: int) -> str:
    """Return the beginning of a name in at most so many bytes of UTF-8."""
    return name.encode()[:most].decode("utf-8", "ignore")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _digest(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
