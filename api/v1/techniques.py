"""The techniques of measurements: what was proposed becomes an answer, for all at once or for named files."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.parsers import StrictJSONParser
from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.shapes import Nested
from api.v1.table import answer_change
from api.v1.table_shapes import TableChangeShape
from api.visitors import visitor_of
from repository.selectors.access import get_editable_deposit, require_account
from repository.services.techniques import confirm_techniques


class TechniquesInput(Nested[Any]):
    confirm = serializers.BooleanField(
        default=False,
        help_text="Confirm every proposal that is sure, of measurements whose technique nobody has answered yet.",
    )
    techniques = serializers.DictField(
        child=serializers.ListField(
            child=serializers.CharField(max_length=60), allow_empty=False, max_length=10
        ),
        required=False,
        help_text="By path of the primary file, or by a pattern of such paths: what it is. A path goes before every "
        "pattern, and a later pattern before an earlier one.",
    )


class TechniquesView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="confirmTechniques",
        request=TechniquesInput,
        responses={200: TableChangeShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Answer the technique of measurements: what is sure of the proposals, or what is named; all of it or nothing.

        Each answer stands under the path of its own file. The table's rows hold the proposals; `change` undoes all of
        it like any change of the table.
        """
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        fields = read_input(TechniquesInput, request)
        named = fields.get("techniques", {})
        if not named and not fields["confirm"]:
            raise ValidationError(
                {"techniques": ["Name files with their techniques, or send `confirm` as true."]}
            )
        actor = require_account(visitor)
        return answer_change(
            deposit.pk,
            lambda: confirm_techniques(
                deposit_id=deposit.pk, actor=actor, named=named, is_sure_confirmed=fields["confirm"]
            ),
        )
