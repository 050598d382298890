"""The deposit page: where the person stands, what was read, what is asked, and what stands in the way."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from frontend.presentation.arrived_files import build_files_part
from frontend.presentation.description import build_description
from frontend.presentation.finding_groups import group_findings
from frontend.presentation.landing import describe_measurement_part
from frontend.presentation.waiting import MISSING, count_missing, count_open_warnings, list_waiting
from repository.schema.questions.fields import load_catalogue
from repository.selectors.deposits import DepositView, FindingView
from repository.states import BUSY_STATES, OPEN_STATES


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to a DOI."""

    title: str
    anchor: str
    mark: str
    is_current: bool


def is_busy(state: str) -> bool:
    """Return whether the server works on the deposit."""
    return state in BUSY_STATES


def describe_deposit_page(
    deposit: DepositView,
    *,
    may_edit: bool,
    may_decide: bool,
    room: str = "",
    thumbnails: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what the page's template needs.

    Parameters
    ----------
    may_edit, may_decide
        Whether the visitor may change the draft, and publish or delete it.
    room
        What to know of the disk before choosing files.
    thumbnails
        A small picture of each measurement that has one.
    """
    errors = [finding for finding in deposit.grouped_findings if finding.severity == "error"]
    n_errors = len(errors)
    is_open = deposit.state in OPEN_STATES
    return {
        "section": "deposits",
        "deposit": deposit,
        "etag": f'"r{deposit.revision}"',
        "is_busy": is_busy(deposit.state),
        "draft_number": deposit.number if deposit.state in OPEN_STATES else 1,
        "may_edit": may_edit,
        "may_decide": may_decide,
        "room": room,
        "may_change": may_edit and is_open,
        "may_sort": may_edit and deposit.state != "published",
        "files": build_files_part(deposit, thumbnails or {}),
        "next_step": list_waiting(deposit),
        "description": build_description(deposit),
        "may_describe": may_edit and deposit.state != "published",
        "may_answer": may_edit and (is_open or deposit.is_answerable),
        "is_only_checked": _is_only_checked(deposit),
        "may_publish": may_decide
        and is_open
        and deposit.state != "draft"
        and n_errors == 0
        and not _is_only_checked(deposit),
        "may_delete": may_decide and is_open and deposit.version is None,
        "n_failed": sum(one.state == "failed" and one.fate == "publish" for one in deposit.measurements),
        "steps": _list_steps(deposit, n_errors),
        "techniques": _list_techniques(),
        "measurements": tuple(describe_measurement_part(each) for each in deposit.measurements),
        "finding_groups": group_findings(
            _list_parts(deposit), accepted={entry["code"] for entry in deposit.accepted_warnings}
        ),
        "n_notes": len({one.code for one in deposit.all_findings if one.severity == "info"}),
        "n_open_warnings": count_open_warnings(deposit),
        "may_accept": may_edit and is_open,
    }


def _list_techniques() -> list[dict[str, str]]:
    """Return what a measurement can be, as the session's table offers it."""
    terms = load_catalogue().vocabularies["technique"]
    return [{"value": term.value, "title": term.title} for term in terms]


def _is_only_checked(deposit: DepositView) -> bool:
    """Return whether the files were opened and checked, and wait to be handed in for conversion."""
    return not is_busy(deposit.state) and any(
        one.state == "opened" and one.fate == "publish" for one in deposit.measurements
    )


def _list_steps(deposit: DepositView, n_errors: int) -> tuple[Step, ...]:
    has_read = bool(deposit.measurements) and not is_busy(deposit.state) and deposit.state != "draft"
    done = (
        ("Upload", "upload", bool(deposit.files)),
        ("Read", "upload", has_read),
        ("Answer", "measurements", has_read and count_missing(deposit)[0] == 0),
        ("Describe", "description", bool(deposit.title) and has_read),
        ("Check", "findings", has_read and n_errors == 0),
        ("Publish", "publish", deposit.state == "published"),
    )
    first_open = next((anchor for _, anchor, is_done in done if not is_done), "")
    return tuple(
        Step(title, anchor, "done" if is_done else "", is_current=anchor == first_open)
        for title, anchor, is_done in done
    )


def _list_parts(deposit: DepositView) -> Iterable[tuple[str, tuple[FindingView, ...]]]:
    """Yield the findings by what they are about; missing answers are asked for above and not said again."""
    yield "", deposit.findings
    for measurement in deposit.measurements:
        if measurement.fate == "publish":
            yield measurement.path, tuple(one for one in measurement.findings if one.code != MISSING)
    for file in deposit.files:
        if file.fate == "publish":
            yield file.path, file.findings
