"""What the deposit page asks: one question per field and session, written where the answer belongs.

A field that every measurement lacks is asked once and stored in the document's `defaults`. Where only some
lack it, the answer goes to those alone. What a file says, or a person said of it, stands over an answer for all
(ADR 0039): another answer there is written for the files themselves, else it would change nothing.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from frontend.presentation.metadata_rows import GROUP_TITLES, group_title
from frontend.presentation.questions import Question, build_question
from repository.schema import Requirement
from repository.schema.places import get_entry
from repository.schema.questions.fields import load_catalogue
from repository.selectors.deposits import DepositView, MeasurementView

_READ = frozenset({"opened", "converted"})
_ALSO_OFFERED = ("purpose", "notes")
MISSING = "required_field_missing"
"""The finding that the question itself says better."""


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions under one heading."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """Everything that is asked of one deposit: what is needed, what is answered, what would help."""

    needed: tuple[QuestionGroup, ...]
    answered: tuple[QuestionGroup, ...]
    helpful: tuple[QuestionGroup, ...]

    @property
    def n_needed(self) -> int:
        """Return how many answers publishing waits for."""
        return sum(len(group.questions) for group in self.needed)

    @property
    def n_answered(self) -> int:
        """Return how many required fields are answered."""
        return sum(len(group.questions) for group in self.answered)


def build_questionnaire(deposit: DepositView) -> Questionnaire:
    """Return the questions about the measurements, grouped."""
    read = [
        measurement
        for measurement in deposit.measurements
        if measurement.state in _READ and measurement.fate == "publish"
    ]
    states: dict[str, list[tuple[MeasurementView, Requirement]]] = {}
    for measurement in read:
        disputed = _list_disputed(measurement)
        for requirement in measurement.requirements:
            is_disputed = requirement.path in disputed
            entry = replace(requirement, state="missing", level="required") if is_disputed else requirement
            states.setdefault(requirement.path, []).append((measurement, entry))
        asked = {requirement.path for requirement in measurement.requirements}
        for path in disputed - asked:
            states.setdefault(path, []).append((measurement, _demand(path)))
    questions = [
        _ask(path, asked, deposit, len(read))
        for path, asked in states.items()
        if path in load_catalogue().measurement
    ]
    if read:
        questions += [_ask_freely(path, deposit) for path in _ALSO_OFFERED if path not in states]
    needed = [question for question in questions if question.is_missing]
    # Scan step and pixel size calibrate the axes: these are asked one by one only where nothing else is left.
    needed = [question for question in needed if question.paths[0][-1] != "axes"] or needed
    return Questionnaire(
        needed=_group(needed),
        answered=_group(
            question for question in questions if question.is_required and not question.is_missing
        ),
        helpful=_group(question for question in questions if not question.is_required),
    )


def _list_disputed(measurement: MeasurementView) -> set[str]:
    """Return the fields at which an error stands: publishing waits for another answer there."""
    known = load_catalogue().measurement
    paths = {_path_of(finding.pointer) for finding in measurement.findings if finding.severity == "error"}
    return {path for path in paths if path in known}


def _path_of(pointer: str) -> str:
    """Return the dotted path of the field that a JSON pointer lies in; entries of lists point at the list."""
    known = load_catalogue().measurement
    keys = [key for key in pointer.strip("/").split("/") if not key.isdecimal()]
    candidates = (".".join(keys[:length]) for length in range(len(keys), 0, -1))
    return next((path for path in candidates if path in known), "")


def _demand(path: str) -> Requirement:
    title = load_catalogue().measurement[path].title
    return Requirement(
        path=path, level="required", title=title, why="", looked_for=(), state="missing", escape=False
    )


def _ask(
    path: str, asked: Sequence[tuple[MeasurementView, Requirement]], deposit: DepositView, n_measurements: int
) -> Question:
    requirement = asked[0][1]
    lacking = [measurement for measurement, each in asked if each.state == "missing"]
    concerned = lacking or [measurement for measurement, _ in asked]
    is_for_all = len(concerned) == n_measurements
    keys = tuple(path.split("."))
    is_rule = (is_for_all or not lacking) and not any(
        _says_itself(measurement, path, deposit.document) for measurement in concerned
    )
    targets = (
        (("defaults", *keys),)
        if is_rule
        else tuple(("measurements", measurement.path, *keys) for measurement in concerned)
    )
    known = next((entry for m, _ in asked if (entry := get_entry(m.present, path)) is not None), None)
    return build_question(
        load_catalogue().measurement[path],
        targets=targets,
        document=deposit.document,
        known=known,
        extra={
            "why": requirement.why,
            "looked_for": requirement.looked_for,
            "state": "missing" if lacking else requirement.state,
            "is_required": any(each.level == "required" for _, each in asked),
            "may_be_gap": requirement.escape,
            "problems": _list_problems(path, concerned),
            "asked_for": () if is_for_all else tuple(measurement.path for measurement in concerned),
        },
    )


def _says_itself(measurement: MeasurementView, path: str, document: Mapping[str, Any]) -> bool:
    """Return whether the file, or what a person said of it by its path, stands over an answer for all."""
    own = document.get("measurements", {}).get(measurement.path)
    if isinstance(own, Mapping) and get_entry(own, path) is not None:
        return True
    entry = get_entry(measurement.present, path)
    source = entry.get("source") if isinstance(entry, Mapping) else None
    return source == "header" or (
        entry is not None and path.split(".", maxsplit=1)[0] in measurement.from_file
    )


def _list_problems(path: str, measurements: Iterable[MeasurementView]) -> tuple[str, ...]:
    said = [
        f"{finding.message} {finding.hint}".strip()
        for measurement in measurements
        for finding in measurement.findings
        if finding.severity == "error" and finding.code != MISSING and _path_of(finding.pointer) == path
    ]
    return tuple(dict.fromkeys(said))


def _ask_freely(path: str, deposit: DepositView) -> Question:
    field = load_catalogue().measurement[path]
    return build_question(
        field, targets=(("defaults", *path.split(".")),), document=deposit.document, known=None
    )


def _group(questions: Iterable[Question]) -> tuple[QuestionGroup, ...]:
    fields = load_catalogue().measurement
    grouped: dict[str, list[Question]] = {title: [] for title in GROUP_TITLES.values()}
    for question in questions:
        keys = question.paths[0]
        path = ".".join(keys[1:] if keys[0] == "defaults" else keys[2:])
        grouped.setdefault(group_title(fields[path].group), []).append(question)
    return tuple(QuestionGroup(title, tuple(entries)) for title, entries in grouped.items() if entries)
