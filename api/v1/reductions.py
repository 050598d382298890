"""What was made of a measurement, what can be made, and asking for it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.v1.datasets import CONTENT_IS_PUBLIC, answer_state
from api.v1.deposits import read_input
from api.v1.documentation import problems
from api.v1.jobs import JobShape
from api.v1.shapes import Nested, ProductShape
from api.visitors import visitor_of
from processing.declarations.book import get_book
from processing.workflows import request_reduction
from repository.errors import NotFoundError
from repository.selectors.access import get_measurement, get_reducible_measurement, require_account
from repository.selectors.datasets import describe_single_measurement
from repository.selectors.jobs import describe_job


class ReductionListShape(Nested[Any]):
    results = ProductShape(many=True)


class ReductionInput(Nested[Any]):
    recipe = serializers.CharField(max_length=64)
    parameters = serializers.DictField(required=False)


class ParameterShape(Nested[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    unit = serializers.CharField(help_text="UCUM; `px` for pixels.")
    default = serializers.FloatField()
    lowest = serializers.FloatField()
    highest = serializers.FloatField()
    is_whole = serializers.BooleanField()


class OutputShape(Nested[Any]):
    name = serializers.CharField()
    title = serializers.CharField()
    kind = serializers.ChoiceField(choices=["pattern", "image", "vector_image", "spectrum"])
    description = serializers.CharField()


class RecipeShape(Nested[Any]):
    name = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()
    description = serializers.CharField()
    applies_to = serializers.ListField(child=serializers.CharField())
    made = serializers.ChoiceField(
        choices=["conversion", "request"], help_text="With every conversion, or when it is asked for."
    )
    needs = serializers.ListField(child=serializers.CharField())
    parameters = ParameterShape(many=True)
    outputs = OutputShape(many=True)


class RecipeListShape(Nested[Any]):
    results = RecipeShape(many=True)


class RecipeListView(APIView):
    @extend_schema(operation_id="listRecipes", responses={200: RecipeListShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:  # noqa: ARG002 - the same for everybody
        """List the recipes: what they make of which arrays, and which parameters they take."""
        body = {"results": RecipeShape(get_book().recipes, many=True).data}
        return Response(body, headers=CONTENT_IS_PUBLIC)


class ReductionListView(APIView):
    @extend_schema(
        operation_id="listReductions",
        responses={200: ReductionListShape, 410: ReductionListShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return the reductions and previews with their provenance and addresses."""
        access = get_measurement(visitor_of(request), measurement_id)
        view = describe_single_measurement(access)
        body = {"results": ProductShape(view.products, many=True).data}
        return Response(body, **answer_state(access))

    @extend_schema(
        operation_id="requestReduction",
        request=ReductionInput,
        responses={202: JobShape, **problems(400, 401, 403, 404, 409, 410, 415, 422)},
    )
    def post(self, request: Request, measurement_id: str) -> Response:
        """Ask for a recipe: in a draft its result replaces the former one; to what is published it is added."""
        visitor = visitor_of(request)
        measurement = get_reducible_measurement(visitor, measurement_id)
        fields = read_input(ReductionInput, request)
        job = request_reduction(
            measurement_id=measurement.pk,
            actor=require_account(visitor),
            recipe=fields["recipe"],
            parameters=fields.get("parameters", {}),
        )
        return Response(
            JobShape(describe_job(visitor, job.pk)).data,
            status=status.HTTP_202_ACCEPTED,
            headers={"Cache-Control": "private, no-store"},
        )


class ReductionView(APIView):
    @extend_schema(
        operation_id="getReduction",
        responses={200: ReductionListShape, 410: ReductionListShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, measurement_id: str, product: str) -> Response:
        """Return one reduction's data and preview with their provenance, what was published with the version first.

        `product` is `output`, `recipe`, `signal.output`, `signal.recipe`, or the digest of a product.
        """
        access = get_measurement(visitor_of(request), measurement_id)
        view = describe_single_measurement(access)
        named = [
            item
            for item in view.products
            if product
            in {
                item.recipe,
                item.output,
                f"{item.signal}.{item.recipe}",
                f"{item.signal}.{item.output}",
                item.digest,
            }
        ]
        if not named:
            raise NotFoundError(
                f"The measurement {measurement_id} has no reduction {product[:80]!r}.",
                hint=f"Known are {', '.join(sorted({item.output for item in view.products})) or 'none'}.",
            )
        named.sort(key=lambda item: item.is_added)
        return Response({"results": ProductShape(named, many=True).data}, **answer_state(access))
