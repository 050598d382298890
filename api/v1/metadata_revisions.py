"""Corrections of what a published version says: their history, the next one, and a look at it beforehand."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.caching import PRIVATE, PUBLIC_BUT_ASK
from api.errors import build_etag
from api.v1.deposits import AcknowledgementInput, read_input
from api.v1.documentation import IF_MATCH, REVISION_CONFLICT, problems
from api.v1.revisions import read_expected_revisions
from api.v1.shapes import FindingShape, Nested
from api.visitors import visitor_of
from processing.workflows import correct_version
from repository.selectors.access import get_version, require_account
from repository.selectors.revisions import (
    get_correctable_version,
    list_revisions,
    parse_revision,
    view_revision,
)
from repository.selectors.visibility import sees_what_all_see
from repository.services.revisions import LONGEST_REASON, preview_revision

REVISION = OpenApiParameter(
    "revision",
    int,
    description="In which the version says what it says, instead of the newest; 0 is what was published.",
)


def read_revision(request: Request) -> int | None:
    """Return the revision that the address asks for; `None` for the newest."""
    return parse_revision(request.query_params.get("revision"))


class CorrectionShape(Nested[Any]):
    measurement = serializers.CharField(help_text="Its id; empty for the description of the dataset.")
    path = serializers.CharField(help_text="Of the measurement's first file.")
    field = serializers.CharField(help_text="Dotted path in the schema.")
    title = serializers.CharField()
    old = serializers.JSONField(required=False, help_text="Left out where nothing was said.")
    new = serializers.JSONField(required=False, help_text="Left out where nothing is said any more.")
    old_text = serializers.CharField()
    new_text = serializers.CharField()


class RevisionShape(Nested[Any]):
    number = serializers.IntegerField()
    made_at = serializers.DateTimeField()
    made_by = serializers.CharField()
    reason = serializers.CharField()
    changes = CorrectionShape(many=True)


class RevisionListShape(Nested[Any]):
    version = serializers.IntegerField()
    newest = serializers.IntegerField(help_text="0 where nobody corrected anything.")
    results = RevisionShape(many=True, help_text="The newest first.")


class RevisionInput(Nested[Any]):
    metadata = serializers.DictField(
        help_text="A merge patch of what persons supplied, as for a draft: dataset, defaults, kinds, measurements by "
        "path, pattern or id."
    )
    reason = serializers.CharField(
        max_length=LONGEST_REASON, required=False, allow_blank=True, help_text="Shown to readers; required."
    )
    accept_warnings = AcknowledgementInput(many=True, required=False)
    dry_run = serializers.BooleanField(default=False, help_text="Only say what would be changed.")


class RevisionOutcomeShape(Nested[Any]):
    version = serializers.IntegerField()
    revision = serializers.IntegerField(help_text="The number that it has, or would have.")
    is_made = serializers.BooleanField()
    changes = CorrectionShape(many=True)
    findings = FindingShape(many=True, help_text="What the checks find that they did not find before.")
    obstacles = FindingShape(
        many=True, help_text="Those that stand in its way: errors, and warnings that are not acknowledged."
    )


class RevisionsView(APIView):
    write_scope = "publish"

    @extend_schema(
        operation_id="listMetadataRevisions", responses={200: RevisionListShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, dataset_id: str, number: int) -> Response:
        """List the corrections of a version: who changed what, when and why."""
        visitor = visitor_of(request)
        version = get_version(visitor, dataset_id, number)
        lines = list_revisions(version)
        newest = lines[0].number if lines else 0
        body = {"version": number, "newest": newest, "results": lines}
        is_public = sees_what_all_see(visitor, version.dataset_id)
        headers = {"ETag": build_etag(newest), "Cache-Control": PUBLIC_BUT_ASK if is_public else PRIVATE}
        return Response(RevisionListShape(body).data, headers=headers)

    @extend_schema(
        operation_id="reviseMetadata",
        request=RevisionInput,
        parameters=[IF_MATCH],
        responses={
            200: RevisionOutcomeShape,
            201: RevisionOutcomeShape,
            **problems(400, 401, 403, 404, 410, 415, 422),
            **REVISION_CONFLICT,
        },
    )
    def post(self, request: Request, dataset_id: str, number: int) -> Response:
        """Correct what a published version says; its bytes, arrays and ids stay, and so does what was published.

        What would need files to be read again, or decides who may have them, is refused (422 `revision_needs_version`)
        with the files and the way to a new version. Without If-Match the correction is merged into what is said now.
        """
        visitor = visitor_of(request)
        expected = read_expected_revisions(request)
        version = get_correctable_version(visitor, dataset_id, number)
        fields = read_input(RevisionInput, request)
        change: dict[str, Any] = {
            "dataset_id": version.dataset_id,
            "number": version.number,
            "patch": fields["metadata"],
            "accept_warnings": fields.get("accept_warnings", ()),
            "expected_revisions": expected,
        }
        if fields["dry_run"]:
            preview = preview_revision(**change)
            return Response(
                RevisionOutcomeShape(
                    {
                        "version": number,
                        "revision": preview.plan.number,
                        "is_made": False,
                        "changes": preview.plan.changes,
                        "findings": preview.findings,
                        "obstacles": preview.obstacles,
                    }
                ).data,
                headers={"ETag": build_etag(preview.plan.before.newest), "Cache-Control": PRIVATE},
            )
        made = correct_version(**change, actor=require_account(visitor), reason=fields.get("reason") or "")
        line = view_revision(made)
        return Response(
            RevisionOutcomeShape(
                {
                    "version": number,
                    "revision": line.number,
                    "is_made": True,
                    "changes": line.changes,
                    "findings": (),
                    "obstacles": (),
                }
            ).data,
            status=status.HTTP_201_CREATED,
            headers={"ETag": build_etag(line.number), "Cache-Control": PRIVATE},
        )
