"""The names under which files are sent: their own, or where no deposit can hold those, names near them."""

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from stemma.file_names import NameFault, find_name_fault, list_clashes, list_folders, suggest_name
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
