"""What instrument and sample records look like in JSON."""

from typing import Any

from rest_framework import serializers

from api.v1.shapes import FieldChangeShape, Nested, ProblemShape
from repository.schema.documents.instrument_layer import IDENTITY
from repository.selectors.records import (
    SAMPLE_KINDS,
    InstrumentRow,
    PresetRow,
    RecordRights,
    SampleRow,
)
from repository.services.instruments import MOST_PRESETS_AT_ONCE

TEXTS = tuple(key for key in IDENTITY if key != "name")


class RecordInput(Nested[Any]):
    name = serializers.CharField(max_length=200, required=False)
    group = serializers.CharField(
        max_length=9, required=False, allow_null=True, help_text="Id of one of your groups."
    )
    members_may_edit = serializers.BooleanField(required=False)
    is_open = serializers.BooleanField(
        required=False, help_text="Whether everybody with an account may use it."
    )
    is_retired = serializers.BooleanField(
        required=False, help_text="Not offered any more; what it gave stays."
    )


class InstrumentInput(RecordInput):
    manufacturer = serializers.CharField(max_length=200, required=False, allow_blank=True)
    model = serializers.CharField(max_length=200, required=False, allow_blank=True)
    serial_number = serializers.CharField(max_length=200, required=False, allow_blank=True)
    identifier = serializers.CharField(max_length=200, required=False, allow_blank=True, help_text="PIDINST.")
    facility = serializers.CharField(max_length=200, required=False, allow_blank=True)
    source = serializers.CharField(  # type: ignore[assignment]  # a field named source
        max_length=40, required=False, allow_blank=True, help_text="Kind of gun, in the words of the schema."
    )
    header_names = serializers.ListField(
        child=serializers.CharField(max_length=200),
        required=False,
        help_text="What headers call it, where that is not its name or model.",
    )
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, help_text="Why.")


class NewInstrumentInput(InstrumentInput):
    name = serializers.CharField(max_length=200)
    note = None  # type: ignore[assignment]  # there is nothing yet to say why of


class PresetInput(Nested[Any]):
    id = serializers.CharField(
        max_length=9, required=False, help_text="Of the preset that it takes the place of."
    )
    name = serializers.CharField(
        max_length=200, required=False, allow_blank=True, help_text="Made of its conditions without."
    )
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(required=False, allow_null=True, help_text="The last day.")
    conditions = serializers.DictField(
        required=False, help_text='In the words of the schema, such as {"acceleration_voltage": "80 kV"}.'
    )
    values = serializers.DictField(
        help_text='What holds under them, such as {"semi_convergence_angle": "21.4 mrad"}.'
    )


class PresetsInput(Nested[Any]):
    presets = serializers.ListField(
        child=PresetInput(),
        allow_empty=False,
        max_length=MOST_PRESETS_AT_ONCE,
        help_text="All of them, or none.",
    )
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class SampleInput(RecordInput):
    kind = serializers.CharField(
        max_length=8,
        required=False,
        help_text=f"{', '.join((word for word, _ in SAMPLE_KINDS))}; a specimen without.",
    )
    made_of = serializers.CharField(
        max_length=9, required=False, allow_null=True, help_text="Id of the sample that it was made of."
    )
    values = serializers.DictField(
        required=False, help_text='Fields of `sample` in the schema, such as {"formula": "MoS2"}.'
    )
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True)


class NewSampleInput(SampleInput):
    name = serializers.CharField(max_length=200)
    note = None  # type: ignore[assignment]  # there is nothing yet to say why of


class RightsShape(Nested[Any]):
    may_change = serializers.BooleanField()
    may_govern = serializers.BooleanField(help_text="Decides who shares it.")


class RecordShape(Nested[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    owner = serializers.CharField()
    group = serializers.CharField(allow_null=True)
    group_name = serializers.CharField(allow_blank=True)
    members_may_edit = serializers.BooleanField()
    is_open = serializers.BooleanField()
    is_retired = serializers.BooleanField()
    revision = serializers.IntegerField()
    rights = RightsShape(required=False)


class InstrumentShape(RecordShape):
    manufacturer = serializers.CharField(allow_blank=True)
    model = serializers.CharField(allow_blank=True)
    serial_number = serializers.CharField(allow_blank=True)
    identifier = serializers.CharField(allow_blank=True)
    facility = serializers.CharField(allow_blank=True)
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]  # a field named source
    header_names = serializers.ListField(child=serializers.CharField())


class InstrumentListShape(Nested[Any]):
    results = InstrumentShape(many=True)


class PresetShape(Nested[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(allow_null=True)
    conditions = serializers.DictField()
    values = serializers.DictField()


class PresetPageShape(Nested[Any]):
    results = PresetShape(many=True)
    next_first = serializers.IntegerField(allow_null=True, help_text="`first` of the next page.")


class SampleShape(RecordShape):
    kind = serializers.CharField(help_text=", ".join((word for word, _ in SAMPLE_KINDS)))
    made_of = serializers.CharField(allow_null=True)
    values = serializers.DictField()
    gives = serializers.DictField(
        required=False, help_text="All fields of `sample` that it gives, with those of what it was made of."
    )


class SampleListShape(Nested[Any]):
    results = SampleShape(many=True)


class HistoryLineShape(Nested[Any]):
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    changes = serializers.ListField(child=serializers.DictField())


class HistoryShape(Nested[Any]):
    results = HistoryLineShape(many=True)


class RecordNowShape(Nested[Any]):
    etag = serializers.CharField()
    revision = serializers.IntegerField()


class RecordConflictShape(ProblemShape):
    """What stands in the record now, and what changed since the revision that If-Match names."""

    current = RecordNowShape()
    changes = FieldChangeShape(many=True)
    changes_are_all = serializers.BooleanField()


def _show_record(record: InstrumentRow | SampleRow, rights: RecordRights | None) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": record.pk,
        "name": record.name,
        "owner": record.owner.username,
        "group": record.group_id,
        "group_name": record.group.name if record.group is not None else "",
        "members_may_edit": record.members_may_edit,
        "is_open": record.is_open,
        "is_retired": record.retired_at is not None,
        "revision": record.revision,
    }
    if rights is not None:
        shown["rights"] = {"may_change": rights.may_change, "may_govern": rights.may_govern}
    return shown


def show_instrument(record: InstrumentRow, rights: RecordRights | None) -> dict[str, Any]:
    """Return an instrument record as `InstrumentShape` describes it."""
    facts = {key: getattr(record, key) for key in TEXTS}
    return {**_show_record(record, rights), **facts, "header_names": record.header_names}


def show_preset(row: PresetRow) -> dict[str, Any]:
    """Return a preset as `PresetShape` describes it."""
    return {
        "id": row.pk,
        "name": row.name,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "conditions": row.conditions,
        "values": row.values,
    }


def show_sample(
    record: SampleRow, rights: RecordRights | None, gives: dict[str, Any] | None
) -> dict[str, Any]:
    """Return a sample record as `SampleShape` describes it."""
    shown = {
        **_show_record(record, rights),
        "kind": record.kind,
        "made_of": record.made_of_id,
        "values": record.values,
    }
    return shown if gives is None else {**shown, "gives": gives}
