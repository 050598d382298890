"""Which names a file of a deposit may have: one rule for server, pages and the command.

The rule is data, `file_names.json`. The command and the pages hold a copy of it; `tests/file_name_vectors.json` is run
against all three.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_SOURCE = Path(__file__).with_name("file_names.json")


@dataclass(frozen=True, slots=True)
class NameFault:
    """What is wrong with a name.

    Attributes
    ----------
    rule
        Stable name of the part of the rule that forbids it.
    says
        What is wrong, to stand behind the name.
    """

    rule: str
    says: str


@cache
def read_rule() -> Mapping[str, Any]:
    """Return the rule as data, the same that `GET /api/v1/schemas/file-names.json` gives."""
    rule: dict[str, Any] = json.loads(_SOURCE.read_text(encoding="utf-8"))
    return rule


def find_name_fault(path: str) -> NameFault | None:
    """Return why a path cannot be the name of a file in a deposit; `None` where it can.

    Parameters
    ----------
    path
        Relative, with forward slashes; both Unicode forms of a name count as the same name.
    """
    rule = _find_broken_rule(unicodedata.normalize("NFC", path))
    return NameFault(rule, str(read_rule()["says"][rule])) if rule else None


def suggest_name(path: str) -> str:
    """Return a name near this one that keeps the rule; empty where it is only too long."""
    parts = [_mend_part(part) for part in unicodedata.normalize("NFC", path).split("/") if part]
    mended = "/".join(parts)
    return mended if _find_broken_rule(mended) == "" else ""


def fold_case(path: str) -> str:
    """Return what two paths share that a case-blind file system cannot hold side by side."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def list_folders(path: str) -> list[str]:
    """Return the folders on the way to a file, the outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def list_clashes(paths: Iterable[str]) -> list[tuple[str, str]]:
    """Return pairs of paths of which the first is a file and, for the second, also a folder."""
    names = {unicodedata.normalize("NFC", path): path for path in paths}
    return [
        (names[folder], path)
        for name, path in sorted(names.items())
        for folder in list_folders(name)
        if folder in names
    ]


def is_unfinished(path: str) -> bool:
    """Return whether a name, or that of a folder on the way, is one that programs give to what is not whole yet."""
    rule = read_rule()
    endings, beginnings = tuple(rule["unfinished"]), tuple(rule["unfinished_beginnings"])
    parts = path.lower().split("/")
    return parts[-1].startswith(beginnings) or any(
        part.endswith(endings) and part not in endings for part in parts
    )


def is_left_behind(path: str) -> bool:
    """Return whether a file, or a folder on the way to it, is what systems and programs leave behind."""
    rule = read_rule()
    beginnings, endings = tuple(rule["leaving_beginnings"]), tuple(rule["leaving_endings"])
    return any(
        part in rule["leavings"] or part.startswith(beginnings) or part.endswith(endings)
        for part in path.lower().split("/")
    )


def is_dropping(path: str) -> bool:
    """Return whether nobody means to deposit a file of this name: it was left behind, or is not whole yet."""
    return is_left_behind(path) or is_unfinished(path)


def plan_member_names(paths: Iterable[str]) -> dict[str, str]:
    """Return for each path the name that any system can unpack it under: its own, unless that breaks the rule.

    Names that keep the rule go first: none loses its own to another's. The same paths always give the same names.
    """
    wanted = sorted(set(paths))
    planned: dict[str, str] = {}
    taken: set[str] = set()
    folders: set[str] = set()
    for path in sorted(wanted, key=lambda one: (_find_broken_rule(one) != "", one)):
        name = _choose_free(path, taken, folders)
        planned[path] = name
        taken.add(name)
        folders.update(list_folders(name))
    return {path: planned[path] for path in wanted}


def _choose_free(path: str, taken: set[str], folders: set[str]) -> str:
    digest = hashlib.sha256(path.encode("utf-8", "surrogatepass")).hexdigest()
    name = path if _find_broken_rule(path) == "" else suggest_name(path) or f"file-{digest[:16]}"
    length = 6
    while name in taken or name in folders or not taken.isdisjoint(list_folders(name)):
        head, dot, ending = path.rpartition("/")[2].rpartition(".")
        stem = suggest_name((head if dot else ending)[:60]) or "file"
        kept = f".{ending}" if dot and ending.isascii() and ending.isalnum() else ""
        name = f"{stem}_{digest[:length]}{kept}"
        length += 2
    return name


def _find_broken_rule(path: str) -> str:
    """Return the part of the rule that a path in NFC breaks first; empty where it breaks none."""
    rule = read_rule()
    if not path:
        return "empty"
    classes = (_class_of(character) for character in path)
    if broken := next(filter(None, classes), ""):
        return broken
    if len(path.encode()) > rule["longest_path_bytes"]:
        return "path_too_long"
    return next(filter(None, map(_find_broken_in_part, path.split("/"))), "")


def _find_broken_in_part(part: str) -> str:
    rule = read_rule()
    if part in {"", ".", ".."}:
        return "leaves" if part else "empty"
    if any(character in rule["reserved"] for character in part):
        return "reserved"
    if part[-1] in rule["ends"]:
        return "end"
    if _is_device(part):
        return "device"
    return "part_too_long" if len(part.encode()) > rule["longest_part_bytes"] else ""


def _mend_part(part: str) -> str:
    rule = read_rule()
    name = "".join(
        "_" if character in rule["reserved"] or _class_of(character) else character for character in part
    )
    bare = name.rstrip(rule["ends"])
    name = bare + "_" * (len(name) - len(bare))
    return f"_{name}" if _is_device(name) else name


def _is_device(part: str) -> bool:
    return part.partition(".")[0].rstrip(" ").lower() in read_rule()["devices"]


def _class_of(character: str) -> str:
    """Return the class of characters that no name may hold to which this one belongs; empty for all others."""
    number = ord(character)
    return next((name for name, first, last in _list_ranges() if first <= number <= last), "")


@cache
def _list_ranges() -> tuple[tuple[str, int, int], ...]:
    return tuple(_iterate_ranges())


def _iterate_ranges() -> Iterator[tuple[str, int, int]]:
    for name, ranges in read_rule()["characters"].items():
        for text in ranges:
            first, last = text.split("-")
            yield name, int(first, 16), int(last, 16)
