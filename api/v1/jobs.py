from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.visitors import visitor_of
from repository.selectors.jobs import describe_job
from repository.states import JobState


class JobShape(Nested[Any]):
    id = serializers.UUIDField()
    kind = serializers.CharField()
    target = serializers.CharField()
    state = serializers.ChoiceField(choices=JobState.values)
    lane = serializers.ChoiceField(
        choices=["short", "long"],
        help_text="Short work takes seconds and never waits behind long work, whose time grows with the file.",
    )
    position = serializers.IntegerField(
        allow_null=True,
        help_text="How many jobs of its lane are before it while it waits; depositors take turns. Null otherwise.",
    )
    attempt = serializers.IntegerField()
    fraction = serializers.FloatField()
    message = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)


class JobView(APIView):
    needs_account = True
    is_open_to_grants = True

    @extend_schema(operation_id="getJob", responses={200: JobShape, **problems(401, 403, 404)})
    def get(self, request: Request, job_id: UUID) -> Response:
        """Return how far a job is."""
        body = JobShape(describe_job(visitor_of(request), job_id)).data
        return Response(body, headers={"Cache-Control": "private, no-store"})
