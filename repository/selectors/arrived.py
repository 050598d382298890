"""What arrived in a deposit, adding up: each file is counted once, as what it is."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from repository.models import DataFile, Deposit, Sorting
from repository.schema.file_names import is_left_behind, is_unfinished
from repository.selectors.damage import find_damaged
from repository.selectors.fates import PUBLISH, Fates, read_fates

MOST_LISTED = 100
KINDS = {
    "measurements": ("measurement", "measurements"),
    "companions": ("companion file", "companion files"),
    "not_read": ("file stored, not read", "files stored, not read"),
    "duplicates": ("copy of another file", "copies of other files"),
    "not_looked_at": ("file not looked at yet", "files not looked at yet"),
    "arriving": ("file still arriving", "files still arriving"),
    "kept_apart": ("file damaged on the way", "files damaged on the way"),
    "set_aside": ("file set aside", "files set aside"),
}
_UNSEEN = frozenset({Deposit.State.DRAFT, Deposit.State.SUBMITTED, Deposit.State.PROCESSING})
"""In these states files without a format may be such that nobody has looked at."""
_FATES = {PUBLISH: "to be published", "private": "kept private", "discard": "discarded"}


@dataclass(frozen=True, slots=True)
class ArrivedFile:
    """One file, what it goes with or repeats, and what becomes of it."""

    path: str
    why: str
    measurement: str | None
    fate: str


@dataclass(frozen=True, slots=True)
class ArrivedKind:
    """Files that are the same to a person; `files` are the first of them."""

    kind: str
    count: int
    files: tuple[ArrivedFile, ...]


@dataclass(frozen=True, slots=True)
class ArrivedView:
    """Everything that arrived; the counts of `kinds` add up to `files`."""

    sentence: str
    files: int
    kinds: tuple[ArrivedKind, ...]
    fates: Mapping[str, int]
    restorable: bool


@dataclass(frozen=True, slots=True)
class FilesAtHand:
    """The files of the version in preparation, which of them are damaged, and what becomes of each."""

    files: Sequence[DataFile]
    damaged: Mapping[str, dt.datetime]
    fates: Fates


@dataclass(slots=True)
class _Parts:
    """Which file leads which measurement, and which go along."""

    leading: dict[int, str] = field(default_factory=dict)
    along: dict[int, tuple[str, str]] = field(default_factory=dict)
    of: dict[str, list[int]] = field(default_factory=dict)


def read_files(deposit: Deposit) -> FilesAtHand:
    """Return the files with their uploads, in the order of their paths."""
    files = list(deposit.current_files.select_related("upload"))
    return FilesAtHand(files, find_damaged(file.sha256 for file in files), read_fates(deposit))


def describe_arrived(deposit: Deposit, at_hand: FilesAtHand | None = None) -> ArrivedView:
    """Return what arrived, in a fixed number of queries."""
    at_hand, parts = at_hand or read_files(deposit), _read_parts(deposit)
    files, fates = at_hand.files, at_hand.fates
    copies = _find_copies(files, parts)
    found: dict[str, list[ArrivedFile]] = {kind: [] for kind in KINDS}
    is_looked_at = deposit.state not in _UNSEEN or bool(parts.leading)
    for file in files:
        fate = fates.of_file(file)
        kind, why = _name_trouble(file, fate, is_damaged=file.sha256 in at_hand.damaged) or _name_kind(
            file, parts, copies, is_looked_at=is_looked_at
        )
        measurement = parts.leading.get(file.pk) or parts.along.get(file.pk, (None, ""))[0]
        found[kind].append(ArrivedFile(file.path, why, measurement, fate))
    kinds = tuple(
        ArrivedKind(kind, len(of_kind), tuple(of_kind[:MOST_LISTED])) for kind, of_kind in found.items()
    )
    counted = Counter(file.fate for of_kind in found.values() for file in of_kind)
    return ArrivedView(
        sentence=_say(len(files), kinds, counted),
        files=len(files),
        kinds=kinds,
        fates={fate: counted[fate] for fate in (*_FATES, "aside")},
        restorable=bool(counted["aside"] or counted["discard"]),
    )


def _read_parts(deposit: Deposit) -> _Parts:
    parts = _Parts()
    rows = deposit.current_measurements.order_by("ordinal", "pk", "parts__position").values_list(
        "pk", "primary_file__path", "parts__data_file_id", "parts__position"
    )
    for measurement, primary, data_file, position in rows:
        parts.of.setdefault(measurement, []).append(data_file)
        if position == 0:
            parts.leading[data_file] = measurement
        else:
            parts.along.setdefault(data_file, (measurement, primary))
    return parts


def _find_copies(files: Iterable[DataFile], parts: _Parts) -> dict[int, str]:
    """Return of each file that only repeats another the path of that one.

    Alone stands what has the same bytes as an earlier file that is part of no measurement or leads one; a measurement
    repeats another where each of its files does, and then all of them are copies. Companions of different
    measurements may well be alike.
    """
    by_key = {file.pk: file for file in files}
    seen: dict[tuple[str, ...], list[str]] = {}
    copies: dict[int, str] = {}
    grouped = {key for keys in parts.of.values() for key in keys}
    units = [[file.pk] for file in by_key.values() if file.pk not in grouped]
    units += [keys for keys in parts.of.values() if all(key in by_key for key in keys)]
    order = {key: number for number, key in enumerate(by_key)}
    for keys in sorted(units, key=lambda keys: (len(keys) == 1 and keys[0] not in grouped, order[keys[0]])):
        digests = tuple(by_key[key].sha256 for key in keys)
        if not all(digests) or not any(by_key[key].size for key in keys):
            continue
        paths = [by_key[key].path for key in keys]
        first = seen.setdefault(digests, paths)
        if first is not paths:
            copies.update(zip(keys, first, strict=True))
        elif len(keys) > 1:
            for key in keys:
                seen.setdefault((by_key[key].sha256,), [by_key[key].path])
    return copies


def _name_kind(
    file: DataFile, parts: _Parts, copies: Mapping[int, str], *, is_looked_at: bool
) -> tuple[str, str]:
    """Return what a file is that is whole and meant to be here."""
    if file.pk in copies:
        return "duplicates", f"the same bytes as {copies[file.pk]}"
    if file.pk in parts.leading:
        return "measurements", file.format_label
    if file.pk in parts.along:
        return "companions", f"goes with {parts.along[file.pk][1]}"
    if not file.format_label and not is_looked_at:
        return "not_looked_at", ""
    return "not_read", file.format_label or "not recognized"


def _name_trouble(file: DataFile, fate: str, *, is_damaged: bool) -> tuple[str, str] | None:
    """Return why a file counts as nothing yet; None where it is whole and meant to be here."""
    if fate == Sorting.Fate.ASIDE:
        return "set_aside", _explain_aside(file.path)
    if file.state == DataFile.State.UPLOADING:
        return "arriving", ""
    if file.state == DataFile.State.QUARANTINED or is_damaged:
        return "kept_apart", "send it again under the same name"
    return None


def _explain_aside(path: str) -> str:
    if is_left_behind(path):
        return "left behind by a system or a program"
    return "not whole yet, by its name" if is_unfinished(path) else "set aside by hand"


def _say(total: int, kinds: Iterable[ArrivedKind], fates: Mapping[str, int]) -> str:
    """Return the sentence; what is not there is not named."""
    if not total:
        return "Nothing has arrived yet."
    named = [f"{one.count} {KINDS[one.kind][one.count != 1]}" for one in kinds if one.count]
    sentence = f"{total} file{'s' * (total != 1)} arrived: {_join(named)}."
    withheld = [
        f"{fates[fate]} {words}" for fate, words in _FATES.items() if fate != PUBLISH and fates.get(fate)
    ]
    return f"{sentence} Of these files {_join(withheld)}." if withheld else sentence


def _join(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]
