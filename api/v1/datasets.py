from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.documentation import problems
from api.v1.shapes import FindingShape, MeasurementShape, Nested, ProductShape
from repository.selectors.access import get_measurement, get_version
from repository.selectors.datasets import describe_dataset, describe_single_measurement

CONTENT_IS_PUBLIC = {"Cache-Control": "public, max-age=60"}


class PublishedFileShape(Nested[Any]):
    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    media_type = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field named label
    url = serializers.CharField()


class VersionShape(Nested[Any]):
    number = serializers.IntegerField()
    doi = serializers.CharField()
    state = serializers.ChoiceField(choices=["published", "withdrawn"])
    published_at = serializers.DateTimeField()


class DatasetShape(Nested[Any]):
    id = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.ChoiceField(choices=["published", "withdrawn"])
    doi = serializers.CharField()
    doi_url = serializers.CharField()
    concept_doi = serializers.CharField()
    url = serializers.CharField()
    title = serializers.CharField()
    dataset = serializers.JSONField()
    license = serializers.CharField()
    access = serializers.ChoiceField(choices=["open", "embargoed", "restricted"])
    embargo_until = serializers.DateField(allow_null=True)
    published_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawal_reason = serializers.CharField(allow_blank=True)
    citation = serializers.CharField()
    size = serializers.IntegerField()
    files = PublishedFileShape(many=True)
    measurements = MeasurementShape(many=True)
    findings = FindingShape(many=True)
    versions = VersionShape(many=True)


class DatasetView(APIView):
    @extend_schema(
        operation_id="getDataset", responses={200: DatasetShape, 410: DatasetShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, dataset_id: str) -> Response:
        """Return the newest published version."""
        return answer_dataset(request, dataset_id, None)


class DatasetVersionView(APIView):
    @extend_schema(
        operation_id="getDatasetVersion",
        responses={200: DatasetShape, 410: DatasetShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, dataset_id: str, number: int) -> Response:
        """Return one published version; it never changes."""
        return answer_dataset(request, dataset_id, number)


def answer_dataset(request: Request, dataset_id: str, number: int | None) -> Response:
    """Return a version, or its tombstone when it was withdrawn."""
    version = get_version(request.user, dataset_id, number)
    code = status.HTTP_410_GONE if version.state == "withdrawn" else status.HTTP_200_OK
    return Response(DatasetShape(describe_dataset(version)).data, status=code, headers=CONTENT_IS_PUBLIC)


class DatasetOfMeasurementShape(MeasurementShape):
    dataset = serializers.CharField()


class ReductionListShape(Nested[Any]):
    results = ProductShape(many=True)


class MetadataShape(Nested[Any]):
    schema_version = serializers.CharField()
    metadata = serializers.JSONField()


class FindingListShape(Nested[Any]):
    results = FindingShape(many=True)


class MeasurementView(APIView):
    @extend_schema(
        operation_id="getMeasurement", responses={200: DatasetOfMeasurementShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return a measurement with metadata, signals, products and findings."""
        access = get_measurement(request.user, measurement_id)
        body = MeasurementShape(describe_single_measurement(access.measurement)).data
        return Response(
            {**body, "dataset": access.measurement.deposit_id},
            headers=cache_headers(is_public=access.is_public),
        )


class MeasurementMetadataView(APIView):
    @extend_schema(
        operation_id="getMeasurementMetadata", responses={200: MetadataShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return the metadata document alone."""
        access = get_measurement(request.user, measurement_id)
        measurement = access.measurement
        body = {"schema_version": measurement.schema_version, "metadata": measurement.document}
        return Response(body, headers=cache_headers(is_public=access.is_public))


class MeasurementFindingsView(APIView):
    @extend_schema(
        operation_id="listMeasurementFindings", responses={200: FindingListShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return what the checks found."""
        access = get_measurement(request.user, measurement_id)
        view = describe_single_measurement(access.measurement)
        body = {"results": FindingShape(view.findings, many=True).data}
        return Response(body, headers=cache_headers(is_public=access.is_public))


class ReductionListView(APIView):
    @extend_schema(
        operation_id="listReductions", responses={200: ReductionListShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return the reductions and previews with their provenance and addresses."""
        access = get_measurement(request.user, measurement_id)
        view = describe_single_measurement(access.measurement)
        body = {"results": ProductShape(view.products, many=True).data}
        return Response(body, headers=cache_headers(is_public=access.is_public))


def cache_headers(*, is_public: bool) -> dict[str, str]:
    """Return how long an answer may be kept, and by whom."""
    return CONTENT_IS_PUBLIC if is_public else {"Cache-Control": "private, no-store"}
