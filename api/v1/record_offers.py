"""What records could answer in a deposit, and taking it by one request, which is undone by one."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
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
from repository.schema.documents.presets import PresetBook
from repository.selectors.access import get_deposit, get_editable_deposit, require_account
from repository.selectors.record_offers import (
    InstrumentOffer,
    count_recognised,
    describe_instrument_offer,
    find_last_offer,
)
from repository.selectors.records import (
    build_identity,
    collect_sample_values,
    get_instrument,
    get_sample,
    read_presets,
)
from repository.selectors.visibility import Visitor
from repository.services.answers import TableChange
from repository.services.record_answers import take_from_instrument, take_from_last, take_from_sample

MOST_KEYS = 3_000


class FieldOfferShape(Nested[Any]):
    field = serializers.CharField()
    title = serializers.CharField()
    count = serializers.IntegerField(help_text="In how many measurements.")
    texts = serializers.ListField(child=serializers.CharField())


class OpenPresetShape(Nested[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    unsaid = serializers.ListField(child=serializers.CharField(), help_text="Conditions that nobody said.")
    count = serializers.IntegerField()


class InstrumentOfferShape(Nested[Any]):
    instrument = serializers.CharField()
    name = serializers.CharField()
    recognised = serializers.IntegerField(help_text="Measurements whose header names it.")
    unsaid = serializers.IntegerField(help_text="Measurements whose header names no microscope.")
    other = serializers.IntegerField(help_text="Measurements whose header names another one.")
    fills = FieldOfferShape(many=True)
    conflicts = FieldOfferShape(many=True, help_text="The header says something else, and holds.")
    contested = serializers.ListField(child=serializers.CharField())
    open = OpenPresetShape(many=True, help_text="Presets that would hold if a condition was said.")
    has_changes = serializers.BooleanField()


class RecognisedShape(Nested[Any]):
    instrument = serializers.CharField()
    name = serializers.CharField()
    count = serializers.IntegerField()


class LastAnswerShape(Nested[Any]):
    level = serializers.ChoiceField(choices=["dataset", "all", "kind"])
    key = serializers.CharField(allow_blank=True)
    field = serializers.CharField()
    entry = serializers.JSONField()


class LastOfferShape(Nested[Any]):
    deposit = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    answers = LastAnswerShape(many=True)


class OffersShape(Nested[Any]):
    recognised = RecognisedShape(many=True)
    instrument = InstrumentOfferShape(allow_null=True)
    last_deposit = LastOfferShape(allow_null=True)


class TakeInput(Nested[Any]):
    of = serializers.ChoiceField(choices=["instrument", "sample", "last_deposit"])
    record = serializers.CharField(max_length=9, required=False, help_text="Id of the instrument or sample.")
    presets = serializers.ListField(
        child=serializers.CharField(max_length=9),
        required=False,
        help_text="Presets whose unsaid conditions held, as you know.",
    )
    keys = serializers.ListField(
        child=serializers.CharField(max_length=9),
        required=False,
        allow_empty=False,
        max_length=MOST_KEYS,
        help_text="Ids of measurements; without them all that are meant.",
    )
    only = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="Of the last deposit: these fields.",
    )
    dry_run = serializers.BooleanField(default=False)


class OffersView(APIView):
    needs_account = True
    is_open_to_grants = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="getRecordOffers",
        parameters=[
            OpenApiParameter(
                "instrument", str, description="Id of a record: what it would say of this deposit."
            ),
            OpenApiParameter("preset", str, many=True, description="A preset whose unsaid conditions held."),
        ],
        responses={200: OffersShape, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, deposit_id: str) -> Response:
        """Return which instrument records the headers name, and what your last deposit answers that is empty here."""
        visitor = visitor_of(request)
        deposit = get_deposit(visitor, deposit_id)
        asked = request.query_params.get("instrument")
        offer = None
        if asked:
            chosen = request.query_params.getlist("preset")
            offer = describe_instrument_offer(deposit, get_instrument(visitor, asked), chosen=chosen)
        last = find_last_offer(visitor, deposit)
        shown = {
            "recognised": [
                {"instrument": record.pk, "name": record.name, "count": count}
                for record, count in count_recognised(visitor, deposit)
            ],
            "instrument": _show_offer(offer) if offer is not None else None,
            "last_deposit": {
                "deposit": last.deposit_id,
                "title": last.title,
                "answers": [asdict(one) for one in last.answers],
            }
            if last is not None
            else None,
        }
        return Response(shown, headers={"Cache-Control": "private, no-store"})

    @extend_schema(
        operation_id="takeRecordOffer",
        request=TakeInput,
        responses={200: TableChangeShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Take what a record says: values are copied, and stay when the record changes. `change` undoes it.

        An instrument record stands below everything that files and people say. A sample is an answer for all, or for
        the measurements that `keys` names. `last_deposit` answers what is empty as you answered it last time; with
        `only` these fields alone.
        """
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        fields = read_input(TakeInput, request)
        return answer_change(deposit.pk, lambda: take_offer(visitor, deposit.pk, fields))


def take_offer(visitor: Visitor, deposit_id: str, fields: dict[str, Any]) -> TableChange:
    """Take one offer; `fields` are those of `TakeInput`."""
    about: dict[str, Any] = {
        "deposit_id": deposit_id,
        "actor": require_account(visitor),
        "is_dry_run": fields["dry_run"],
    }
    if fields["of"] == "last_deposit":
        offer = find_last_offer(visitor, get_deposit(visitor, deposit_id))
        wanted = fields.get("only")
        answers = [one for one in offer.answers if wanted is None or one.field in wanted] if offer else []
        return take_from_last(**about, answers=answers)
    if not fields.get("record"):
        raise ValidationError({"record": ["Name the record by its id."]})
    about["keys"] = fields.get("keys")
    if fields["of"] == "sample":
        return take_from_sample(**about, values=collect_sample_values(get_sample(visitor, fields["record"])))
    record = get_instrument(visitor, fields["record"])
    return take_from_instrument(
        **about,
        record=build_identity(record),
        book=PresetBook(read_presets(record)),
        chosen=fields.get("presets", ()),
    )


def _show_offer(offer: InstrumentOffer) -> dict[str, Any]:
    return {
        "instrument": offer.record.pk,
        "name": offer.record.name,
        "recognised": offer.recognised,
        "unsaid": offer.unsaid,
        "other": offer.other,
        "fills": [asdict(one) for one in offer.fills],
        "conflicts": [asdict(one) for one in offer.conflicts],
        "contested": list(offer.contested),
        "open": [asdict(one) for one in offer.open],
        "has_changes": offer.has_changes,
    }
