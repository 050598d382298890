"""What a measurement must say: the table of the catalogue applied to one document.

The rule, in a depositor's words: every required field is answered once, by a value with its basis or by "not
recorded". What does not apply is worked out, never asked.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.places import get_plain
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.answers import AXIS_FIELDS, find_answer_state, list_unexplained_axes
from repository.schema.questions.fields import RequirementRow, load_catalogue
from repository.schema.questions.situation import Situation, work_out_situation

RequirementLevel = Literal["required", "recommended"]
AnswerState = Literal["value", "gap", "missing"]
_RANK = {"R": 2, "r": 1}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One question that applies, and how it stands.

    Attributes
    ----------
    path
        The field that is asked for first; `answers` lists every combination that settles the question.
    escape
        Whether a declared gap is an answer.
    looked_for
        Keys of the vendor header that were searched.
    """

    path: str
    level: RequirementLevel
    title: str
    why: str
    looked_for: tuple[str, ...]
    state: AnswerState
    escape: bool = True
    answers: tuple[tuple[str, ...], ...] = ()


def list_requirements(
    document: Mapping[str, Any],
    *,
    signals: Sequence[SignalShape] | None = None,
    looked_for: Mapping[str, Sequence[str]] | None = None,
) -> list[Requirement]:
    """List what is asked of this measurement, required before recommended, in the order of the table.

    Parameters
    ----------
    document
        The (merged) measurement document.
    signals
        Its arrays; None when they are not known (yet). Calibrated axes answer for scan step, pixel size and
        energy axis.
    looked_for
        Keys of the vendor header per field path; the document's own `looked_for` counts too.
    """
    situation = work_out_situation(document, signals)
    places = {**_stated_places(document), **(looked_for or {})}
    requirements = [
        _build_requirement(row, level, document, signals, places) for row, level in _list_rows(situation)
    ]
    if not situation.techniques or _are_axes_asked_by_field(requirements, document, signals or ()):
        requirements = [requirement for requirement in requirements if requirement.path != "axes"]
    return sorted(requirements, key=lambda requirement: requirement.level != "required")


@functools.lru_cache(maxsize=256)
def _list_rows(situation: Situation) -> tuple[tuple[RequirementRow, RequirementLevel], ...]:
    """Return the rows that are asked in a situation, and how strongly: many measurements share one."""
    levels = ((row, find_level(row, situation)) for row in load_catalogue().rows)
    return tuple((row, level) for row, level in levels if level is not None)


def find_level(row: RequirementRow, situation: Situation) -> RequirementLevel | None:
    """Return how strongly the row is asked in this situation; the strongest of several techniques wins."""
    if not situation.techniques:
        return "required" if not row.escape and row.path != "acceleration_voltage" else None
    if row.settled_by in situation.settled:
        return None
    codes = _list_codes(row, situation)
    rank = max((_RANK.get(_strip(code, situation), 0) for code in codes), default=0)
    if rank and row.required_for in situation.purposes:
        rank = 2
    if not rank or (not row.escape and row.path == "acceleration_voltage" and not situation.electrons):
        return None
    return "required" if rank == _RANK["R"] else "recommended"


def _list_codes(row: RequirementRow, situation: Situation) -> list[str]:
    base = [row.codes[technique] for technique in situation.techniques]
    if situation.simulated and any(
        technique not in {"other", "derived_table"} for technique in situation.techniques
    ):
        if row.detector and all(code == "-" for code in base):
            return []
        tables = [row.codes[technique] for technique in situation.techniques if technique == "derived_table"]
        return [row.codes["simulated"], *tables]
    if situation.series in {"time", "tilt"} and set(situation.techniques) - {"other", "derived_table"}:
        return [*base, row.codes[situation.series]]
    return base


def _strip(code: str, situation: Situation) -> str:
    """Return R or r when every condition of the code is met, else "-"."""
    if ":" in code:
        flag, code = code.split(":")
        if flag == "q" and not situation.momentum_resolved:
            return "-"
    met = {
        "a": situation.scanned,
        "b": situation.convergent,
        "c": True,
        "d": situation.scanned,
        "e": situation.electrons,
        "i": situation.in_situ,
        "p": "ptychography" in situation.purposes,
        "t": situation.series == "tilt",
    }
    return code[0] if all(met[flag] for flag in code[1:]) else "-"


def _build_requirement(
    row: RequirementRow,
    level: RequirementLevel,
    document: Mapping[str, Any],
    signals: Sequence[SignalShape] | None,
    places: Mapping[str, Sequence[str]],
) -> Requirement:
    searched = tuple(
        dict.fromkeys(key for paths in row.answers for path in paths for key in places.get(path, ()))
    )
    return Requirement(
        path=row.path,
        level=level,
        title=load_catalogue().measurement[row.path].title,
        why=row.why,
        looked_for=searched,
        state=find_answer_state(row, document, signals),
        escape=row.escape,
        answers=row.answers,
    )


def _are_axes_asked_by_field(
    requirements: Sequence[Requirement], document: Mapping[str, Any], signals: Sequence[SignalShape]
) -> bool:
    """Whether a field that is asked for anyway calibrates every axis without unit: ask nothing twice."""
    asked = {
        path
        for requirement in requirements
        if requirement.level == "required"
        for paths in requirement.answers
        for path in paths
    }
    if not signals:
        return True
    unexplained = list_unexplained_axes(document, signals)
    return bool(unexplained) and all(asked & set(AXIS_FIELDS.get(axis.name, ())) for _, axis in unexplained)


def _stated_places(document: Mapping[str, Any]) -> dict[str, Sequence[str]]:
    stated = get_plain(document.get("looked_for"))
    if not isinstance(stated, Mapping):
        return {}
    return {str(path): [str(key) for key in keys] for path, keys in stated.items() if isinstance(keys, list)}
