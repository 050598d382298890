"""The quantities by which measurements are searched, as the catalogue declares them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.documentation import problems
from api.v1.shapes import Nested
from repository.schema.search.searchable import list_quantities


class QuantityShape(Nested[Any]):
    name = serializers.CharField(help_text="In `where`, in `…_min` and `…_max`, and in `span`.")
    aliases = serializers.ListField(child=serializers.CharField(), help_text="Short names for the same.")
    title = serializers.CharField()
    description = serializers.CharField()
    unit = serializers.CharField(help_text="UCUM; what a number without a unit is taken for.")
    units = serializers.ListField(child=serializers.CharField())
    log = serializers.BooleanField(help_text="It spans decades: draw it on a logarithmic axis.")
    origin = serializers.ChoiceField(
        choices=["declared", "derived", "achieved"],
        help_text="Said by a field, computed by the formula, or measured in the data and told by the source.",
    )
    path = serializers.CharField(allow_null=True, help_text="The field of the metadata document.")
    formula = serializers.CharField(
        allow_null=True,
        help_text="Over names that end with their unit; where a field may say it, what else counts.",
    )
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]  # a field named source


class QuantityListShape(Nested[Any]):
    results = QuantityShape(many=True)


class QuantityListView(APIView):
    @extend_schema(operation_id="listQuantities", responses={200: QuantityListShape, **problems(401, 403)})
    def get(self, _request: Request) -> Response:
        """List the quantities by which measurements are searched and compared, with units and formulas."""
        return Response({"results": QuantityShape(list_quantities(), many=True).data})


def describe_quantities(result: dict[str, Any], **_about: Any) -> dict[str, Any]:
    """Name the quantities where the OpenAPI document describes the search."""
    quantities = list_quantities()
    listed = "; ".join(f"`{one.name}` ({', '.join([one.unit, *one.aliases])})" for one in quantities)
    for parameter in result["paths"]["/api/v1/search/"]["get"]["parameters"]:
        if parameter["name"] == "where":
            parameter["description"] += (
                f" The same as `field_min`, `field_max` and `field_unit`. Fields, with the unit of a bare number and"
                f" their short names: {listed}."
            )
        elif parameter["name"] == "span":
            parameter["schema"]["items"]["enum"] = [one.name for one in quantities]
    return result
