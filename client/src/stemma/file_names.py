"""Which names a file of a deposit may have, told before the first byte is sent.

The rule is data, the same `file_names.json` that the server and its pages go by.
"""

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class NameFault:
    """What is wrong with a name: the part of the rule that forbids it, and words to stand behind the name."""

    rule: str
    says: str


@cache
def read_rule() -> Mapping[str, Any]:
    """Return the rule as data."""
    rule: dict[str, Any] = json.loads((files("stemma") / "file_names.json").read_text(encoding="utf-8"))
    return rule


def find_name_fault(path: str) -> NameFault | None:
    """Return why a relative path with ``/`` cannot be the name of a file in a deposit; `None` where it can."""
    path = unicodedata.normalize("NFC", path)
    rule = read_rule()
    broken = next(filter(None, map(find_odd_class, path)), "")
    if not path:
        broken = "empty"
    elif not broken and len(path.encode()) > rule["longest_path_bytes"]:
        broken = "path_too_long"
    broken = broken or next(filter(None, map(_find_broken_in_part, path.split("/"))), "")
    return NameFault(broken, str(rule["says"][broken])) if broken else None


def suggest_name(path: str) -> str:
    """Return a name near this one that keeps the rule; empty where it is only too long."""
    parts = [_mend_part(part) for part in unicodedata.normalize("NFC", path).split("/") if part]
    mended = "/".join(parts)
    return mended if find_name_fault(mended) is None else ""


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


def is_leaving(name: str) -> bool:
    """Return whether a file or folder of this name is what systems and programs leave behind."""
    lower, rule = name.lower(), read_rule()
    beginnings, endings = tuple(rule["leaving_beginnings"]), tuple(rule["leaving_endings"])
    return lower in rule["leavings"] or lower.startswith(beginnings) or lower.endswith(endings)


def is_hidden(name: str) -> bool:
    """Return whether a file or folder of this name is hidden, and nothing needs it."""
    # Zarr v2 and zspy keep their metadata in dot files: without them the arrays are lost.
    return name.startswith(".") and name not in read_rule()["needed_dot_files"]


def is_unfinished(path: str) -> bool:
    """Return whether a name, or that of a folder on the way, is one that programs give to what is not whole yet."""
    rule = read_rule()
    endings, parts = tuple(rule["unfinished"]), path.lower().split("/")
    return parts[-1].startswith(tuple(rule["unfinished_beginnings"])) or any(
        part.endswith(endings) and part not in endings for part in parts
    )


def is_dropping(path: str) -> bool:
    """Return whether nobody means to deposit a file of this name: it was left behind, or is not whole yet."""
    return any(map(is_leaving, path.split("/"))) or is_unfinished(path)


def _mend_part(part: str) -> str:
    reserved, ends = read_rule()["reserved"], read_rule()["ends"]
    name = "".join("_" if symbol in reserved or find_odd_class(symbol) else symbol for symbol in part)
    bare = name.rstrip(ends)
    name = bare + "_" * (len(name) - len(bare))
    return f"_{name}" if is_device(name) else name


def find_odd_class(symbol: str) -> str:
    """Return the class of invisible characters that this one belongs to; empty for what a name may hold."""
    number = ord(symbol)
    return next((name for name, first, last in _list_ranges() if first <= number <= last), "")


def show_name(path: str) -> str:
    """Return a name for people: what nobody could see in it is shown by its number."""
    return "".join(f"\\u{ord(symbol):04x}" if find_odd_class(symbol) else symbol for symbol in path)


def is_device(part: str) -> bool:
    """Return whether Windows takes the name for a device, whatever its ending."""
    return part.partition(".")[0].rstrip(" ").lower() in read_rule()["devices"]


def _find_broken_in_part(part: str) -> str:
    rule = read_rule()
    if part in {"", ".", ".."}:
        return "leaves" if part else "empty"
    if any(symbol in rule["reserved"] for symbol in part):
        return "reserved"
    if part[-1] in rule["ends"]:
        return "end"
    if is_device(part):
        return "device"
    return "part_too_long" if len(part.encode()) > rule["longest_part_bytes"] else ""


@cache
def _list_ranges() -> tuple[tuple[str, int, int], ...]:
    return tuple(_iterate_ranges())


def _iterate_ranges() -> Iterator[tuple[str, int, int]]:
    for name, ranges in read_rule()["characters"].items():
        for text in ranges:
            first, last = text.split("-")
            yield name, int(first, 16), int(last, 16)
