"""The deposit page: where the person stands, what was read, what is asked, and what stands in the way."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from frontend.presentation.fates import build_restoring
from frontend.presentation.finding_groups import group_findings
from frontend.presentation.landing import describe_measurement_part
from frontend.presentation.questionnaire import (
    MISSING,
    Questionnaire,
    build_dataset_questions,
    build_questionnaire,
)
from frontend.presentation.reading import list_reading_lines, mark_known
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


@dataclass(frozen=True, slots=True)
class OpenWarning:
    """Warnings of one kind, acknowledged together."""

    code: str
    message: str
    count: int


def is_busy(state: str) -> bool:
    """Return whether the server works on the deposit."""
    return state in BUSY_STATES


def describe_deposit_page(deposit: DepositView, *, may_edit: bool, room: str = "") -> dict[str, Any]:
    """Return what the page's template needs; `room` is what to know of the disk before choosing files."""
    questionnaire = build_questionnaire(deposit)
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
        "room": room,
        "may_change": may_edit and is_open,
        "may_sort": may_edit and deposit.state != "published",
        "arrived": deposit.arrived,
        "restores": build_restoring(deposit.arrived),
        "may_answer": may_edit and (is_open or deposit.is_answerable),
        "readings": list_reading_lines(deposit),
        "known": mark_known(deposit),
        "is_only_checked": _is_only_checked(deposit),
        "may_publish": may_edit
        and is_open
        and deposit.state != "draft"
        and n_errors == 0
        and not _is_only_checked(deposit),
        "may_delete": may_edit and is_open and deposit.version is None,
        "n_to_settle": sum(finding.code != MISSING for finding in errors),
        "n_unread": sum(bool(file.label) and not file.is_read for file in deposit.files),
        "n_failed": sum(one.state == "failed" and one.fate == "publish" for one in deposit.measurements),
        "steps": _list_steps(deposit, questionnaire, n_errors),
        "techniques": _list_techniques(),
        "measurements": tuple(describe_measurement_part(each) for each in deposit.measurements),
        "questionnaire": questionnaire,
        "has_technique": all(measurement.techniques for measurement in deposit.measurements),
        "dataset_questions": build_dataset_questions(deposit),
        "finding_groups": group_findings(_list_parts(deposit)),
        "open_warnings": _list_open_warnings(deposit),
        "bases": load_catalogue().vocabularies["basis"],
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


def _list_steps(deposit: DepositView, questionnaire: Questionnaire, n_errors: int) -> tuple[Step, ...]:
    has_read = bool(deposit.measurements) and not is_busy(deposit.state) and deposit.state != "draft"
    done = (
        ("Upload", "upload", bool(deposit.files)),
        ("Read", "read", has_read),
        ("Describe", "missing", has_read and not questionnaire.n_needed),
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


def _list_open_warnings(deposit: DepositView) -> tuple[OpenWarning, ...]:
    accepted = {entry["code"] for entry in deposit.accepted_warnings}
    warnings = [
        finding
        for finding in deposit.all_findings
        if finding.severity == "warning" and finding.code not in accepted
    ]
    counts = Counter(finding.code for finding in warnings)
    first = {finding.code: finding.message for finding in reversed(warnings)}
    return tuple(OpenWarning(code, first[code], count) for code, count in counts.items())
