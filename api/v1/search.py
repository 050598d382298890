from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.pagination import build_cursor, next_address, read_cursor, read_page_size
from api.v1.documentation import CURSOR, PAGE_SIZE, problems
from api.v1.shapes import Nested
from api.visitors import visitor_of
from repository.errors import UnknownSearchFilterError
from repository.selectors.search import build_search_request, list_search_parameters, search


class FacetValueShape(Nested[Any]):
    value = serializers.CharField()
    count = serializers.IntegerField()


class SearchHitShape(Nested[Any]):
    id = serializers.CharField()
    doi = serializers.CharField()
    title = serializers.CharField()
    url = serializers.CharField()
    creators = serializers.CharField(allow_blank=True)
    license = serializers.CharField()
    access = serializers.CharField()
    embargo_until = serializers.DateField(allow_null=True)
    published_at = serializers.DateTimeField()
    measurements = serializers.ListField(child=serializers.CharField())
    techniques = serializers.ListField(child=serializers.CharField())
    elements = serializers.ListField(child=serializers.CharField())


class QuantitySpanShape(Nested[Any]):
    name = serializers.CharField()
    unit = serializers.CharField()
    count = serializers.IntegerField(help_text="Datasets in which a measurement has the quantity.")
    minimum = serializers.FloatField(allow_null=True)
    maximum = serializers.FloatField(allow_null=True)


class SearchPageShape(Nested[Any]):
    count = serializers.IntegerField()
    laboratories = serializers.IntegerField(
        help_text="How many groups the datasets belong to; those of no group are not among them."
    )
    next = serializers.CharField(allow_null=True)
    facets = serializers.DictField(child=FacetValueShape(many=True))
    spans = QuantitySpanShape(
        many=True, help_text="Of the quantities that `span` names, over all that was found."
    )
    results = SearchHitShape(many=True, source="hits")


_WHERE = (
    "Condition on a quantity: `dose>1000 e/Å²`, `voltage=80..300 kV`, `alpha=21.4±0.3 mrad`, or `field:low..high:unit`;"
    " repeatable. Ranges are closed; one that runs backwards is refused, and so are conditions that exclude each other."
)


def refuse_unknown(query: QueryDict) -> None:
    """Refuse a parameter that would be ignored: a mistyped filter must not look like an answer."""
    known = list_search_parameters()
    unknown = sorted(set(query) - known - {"cursor", "page_size"})
    if unknown:
        listed = [name for name in known if not name.endswith(("_min", "_max", "_unit"))]
        raise UnknownSearchFilterError(
            f"There is no search parameter {unknown[0][:80]!r}.",
            pointer=f"/{unknown[0][:80]}",
            hint=f"Known are {', '.join(sorted(listed))}, cursor, page_size, and NAME_min, NAME_max, NAME_unit of each"
            " quantity that /api/v1/quantities/ lists.",
        )


class SearchView(APIView):
    @extend_schema(
        operation_id="search",
        parameters=[
            OpenApiParameter(
                "q",
                str,
                description="Words; quotes and minus as on the web; conditions on quantities as in `where` among them.",
            ),
            OpenApiParameter("where", str, many=True, description=_WHERE),
            OpenApiParameter(
                "modality", str, many=True, description="Technique; repeatable, all must apply."
            ),
            OpenApiParameter("format", str, many=True, description="Format of the files; repeatable, any."),
            OpenApiParameter("instrument", str, many=True, description="Instrument; repeatable, any."),
            OpenApiParameter(
                "outcome",
                str,
                many=True,
                description="Whether the goal was reached: reached, partly, not_reached; repeatable, any.",
            ),
            OpenApiParameter("elements", str, many=True, description="Element symbol; repeatable, all."),
            OpenApiParameter("license", str, many=True, description="SPDX id; repeatable, any."),
            OpenApiParameter("group", str, many=True, description="Name of a group; repeatable, any."),
            OpenApiParameter(
                "span",
                str,
                many=True,
                description="Quantity of which count, smallest and largest value are told.",
            ),
            CURSOR,
            PAGE_SIZE,
        ],
        responses={200: SearchPageShape, **problems(400, 401, 403)},
    )
    def get(self, request: Request) -> Response:
        """Find published datasets by words, facets and physical quantities; newest first."""
        refuse_unknown(request.query_params)
        wanted = build_search_request(request.query_params)
        page = search(visitor_of(request), wanted, size=read_page_size(request), after=read_cursor(request))
        following = build_cursor(page.continue_after) if page.continue_after else None
        body = SearchPageShape(
            {
                "count": page.count,
                "laboratories": page.laboratories,
                "next": next_address(request, following),
                "facets": page.facets,
                "spans": page.spans,
                "hits": page.hits,
            }
        )
        return Response(body.data)
