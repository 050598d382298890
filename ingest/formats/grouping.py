"""Which files make which measurement: every format's own rule, then files that stand alone."""

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ingest.formats.declaration import STANDS_ALONE, Format
from ingest.formats.faults import describe_fault
from ingest.formats.registry import list_formats
from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.contract import FormatMatch, Grouping

if TYPE_CHECKING:
    from ingest.readers.parts import GroupCompanions


def group_files(
    matches: Mapping[str, FormatMatch],
    sizes: Mapping[str, int] | None = None,
    listing: Collection[str] = (),
) -> Grouping:
    """Return the measurements in a set of recognized files.

    Parameters
    ----------
    matches
        What each file is, by its relative upload path.
    sizes
        Bytes of each file.
    listing
        Paths of the deposit that are not in `matches` (not stored yet, or crashed a reader); a companion
        among them is named as such.

    Returns
    -------
    Grouping
        Measurements in the order of their primary paths; leftovers are stored, not read.
    """
    plan = CompanionPlan(matches, sizes or {}, listing)
    for form in list_formats():
        if form.companions != STANDS_ALONE and any(match.format == form.id for match in matches.values()):
            plan.format = form.id
            _apply_rule(form, plan)
    for path, match in matches.items():
        if match.readable and match.role == "primary" and match.format and path not in plan.taken:
            plan.format = match.format
            plan.add(path)
    # A rule may keep a file from being a measurement until a person says that it is one.
    grouped = {path for measurement in plan.measurements for path in measurement.files}
    leftovers = tuple(sorted(path for path in matches if path not in grouped))
    return Grouping(
        measurements=tuple(sorted(plan.measurements, key=lambda measurement: measurement.primary)),
        leftovers=leftovers,
        findings={path: tuple(found) for path, found in plan.findings.items()},
    )


def _apply_rule(form: Format, plan: CompanionPlan) -> None:
    """Let a format group its files; where its own code fails, they stand alone and say so."""
    try:
        group: GroupCompanions = form.load("companions")
        group(plan)
    except Exception as error:  # noqa: BLE001 - whatever one folder raises is told, and the others are grouped
        for path in plan.having("primary"):
            plan.note(path, describe_fault(form, "companions", error, file=path))
