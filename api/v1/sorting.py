"""What becomes of the files that arrived, and which belong together."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import build_etag
from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.visitors import visitor_of
from processing.workflows import group_deposit, set_deposit_roles, sort_deposit
from repository.selectors.access import get_deposit, get_editable_deposit, require_account
from repository.selectors.arrived import describe_arrived
from repository.services.grouping import Move
from repository.services.roles import ROLES, RoleWish
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
    changes = serializers.ListField(child=FateInput(), allow_empty=False, max_length=MOST_NAMED)


class SortedShape(Nested[Any]):
    changed = serializers.IntegerField()
    undo = FateInput(many=True, help_text="What takes it back, sent as `changes`.")
    arrived = ArrivedShape()


class MoveInput(Nested[Any]):
    paths = serializers.ListField(
        child=serializers.CharField(max_length=1024), allow_empty=False, max_length=MOST_NAMED
    )
    place = serializers.ChoiceField(
        choices=["with", "own", "alone", "recognized"],
        help_text="`with` another measurement, a measurement of its `own`, `alone` (part of none), or as `recognized`.",
    )

    def get_fields(self) -> dict[str, Any]:
        """Add the field whose name is a word of Python."""
        told = "With `with`: the id of the measurement, or the path of its primary file."
        return {
            **super().get_fields(),
            "with": serializers.CharField(required=False, max_length=1024, help_text=told),
        }


class GroupingInput(Nested[Any]):
    moves = serializers.ListField(child=MoveInput(), allow_empty=False, max_length=MOST_NAMED)


class RegroupedShape(Nested[Any]):
    undo = MoveInput(many=True, help_text="What takes it back, sent as `moves` in this order.")
    arrived = ArrivedShape()


class RoleInput(Nested[Any]):
    measurement = serializers.CharField(max_length=40, help_text="The one that serves others.")
    role = serializers.ChoiceField(choices=list(ROLES))
    of = serializers.ListField(
        child=serializers.CharField(max_length=40),
        allow_empty=False,
        max_length=MOST_NAMED,
        help_text="The measurements that it serves.",
    )
    take_back = serializers.BooleanField(required=False, help_text="It is no more what it was to them.")


class RolesInput(Nested[Any]):
    roles = serializers.ListField(child=RoleInput(), allow_empty=False, max_length=MOST_NAMED)


class RolesShape(Nested[Any]):
    etag = serializers.CharField(help_text="Of the deposit as it is now.")


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


class GroupingView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="groupDeposit",
        request=GroupingInput,
        responses={200: RegroupedShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Say which files belong together where the guess was wrong; what that touches is read again, nothing else."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        moves = read_input(GroupingInput, request)["moves"]
        former = group_deposit(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            moves=[
                Move(_PLACES.get(one["place"], one["place"]), tuple(one["paths"]), one.get("with", ""))
                for one in moves
            ],
        )
        undo = [
            {"paths": move.paths, "place": move.place, **({"with": move.beside} if move.beside else {})}
            for move in former
        ]
        arrived = describe_arrived(get_deposit(visitor, deposit_id))
        return Response(RegroupedShape({"undo": undo, "arrived": arrived}).data)


_PLACES = {"recognized": ""}


class RolesView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="setRoles",
        request=RolesInput,
        responses={200: RolesShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Say what measurements are to others: vacuum probe, low loss, survey image, dark or gain reference.

        It is written as a link into the metadata of each measurement that is served, and can be changed there too.
        """
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        roles = read_input(RolesInput, request)["roles"]
        set_deposit_roles(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            wishes=[
                RoleWish(one["measurement"], one["role"], tuple(one["of"]), one.get("take_back", False))
                for one in roles
            ],
        )
        etag = build_etag(get_deposit(visitor, deposit_id).revision)
        return Response(RolesShape({"etag": etag}).data, headers={"ETag": etag})
