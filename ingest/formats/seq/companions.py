"""What belongs to a sequence, by the names that StreamPix and Direct Electron give.

`X.seq` has `X.seq.metadata`, `X.seq.Config.Metadata.xml`, `X.seq.dark.mrc` and `X.seq.gain.mrc`. A Celeritas writes
`X_Top_<time>.seq` and `X_Bottom_<time>.seq` for the halves of its detector, each with records of its own, and all else
under the name of `X.seq`.
"""

import re
from collections.abc import Sequence

from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import base_of, folder_of
from ingest.readers.refusals import refuse, tell

ENDING, RECORDS, CONFIG = ".seq", ".seq.metadata", ".seq.config.metadata.xml"
DARK, GAIN = ".seq.dark.mrc", ".seq.gain.mrc"
_ALL = (RECORDS, CONFIG, DARK, GAIN)
_HALF = re.compile(r"(?P<stem>.*)_(?P<half>top|bottom)(?P<time>_[\d.\-]+)?", re.IGNORECASE)

Stem = tuple[str, str]
"""Folder and name without its ending, letters folded."""


def find_half(path: str) -> str:
    """Return `top` or `bottom` for half of a detector, empty for a whole sequence."""
    half = _HALF.fullmatch(_without(base_of(path), ENDING))
    return half["half"].casefold() if half else ""


def group_seq(plan: CompanionPlan) -> None:
    """Give each sequence, or pair of halves, what has its name; nothing is given to two.

    Halves come first: without the settings nobody knows how tall their frames are.
    """
    halves: dict[Stem, dict[str, list[str]]] = {}
    whole: list[str] = []
    for path in sorted(plan.having("primary")):
        half = _HALF.fullmatch(_without(base_of(path), ENDING))
        if half is None:
            whole.append(path)
            continue
        key = (folder_of(path), half["stem"].casefold())
        halves.setdefault(key, {}).setdefault(half["half"].casefold(), []).append(path)
    for found in halves.values():
        _pair(plan, found.get("top", []), found.get("bottom", []))
    for path in whole:
        _note_shared(plan, path)
        plan.add(path, tuple(_find_named(plan, path, _ALL)))
    for path in plan.having("companion"):
        if path not in plan.taken:
            message = (
                f"{base_of(path)} describes a sequence of StreamPix, but none of its name lies beside it."
            )
            plan.note(path, tell("companion_unused", message, "It is kept. Upload the .seq into the folder."))


def _note_shared(plan: CompanionPlan, path: str) -> None:
    shared = [other for other in _list_named(plan, path, _ALL) if other in plan.taken]
    if shared:
        message = (
            f"{', '.join(map(base_of, shared))} went to another sequence of that name than {base_of(path)}."
        )
        hint = (
            "Readers get it there. Put copies beside each sequence, in folders of their own, if both need it."
        )
        plan.note(path, tell("companion_shared", message, hint))


def _pair(plan: CompanionPlan, tops: list[str], bottoms: list[str]) -> None:
    """Join halves in the order of their times; where their numbers differ, nobody knows which belong together."""
    if len(tops) == len(bottoms):
        for top, bottom in zip(tops, bottoms, strict=True):
            records = [*_find_named(plan, top, (RECORDS,)), *_find_named(plan, bottom, (RECORDS,))]
            plan.add(top, (bottom, *records, *_find_named(plan, _whole_name(top), (CONFIG, DARK, GAIN))))
        return
    for path in [*tops, *bottoms]:
        if tops and bottoms:
            counts = f"{len(tops)} upper halves and {len(bottoms)} lower ones"
            message = f"{base_of(path)} is half of a detector, and {counts} have its name."
            hint = "Put the two halves of each acquisition into a folder of their own."
            plan.note(path, refuse("seq_halves_ambiguous", message, hint).finding)
        else:
            other = "Bottom" if tops else "Top"
            stem = _without(base_of(_whole_name(path)), ENDING)
            plan.note_missing(path, f"{stem}_{other}_….seq", "the other half of its detector")
        plan.add(path, tuple(_find_named(plan, path, (RECORDS,))))


def _whole_name(path: str) -> str:
    """Return the name that the sequence of both halves would have."""
    half = _HALF.fullmatch(_without(base_of(path), ENDING))
    folder = folder_of(path)
    name = f"{half['stem']}{ENDING}" if half else base_of(path)
    return f"{folder}/{name}" if folder else name


def _find_named(plan: CompanionPlan, path: str, endings: Sequence[str]) -> list[str]:
    """Return what lies beside a sequence under its name with these endings, and belongs to no other."""
    return [other for other in _list_named(plan, path, endings) if other not in plan.taken]


def _list_named(plan: CompanionPlan, path: str, endings: Sequence[str]) -> list[str]:
    stem = _without(base_of(path), ENDING).casefold()
    # Programs that ask for a name and add the ending make `X.seq.seq`; its companions keep one of them.
    stems = {stem, stem.removesuffix(ENDING)}
    beside = {
        base_of(other).casefold(): other for other in plan.matches if folder_of(other) == folder_of(path)
    }
    named = [beside.get(f"{one}{ending}") for ending in endings for one in stems]
    return [other for other in named if other and plan.matches[other].readable]


def _without(name: str, ending: str) -> str:
    return name[: -len(ending)] if name.casefold().endswith(ending) else name
