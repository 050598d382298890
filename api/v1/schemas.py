from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.documentation import problems
from api.v1.shapes import Nested
from repository.errors import NotFoundError
from repository.schema import render_template
from repository.schema.file_names import read_rule
from repository.schema.questions.fields import load_catalogue
from repository.schema.versions.comparison import compare_with_former
from repository.schema.versions.files import read_schema_file
from repository.schema.versions.in_force import VERSION_IN_FORCE, is_released, list_versions
from repository.selectors.addresses import schema_address


class FieldDifferenceShape(Nested[Any]):
    document = serializers.ChoiceField(choices=["measurement", "dataset", "supplied", "demands"])
    path = serializers.CharField(help_text="The field; of demands the technique.")
    difference = serializers.ChoiceField(choices=["added", "removed", "changed"])
    keywords = serializers.ListField(child=serializers.CharField(), help_text="What is said otherwise of it.")


class SchemaVersionShape(Nested[Any]):
    version = serializers.CharField()
    status = serializers.ChoiceField(
        choices=["released", "open"], help_text="What is released never changes; what is open may still grow."
    )
    url = serializers.CharField(help_text="Of its record.json; the other files stand beside it.")
    changes = FieldDifferenceShape(many=True, help_text="What is different from the version before.")


class SchemaVersionListShape(Nested[Any]):
    in_force = serializers.CharField(help_text="The version under which drafts are made.")
    versions = SchemaVersionShape(many=True)


class SchemaVersionListView(APIView):
    @extend_schema(
        operation_id="listSchemaVersions", responses={200: SchemaVersionListShape, **problems(401, 403)}
    )
    def get(self, _request: Request) -> Response:
        """List the versions of the metadata schema and what each changed."""
        versions = [
            {
                "version": version,
                "status": "released" if is_released(version) else "open",
                "url": schema_address(version),
                "changes": compare_with_former(version),
            }
            for version in list_versions()
        ]
        body = SchemaVersionListShape({"in_force": VERSION_IN_FORCE, "versions": versions})
        return Response(body.data)


class SchemaFileView(APIView):
    @extend_schema(
        operation_id="getSchemaFile", responses={200: OpenApiTypes.OBJECT, **problems(401, 403, 404)}
    )
    def get(self, _request: Request, version: str, name: str) -> Response:
        """Return a file of the metadata schema: a released one never changes, an open one says that it may grow."""
        document = read_schema_file(version, name.rstrip("/"))
        if document is None:
            raise NotFoundError(
                f"There is no {name} in version {version} of the schema.",
                hint=f"Start at {schema_address(VERSION_IN_FORCE)}.",
            )
        lasts = 86_400 if is_released(version) else 60
        return Response(document, headers={"Cache-Control": f"public, max-age={lasts}"})


class FileNamesView(APIView):
    @extend_schema(operation_id="getFileNameRule", responses={200: OpenApiTypes.OBJECT, **problems(401, 403)})
    def get(self, _request: Request) -> Response:
        """Return the rule for names of files as data: what is refused before the first byte, and why."""
        return Response(read_rule(), headers={"Cache-Control": "public, max-age=3600"})


class TemplateView(APIView):
    @extend_schema(
        operation_id="getTemplate",
        parameters=[
            OpenApiParameter(
                "technique",
                str,
                many=True,
                description="Of one kind of measurement, several of one file joined by +. Repeatable.",
            )
        ],
        responses={(200, "application/yaml"): OpenApiTypes.OBJECT, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, version: str) -> HttpResponse:
        """Return a metadata document to fill in, as YAML with comments: for one kind of measurement, or for several.

        It is written for the version in force, which it names, whichever version is asked for: drafts are made under
        that one.
        """
        if version not in list_versions():
            raise NotFoundError(
                f"There is no version {version[:20]} of the schema.",
                hint=f"The version in force is {VERSION_IN_FORCE}.",
            )
        techniques = request.query_params.getlist("technique") or ["four_d_stem"]
        known = load_catalogue().words("technique")
        named = [name.strip() for kind in techniques for name in kind.split("+")]
        unknown = [name for name in named if name not in known]
        if unknown:
            raise NotFoundError(
                f"There is no technique {unknown[0][:80]!r}.", hint=f"Known are {', '.join(known)}."
            )
        return HttpResponse(render_template(techniques), content_type="application/yaml; charset=utf-8")
