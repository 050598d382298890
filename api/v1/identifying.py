"""What a draft says of people, paths and serial numbers, and masking it before it is published."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.caching import PRIVATE
from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.visitors import visitor_of
from processing.workflows import mask_deposit
from repository.selectors.access import get_deposit, get_editable_deposit, require_account
from repository.selectors.identifying import list_deposit_identifying
from repository.selectors.visibility import Visitor

_MOST_VALUES = 1000


class IdentifyingShape(Nested[Any]):
    value = serializers.CharField()
    kind = serializers.ChoiceField(choices=["email", "path", "serial_number", "comment", "name"])
    state = serializers.ChoiceField(
        choices=["shown", "masked", "in_files"],
        help_text="shown: metadata and exports have it; masked: they withhold it; in_files: only original files do.",
    )
    fields_said = serializers.ListField(
        child=serializers.CharField(), source="fields", help_text="Of the metadata that show or withhold it."
    )
    header_places = serializers.ListField(child=serializers.CharField(), source="pointers")
    files = serializers.ListField(
        child=serializers.CharField(), help_text="In which it stands; they are published as they are."
    )


class IdentifyingListShape(Nested[Any]):
    results = IdentifyingShape(many=True, help_text="What readers would see comes first.")


class MaskInput(Nested[Any]):
    # As long as what the list says: a comment with an address in it may be a page.
    mask = serializers.ListField(child=serializers.CharField(), required=False, max_length=_MOST_VALUES)
    unmask = serializers.ListField(child=serializers.CharField(), required=False, max_length=_MOST_VALUES)


class IdentifyingView(APIView):
    needs_account = True
    is_open_to_grants = True

    @extend_schema(
        operation_id="listIdentifyingValues", responses={200: IdentifyingListShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, deposit_id: str) -> Response:
        """List names, mail addresses, paths, comments and serial numbers in headers and metadata, before publishing."""
        return _answer(visitor_of(request), deposit_id)

    @extend_schema(
        operation_id="maskIdentifyingValues",
        request=MaskInput,
        responses={200: IdentifyingListShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Withhold values in metadata and exports, or show them again; the original files stay as they are."""
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        fields = read_input(MaskInput, request)
        mask, unmask = fields.get("mask", ()), fields.get("unmask", ())
        if not (mask or unmask):
            raise ValidationError(
                {"mask": ["Name the values to mask, or under `unmask` those to show again."]}
            )
        mask_deposit(deposit_id=deposit.pk, actor=require_account(visitor), mask=mask, unmask=unmask)
        return _answer(visitor, deposit_id)


def _answer(visitor: Visitor, deposit_id: str) -> Response:
    body = {"results": list_deposit_identifying(get_deposit(visitor, deposit_id))}
    return Response(IdentifyingListShape(body).data, headers={"Cache-Control": PRIVATE})
