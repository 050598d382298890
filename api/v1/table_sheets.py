"""Many answers at once from a spreadsheet, a pasted block or the names of files; first looked at, then saved."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import build_etag
from api.parsers import StrictJSONParser
from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.v1.table import PRIVATE, read_flag
from api.v1.table_shapes import TableChangeShape, show_change
from api.visitors import visitor_of
from processing.workflows import change_answers
from repository.selectors.access import get_deposit, get_editable_deposit, require_account
from repository.selectors.table_sheet import write_table
from repository.services.answer_sheets import NameAnswers, Wanted, want_block, want_names, want_sheet
from repository.services.answers import write_answers


class FieldInput(Nested[Any]):
    field = serializers.CharField(max_length=200)
    unit = serializers.CharField(max_length=20, required=False, allow_null=True)


class SheetInput(Nested[Any]):
    text = serializers.CharField(trim_whitespace=False, help_text="The CSV, or the block as it was copied.")
    form = serializers.ChoiceField(
        choices=["sheet", "block"],
        default="sheet",
        help_text="sheet: with a line of heads and a column of files. block: cells only, parted by tabs.",
    )
    decimal = serializers.ChoiceField(choices=["auto", ".", ","], default="auto")
    keys = serializers.ListField(
        child=serializers.CharField(max_length=400),
        required=False,
        help_text="Of a block: the measurements from its first row on.",
    )
    columns = FieldInput(
        many=True, required=False, help_text="Of a block: the fields from its first column on."
    )
    only_empty = serializers.BooleanField(default=False)
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would be changed.")


class NamesInput(Nested[Any]):
    pattern = serializers.CharField(
        max_length=300, help_text="* and ? within a folder, ** across folders, {field} for an answer."
    )
    columns = serializers.DictField(
        child=FieldInput(),
        required=False,
        help_text="By word in braces: which field it answers, in which unit.",
    )
    keys = serializers.ListField(child=serializers.CharField(max_length=400), required=False)
    only_empty = serializers.BooleanField(default=False)
    dry_run = serializers.BooleanField(default=True, help_text="Only say what would be changed.")


class SheetChangeShape(TableChangeShape):
    """As for the table; lines that name no file are refused with an empty field."""

    unknown_columns = serializers.ListField(child=serializers.CharField())
    decimal = serializers.CharField()
    delimiter = serializers.CharField()


class NameMatchShape(Nested[Any]):
    key = serializers.CharField()
    path = serializers.CharField()
    texts = serializers.DictField(child=serializers.CharField())
    spans = serializers.DictField(
        child=serializers.ListField(child=serializers.IntegerField()), help_text="Start and end in the path."
    )


class NamesChangeShape(TableChangeShape):
    """As for the table, with what was found in each name."""

    looked_at = serializers.IntegerField()
    matched = serializers.IntegerField()
    message = serializers.CharField(allow_blank=True, help_text="Why nothing was found.")
    matches = NameMatchShape(many=True)


class SheetView(APIView):
    needs_account = True
    is_open_to_grants = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="getTableSheet",
        parameters=[
            OpenApiParameter("bom", bool, description="Begin with a byte order mark, as Excel wants it."),
            OpenApiParameter("incomplete", bool, description="Only fields that are asked or differ."),
        ],
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="The table (RFC 4180, UTF-8)."),
            **problems(400, 401, 403, 404),
        },
    )
    def get(self, request: Request, deposit_id: str) -> HttpResponse:
        """Return the table as CSV with the units in the head; sent back unchanged it changes nothing.

        A text that a spreadsheet would compute has an apostrophe before it, which is taken off when it comes back.
        """
        deposit = get_deposit(visitor_of(request), deposit_id)
        text = write_table(
            deposit,
            with_bom=read_flag(request, "bom"),
            is_incomplete_only=read_flag(request, "incomplete"),
        )
        headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{deposit.pk}-table.csv"'}
        return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)

    @extend_schema(
        operation_id="answerTableSheet",
        request=SheetInput,
        responses={200: SheetChangeShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Take answers from a CSV or a pasted block: each is saved or refused by itself, empty cells say nothing.

        Columns that are no fields are named and passed over. Nothing in a cell is computed: `=1+1` is a text, and no
        number. A cell with `-` alone takes the answer of that file away.
        """
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        fields = read_input(SheetInput, request)
        if fields["form"] == "block":
            if not fields.get("keys") or not fields.get("columns"):
                raise ValidationError(
                    {"keys": ["A block needs the measurements and fields that it goes to."]}
                )
            wanted = want_block(
                fields["text"],
                ids=fields["keys"],
                fields=[(column["field"], column.get("unit")) for column in fields["columns"]],
                decimal=fields["decimal"],
            )
        else:
            wanted = want_sheet(
                deposit, fields["text"], decimal=fields["decimal"], only_empty=fields["only_empty"]
            )
        return _answer(
            request,
            deposit.pk,
            wanted,
            is_dry_run=fields["dry_run"],
            more={
                "unknown_columns": list(wanted.unknown),
                "decimal": wanted.decimal,
                "delimiter": wanted.delimiter,
            },
        )


class NamesView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="answerTableNames",
        request=NamesInput,
        responses={200: NamesChangeShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Take answers from the names of files, such as `*_{tilt}deg.dm4`; unless it is said, nothing is saved yet."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        fields = read_input(NamesInput, request)
        columns = fields.get("columns", {})
        found = want_names(
            deposit,
            fields["pattern"],
            units={word: column.get("unit") for word, column in columns.items()},
            fields={word: column["field"] for word, column in columns.items()},
            ids=fields.get("keys", ()),
            only_empty=fields["only_empty"],
        )
        return _answer(
            request, deposit.pk, found.wanted, is_dry_run=fields["dry_run"], more=_show_matches(found)
        )


def _answer(
    request: Request, deposit_id: str, wanted: Wanted, *, is_dry_run: bool, more: dict[str, Any]
) -> Response:
    actor = require_account(visitor_of(request))
    change = change_answers(
        deposit_id=deposit_id,
        write=lambda: write_answers(
            deposit_id=deposit_id, actor=actor, wishes=wanted.wishes, is_dry_run=is_dry_run
        ),
    )
    change = replace(change, results=(*wanted.refused, *change.results))
    headers = {"ETag": build_etag(change.revision), **PRIVATE}
    return Response({**show_change(change), **more}, headers=headers)


def _show_matches(found: NameAnswers) -> dict[str, Any]:
    message = (
        "" if found.matches else f"The pattern matches none of the {found.count} names. Nothing is changed."
    )
    return {
        "looked_at": found.count,
        "matched": len(found.matches),
        "message": message,
        "matches": [
            {
                "key": key,
                "path": match.path,
                "texts": dict(match.texts),
                "spans": {word: list(span) for word, span in match.spans.items()},
            }
            for key, match in found.matches
        ],
    }
