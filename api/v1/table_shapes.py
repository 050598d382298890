"""The JSON shapes of the session's table. Cells are many: what is answered is built from dataclasses as they are."""

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from rest_framework import serializers

from api.v1.shapes import Nested
from repository.schema.checks.cells import CellSum
from repository.selectors.session_table import LevelAnswer, TableColumn, TableRow, TableView
from repository.services.answer_writes import AnswerResult
from repository.services.answers import MOST_ANSWERS, TableChange

LEVELS = ["all", "kind", "measurement"]
ACTS = ["value", "not_recorded", "withheld", "not_applicable", "clear", "differs"]


class SaidShape(Nested[Any]):
    level = serializers.ChoiceField(
        choices=["measurement", "pattern", "header", "calibration", "kind", "all", "instrument"]
    )
    text = serializers.CharField()


class CellShape(Nested[Any]):
    """A field of a measurement. One that is not there does not apply to its technique."""

    state = serializers.ChoiceField(
        choices=["value", "needed", "empty", "not_recorded", "conflict", "not_understood"],
        help_text="needed: publishing waits for it. empty: an answer would help. conflict: `below` holds what is not "
        "used. not_understood: an error stands at it.",
    )
    text = serializers.CharField(required=False, help_text="As it can be typed again.")
    number = serializers.FloatField(required=False, help_text="In the field's unit, where it is one number.")
    level = serializers.CharField(
        required=False, help_text="measurement, pattern, header, calibration, kind, all or instrument."
    )
    source = serializers.CharField(required=False)  # type: ignore[assignment]  # a name of the answer
    basis = serializers.CharField(required=False, help_text="Only where somebody, or the file, said one.")
    via = serializers.CharField(required=False, help_text="The other field, or the axes, that answer it.")
    required = serializers.BooleanField()  # type: ignore[assignment]  # the same
    may_be_gap = serializers.BooleanField()
    below = SaidShape(many=True, required=False, help_text="What the answer stands over, nearest first.")
    problem = serializers.CharField(required=False)
    hint = serializers.CharField(required=False)


class SumShape(Nested[Any]):
    """What a field comes to in several measurements: how many values, never one of them for all."""

    count = serializers.IntegerField(help_text="Measurements that the field applies to.")
    needed = serializers.IntegerField()
    empty = serializers.IntegerField()
    not_recorded = serializers.IntegerField()
    conflicts = serializers.IntegerField()
    not_understood = serializers.IntegerField()
    different = serializers.IntegerField(help_text="How many different values there are.")
    texts = serializers.ListField(child=serializers.CharField(), help_text="The first of them.")
    lowest = serializers.FloatField(allow_null=True)
    highest = serializers.FloatField(allow_null=True)
    own = serializers.IntegerField(help_text="Measurements with an answer of their own.")


class TermShape(Nested[Any]):
    value = serializers.CharField()
    title = serializers.CharField()


class ColumnShape(Nested[Any]):
    field = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    kind = serializers.CharField()
    unit = serializers.CharField(allow_null=True)
    units = serializers.ListField(child=serializers.CharField())
    choices = TermShape(many=True)
    may_be_gap = serializers.BooleanField()
    is_of_one_file = serializers.BooleanField(help_text="It is answered for chosen files, never for all.")
    example = serializers.CharField(allow_blank=True)
    why = serializers.CharField(allow_blank=True)
    sums = SumShape()


class LevelAnswerShape(Nested[Any]):
    field = serializers.CharField()
    text = serializers.CharField()
    tag = serializers.CharField()


class GroupShape(Nested[Any]):
    kind = serializers.CharField(
        allow_blank=True, help_text="Techniques joined by +; empty while none is known."
    )
    count = serializers.IntegerField()
    answers = LevelAnswerShape(many=True)
    sums = serializers.DictField(child=SumShape(), help_text="By field.")


class RowReadingShape(Nested[Any]):
    step = serializers.CharField()
    state = serializers.CharField()
    fraction = serializers.FloatField()
    seconds_left = serializers.FloatField(allow_null=True)


class ProposalShape(Nested[Any]):
    """What the technique seems to be. It is no answer: `…/techniques/` makes it one."""

    techniques = serializers.ListField(
        child=serializers.CharField(), help_text="Several compose; none where nothing tells."
    )
    sure = serializers.BooleanField(help_text="Whether confirming all that are sure takes it in.")
    why = serializers.CharField(help_text="A sentence for a person.")


class RowShape(Nested[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    path = serializers.CharField()
    folder = serializers.CharField(allow_blank=True)
    thumbnail = serializers.CharField(allow_null=True)
    shapes = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))
    technique = serializers.ListField(child=serializers.CharField())
    proposal = ProposalShape(allow_null=True, help_text="Null where its files were not opened yet.")
    kind = serializers.CharField(allow_blank=True)
    day = serializers.CharField(allow_null=True)
    instrument = serializers.CharField(allow_null=True)
    state = serializers.CharField()
    reading = RowReadingShape(allow_null=True)
    problem = serializers.CharField(allow_blank=True, help_text="Why its files could not be read.")
    hint = serializers.CharField(allow_blank=True)
    cells = serializers.DictField(child=CellShape())
    tags = serializers.DictField(child=serializers.CharField())


class TableShape(Nested[Any]):
    revision = serializers.IntegerField()
    state = serializers.CharField()
    count = serializers.IntegerField()
    n_needed = serializers.IntegerField(help_text="Fields that publishing waits for.")
    n_waiting = serializers.IntegerField(help_text="Measurements in which one of them is not answered.")
    columns = ColumnShape(many=True, help_text="What is incomplete or differs.")
    same = ColumnShape(many=True, help_text="What is the same wherever it applies.")
    helpful = ColumnShape(many=True, help_text="What nobody has answered and nobody needs.")
    answers = LevelAnswerShape(many=True, help_text="What was said for all.")
    groups = GroupShape(many=True)
    rows = RowShape(many=True)
    next = serializers.URLField(allow_null=True)


class ChangeInput(Nested[Any]):
    field = serializers.CharField(max_length=200)
    level = serializers.ChoiceField(choices=LEVELS, default="measurement")
    keys = serializers.ListField(
        child=serializers.CharField(max_length=400),
        required=False,
        max_length=MOST_ANSWERS,
        help_text="Ids of measurements, or kinds; nothing for all.",
    )
    act = serializers.ChoiceField(choices=ACTS, default="value")
    value = serializers.JSONField(required=False, help_text="Text as it is typed, or a value of the schema.")
    unit = serializers.CharField(max_length=20, required=False, help_text="Of a number without one.")
    basis = serializers.ChoiceField(
        choices=["measured", "nominal", "calibrated", "estimated"],
        required=False,
        help_text="Only where somebody says it.",
    )
    only_empty = serializers.BooleanField(
        default=False, help_text="Leave alone whatever has a value, at whatever level."
    )
    expected = serializers.DictField(
        child=serializers.CharField(max_length=12, allow_blank=True),
        required=False,
        help_text="By key (for all: empty): the tag that was seen. Another one refuses that answer.",
    )


class TableInput(Nested[Any]):
    changes = serializers.ListField(child=ChangeInput(), max_length=MOST_ANSWERS)
    dry_run = serializers.BooleanField(default=False)


class AnswerResultShape(Nested[Any]):
    field = serializers.CharField()
    level = serializers.CharField()
    key = serializers.CharField(allow_blank=True)
    path = serializers.CharField(required=False)
    result = serializers.ChoiceField(choices=["saved", "unchanged", "refused"])
    was = serializers.CharField(required=False)
    text = serializers.CharField(required=False)
    tag = serializers.CharField(required=False)
    code = serializers.CharField(required=False)
    message = serializers.CharField(required=False)
    hint = serializers.CharField(required=False)


class TableChangeShape(Nested[Any]):
    change = serializers.UUIDField(
        allow_null=True, help_text="By which it is undone; null: nothing was written."
    )
    revision = serializers.IntegerField()
    saved = serializers.IntegerField()
    unchanged = serializers.IntegerField()
    refused = serializers.IntegerField()
    results = AnswerResultShape(many=True)


def show_table(view: TableView, following: str | None) -> dict[str, Any]:
    """Return a page of the table as `TableShape` describes it."""
    return {
        "revision": view.revision,
        "state": view.state,
        "count": view.count,
        "n_needed": view.n_needed,
        "n_waiting": view.n_waiting,
        "columns": [_show_column(column) for column in view.columns],
        "same": [_show_column(column) for column in view.same],
        "helpful": [_show_column(column) for column in view.helpful],
        "answers": _show_answers(view.answers),
        "groups": [
            {
                "kind": group.kind,
                "count": group.count,
                "answers": _show_answers(group.answers),
                "sums": {one.field: _show_sums(one) for one in group.sums},
            }
            for group in view.groups
        ],
        "rows": [show_row(row) for row in view.rows],
        "next": following,
    }


def show_row(row: TableRow) -> dict[str, Any]:
    """Return a row as `RowShape` describes it."""
    shown = {name: getattr(row, str(name)) for name in RowShape().get_fields()}
    return {
        **shown,
        "reading": asdict(row.reading) if row.reading is not None else None,
        "proposal": asdict(row.proposal) if row.proposal is not None else None,
    }


def _show_column(column: TableColumn) -> dict[str, Any]:
    shown = {name: getattr(column, str(name)) for name in ColumnShape().get_fields()}
    choices = [{"value": value, "title": title} for value, title in column.choices]
    return {**shown, "choices": choices, "sums": _show_sums(column.sums)}


def _show_sums(sums: CellSum) -> dict[str, Any]:
    return {name: getattr(sums, name) for name in _SUMS}


def _show_answers(answers: Iterable[LevelAnswer]) -> list[dict[str, str]]:
    return [asdict(answer) for answer in answers]


def show_change(change: TableChange) -> dict[str, Any]:
    """Return what came of a change as `TableChangeShape` describes it."""
    return {
        "change": str(change.id) if change.id is not None else None,
        "revision": change.revision,
        "saved": change.count("saved"),
        "unchanged": change.count("unchanged"),
        "refused": change.count("refused"),
        "results": [_show_result(result) for result in change.results],
    }


_SUMS = tuple(SumShape().get_fields())
_ALWAYS = ("field", "level", "key", "result")


def _show_result(result: AnswerResult) -> dict[str, str]:
    return {name: said for name, said in asdict(result).items() if said or name in _ALWAYS}
