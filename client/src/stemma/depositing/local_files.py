"""From the PATHs of a command to the files of a deposit and their names there.

Those are their own names, or where no deposit can hold those, names near them.
"""

import errno
import hashlib
import os
import stat
import sys
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self

from stemma.depositing.packed_stores import (
    PackedStore,
    PackedStream,
    is_store,
    name_archive,
    pack_store,
    read_stamp,
)
from stemma.errors import JsonObject, UsageError
from stemma.file_names import (
    NameFault,
    find_name_fault,
    is_dropping,
    is_hidden,
    is_leaving,
    list_clashes,
    list_folders,
    read_rule,
    show_name,
    suggest_name,
)
from stemma.local_names import SavedName
from stemma.texts import read_system_text, show_system_text

_LONGEST_STEM = 60  # bytes of it that are kept where a name is too long or taken
_NOT_TEXT = NameFault("not_text", "is not valid Unicode")
_TWIN = NameFault("twin", "is the name of another file here too")


@dataclass(frozen=True, slots=True)
class PlannedName:
    """A file here, its name in the deposit, and the part of the rule for which that is another."""

    location: Path
    name: SavedName
    rule: str = ""


def read_name(raw: str) -> str:
    """Return a name as its author wrote it, in NFC; bytes that are no text are shown by their numbers."""
    return unicodedata.normalize("NFC", show_system_text(raw))


def plan_sent_names(found: Sequence[tuple[Path, str]]) -> list[PlannedName]:
    """Return for each file, given with its name here, the name it is sent under.

    Names that a deposit can hold stay as they are. The same files always get the same names.
    """
    ordered = sorted(found, key=lambda one: (read_name(one[1]), str(one[0])))
    also_folders = dict(list_clashes(read_name(raw) for _, raw in found))
    kept, odd = [], []
    taken: set[str] = set()
    for location, raw in ordered:
        name = read_name(raw)
        fault = _find_fault(raw, name, also_folders) or (_TWIN if name in taken else None)
        if fault is None:
            taken.add(name)
            kept.append(PlannedName(location, SavedName(name, name)))
        else:
            odd.append((location, name, fault))
    folders = {folder for name in taken for folder in list_folders(name)}
    for number, (location, name, fault) in enumerate(odd):
        free = _choose_free(name, f"{name}\0{number}", taken, folders)
        taken.add(free)
        folders.update(list_folders(free))
        kept.append(PlannedName(location, SavedName(name, free, fault.says), fault.rule))
    return kept


def _find_fault(raw: str, name: str, also_folders: Mapping[str, str]) -> NameFault | None:
    try:
        read_system_text(raw)
    except ValueError:
        return _NOT_TEXT
    if name in also_folders:
        return NameFault("clash", f"is also the folder of {also_folders[name]}")
    return find_name_fault(name)


def _choose_free(name: str, mark: str, taken: set[str], folders: set[str]) -> str:
    digest = hashlib.sha256(mark.encode("utf-8", "surrogatepass")).hexdigest()
    wanted, length = suggest_name(name), 6
    while not wanted or wanted in taken or wanted in folders or not taken.isdisjoint(list_folders(wanted)):
        head, dot, ending = name.rpartition("/")[2].rpartition(".")
        stem = (head if dot else ending).encode("utf-8", "replace")[:_LONGEST_STEM].decode("utf-8", "ignore")
        kept = f".{ending}" if dot and ending.isascii() and ending.isalnum() and len(ending) < length else ""
        wanted = f"{suggest_name(stem) or 'file'}_{digest[:length]}{kept}"
        length += 2
    return wanted


_MOST_NAMED = 3
_MOST_REFUSED = 10  # a screenful; all of them stand in the object


class OpenFile(Protocol):
    """The part of open files that is used to send them."""

    @property
    def name(self) -> str: ...
    def seek(self, offset: int, /) -> int: ...
    def read(self, count: int, /) -> bytes: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file here and its name in the deposit: relative, with ``/``, in Unicode NFC.

    A folder that is a Zarr store is one, `packed`.
    """

    location: Path
    name: str
    size: int
    packed: PackedStore | None = None

    def open_stream(self) -> "OpenFile":
        """Open the bytes that are sent."""
        return self.location.open("rb") if self.packed is None else PackedStream(self.packed)

    def find_stamp(self) -> list[int]:
        """Return what stays while the bytes stay: size and time of change."""
        return list(read_stamp(self.location)) if self.packed is None else self.packed.find_stamp()


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something in a folder that is not sent: the name it would have had, and why.

    What systems and editors leave behind is left out as a matter of course (`is_expected`): nobody misses it.
    """

    location: Path
    name: str
    reason: str
    is_expected: bool = False

    def as_dict(self) -> JsonObject:
        return {"path": self.name, "location": show_system_text(str(self.location)), "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Selection:
    """What will be sent, in the order of names; what was left out, with the reason, or gets another name there."""

    files: tuple[LocalFile, ...]
    left_out: tuple[LeftOut, ...]
    renamed: tuple[SavedName, ...] = ()

    @property
    def total_size(self) -> int:
        return sum(file.size for file in self.files)


def select_files(paths: Sequence[Path], *, follow_links: bool = False, rename: bool = False) -> Selection:
    """Collect files and the files below folders.

    A file is named by its last part, a folder's files relative to that folder. Where two would get one name,
    all names are taken relative to the common parent of the PATHs instead. Inside folders is left out what is hidden,
    left by the operating system, not whole yet, cannot be read, or is no file; and links to what lies outside all
    PATHs, unless they are to be followed. Where it is named outright, a hidden file is sent and a link followed.

    Parameters
    ----------
    rename
        Whether files whose names no deposit can hold are to be sent under names near them.

    Raises
    ------
    UsageError
        A path does not exist or cannot be read, names that no deposit can hold (all of them are told), or there is no
        file at all.
    """
    search = _Search([Path(os.path.realpath(path)) for path in paths], follow_links=follow_links)
    found: dict[Path, str] = {}
    for path in paths:
        for location, name in search.collect(path):
            found.setdefault(_place(location), name)
    names = list(found.values())
    if _has_twins(names) and len(paths) > 1:
        parent = Path(os.path.commonpath([location.parent for location in found]))
        names = [search.name_below(parent, location) for location in found]
    if not found:
        raise UsageError(
            f"No file to send in {', '.join(show_system_text(str(path)) for path in paths)}.",
            hint="; ".join(f"{one.name}: {one.reason}" for one in search.left_out[:_MOST_NAMED]),
            code="no_files",
            more={"left_out": [one.as_dict() for one in search.left_out]},
        )
    # The same folder may be named twice.
    left_out = {place: one for one in search.left_out if (place := _place(one.location)) not in found}
    planned = plan_sent_names(list(zip(found, names, strict=True)))
    renamed = [one for one in planned if one.name.is_renamed]
    if renamed and not rename:
        raise _refuse_names(renamed, list(left_out.values()))
    files = [search.take(one) for one in planned]
    return Selection(
        tuple(sorted(files, key=lambda file: file.name)),
        tuple(left_out.values()),
        tuple(one.name for one in renamed),
    )


def _has_twins(names: Sequence[str]) -> bool:
    read = [read_name(name) for name in names]
    return len(set(read)) < len(read) or bool(list_clashes(read))


def _refuse_names(refused: Sequence[PlannedName], left_out: Sequence[LeftOut]) -> UsageError:
    """Build the refusal of all names that no deposit can hold, each with one that it can."""
    lines = [f"{show_name(one.name.path)} {one.name.reason}; {one.name.saved_as} would do" for one in refused]
    more = f"\n  … and {len(lines) - _MOST_REFUSED} more" if len(lines) > _MOST_REFUSED else ""
    count = f"{len(refused)} file has a name" if len(refused) == 1 else f"{len(refused)} files have names"
    listed = "\n  ".join(lines[:_MOST_REFUSED])
    return UsageError(
        f"{count} that no deposit can hold; nothing was sent.\n  {listed}{more}",
        hint=f"Rename, or have them sent under the names that would do: --rename. {read_rule()['hint']}",
        code="bad_name",
        more={
            "refused": [
                {**one.name.as_dict(), "rule": one.rule, "location": show_system_text(str(one.location))}
                for one in refused
            ],
            "left_out": [one.as_dict() for one in left_out],
        },
    )


class _Search:
    """Walks through folders, noting what it leaves out."""

    def __init__(self, roots: Sequence[Path], *, follow_links: bool) -> None:
        self._roots = roots
        self._follow_links = follow_links
        self.left_out: list[LeftOut] = []
        self._stores: dict[Path, PackedStore] = {}

    def take(self, planned: PlannedName) -> LocalFile:
        """Return a file that was found under the name it is sent under."""
        packed = self._stores.get(planned.location)
        size = planned.location.stat().st_size if packed is None else packed.size
        return LocalFile(planned.location, planned.name.saved_as, size, packed)

    def name_below(self, folder: Path, location: Path) -> str:
        """Return the name of what is sent relative to a folder."""
        name = location.relative_to(folder).as_posix()
        return name_archive(name) if _place(location) in self._stores else name

    def collect(self, path: Path) -> Iterator[tuple[Path, str]]:
        """Yield what is sent of a PATH, with its name.

        Raises
        ------
        UsageError
            What was named outright is not there, is no file, or cannot be read.
        """
        shown = show_system_text(str(path))
        if path.is_dir() and is_store(path) and self._pack(path, path, (_identity(path),)):
            yield path, name_archive(_place(path).name)
        elif path.is_dir():
            for location in self._walk(path, path, (_identity(path),)):
                yield location, self.name_below(path, location)
        elif path.is_file():
            reason = _try_to_open(path)
            if reason:
                raise UsageError(f"{shown}: {reason}.", code="unreadable")
            yield path, path.name
        elif os.path.lexists(path):
            raise UsageError(f"{shown} is neither a file nor a folder.", code="not_a_file")
        else:
            raise UsageError(f"{shown} does not exist.", code="no_such_file")

    def _pack(self, root: Path, folder: Path, ancestors: tuple[tuple[int, int], ...]) -> bool:
        """Plan a store as one file; a folder that is only called so and describes no array is none."""

        def list_files() -> list[Path]:
            noted = len(self.left_out)
            found = list(self._walk(root, folder, ancestors, in_store=True))
            if _place(folder) in self._stores:  # it is only compared: what is left out was said
                del self.left_out[noted:]
            return found

        noted = len(self.left_out)
        packed = pack_store(folder, list_files)
        if packed is None:
            del self.left_out[noted:]
            return False
        self._stores[_place(folder)] = packed
        return True

    def _walk(
        self, root: Path, folder: Path, ancestors: tuple[tuple[int, int], ...], *, in_store: bool = False
    ) -> Iterator[Path]:
        try:
            entries = sorted(folder.iterdir())
        except OSError as fault:
            reason = f"cannot be read: {fault.strerror}"
            if folder == root:
                raise UsageError(
                    f"The folder {show_system_text(str(folder))} {reason}.", code="unreadable"
                ) from fault
            self._leave_out(root, folder, reason)
            return
        for entry in entries:
            leaving = is_leaving(entry.name)
            reason = _judge_name(entry.name) or self._reason(entry, ancestors)
            if reason:
                self._leave_out(root, entry, reason, is_expected=leaving)
            elif entry.is_dir():
                within = (*ancestors, _identity(entry))
                if not in_store and is_store(entry) and self._pack(root, entry, within):
                    yield entry
                else:
                    yield from self._walk(root, entry, within, in_store=in_store)
            else:
                yield entry

    def _leave_out(self, root: Path, entry: Path, reason: str, *, is_expected: bool = False) -> None:
        name = show_system_text(entry.relative_to(root).as_posix())
        self.left_out.append(LeftOut(entry, name, reason, is_expected))

    def _reason(self, entry: Path, ancestors: tuple[tuple[int, int], ...]) -> str:
        """Return why an entry of a folder is not sent; nothing where it is."""
        if is_hidden(entry.name):
            return "hidden"
        try:
            status = entry.stat()
        except OSError as fault:
            return _describe_broken(entry, fault)
        if not self._follow_links and self._leaves(entry):
            return "a link that leaves the folder (--follow-links sends what it leads to)"
        if stat.S_ISDIR(status.st_mode):
            back = (status.st_dev, status.st_ino) in ancestors
            return "a link back to a folder that holds it" if back else ""
        return _try_to_open(entry) if stat.S_ISREG(status.st_mode) else "neither a file nor a folder"

    def _leaves(self, entry: Path) -> bool:
        # On Windows there are junctions beside links.
        if sys.platform != "win32" and not entry.is_symlink():
            return False
        target = Path(os.path.realpath(entry))
        return not any(target.is_relative_to(root) for root in self._roots)


def _judge_name(name: str) -> str:
    """Return why nobody means to deposit an entry of a folder with this name; nothing where somebody may."""
    if is_leaving(name):
        return "left by the operating system or a program"
    return (
        "not whole yet, by its name (rename it, or name it outright, to send it)" if is_dropping(name) else ""
    )


def _describe_broken(entry: Path, fault: OSError) -> str:
    if entry.is_symlink() and fault.errno == errno.ENOENT:
        return "a link to nothing"
    if entry.is_symlink() and fault.errno == errno.ELOOP:
        return "a link that leads back to itself"
    return f"cannot be read: {fault.strerror}"


def _place(location: Path) -> Path:
    return Path(os.path.abspath(location))  # noqa: PTH100 - resolve() would follow links


def _try_to_open(file: Path) -> str:
    """Return why a file cannot be read: the server is asked for nothing that could not be sent."""
    try:
        with file.open("rb"):
            return ""
    except OSError as fault:
        return f"cannot be read: {fault.strerror}"


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino
