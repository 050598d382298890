"""What calibrations look like in JSON."""

from typing import Any

from rest_framework import serializers

from api.v1.record_shapes import RightsShape
from api.v1.shapes import CarriedCalibrationShape, Nested
from repository.schema.checks.cell_values import format_entry
from repository.schema.checks.taken_calibrations import METHODS
from repository.schema.questions.fields import load_catalogue
from repository.selectors.records import RecordRights
from repository.selectors.visibility import CalibrationRow

MOST_KEYS = 3_000


class SourcesInput(Nested[Any]):
    measurement = serializers.CharField(max_length=9, required=False, help_text="Id of a measurement.")
    version = serializers.CharField(
        max_length=20, required=False, help_text="A published version, such as 6nhc-tyhy.v1."
    )
    sample = serializers.CharField(max_length=9, required=False, help_text="Id of a sample record.")
    calibration = serializers.CharField(
        max_length=20, required=False, help_text="A number of another calibration, such as 6nhc-tyhy/3."
    )
    text = serializers.CharField(max_length=400, required=False)


class NumberInput(Nested[Any]):
    """The next number; what is not given is as in the number before."""

    value = serializers.JSONField(
        required=False, help_text='As it is typed, such as "0.2 ± 0.01 nm", or {value, unit, uncertainty}.'
    )
    method = serializers.ChoiceField(choices=list(METHODS.items()), required=False)
    calibrated_from = SourcesInput(required=False)
    conditions = serializers.DictField(
        required=False,
        help_text='Under which it holds, such as {"camera_length": "110 mm"}: no other file takes it.',
    )
    name = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)
    is_retired = serializers.BooleanField(
        required=False, help_text="Not offered any more; the numbers stay under their addresses."
    )


class NewCalibrationInput(NumberInput):
    """The first number of a new calibration."""

    quantity = serializers.CharField(max_length=64, help_text="A field of the schema, such as scan_step.")
    value = serializers.JSONField()
    method = serializers.ChoiceField(choices=list(METHODS.items()))
    calibrated_from = SourcesInput()


class CalibrationShape(Nested[Any]):
    id = serializers.CharField()
    number = serializers.IntegerField()
    url = serializers.CharField(help_text="Of this number, which never changes.")
    instrument = serializers.CharField(allow_null=True)
    sample = serializers.CharField(allow_null=True)
    quantity = serializers.CharField()
    title = serializers.CharField()
    name = serializers.CharField()
    value = serializers.JSONField()
    text = serializers.CharField(help_text="The value as it can be typed again.")
    conditions = serializers.DictField()
    method = serializers.ChoiceField(choices=list(METHODS.items()))
    sources = serializers.DictField(child=serializers.CharField())
    calibrated_from = serializers.CharField(help_text="Method and sources in words, as they are copied.")
    note = serializers.CharField(allow_blank=True)
    is_retired = serializers.BooleanField()
    by = serializers.CharField()
    at = serializers.DateTimeField()
    rights = RightsShape(required=False)


class CalibrationPageShape(Nested[Any]):
    results = CalibrationShape(many=True)
    next_first = serializers.IntegerField(allow_null=True, help_text="`first` of the next page.")


class TakeCalibrationInput(Nested[Any]):
    calibration = serializers.CharField(max_length=9)
    number = serializers.IntegerField(
        required=False, min_value=1, max_value=99_999, help_text="The newest without."
    )
    keys = serializers.ListField(
        child=serializers.CharField(max_length=9),
        required=False,
        allow_empty=False,
        max_length=MOST_KEYS,
        help_text="Ids of measurements; without them all for which it is meant.",
    )
    stands_over = serializers.BooleanField(
        default=False, help_text="Whether it holds also where the header, or an answer, says something else."
    )
    dry_run = serializers.BooleanField(
        default=False, help_text="Say what would become of it, and write nothing."
    )


class SignalCalibrationsShape(Nested[Any]):
    signal = serializers.CharField()
    calibrations = CarriedCalibrationShape(many=True)


class CarriedListShape(Nested[Any]):
    results = SignalCalibrationsShape(many=True)


def show_calibration(row: CalibrationRow, rights: RecordRights | None = None) -> dict[str, Any]:
    """Return a number of a calibration as `CalibrationShape` describes it."""
    shown = {
        "id": row.series,
        "number": row.number,
        "url": f"/api/v1/calibrations/{row.series}/{row.number}/",
        "instrument": row.instrument_id,
        "sample": row.sample_id,
        "quantity": row.quantity,
        "title": load_catalogue().measurement[row.quantity].title,
        "name": row.name,
        "value": row.value,
        "text": format_entry(row.quantity, row.value),
        "conditions": row.conditions,
        "method": row.method,
        "sources": row.sources,
        "calibrated_from": row.calibrated_from,
        "note": row.note,
        "is_retired": row.is_retired,
        "by": row.by.username,
        "at": row.created_at.isoformat(),
    }
    if rights is not None:
        shown["rights"] = {"may_change": rights.may_change, "may_govern": rights.may_govern}
    return shown
