"""What waits for a person on the deposit page: read on return, and the way to each."""

from collections.abc import Iterable
from dataclasses import dataclass

from repository.selectors.deposits import DepositView
from repository.states import BUSY_STATES

MISSING = "required_field_missing"
"""The finding that the session's table says better: each empty cell is one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits: how many, of what, and where on the page it is done."""

    count: int
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """The sentence at the top of the page, and everything that waits."""

    sentence: str
    waits: tuple[Waiting, ...]


def list_waiting(deposit: DepositView) -> NextStep:
    """Return what waits for a person, in the order of the page, and what to do first."""
    if deposit.state == "published":
        return NextStep("This deposit is published.", ())
    waits = tuple(one for one in _list_waiting(deposit) if one.count)
    return NextStep(_say(deposit, waits), waits)


def _list_waiting(deposit: DepositView) -> Iterable[Waiting]:
    arriving = sum(file.state == "uploading" for file in deposit.files)
    yield Waiting(arriving, f"upload{'s are' if arriving != 1 else ' is'} not finished", "upload")
    damaged = sum(file.state == "quarantined" for file in deposit.files)
    yield Waiting(damaged, f"file{'s' * (damaged != 1)} arrived damaged: send again", "upload")
    fields, measurements = count_missing(deposit)
    where = f"for {measurements} measurement{'s' * (measurements != 1)}"
    yield Waiting(fields, f"answer{'s are' if fields != 1 else ' is'} needed {where}", "measurements")
    errors = [one for one in deposit.grouped_findings if one.severity == "error" and one.code != MISSING]
    yield Waiting(len(errors), f"point{'s' * (len(errors) != 1)} to settle", "findings")
    warnings = count_open_warnings(deposit)
    yield Waiting(warnings, f"warning{'s' * (warnings != 1)} to acknowledge", "findings")


def count_missing(deposit: DepositView) -> tuple[int, int]:
    """Return how many fields are unanswered, and of how many measurements: the numbers that the table says, too."""
    waiting = [one.needed for one in deposit.measurements if one.fate == "publish" and one.needed]
    return len({field for fields in waiting for field in fields}), len(waiting)


def count_open_warnings(deposit: DepositView) -> int:
    """Return how many kinds of warnings nobody has acknowledged."""
    accepted = {entry["code"] for entry in deposit.accepted_warnings}
    return len({one.code for one in deposit.all_findings if one.severity == "warning"} - accepted)


def _say(deposit: DepositView, waits: tuple[Waiting, ...]) -> str:
    if not deposit.files:
        return "Begin with the files: drop them below. The description can be written meanwhile."
    if deposit.state in BUSY_STATES:
        return "The files are being read. Nothing is locked meanwhile: you can answer and describe."
    if deposit.state == "draft":
        return "The files are here and wait to be read."
    if waits:
        return "This waits for you:"
    if any(one.state == "opened" and one.fate == "publish" for one in deposit.measurements):
        return "The headers are read. Convert the files, then publish."
    return "Nothing is left. You can publish."
