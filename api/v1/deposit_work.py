"""What the server does for a deposit just now, and breaking it off. Nothing is locked meanwhile."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import build_etag
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.v1.table_shapes import RowReadingShape
from api.visitors import visitor_of
from repository.selectors.access import get_deposit, get_editable_deposit, require_account
from repository.selectors.work import describe_work
from repository.services.validation import stop_reading


class RunningShape(Nested[Any]):
    measurement = serializers.CharField()
    path = serializers.CharField()
    reading = RowReadingShape()


class WorkShape(Nested[Any]):
    state = serializers.CharField()
    is_working = serializers.BooleanField()
    fraction = serializers.FloatField()
    message = serializers.CharField(allow_blank=True)
    running = RunningShape(many=True, help_text="What runs now; at most twenty.")
    waiting = serializers.IntegerField(help_text="Measurements whose work has not begun.")
    position = serializers.IntegerField(allow_null=True, help_text="Jobs before the first that waits.")
    bytes_left = serializers.IntegerField()
    seconds_left = serializers.FloatField(
        allow_null=True, help_text="From the sizes that are left; what others have before it is not in it."
    )
    is_measured = serializers.BooleanField(
        help_text="Whether that goes by what this deposit has taken so far, or by what is usual."
    )
    failed = serializers.ListField(child=serializers.CharField(), help_text="Why work on it was given up.")
    revision = serializers.IntegerField()


def _answer(request: Request, deposit_id: str) -> Response:
    view = describe_work(get_deposit(visitor_of(request), deposit_id))
    headers = {"ETag": build_etag(view.revision), "Cache-Control": "private, no-store"}
    return Response(asdict(view), headers=headers)


class WorkView(APIView):
    needs_account = True
    is_open_to_grants = True

    @extend_schema(operation_id="getProgress", responses={200: WorkShape, **problems(401, 403, 404)})
    def get(self, request: Request, deposit_id: str) -> Response:
        """Return what runs, what waits, the place in the line, and an estimate from the sizes."""
        return _answer(request, deposit_id)


class StopView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="stopReading", request=None, responses={200: WorkShape, **problems(401, 403, 404, 409)}
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Break off the reading. What was read so far is kept; handing the deposit in again goes on from there."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        stop_reading(deposit_id=deposit.pk, actor=require_account(visitor))
        return _answer(request, deposit_id)
