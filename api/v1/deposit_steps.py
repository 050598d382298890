"""What moves a deposit on: handing in, publishing, the next version."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.deposits import AcknowledgementInput, answer_deposit, read_input
from api.v1.documentation import IF_MATCH, REVISION_CONFLICT, problems
from api.v1.revisions import read_expected_revisions
from api.v1.shapes import DepositShape, Nested
from api.visitors import visitor_of
from processing.workflows import publish_dataset_version, submit_deposit
from repository.selectors.access import get_deposit_to_decide, get_editable_deposit, require_account
from repository.services.publishing import start_new_version
from repository.services.succession import discard_new_version


class PublishInput(Nested[Any]):
    accept_warnings = AcknowledgementInput(many=True, required=False)


class SubmitInput(Nested[Any]):
    until = serializers.ChoiceField(
        choices=["opened", "converted"],
        required=False,
        help_text="opened: recognize, open and check only, as `stemma validate` does; nothing is converted.",
    )


class SubmitView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="submitDeposit",
        request=SubmitInput,
        responses={202: DepositShape, **problems(400, 401, 403, 404, 409, 415)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Hand the deposit in: the server reads the files and says what is missing."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        until = read_input(SubmitInput, request).get("until", "converted")
        submit_deposit(deposit_id=deposit.pk, actor=require_account(visitor), until=until)
        return answer_deposit(request, deposit_id, code=status.HTTP_202_ACCEPTED)


class PublishView(APIView):
    needs_account = True
    write_scope = "publish"

    @extend_schema(
        operation_id="publishDeposit",
        request=PublishInput,
        parameters=[IF_MATCH],
        responses={
            200: DepositShape,
            **problems(400, 401, 403, 404, 409, 415, 422),
            **REVISION_CONFLICT,
        },
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Freeze the deposit as an immutable version with a DOI."""
        visitor = visitor_of(request)
        expected = read_expected_revisions(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        fields = read_input(PublishInput, request)
        publish_dataset_version(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            accept_warnings=fields.get("accept_warnings", ()),
            expected_revisions=expected,
        )
        return answer_deposit(request, deposit_id)


class NewVersionView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="startNewVersion",
        request=None,
        responses={200: DepositShape, **problems(401, 403, 404, 409)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Open a published deposit again for its next version."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        start_new_version(deposit_id=deposit.pk, actor=require_account(visitor))
        return answer_deposit(request, deposit_id)


class DiscardVersionView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="discardNewVersion",
        request=None,
        parameters=[IF_MATCH],
        responses={200: DepositShape, **problems(400, 401, 403, 404, 409), **REVISION_CONFLICT},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Give up a new version that was begun: the deposit is again what its newest version says."""
        visitor = visitor_of(request)
        expected = read_expected_revisions(request)
        deposit = get_deposit_to_decide(visitor, deposit_id)
        discard_new_version(
            deposit_id=deposit.pk, actor=require_account(visitor), expected_revisions=expected
        )
        return answer_deposit(request, deposit_id)
