"""What the session's table shows of one measurement: each field with its value, where that comes from, what is missing.

A cell never shows another file's value, and says of which level its answer is (ADR 0039).
"""

import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.checks.cell_values import format_entry, read_number
from repository.schema.documents.levels import Level, choose_rules, find_level, is_rule
from repository.schema.documents.normalization import normalize_document
from repository.schema.findings import Finding
from repository.schema.places import find_entries, get_entry, is_gap, is_value
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.questions.answers import find_axes
from repository.schema.questions.field_tree import find_leaves
from repository.schema.questions.fields import RequirementRow, load_catalogue
from repository.schema.questions.requirements import Requirement

CellState = Literal["value", "needed", "empty", "not_recorded", "conflict", "not_understood"]
MISSING = "required_field_missing"
CONFLICT = "header_conflict"


@dataclass(frozen=True, slots=True)
class Said:
    """What one level says of a field."""

    level: Level | Literal["header"]
    text: str

    def as_dict(self) -> dict[str, str]:
        """Return it as JSON."""
        return {"level": self.level, "text": self.text}


@dataclass(frozen=True, slots=True)
class Cell:
    """One field of one measurement.

    Attributes
    ----------
    state
        `value`; `needed` where publishing waits for an answer, `empty` where one would help; `not_recorded` for a
        declared gap; `conflict` where file and person differ; `not_understood` where an error stands at it.
    text, number
        What holds, as it can be typed again; its number in the field's unit, where it is one.
    level, source, basis
        Where it comes from. `basis` is what somebody said, or the file: None where nobody did.
    via
        The other field that answers the question.
    below
        What the answer stands over, nearest first; of a conflict also what is not used.
    problem, hint
        What is wrong, and what to do.
    """

    state: CellState
    text: str = ""
    number: float | None = None
    level: str | None = None
    source: str | None = None
    basis: str | None = None
    via: str | None = None
    is_required: bool = False
    may_be_gap: bool = True
    below: tuple[Said, ...] = ()
    problem: str = ""
    hint: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON; what says nothing is left out."""
        told = {
            "state": self.state,
            "text": self.text,
            "number": self.number,
            "level": self.level,
            "source": self.source,
            "basis": self.basis,
            "via": self.via,
            "required": self.is_required,
            "may_be_gap": self.may_be_gap,
            "below": [said.as_dict() for said in self.below],
            "problem": self.problem,
            "hint": self.hint,
        }
        return {key: value for key, value in told.items() if value not in (None, "", [])}


@dataclass(frozen=True, slots=True)
class CellSum:
    """One field in the measurements of one kind.

    Attributes
    ----------
    count
        How many measurements the field applies to.
    different, texts
        How many different values there are, and the first of them.
    lowest, highest
        In the field's unit, where the values are numbers.
    own
        How many are answered for the file itself, or by a pattern that names it.
    """

    kind: str
    field: str
    count: int
    needed: int
    empty: int
    not_recorded: int
    conflicts: int
    not_understood: int
    different: int
    texts: tuple[str, ...]
    lowest: float | None
    highest: float | None
    own: int


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything from which the cells of a measurement are made.

    Attributes
    ----------
    header, layers, merged
        What the file says, what persons said (as `select_supplied` gives it), and what holds.
    """

    path: str
    header: Mapping[str, Any]
    layers: Sequence[tuple[str, Mapping[str, Any]]]
    merged: Mapping[str, Any]
    signals: Sequence[SignalShape]
    findings: Sequence[Finding]


class _Speakers:
    """The levels that speak of a measurement, nearest first, in the form that documents are stored in."""

    def __init__(self, sources: Sources) -> None:
        chosen = choose_rules(sources.layers, sources.merged)
        ranked = [
            (find_level(label, sources.path), is_rule(label), normalize_document(layer), layer)
            for label, layer in reversed(chosen)
        ]
        self._levels: list[tuple[Level | Literal["header"], Mapping[str, Any], Mapping[str, Any]]] = [
            *((level, layer, raw) for level, is_for_many, layer, raw in ranked if not is_for_many),
            ("header", normalize_document(sources.header), sources.header),
            *((level, layer, raw) for level, is_for_many, layer, raw in ranked if is_for_many),
        ]

    def list_said(self, path: str) -> "list[_Saying]":
        """Return what each level says of a field."""
        return [
            _Saying(Said(level, format_entry(path, entry)), entry, find_in(raw, path))
            for level, layer, raw in self._levels
            if (entry := find_in(layer, path)) is not None
        ]

    def list_answered(self) -> Iterator[str]:
        """Yield the fields that persons answered."""
        for level, layer, _ in self._levels:
            if level != "header":
                yield from (leaf.field.path for leaf in find_leaves(layer) if "[]" not in leaf.field.path)


@dataclass(frozen=True, slots=True)
class _Saying:
    """What a level says, as it is stored, and as it was given."""

    said: Said
    entry: Any
    given: Any

    @property
    def basis(self) -> str | None:
        """Return the basis that was said: what is filled in for want of one is a claim that nobody made."""
        holder = self.entry if isinstance(self.given, str) else self.given
        stated = holder.get("basis") if isinstance(holder, Mapping) else None
        is_filled_in = isinstance(self.given, str) and stated == "nominal"
        return stated if isinstance(stated, str) and not is_filled_in else None


def find_in(document: Mapping[str, Any], path: str) -> Any:
    """Return what stands at a field: an entry, or the list of what stands in each entry of a list; None for nothing."""
    if "[]" not in path:
        return get_entry(document, path)
    entries = [entry for _, entry in find_entries(document, path)]
    whole = get_entry(document, path.split("[]", maxsplit=1)[0])
    return entries or (whole if is_gap(whole) else None)


def build_tag(entry: Any) -> str:
    """Return a short digest of an answer as it stands at a level; empty where there is none."""
    if entry is None:
        return ""
    return hashlib.sha256(json.dumps(entry, sort_keys=True).encode()).hexdigest()[:12]


def build_cells(sources: Sources, requirements: Sequence[Requirement]) -> dict[str, Cell]:
    """Return the cells of a measurement by field: what is asked of it, what persons said, and what the table knows.

    A field that is not there does not apply. `requirements` are those of the document that holds.
    """
    speakers = _Speakers(sources)
    rows = _list_rows_by_path()
    cells: dict[str, Cell] = {}
    for asked in requirements:
        for path in list_columns(rows[asked.path]):
            cells[path] = _build_cell(path, sources, speakers, asked)
    known = (path for row in rows.values() for path in list_columns(row))
    answered = (path for path in known if is_value(find_in(sources.merged, path)))
    for path in (*answered, *speakers.list_answered(), *_list_at_fault(sources)):
        if path not in cells:
            cells[path] = _build_cell(path, sources, speakers, None)
    return cells


@functools.cache
def _list_rows_by_path() -> Mapping[str, RequirementRow]:
    return {row.path: row for row in load_catalogue().rows}


def list_columns(row: RequirementRow) -> tuple[str, ...]:
    """Return the fields that a question of the table shows: the parts of its first answer."""
    parts = () if row.is_one_cell else row.answers[0]
    return tuple(path for path in parts if ":" not in path) or (row.path,)


@functools.lru_cache(maxsize=4096)
def _find_column(pointer: str) -> str:
    """Return the column that shows the field of a pointer: the field itself, or the list that is one cell."""
    field = find_field(pointer)
    row = _list_rows_by_path().get(field.split("[]", maxsplit=1)[0])
    return row.path if row is not None and row.is_one_cell else field


def list_needed(cells: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """Return the fields of a measurement that publishing waits for, by its cells as they are stored.

    The one answer to "what is still asked": the page of a deposit and its table count these.
    """
    return tuple(field for field, cell in cells.items() if cell.get("state") == "needed")


def _list_at_fault(sources: Sources) -> Iterator[str]:
    for finding in sources.findings:
        path = _find_column(finding.pointer)
        if path and finding.severity == "error" and finding.code != MISSING:
            yield path


@functools.lru_cache(maxsize=4096)
def find_field(pointer: str) -> str:
    """Return the dotted path of the innermost field that a JSON pointer lies in; empty where there is none."""
    known = load_catalogue().measurement
    parts = pointer.strip("/").split("/")
    joined = ""
    found = ""
    for part in parts:
        joined = f"{joined}[]" if part.isdecimal() else f"{joined}.{part}".lstrip(".")
        if joined in known:
            found = joined
    return found


def _build_cell(path: str, sources: Sources, speakers: _Speakers, asked: Requirement | None) -> Cell:
    said = speakers.list_said(path)
    entry = find_in(sources.merged, path)
    frame: dict[str, Any] = {
        "is_required": asked is not None and asked.level == "required",
        "may_be_gap": asked is None or asked.escape,
    }
    fault = _find_finding(path, sources, lambda one: one.severity == "error" and one.code != MISSING)
    holding = _find_holding(entry, said)
    if holding is not None:
        frame |= {"level": holding.said.level, "basis": holding.basis}
        frame["below"] = tuple(one.said for one in said if one is not holding)
    if fault is not None:
        text = format_entry(path, entry)
        # An error where nothing is said is a question: such as the shape of a scan that its file does not tell.
        unsaid = text == "" and not is_gap(entry)
        return Cell(
            "needed" if unsaid else "not_understood", text, problem=fault.message, hint=fault.hint, **frame
        )
    if (
        asked is not None
        and asked.state != "value"
        and _list_rows_by_path()[asked.path].is_one_cell
        and entry
    ):
        return Cell(
            _name_open(asked), format_entry(path, entry), source=_find_source(entry, holding), **frame
        )
    if is_value(entry) or entry is False:
        conflict = _find_finding(path, sources, lambda one: one.code == CONFLICT)
        return Cell(
            "value" if conflict is None else "conflict",
            format_entry(path, entry),
            number=read_number(path, entry),
            source=_find_source(entry, holding),
            problem=conflict.message if conflict is not None else "",
            hint=conflict.hint if conflict is not None else "",
            **frame,
        )
    if is_gap(entry):
        return Cell("not_recorded", format_entry(path, entry), source=_find_source(entry, holding), **frame)
    return _build_empty(sources, speakers, asked, frame)


def _name_open(asked: Requirement) -> CellState:
    """Return the state of a cell whose question has no value."""
    if asked.state == "gap":
        return "not_recorded"
    return "needed" if asked.level == "required" else "empty"


def _build_empty(
    sources: Sources, speakers: _Speakers, asked: Requirement | None, frame: Mapping[str, Any]
) -> Cell:
    """Return the cell of a field without a value of its own: another may answer the same question."""
    if asked is None:
        return Cell("empty", **frame)
    if asked.state == "missing":
        return Cell(_name_open(asked), **frame)
    for other in (path for paths in asked.answers[1:] for path in paths if ":" not in path):
        plain = other.removesuffix("{}")
        entry = find_in(sources.merged, plain)
        if is_value(entry) or is_gap(entry):
            holding = _find_holding(entry, speakers.list_said(plain))
            more = {"level": holding.said.level} if holding is not None else {}
            state: CellState = "not_recorded" if is_gap(entry) else "value"
            return Cell(state, format_entry(plain, entry), via=plain, **{**frame, **more})
    row = _list_rows_by_path()[asked.path]
    if asked.state == "value" and row.axes:
        text = _describe_axes(row, sources.signals)
        return Cell("value", text, source="header", via="axes", **{**frame, "level": "header"})
    return Cell("not_recorded" if asked.state == "gap" else "value", **frame)


def _describe_axes(row: RequirementRow, signals: Sequence[SignalShape]) -> str:
    """Return what the calibrated axes say: their sizes where only these are asked, else their steps."""
    if row.axes == "all":
        return "all have units"
    axes = find_axes(row, signals)
    if row.sized_only:
        return " × ".join(str(axis.size) for axis in axes)
    return " × ".join(dict.fromkeys(_describe_step(axis) for axis in axes))


def _describe_step(axis: SignalAxis) -> str:
    return f"{axis.scale:.4g} {axis.unit}" if axis.scale is not None and axis.unit else axis.name


def _find_holding(entry: Any, said: Sequence[_Saying]) -> _Saying | None:
    """Return the nearest level that says what holds: a gap hides no value."""
    if entry is None:
        return None
    return next((one for one in said if is_gap(one.entry) == is_gap(entry)), None)


def _find_source(entry: Any, holding: _Saying | None) -> str | None:
    stated = entry.get("source") if isinstance(entry, Mapping) else None
    if isinstance(stated, str):
        return stated
    if holding is None:
        return None
    return "header" if holding.said.level == "header" else "depositor"


def _find_finding(path: str, sources: Sources, is_meant: Callable[[Finding], bool]) -> Finding | None:
    return next(
        (one for one in sources.findings if is_meant(one) and _find_column(one.pointer) == path),
        None,
    )
