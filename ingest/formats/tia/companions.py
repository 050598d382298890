"""The series of one acquisition, `<stem>_1.ser` onwards, and its description `<stem>.emi`."""

import re

from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import folder_of, stem_of

_NUMBERED = re.compile(r"(.*)_(\d+)")


def group_tia(plan: CompanionPlan) -> None:
    """Join the series that one description names by its stem; a series without one stands alone."""
    numbered: dict[tuple[str, str], list[tuple[int, str]]] = {}
    for series in plan.having("primary"):
        stem, number = split_number(series)
        numbered.setdefault((folder_of(series), stem.casefold()), []).append((number, series))
    for emi in plan.having("companion"):
        found = sorted(numbered.pop((folder_of(emi), stem_of(emi).casefold()), []))
        if not found:
            plan.note_missing(emi, f"{stem_of(emi)}_1.ser", "the series it describes")
            continue
        first, *others = [series for _, series in found]
        plan.add(first, (*others, emi))
    for parts in numbered.values():
        for _, series in parts:
            plan.note_missing(series, f"{split_number(series)[0]}.emi", "its description", is_needed=False)


def split_number(path: str) -> tuple[str, int]:
    """Return the stem of a series and its number; 0 where it has none."""
    match = _NUMBERED.fullmatch(stem_of(path))
    return (match[1], int(match[2])) if match else (stem_of(path), 0)
