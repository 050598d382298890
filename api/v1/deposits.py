from typing import Any

from drf_spectacular.utils import OpenApiResponse, PolymorphicProxySerializer, extend_schema
from rest_framework import serializers, status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import build_etag
from api.pagination import build_cursor, next_address, read_cursor, read_page_size
from api.parsers import MergePatchParser, StrictJSONParser
from api.v1.documentation import CURSOR, IF_MATCH, PAGE_SIZE, REVISION_CONFLICT, problems
from api.v1.preferences import APPLIED, APPLIED_SHORT, PREFER, is_lenient, is_short
from api.v1.revisions import read_expected_revisions
from api.v1.shapes import (
    AnswersOutcomeShape,
    ChangedDepositShape,
    DepositPageShape,
    DepositShape,
    DepositSummaryShape,
    FindingShape,
    Nested,
    RequirementShape,
)
from api.visitors import visitor_of
from processing.workflows import refresh_deposit
from repository.schema.checks.supplied import TOP_KEYS as SUPPLIED_PARTS
from repository.selectors.access import (
    get_deposit,
    get_deposit_to_decide,
    get_editable_deposit,
    require_account,
)
from repository.selectors.changed import describe_changed
from repository.selectors.deposit_list import list_deposit_page
from repository.selectors.deposits import describe_deposit
from repository.services.deposits import (
    create_deposit,
    delete_deposit,
    update_deposit,
    update_right_answers,
)
from repository.services.uploads import delete_file


class AcknowledgementInput(Nested[Any]):
    code = serializers.CharField(max_length=80)
    note = serializers.CharField(max_length=2000, required=False, allow_blank=True)


class CreateDepositInput(Nested[Any]):
    title = serializers.CharField(max_length=500, required=False, allow_blank=True)
    metadata = serializers.DictField(required=False)


class UpdateDepositInput(Nested[Any]):
    metadata = serializers.DictField(
        required=False,
        allow_null=True,
        help_text="A merge patch: what is named is changed, null removes, lists are replaced, all else stays.",
    )
    acknowledged_warnings = AcknowledgementInput(
        many=True, required=False, allow_null=True, help_text="Takes the place of the whole list."
    )


class ValidationShape(Nested[Any]):
    state = serializers.CharField()
    findings = FindingShape(many=True)
    requirements = serializers.DictField(child=RequirementShape(many=True))


def answer_deposit(request: Request, deposit_id: str, *, code: int = status.HTTP_200_OK) -> Response:
    """Return the deposit object with its ETag."""
    visitor = visitor_of(request)
    view = describe_deposit(visitor, get_deposit(visitor, deposit_id))
    headers = {"ETag": build_etag(view.revision), "Cache-Control": "private, no-store"}
    return Response(DepositShape(view).data, status=code, headers=headers)


def answer_changed(request: Request, deposit_id: str) -> Response:
    """Return what a change can have moved: the whole again, or as little as the client prefers."""
    if not is_short(request):
        return answer_deposit(request, deposit_id)
    view = describe_changed(get_deposit(visitor_of(request), deposit_id))
    headers = {"ETag": build_etag(view.revision), "Cache-Control": "private, no-store"}
    return Response(dict(ChangedDepositShape(view).data), headers=headers)


def read_input(shape: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    """Return the checked body; unknown keys are refused, so that a typo never passes."""
    body = request.data
    if not isinstance(body, dict):
        raise ValidationError("The body must be a JSON object.")
    serializer = shape(data=body)
    unknown = sorted(set(body) - set(serializer.fields))
    if unknown:
        raise ValidationError({unknown[0]: [f"Unknown key. Known are {', '.join(serializer.fields)}."]})
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)


class DepositListView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="listDeposits",
        parameters=[CURSOR, PAGE_SIZE],
        responses={200: DepositPageShape, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """List the deposits that you own or share, newest first."""
        page = list_deposit_page(
            require_account(visitor_of(request)),
            size=read_page_size(request),
            after=read_cursor(request),
        )
        following = build_cursor(page.continue_after) if page.continue_after else None
        results = DepositSummaryShape(page.deposits, many=True)
        return Response({"next": next_address(request, following), "results": results.data})

    @extend_schema(
        operation_id="createDeposit",
        request=CreateDepositInput,
        responses={201: DepositShape, **problems(400, 401, 403, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Open a draft."""
        fields = read_input(CreateDepositInput, request)
        deposit = create_deposit(
            owner=require_account(visitor_of(request)),
            title=fields.get("title", ""),
            document=fields.get("metadata"),
        )
        answer = answer_deposit(request, deposit.pk, code=status.HTTP_201_CREATED)
        answer["Location"] = request.build_absolute_uri(f"/api/v1/deposits/{deposit.pk}/")
        return answer


class DepositView(APIView):
    needs_account = True
    is_open_to_grants = True
    parser_classes = (StrictJSONParser, MergePatchParser)

    @extend_schema(operation_id="getDeposit", responses={200: DepositShape, **problems(401, 403, 404)})
    def get(self, request: Request, deposit_id: str) -> Response:
        """Return a deposit with its files, measurements, findings and progress."""
        return answer_deposit(request, deposit_id)

    @extend_schema(
        operation_id="updateDeposit",
        request=UpdateDepositInput,
        parameters=[IF_MATCH, PREFER],
        responses={
            200: PolymorphicProxySerializer(
                component_name="UpdatedDeposit",
                serializers=[DepositShape, ChangedDepositShape],
                resource_type_field_name=None,
            ),
            **problems(400, 401, 403, 404, 409, 415, 422),
            **REVISION_CONFLICT,
        },
    )
    def patch(self, request: Request, deposit_id: str) -> Response:
        """Merge changes into the deposit (RFC 7396) and check it again.

        Fields that the body does not name stay as they are. Without If-Match the changes are merged into whatever is
        there; with it they are refused with 412 where somebody else was quicker, with what is there now. A patch that
        changes nothing makes no new revision: the ETag stays. One wrong answer holds back the whole patch (422,
        `findings` name each), but with `Prefer: handling=lenient` only itself. The whole deposit is the answer; with
        `Prefer: return=minimal` only its state, revision and title, and how much stands in the way of publishing.
        """
        visitor = visitor_of(request)
        expected = read_expected_revisions(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        if request.stream is None:  # without a body the framework reads an empty object
            raise ValidationError("The body must be a JSON object; it is empty.")
        fields = read_input(UpdateDepositInput, request)
        change: dict[str, Any] = {
            "deposit_id": deposit.pk,
            "actor": require_account(visitor),
            "accepted_warnings": (fields["acknowledged_warnings"] or ())
            if "acknowledged_warnings" in fields
            else None,
            "expected_revisions": expected,
        }
        patch = _read_patch(fields)
        if patch is None or not is_lenient(request):
            update_deposit(**change, patch=patch)
            refresh_deposit(deposit_id=deposit.pk)
            return _tell_applied(answer_changed(request, deposit_id), [APPLIED_SHORT] * is_short(request))
        outcome = update_right_answers(**change, patch=patch)
        refresh_deposit(deposit_id=deposit.pk)
        answer = answer_changed(request, deposit_id)
        answer.data["outcome"] = AnswersOutcomeShape(outcome).data
        return _tell_applied(answer, [APPLIED, *[APPLIED_SHORT] * is_short(request)])

    @extend_schema(
        operation_id="deleteDeposit",
        request=None,
        parameters=[IF_MATCH],
        responses={
            204: OpenApiResponse(description="It is gone."),
            **problems(400, 401, 403, 404, 409),
            **REVISION_CONFLICT,
        },
    )
    def delete(self, request: Request, deposit_id: str) -> Response:
        """Delete a draft that was never published."""
        visitor = visitor_of(request)
        expected = read_expected_revisions(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        delete_deposit(deposit_id=deposit.pk, actor=require_account(visitor), expected_revisions=expected)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _tell_applied(answer: Response, applied: list[str]) -> Response:
    if applied:
        answer["Preference-Applied"] = ", ".join(applied)
    return answer


def _read_patch(fields: dict[str, Any]) -> dict[str, Any] | None:
    """Return the merge patch of the document; null removes all of it."""
    if "metadata" not in fields:
        return None
    return dict.fromkeys(SUPPLIED_PARTS) if fields["metadata"] is None else fields["metadata"]


class ValidationView(APIView):
    needs_account = True
    is_open_to_grants = True

    @extend_schema(operation_id="getValidation", responses={200: ValidationShape, **problems(401, 403, 404)})
    def get(self, request: Request, deposit_id: str) -> Response:
        """Return each cause once with its places and, per measurement, what is required and answered."""
        visitor = visitor_of(request)
        view = describe_deposit(visitor, get_deposit(visitor, deposit_id))
        requirements = {
            measurement.id: RequirementShape(measurement.requirements, many=True).data
            for measurement in view.measurements
        }
        findings = FindingShape(view.grouped_findings, many=True).data
        return Response({"state": view.state, "findings": findings, "requirements": requirements})


class DepositFileView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="deleteDepositFile",
        request=None,
        responses={204: OpenApiResponse(description="It is gone."), **problems(401, 403, 404, 409)},
    )
    def delete(self, request: Request, deposit_id: str, path: str) -> Response:
        """Take a file out of a draft. Its bytes are read at the same address with GET."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        delete_file(deposit_id=deposit.pk, actor=require_account(visitor), path=path)
        return Response(status=status.HTTP_204_NO_CONTENT)
