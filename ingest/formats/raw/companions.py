"""Raw numbers become a measurement only when a person says so: any file may be called .raw or .dat."""

from ingest.readers.companion_plan import CompanionPlan
from ingest.readers.companions import base_of
from ingest.readers.refusals import tell


def leave_to_the_person(plan: CompanionPlan) -> None:
    """Make no measurement of raw files, and say how each becomes one."""
    for path in plan.having("primary"):
        plan.taken.add(path)
        plan.note(
            path,
            tell(
                "raw_data_not_read",
                f"{base_of(path)} ({plan.sizes.get(path, 0)} bytes) has no header that is known: "
                "it is stored, not read.",
                "If it holds raw numbers, make it a measurement of its own, and answer the shape of the array and the "
                "type of its numbers there.",
            ),
        )
