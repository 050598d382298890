from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.caching import PRIVATE, PUBLIC_BUT_ASK
from api.pagination import build_cursor, next_address, read_cursor, read_page_size
from api.v1.deposits import read_input
from api.v1.documentation import CURSOR, PAGE_SIZE, problems
from api.v1.metadata_revisions import REVISION, read_revision
from api.v1.search import SearchHitShape
from api.v1.shapes import FindingShape, MeasurementShape, Nested
from api.visitors import visitor_of
from repository.selectors.access import (
    MeasurementAccess,
    get_measurement,
    get_withdrawable_version,
    require_account,
)
from repository.selectors.datasets import describe_dataset, describe_metadata, describe_single_measurement
from repository.selectors.identifiers import split_version
from repository.selectors.revisions import get_description
from repository.selectors.search import SearchRequest, search
from repository.selectors.visibility import sees_what_all_see
from repository.services.withdrawal import LONGEST_REASON
from repository.workflows.publishing import withdraw_dataset_version

CONTENT_IS_PUBLIC = {"Cache-Control": PUBLIC_BUT_ASK}  # any of it may be withdrawn the next moment
PRIVATELY = {"Cache-Control": PRIVATE}


class PublishedFileShape(Nested[Any]):
    path = serializers.CharField()
    size = serializers.IntegerField()
    sha256 = serializers.CharField()
    media_type = serializers.CharField()
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field named label
    url = serializers.CharField()
    damaged_at = serializers.DateTimeField(
        allow_null=True,
        help_text="Since when the stored bytes are known not to be these any more; they are not given out.",
    )


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
    schema_version = serializers.CharField(help_text="The version under which it was published.")
    schema_url = serializers.CharField()
    dataset = serializers.JSONField()
    license = serializers.CharField()
    access = serializers.ChoiceField(choices=["open", "embargoed", "restricted"])
    embargo_until = serializers.DateField(allow_null=True)
    published_at = serializers.DateTimeField()
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawal_reason = serializers.CharField(allow_blank=True)
    replacement_doi = serializers.CharField(allow_blank=True)
    citation = serializers.CharField()
    size = serializers.IntegerField()
    files = PublishedFileShape(many=True)
    measurements = MeasurementShape(many=True)
    findings = FindingShape(many=True)
    versions = VersionShape(many=True)
    revision = serializers.IntegerField(help_text="In which the version says this; 0 is what was published.")
    newest_revision = serializers.IntegerField()
    revised_at = serializers.DateTimeField(allow_null=True)


class DatasetPageShape(Nested[Any]):
    count = serializers.IntegerField()
    next = serializers.CharField(allow_null=True)
    results = SearchHitShape(many=True, source="hits")


class DatasetListView(APIView):
    @extend_schema(
        operation_id="listDatasets",
        parameters=[CURSOR, PAGE_SIZE],
        responses={200: DatasetPageShape, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """List what is published, newest first; `/api/v1/search` narrows it."""
        page = search(
            visitor_of(request), SearchRequest(), size=read_page_size(request), after=read_cursor(request)
        )
        following = build_cursor(page.continue_after) if page.continue_after else None
        body = {"count": page.count, "next": next_address(request, following), "hits": page.hits}
        return Response(DatasetPageShape(body).data)


class DatasetView(APIView):
    @extend_schema(
        operation_id="getDataset",
        parameters=[REVISION],
        responses={200: DatasetShape, 410: DatasetShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, dataset_id: str) -> Response:
        """Return the newest published version, as its newest revision has it; `ID.v2`, the end of a DOI, names one."""
        return answer_dataset(request, *split_version(dataset_id))


class DatasetVersionView(APIView):
    @extend_schema(
        operation_id="getDatasetVersion",
        parameters=[REVISION],
        responses={200: DatasetShape, 410: DatasetShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, dataset_id: str, number: int) -> Response:
        """Return one published version: it never changes, and what it says is corrected by revisions."""
        return answer_dataset(request, dataset_id, number)


def answer_dataset(request: Request, dataset_id: str, number: int | None) -> Response:
    """Return a version, or its tombstone when it was withdrawn."""
    visitor = visitor_of(request)
    description = get_description(visitor, dataset_id, number, revision=read_revision(request))
    code = status.HTTP_410_GONE if description.version.state == "withdrawn" else status.HTTP_200_OK
    headers = CONTENT_IS_PUBLIC if sees_what_all_see(visitor, dataset_id) else PRIVATELY
    return Response(DatasetShape(describe_dataset(visitor, description)).data, status=code, headers=headers)


class WithdrawInput(Nested[Any]):
    reason = serializers.CharField(max_length=LONGEST_REASON)
    replacement = serializers.CharField(max_length=300, required=False, allow_blank=True)


class WithdrawView(APIView):
    needs_account = True
    write_scope = "publish"

    @extend_schema(
        operation_id="withdrawDatasetVersion",
        request=WithdrawInput,
        responses={200: DatasetShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, dataset_id: str, number: int) -> Response:
        """Withdraw a version: a tombstone with its description and the reason stays, its data are not given out."""
        visitor = visitor_of(request)
        version = get_withdrawable_version(visitor, dataset_id, number)
        fields = read_input(WithdrawInput, request)
        withdraw_dataset_version(
            dataset_id=version.dataset_id,
            number=version.number,
            actor=require_account(visitor),
            reason=fields["reason"],
            replacement_doi=fields.get("replacement", ""),
        )
        tombstone = get_description(visitor, dataset_id, number)
        return Response(DatasetShape(describe_dataset(visitor, tombstone)).data, headers=PRIVATELY)


class DatasetOfMeasurementShape(MeasurementShape):
    dataset = serializers.CharField()


class DocumentChangeShape(Nested[Any]):
    pointer = serializers.CharField(help_text="Where it stands in the document as it was published.")
    change = serializers.CharField()


class MetadataShape(Nested[Any]):
    schema_version = serializers.CharField(help_text="In the words of which version the document is here.")
    schema_url = serializers.CharField()
    written_under = serializers.CharField(help_text="In the words of which version it is kept.")
    revision = serializers.IntegerField(help_text="Of its dataset's version; 0 is what was published.")
    changes = DocumentChangeShape(many=True, help_text="What is said otherwise than it is kept.")
    metadata = serializers.JSONField()


class FindingListShape(Nested[Any]):
    results = FindingShape(many=True)


class MeasurementView(APIView):
    @extend_schema(
        operation_id="getMeasurement",
        parameters=[REVISION],
        responses={200: DatasetOfMeasurementShape, 410: DatasetOfMeasurementShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return a measurement with metadata, signals, products and findings."""
        access = get_measurement(visitor_of(request), measurement_id)
        body = MeasurementShape(describe_single_measurement(access, revision=read_revision(request))).data
        return Response(
            {**body, "dataset": access.measurement.deposit_id},
            **answer_state(access),
        )


class MeasurementMetadataView(APIView):
    @extend_schema(
        operation_id="getMeasurementMetadata",
        parameters=[
            OpenApiParameter(
                "schema",
                str,
                description="A version of the schema, such as one newer than the document's own.",
            ),
            REVISION,
        ],
        responses={200: MetadataShape, 410: MetadataShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return the metadata document alone, as the newest revision has it; also in the words of a newer schema."""
        access = get_measurement(visitor_of(request), measurement_id)
        view = describe_metadata(
            access, version=request.query_params.get("schema"), revision=read_revision(request)
        )
        return Response(MetadataShape(view).data, **answer_state(access))


class MeasurementFindingsView(APIView):
    @extend_schema(
        operation_id="listMeasurementFindings",
        parameters=[REVISION],
        responses={200: FindingListShape, 410: FindingListShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return what the checks found."""
        access = get_measurement(visitor_of(request), measurement_id)
        view = describe_single_measurement(access, revision=read_revision(request))
        body = {"results": FindingShape(view.findings, many=True).data}
        return Response(body, **answer_state(access))


def answer_state(access: MeasurementAccess) -> dict[str, Any]:
    """Return status and headers of an answer: a withdrawn measurement's description is a tombstone."""
    headers = CONTENT_IS_PUBLIC if access.is_public else PRIVATELY
    code = status.HTTP_410_GONE if access.is_withdrawn else status.HTTP_200_OK
    return {"status": code, "headers": headers}
