"""The session's table: a page of measurements, the fields that are incomplete or differ, and what was said for many."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from django.db.models import Q, QuerySet

from repository.models import Deposit, Measurement
from repository.models.cell_summary import count_waiting, sum_cells
from repository.models.sorting import version_measurements
from repository.schema.checks.cell_values import format_entry, format_example
from repository.schema.checks.cells import CellSum, build_tag, find_in
from repository.schema.checks.rings import is_for_chosen_files
from repository.schema.documents.levels import ALL, KINDS
from repository.schema.documents.technique_guesses import Proposal
from repository.schema.places import get_value
from repository.schema.questions.field_tree import find_leaves
from repository.schema.questions.fields import load_catalogue
from repository.selectors.deposits import FindingView, view_finding
from repository.selectors.reading import ReadingView, list_readings
from repository.selectors.thumbnails import find_thumbnails
from repository.selectors.visibility import Visitor, sees_findings

TECHNIQUE = "technique"
_READING = ("reading", "conversion")
INCOMPLETE = ("needed", "not_understood", "conflict")


@dataclass(frozen=True, slots=True)
class TableRow:
    """One measurement of the table.

    Attributes
    ----------
    proposal
        What its technique seems to be, sure or unsure, with the reason; None where its files were not opened.
    problem, hint
        Why its files could not be read, and what to do; empty where they were, or nobody has tried.
    cells
        The fields that are columns, as they stand; a field that is not there does not apply.
    tags
        Of the answers that the file itself was given, by field; a field that is not there was given none.
    """

    id: str
    name: str
    path: str
    folder: str
    thumbnail: str | None
    shapes: tuple[tuple[int, ...], ...]
    technique: tuple[str, ...]
    proposal: Proposal | None
    kind: str
    day: str | None
    instrument: str | None
    state: str
    reading: ReadingView | None
    problem: str
    hint: str
    cells: Mapping[str, Mapping[str, Any]]
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class LevelAnswer:
    """What was said of a field for all, or for a kind."""

    field: str
    text: str
    tag: str


@dataclass(frozen=True, slots=True)
class TableGroup:
    """The measurements of one kind: what was said for them, and what is below that. Never one file's value."""

    kind: str
    count: int
    answers: tuple[LevelAnswer, ...]
    sums: tuple[CellSum, ...]


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A field of the table, with what it comes to in all measurements that it applies to."""

    field: str
    title: str
    description: str
    kind: str
    unit: str | None
    units: tuple[str, ...]
    choices: tuple[tuple[str, str], ...]
    may_be_gap: bool
    is_of_one_file: bool
    example: str
    why: str
    sums: CellSum


@dataclass(frozen=True, slots=True)
class TableView:
    """A page of the table.

    Attributes
    ----------
    n_needed, n_waiting
        How many fields wait for an answer, the technique among them, and how many measurements wait for one.
    columns, same, helpful
        Fields that are incomplete or differ, those that say the same wherever they apply, and those that nobody has
        answered and nobody needs.
    continue_after
        Ordinal and id of the last row, where others follow.
    """

    revision: int
    state: str
    count: int
    n_needed: int
    n_waiting: int
    columns: tuple[TableColumn, ...]
    same: tuple[TableColumn, ...]
    helpful: tuple[TableColumn, ...]
    answers: tuple[LevelAnswer, ...]
    groups: tuple[TableGroup, ...]
    rows: tuple[TableRow, ...]
    continue_after: tuple[int, str] | None


def describe_table(
    visitor: Visitor,
    deposit: Deposit,
    *,
    size: int,
    after: tuple[int, str] | None = None,
    kind: str | None = None,
    is_incomplete_only: bool = False,
    only: Sequence[str] = (),
    also: Sequence[str] = (),
) -> TableView:
    """Return a page of the table, at the same number of questions to the database for one row and for thousands.

    It holds what the next version will hold: of what is kept private or discarded nothing is asked.

    Parameters
    ----------
    only
        The measurements that are looked at; all without it.
    also
        Fields of which the rows have cells besides the columns: those that somebody has on the screen.
    """
    measurements = version_measurements(deposit)
    n_measurements, n_waiting = count_waiting(measurements)
    sums = sum_cells(measurements)
    totals = _add_kinds(sums)
    columns, same, helpful = _sort_fields(totals)
    if kind is not None:
        measurements = measurements.filter(kind=kind)
    if is_incomplete_only:
        measurements = measurements.filter(_is_incomplete([column.field for column in columns]))
    if only:
        measurements = measurements.filter(pk__in=only)
    page = _read_page(measurements, size=size, after=after)
    shown = {TECHNIQUE, *(column.field for column in columns), *also}
    following = page[size - 1] if len(page) > size else None
    view = TableView(
        revision=deposit.revision,
        state=deposit.state,
        count=n_measurements,
        n_needed=sum(1 for total in totals if total.needed),
        n_waiting=n_waiting,
        columns=columns,
        same=same,
        helpful=helpful,
        answers=_list_answers(deposit.document.get(ALL)),
        groups=tuple(_group(deposit, sums)),
        rows=tuple(_describe_rows(visitor, deposit, page[:size], shown)),
        continue_after=(following.ordinal, following.pk) if following is not None else None,
    )
    return view if sees_findings(visitor, deposit) else _without_open_questions(view)


def _without_open_questions(view: TableView) -> TableView:
    """Return a table as those read it who are not told what the checks found: what is said, and nothing that waits."""
    columns, same, helpful = (
        tuple(replace(column, sums=_without_states(column.sums)) for column in columns)
        for columns in (view.columns, view.same, view.helpful)
    )
    groups = tuple(replace(group, sums=tuple(map(_without_states, group.sums))) for group in view.groups)
    return replace(view, n_needed=0, n_waiting=0, columns=columns, same=same, helpful=helpful, groups=groups)


def _without_states(sums: CellSum) -> CellSum:
    return replace(sums, needed=0, empty=sums.empty + sums.needed, conflicts=0, not_understood=0)


def _is_incomplete(fields: Sequence[str]) -> Q:
    condition = Q(kind="")
    for field in (TECHNIQUE, *fields):
        for state in INCOMPLETE:
            condition |= Q(cells__contains={field: {"state": state}})
    return condition


def _read_page(
    measurements: QuerySet[Measurement], *, size: int, after: tuple[int, str] | None
) -> list[Measurement]:
    if after is not None:
        measurements = measurements.filter(Q(ordinal__gt=after[0]) | Q(ordinal=after[0], pk__gt=after[1]))
    page = measurements.select_related("primary_file").prefetch_related("signals")
    return list(page.defer("header", "looked_for", "hints").order_by("ordinal", "pk")[: size + 1])


def _describe_rows(
    visitor: Visitor, deposit: Deposit, page: Sequence[Measurement], shown: set[str]
) -> Iterable[TableRow]:
    ids = [measurement.pk for measurement in page]
    thumbnails = find_thumbnails(visitor, ids)
    readings = list_readings(deposit)
    tells = sees_findings(visitor, deposit)
    unread = deposit.findings.filter(measurement__in=ids, measurement__state="failed", stage__in=_READING)
    problems = {row.measurement_id: view_finding(row) for row in unread.order_by("-id")} if tells else {}
    layers = deposit.document.get("measurements")
    for measurement in page:
        yield _describe_row(
            measurement,
            thumbnails.get(measurement.pk),
            readings.get(measurement.pk),
            problems.get(measurement.pk),
            layers if isinstance(layers, Mapping) else {},
            shown,
            tells=tells,
        )


def _describe_row(
    measurement: Measurement,
    thumbnail: str | None,
    reading: ReadingView | None,
    problem: FindingView | None,
    layers: Mapping[str, Any],
    shown: set[str],
    *,
    tells: bool,
) -> TableRow:
    path = PurePosixPath(measurement.primary_file.path)
    document = measurement.document
    acquired = get_value(document, "acquired_at")
    moment = acquired.get("value") if isinstance(acquired, Mapping) else acquired
    instrument = get_value(document, "instrument.name") or get_value(document, "instrument.model")
    own = layers.get(str(path))
    tags = {field: build_tag(find_in(own, field)) for field in shown} if isinstance(own, Mapping) else {}
    return TableRow(
        id=measurement.pk,
        name=path.name,
        path=str(path),
        folder="" if str(path.parent) == "." else str(path.parent),
        thumbnail=thumbnail,
        shapes=tuple(tuple(signal.shape) for signal in measurement.signals.all()),
        technique=tuple(measurement.techniques),
        proposal=measurement.proposal,
        kind=measurement.kind,
        day=str(moment)[:10] if moment else None,
        instrument=str(instrument) if instrument else None,
        state=measurement.state,
        reading=reading,
        problem=problem.message if problem is not None else "",
        hint=problem.hint if problem is not None else "",
        cells={
            field: cell if tells else _without_finding(cell)
            for field, cell in measurement.cells.items()
            if field in shown
        },
        tags={field: tag for field, tag in tags.items() if tag},
    )


def _without_finding(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a cell with what holds, and nothing of what the checks say about it."""
    told = {key: value for key, value in cell.items() if key not in {"problem", "hint"}}
    if told["state"] in INCOMPLETE:
        told["state"] = "value" if told.get("text") else "empty"
    return told


def _add_kinds(sums: Iterable[CellSum]) -> list[CellSum]:
    """Return the sums over all kinds."""
    by_field: defaultdict[str, list[CellSum]] = defaultdict(list)
    for one in sums:
        by_field[one.field].append(one)
    return [_add(field, parts) for field, parts in by_field.items()]


def _add(field: str, parts: Sequence[CellSum]) -> CellSum:
    texts = tuple(dict.fromkeys(text for part in parts for text in part.texts))
    numbers = [number for part in parts for number in (part.lowest, part.highest) if number is not None]
    return CellSum(
        kind="",
        field=field,
        count=sum(part.count for part in parts),
        needed=sum(part.needed for part in parts),
        empty=sum(part.empty for part in parts),
        not_recorded=sum(part.not_recorded for part in parts),
        conflicts=sum(part.conflicts for part in parts),
        not_understood=sum(part.not_understood for part in parts),
        different=max(len(texts), *(part.different for part in parts)),
        texts=texts[:6],
        lowest=min(numbers, default=None),
        highest=max(numbers, default=None),
        own=sum(part.own for part in parts),
    )


def _sort_fields(totals: Iterable[CellSum]) -> tuple[tuple[TableColumn, ...], ...]:
    """Return the fields that are columns, those that are the same, and those that would only help."""
    order = {path: number for number, path in enumerate(load_catalogue().measurement)}
    columns, same, helpful = [], [], []
    for total in sorted(totals, key=lambda one: order.get(one.field, len(order))):
        if total.field == TECHNIQUE or total.field not in order:
            continue
        column = _describe_column(total)
        if total.needed or total.not_understood or total.conflicts or total.different > 1:
            columns.append(column)
        elif total.different == 1:
            same.append(column)
        else:
            helpful.append(column)
    return tuple(columns), tuple(same), tuple(helpful)


def _describe_column(total: CellSum) -> TableColumn:
    catalogue = load_catalogue()
    field = catalogue.measurement[total.field]
    terms = catalogue.vocabularies[field.vocabulary] if field.vocabulary else ()
    row = next(
        (row for row in catalogue.rows if total.field == row.path or total.field in row.answers[0]), None
    )
    return TableColumn(
        field=total.field,
        title=field.title,
        description=field.description,
        kind=field.kind,
        unit=field.unit,
        units=field.units,
        choices=tuple((term.value, term.title) for term in terms),
        may_be_gap=row is None or row.escape,
        is_of_one_file=is_for_chosen_files(total.field),
        example=format_example(field),
        why=row.why if row is not None else "",
        sums=total,
    )


def _list_answers(layer: Any) -> tuple[LevelAnswer, ...]:
    if not isinstance(layer, Mapping):
        return ()
    fields = dict.fromkeys(leaf.field.path.split("[]", maxsplit=1)[0] for leaf in find_leaves(layer))
    answers = ((field, find_in(layer, field)) for field in fields)
    return tuple(
        LevelAnswer(field, format_entry(field, entry), build_tag(entry))
        for field, entry in answers
        if entry is not None
    )


def _group(deposit: Deposit, sums: Sequence[CellSum]) -> Iterable[TableGroup]:
    kinds = deposit.document.get(KINDS)
    by_kind: defaultdict[str, list[CellSum]] = defaultdict(list)
    for one in sums:
        by_kind[one.kind].append(one)
    for kind, parts in by_kind.items():
        answers = _list_answers(kinds.get(kind)) if isinstance(kinds, Mapping) else ()
        yield TableGroup(kind, max(part.count for part in parts), answers, tuple(parts))
