"""The numbered parts of one acquisition and the hdr of the same stem."""

import re

from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import folder_of, stem_of

_NUMBERED = re.compile(r"^(.*?)[_-]?(\d+)$")


def group_mib(plan: CompanionPlan) -> None:
    """Join numbered parts of one acquisition and the hdr of the same stem."""
    headers = plan.having("companion")
    for parts in _mib_sets(plan):
        primary = parts[0]
        wanted = {stem_of(primary).casefold(), _common_stem(primary).casefold()}
        beside = [hdr for hdr in headers if folder_of(hdr) == folder_of(primary) and hdr not in plan.taken]
        fitting = [hdr for hdr in beside if stem_of(hdr).casefold() in wanted]
        plan.add(primary, (*parts[1:], *fitting[:1]))
        if not fitting:
            plan.note_missing(primary, f"{stem_of(primary)}.hdr", "its hdr", is_needed=False)
    for hdr in headers:
        if hdr not in plan.taken:
            plan.note_missing(hdr, f"{stem_of(hdr)}.mib", "the MIB data it describes")


def _mib_sets(plan: CompanionPlan) -> list[list[str]]:
    """Return the mib files of each acquisition in their order.

    Numbered files are parts of one acquisition when one hdr has their common stem; else each stands alone.
    """
    data = sorted(plan.having("primary"))
    stems = {(folder_of(hdr), stem_of(hdr).casefold()) for hdr in plan.having("companion")}
    sets: dict[tuple[str, str], list[str]] = {}
    for path in data:
        key = (folder_of(path), _common_stem(path).casefold())
        own = (folder_of(path), stem_of(path).casefold())
        sets.setdefault(own if own in stems or key not in stems else key, []).append(path)
    return [sorted(paths, key=_part_number) for paths in sets.values()]


def _common_stem(path: str) -> str:
    numbered = _NUMBERED.match(stem_of(path))
    return numbered[1] if numbered else stem_of(path)


def _part_number(path: str) -> tuple[int, str]:
    numbered = _NUMBERED.match(stem_of(path))
    return (int(numbered[2]) if numbered else -1, path)
