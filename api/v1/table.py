"""The session's table: rows are measurements, columns what is incomplete or differs; answers go in many at once."""

import uuid
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import build_etag
from api.pagination import LARGEST_SIZE, MOST_DIGITS, build_cursor, next_address, read_page_size
from api.parsers import StrictJSONParser
from api.v1.deposits import read_input
from api.v1.documentation import CURSOR, PAGE_SIZE, problems
from api.v1.table_shapes import (
    ChangeInput,
    TableChangeShape,
    TableInput,
    TableShape,
    show_change,
    show_table,
)
from api.visitors import visitor_of
from processing.workflows import change_answers
from repository.selectors.access import get_deposit, get_editable_deposit, require_account
from repository.selectors.session_table import describe_table
from repository.services.answer_writes import Wish
from repository.services.answers import TableChange, undo_change, write_answers

PRIVATE = {"Cache-Control": "private, no-store"}


def answer_change(deposit_id: str, write: Callable[[], TableChange]) -> Response:
    """Write answers, have looked at what they are about, and say what came of each of them; nothing else."""
    change = change_answers(deposit_id=deposit_id, write=write)
    headers = {"ETag": build_etag(change.revision), **PRIVATE}
    return Response(show_change(change), headers=headers)


class TableView(APIView):
    needs_account = True
    is_open_to_grants = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="getTable",
        parameters=[
            CURSOR,
            PAGE_SIZE,
            OpenApiParameter(
                "kind", str, description="Only measurements of this kind: techniques joined by +."
            ),
            OpenApiParameter(
                "incomplete", bool, description="Only measurements of which something is asked."
            ),
            OpenApiParameter(
                "key", str, many=True, description="Only these measurements, by their ids; 200 at most."
            ),
            OpenApiParameter(
                "field", str, many=True, description="Cells of this field too, whatever it says; 200 at most."
            ),
        ],
        responses={200: TableShape, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, deposit_id: str) -> Response:
        """Return a page of the table: rows in the order of the deposit, with the fields that are asked or differ.

        What is the same for all is listed apart. Columns, groups and sums are about the whole deposit, whichever page
        is asked for.
        """
        visitor = visitor_of(request)
        view = describe_table(
            visitor,
            get_deposit(visitor, deposit_id),
            size=read_page_size(request),
            after=_read_place(request),
            kind=request.query_params.get("kind"),
            is_incomplete_only=read_flag(request, "incomplete"),
            only=_read_several(request, "key"),
            also=_read_several(request, "field"),
        )
        following = build_cursor(view.continue_after) if view.continue_after is not None else None
        headers = {"ETag": build_etag(view.revision), **PRIVATE}
        return Response(show_table(view, next_address(request, following)), headers=headers)

    @extend_schema(
        operation_id="answerTable",
        request=TableInput,
        responses={200: TableChangeShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def patch(self, request: Request, deposit_id: str) -> Response:
        """Answer fields for all, for kinds or for chosen measurements: many answers, each saved or refused by itself.

        Only what is named changes, so that two people and two tabs merge by field. `expected` names the tags that were
        seen: where an answer has another one now, that answer alone is refused. `change` undoes it.
        """
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        fields = read_input(TableInput, request)
        actor = require_account(visitor)
        wishes = [read_wish(entry) for entry in fields["changes"]]
        return answer_change(
            deposit.pk,
            lambda: write_answers(
                deposit_id=deposit.pk, actor=actor, wishes=wishes, is_dry_run=fields["dry_run"]
            ),
        )


class UndoView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="undoTableChange",
        request=None,
        responses={200: TableChangeShape, **problems(400, 401, 403, 404, 409)},
    )
    def post(self, request: Request, deposit_id: str, change_id: uuid.UUID) -> Response:
        """Put back what stood before a change; an answer that was given again since stays, and says who gave it."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        actor = require_account(visitor)
        return answer_change(
            deposit.pk, lambda: undo_change(deposit_id=deposit.pk, actor=actor, change_id=change_id)
        )


def read_wish(entry: dict[str, Any]) -> Wish:
    """Return one change of the body as the services take it."""
    unknown = sorted(set(entry) - set(ChangeInput().get_fields()))
    if unknown:
        raise ValidationError({"changes": [f"Unknown key {unknown[0]}."]})
    keys = tuple(dict.fromkeys(entry.get("keys", ())))
    if entry["level"] != "all" and not keys:
        raise ValidationError(
            {"changes": ["Name the measurements or kinds in `keys`; without any nothing is meant."]}
        )
    if entry["level"] == "all" and keys:
        raise ValidationError(
            {"changes": ["An answer for all takes no `keys`: choose another level for some."]}
        )
    if entry["act"] == "value" and "value" not in entry:
        raise ValidationError(
            {"changes": ["A value is missing; to take an answer away, send the act `clear`."]}
        )
    return Wish(
        field=entry["field"],
        level=entry["level"],
        act=entry["act"],
        keys=keys,
        value=entry.get("value"),
        unit=entry.get("unit"),
        basis=entry.get("basis"),
        only_empty=entry["only_empty"],
        expected=entry.get("expected", {}),
    )


def read_flag(request: Request, name: str) -> bool:
    """Return a parameter that is true or false; false without it."""
    text = request.query_params.get(name, "")
    if text.lower() not in {"", "true", "false", "1", "0"}:
        raise ValidationError({name: ["true or false."]})
    return text.lower() in {"true", "1"}


def _read_several(request: Request, name: str) -> tuple[str, ...]:
    """Return what a parameter names that may stand several times."""
    named = tuple(dict.fromkeys(request.query_params.getlist(name)))
    if len(named) > LARGEST_SIZE:
        raise ValidationError(
            {name: [f"{LARGEST_SIZE} at most; ask for the others in a request of their own."]}
        )
    return named


def _read_place(request: Request) -> tuple[int, str] | None:
    """Return ordinal and id of the row where the last page ended; `None` for the first page."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        ordinal, measurement_id = urlsafe_b64decode(text.encode("ascii")).decode("utf-8").split("\x1f")
        is_known = ordinal.isascii() and ordinal.isdecimal() and len(ordinal) <= MOST_DIGITS
    except ValueError:
        is_known = False
    if not is_known or not measurement_id.isprintable():
        raise ValidationError(
            {"cursor": ["This cursor was not given out by this server. Start without one."]}
        )
    return int(ordinal), measurement_id
