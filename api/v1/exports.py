"""The exports: as a list, and each with its own address in the OpenAPI document."""

import re
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.datasets import CONTENT_IS_PUBLIC
from api.v1.documentation import problems
from api.v1.shapes import Nested
from repository.exports.declaration import Export, ProductExport, StreamedExport
from repository.exports.registry import list_exports

_PROBLEM: dict[str, Any] = {
    "description": "What was wrong, where, why, and what to do.",
    "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemShape"}}},
}
_PAGE = {
    "description": "A page that says what is wrong.",
    "content": {"text/html": {}, **_PROBLEM["content"]},
}
_VERSION = {
    "name": "version",
    "in": "query",
    "schema": {"type": "integer", "minimum": 1},
    "description": "Of a version, instead of the newest.",
}
_REVISION = {
    "name": "revision",
    "in": "query",
    "schema": {"type": "integer", "minimum": 0},
    "description": "In which the version says what it says, instead of the newest; 0 is what was published.",
}


class ExportShape(Nested[Any]):
    """A format in which a dataset or a measurement is read by other programs."""

    ending = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a field named label
    about = serializers.ChoiceField(choices=["dataset", "measurement"])
    needs = serializers.ChoiceField(
        choices=["metadata", "arrays"],
        help_text="With arrays: whoever may download the files may have it; else whoever may see the page.",
    )
    address = serializers.SerializerMethodField(help_text="With `{id}` for the id.")
    media_type = serializers.CharField()
    aliases = serializers.ListField(child=serializers.CharField())
    profile = serializers.CharField(help_text="What tells it from others of the same media type; or empty.")
    description = serializers.CharField()
    specification = serializers.CharField(help_text="Where the format is defined.")
    most_bytes = serializers.SerializerMethodField(
        help_text="The most stored bytes of a measurement that are streamed; null where nothing is."
    )

    def get_address(self, export: Export) -> str:
        return export.locate("{id}")

    def get_most_bytes(self, export: Export) -> int | None:
        return export.most_bytes if isinstance(export, StreamedExport) else None


class ExportListShape(Nested[Any]):
    results = ExportShape(many=True)


class ExportListView(APIView):
    @extend_schema(operation_id="listExports", responses={200: ExportListShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """List the formats in which datasets and measurements are read by other programs."""
        body = {"results": ExportShape(list_exports(), many=True).data}
        return Response(body, headers=CONTENT_IS_PUBLIC)


def describe_exports(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add the address of every export to what was made from the views; a hook of drf-spectacular."""
    for export in list_exports():
        result["paths"][document_path(export)] = {"get": _describe(export)}
    return result


def document_path(export: Export) -> str:
    """Return the address of an export as the OpenAPI document writes it."""
    return export.locate(f"{{{export.about}_id}}")


def _describe(export: Export) -> dict[str, Any]:
    is_page = export.about == "dataset"
    subject = {"name": f"{export.about}_id", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": "export" + "".join(map(str.title, (export.about, *re.split(r"[.-]", export.ending)))),
        "description": export.description,
        "externalDocs": {"url": export.specification},
        "tags": [f"{export.about}s"],
        "security": [{}] if is_page else [{}, {"token": []}],
        "parameters": [subject, *([_VERSION] if is_page else []), _REVISION],
        "responses": _describe_answers(export) | {"default": _PAGE if is_page else _PROBLEM},
    }


def _describe_answers(export: Export) -> dict[str, Any]:
    if isinstance(export, ProductExport):
        return {"302": {"description": "To the product, whose bytes it is."}}
    content: dict[str, Any] = {export.media_type: {}}
    answers: dict[str, Any] = {"200": {"description": export.label, "content": content}}
    if export.needs == "metadata":
        answers["410"] = {"description": "It was withdrawn; its description stays.", "content": content}
    return answers
