from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.documentation import problems
from ingest.formats.registry import list_formats


class FormatShape(serializers.Serializer[Any]):
    """A format that is read. `extensions` are those that promise it; what a file is, its content decides."""

    id = serializers.CharField()
    title = serializers.CharField()
    files = serializers.CharField()
    becomes = serializers.CharField()
    extensions = serializers.ListField(child=serializers.CharField())


class FormatPageShape(serializers.Serializer[Any]):
    next = serializers.CharField(allow_null=True)
    results = FormatShape(many=True)


class FormatListView(APIView):
    @extend_schema(operation_id="listFormats", responses={200: FormatPageShape, **problems(401)})
    def get(self, _request: Request) -> Response:
        """List the formats that are read; any other file is stored as it is."""
        page = {"next": None, "results": [asdict(form) for form in list_formats()]}
        return Response(FormatPageShape(page).data, headers={"Cache-Control": "public, max-age=3600"})
