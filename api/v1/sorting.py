"""What becomes of the files that arrived, and which belong together."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.visitors import visitor_of
from processing.workflows import sort_deposit
from repository.selectors.access import get_deposit, get_editable_deposit, require_account
from repository.selectors.arrived import describe_arrived
from repository.services.sorting import MOST_NAMED, Wish

FATES = ["publish", "private", "discard", "aside"]


class ArrivedFileShape(Nested[Any]):
    path = serializers.CharField()
    why = serializers.CharField(
        allow_blank=True,
        help_text="What it is, the file that it goes with or repeats, or why it is set aside.",
    )
    measurement = serializers.CharField(allow_null=True, help_text="Of which it is part.")
    fate = serializers.ChoiceField(choices=FATES)


class ArrivedKindShape(Nested[Any]):
    kind = serializers.CharField()
    count = serializers.IntegerField()
    files = ArrivedFileShape(many=True, help_text="The first of them; the deposit lists all.")


class ArrivedShape(Nested[Any]):
    sentence = serializers.CharField(help_text="All of it in a sentence; its numbers add up to `files`.")
    files = serializers.IntegerField()
    kinds = ArrivedKindShape(
        many=True,
        help_text="`measurements`, `companions`, `not_read`, `duplicates` (the same bytes as another file here), "
        "`set_aside`, `not_looked_at`, `arriving` and `kept_apart`: each file is in one of them.",
    )
    fates = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="How many files are to be published, and how many are not.",
    )
    restorable = serializers.BooleanField(help_text="Whether something is set aside or discarded.")


class FateInput(Nested[Any]):
    fate = serializers.ChoiceField(
        choices=FATES,
        help_text="`private`: stays in the deposit for a later version, and is nobody else's to see. `discard`: goes "
        "when the deposit is published; until then it can be taken back.",
    )
    measurements = serializers.ListField(
        child=serializers.CharField(max_length=40), required=False, max_length=MOST_NAMED
    )
    paths = serializers.ListField(
        child=serializers.CharField(max_length=1024),
        required=False,
        max_length=MOST_NAMED,
        help_text="Primary files, files that are part of no measurement, or patterns that name any of these.",
    )


class FatesInput(Nested[Any]):
    changes = FateInput(many=True, allow_empty=False)


class SortedShape(Nested[Any]):
    changed = serializers.IntegerField()
    undo = FateInput(many=True, help_text="What takes it back, sent as `changes`.")
    arrived = ArrivedShape()


class ArrivedView(APIView):
    needs_account = True
    is_open_to_grants = True

    @extend_schema(operation_id="getArrived", responses={200: ArrivedShape, **problems(401, 403, 404)})
    def get(self, request: Request, deposit_id: str) -> Response:
        """Say what arrived: how many files are measurements, companions, copies, not read or set aside."""
        deposit = get_deposit(visitor_of(request), deposit_id)
        return Response(ArrivedShape(describe_arrived(deposit)).data)


class FatesView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="sortDeposit",
        request=FatesInput,
        responses={200: SortedShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Decide what becomes of many measurements and files at once; all of it is done, or nothing.

        Later changes of the list override earlier ones. It can be done while the files are read.
        """
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        changes = read_input(FatesInput, request)["changes"]
        former = sort_deposit(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            wishes=[
                Wish(one["fate"], tuple(one.get("measurements", ())), tuple(one.get("paths", ())))
                for one in changes
            ],
        )
        undo = [
            {"fate": fate, "paths": [path for path, was in former.items() if was == fate]}
            for fate in FATES
            if fate in former.values()
        ]
        arrived = describe_arrived(get_deposit(visitor, deposit_id))
        return Response(SortedShape({"changed": len(former), "undo": undo, "arrived": arrived}).data)
