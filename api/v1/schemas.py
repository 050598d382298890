from django.conf import settings
from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.documentation import problems
from repository.errors import NotFoundError
from repository.schema import render_template
from repository.schema.fields import load_catalogue
from repository.schema.file_names import read_rule
from repository.schema.released import read_release

VERSION = "1.0.0"


class SchemaFileView(APIView):
    @extend_schema(
        operation_id="getSchemaFile", responses={200: OpenApiTypes.OBJECT, **problems(401, 403, 404)}
    )
    def get(self, _request: Request, version: str, name: str) -> Response:
        """Return a released file of the metadata schema; it never changes."""
        document = read_release(version, name.rstrip("/"))
        if document is None:
            raise NotFoundError(
                f"There is no {name} in version {version} of the schema.",
                hint=f"Start at {settings.PUBLIC_URL}/api/v1/schemas/stem/{VERSION}/record.json.",
            )
        return Response(document, headers={"Cache-Control": "public, max-age=86400"})


class FileNamesView(APIView):
    @extend_schema(operation_id="getFileNameRule", responses={200: OpenApiTypes.OBJECT, **problems(401, 403)})
    def get(self, _request: Request) -> Response:
        """Return the rule for names of files as data: what is refused before the first byte, and why."""
        return Response(read_rule(), headers={"Cache-Control": "public, max-age=3600"})


class TemplateView(APIView):
    @extend_schema(
        operation_id="getTemplate",
        parameters=[OpenApiParameter("technique", str, many=True, description="Repeatable.")],
        responses={(200, "application/yaml"): OpenApiTypes.STR, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, version: str) -> HttpResponse:
        """Return a metadata document to fill in, as YAML with comments."""
        if version != VERSION:
            raise NotFoundError(
                f"There is no version {version[:20]} of the schema.",
                hint=f"The version in force is {VERSION}.",
            )
        techniques = request.query_params.getlist("technique") or ["four_d_stem"]
        known = load_catalogue().words("technique")
        unknown = [name for name in techniques if name not in known]
        if unknown:
            raise NotFoundError(
                f"There is no technique {unknown[0][:80]!r}.", hint=f"Known are {', '.join(known)}."
            )
        return HttpResponse(render_template(techniques), content_type="application/yaml; charset=utf-8")
