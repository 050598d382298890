"""Instrument and sample records by HTTP: who shares them reads them; their owners and managers change them."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import status
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import build_etag
from api.parsers import StrictJSONParser
from api.v1.deposits import read_input
from api.v1.documentation import IF_MATCH, problems
from api.v1.record_shapes import (
    HistoryShape,
    InstrumentInput,
    InstrumentListShape,
    InstrumentShape,
    NewInstrumentInput,
    NewSampleInput,
    PresetPageShape,
    PresetsInput,
    RecordConflictShape,
    SampleInput,
    SampleListShape,
    SampleShape,
    show_instrument,
    show_preset,
    show_sample,
)
from api.v1.revisions import read_expected_revisions
from api.visitors import visitor_of
from repository.selectors.access import require_account
from repository.selectors.records import (
    LARGEST_PAGE,
    InstrumentRow,
    SampleRow,
    collect_sample_values,
    get_instrument,
    get_rights,
    get_sample,
    list_history,
    list_instruments,
    list_samples,
    page_presets,
    require_changing,
)
from repository.selectors.visibility import Visitor
from repository.services.instruments import (
    PresetWish,
    create_instrument,
    remove_preset,
    save_presets,
    update_instrument,
)
from repository.services.samples import create_sample, update_sample

PRIVATE = {"Cache-Control": "private, no-store"}
CONFLICT: dict[Any, Any] = {
    (412, "application/problem+json"): OpenApiResponse(
        RecordConflictShape, description="Somebody else changed it first."
    )
}
FIRST = OpenApiParameter("first", int, description="How many to pass over; 200 come at a time.")


def answer_instrument(visitor: Visitor, record: InstrumentRow, *, code: int = status.HTTP_200_OK) -> Response:
    """Return an instrument record with its ETag."""
    headers = {"ETag": build_etag(record.revision), **PRIVATE}
    return Response(show_instrument(record, get_rights(visitor, record)), status=code, headers=headers)


def answer_sample(visitor: Visitor, record: SampleRow, *, code: int = status.HTTP_200_OK) -> Response:
    """Return a sample record with its ETag."""
    shown = show_sample(record, get_rights(visitor, record), collect_sample_values(record))
    return Response(shown, status=code, headers={"ETag": build_etag(record.revision), **PRIVATE})


class InstrumentListView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(operation_id="listInstruments", responses={200: InstrumentListShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """List the instrument records that you may use: your own, your groups', and those open to everybody here."""
        visitor = visitor_of(request)
        rows = [show_instrument(row, None) for row in list_instruments(visitor)]
        return Response({"results": rows}, headers=PRIVATE)

    @extend_schema(
        operation_id="createInstrument",
        request=NewInstrumentInput,
        responses={201: InstrumentShape, **problems(400, 401, 403, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Open an instrument record, which you keep, alone or with one of your groups."""
        visitor = visitor_of(request)
        record = create_instrument(
            actor=require_account(visitor), fields=read_input(NewInstrumentInput, request)
        )
        answer = answer_instrument(visitor, record, code=status.HTTP_201_CREATED)
        answer["Location"] = request.build_absolute_uri(f"/api/v1/instruments/{record.pk}/")
        return answer


class InstrumentView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(operation_id="getInstrument", responses={200: InstrumentShape, **problems(401, 403, 404)})
    def get(self, request: Request, instrument_id: str) -> Response:
        """Return an instrument record without its presets."""
        visitor = visitor_of(request)
        return answer_instrument(visitor, get_instrument(visitor, instrument_id))

    @extend_schema(
        operation_id="updateInstrument",
        request=InstrumentInput,
        parameters=[IF_MATCH],
        responses={200: InstrumentShape, **problems(400, 401, 403, 404, 415, 422), **CONFLICT},
    )
    def patch(self, request: Request, instrument_id: str) -> Response:
        """Change what is named; all else stays. What deposits and versions copied from the record stays there."""
        visitor = visitor_of(request)
        record = get_instrument(visitor, instrument_id)
        rights = require_changing(visitor, record)
        fields = read_input(InstrumentInput, request)
        update_instrument(
            instrument_id=record.pk,
            actor=require_account(visitor),
            note=fields.pop("note", ""),
            fields=fields,
            may_govern=rights.may_govern,
            expected=read_expected_revisions(request),
        )
        return answer_instrument(visitor, get_instrument(visitor, instrument_id))


class PresetListView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="listPresets",
        parameters=[FIRST],
        responses={200: PresetPageShape, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, instrument_id: str) -> Response:
        """List the presets of an instrument record, the newest first."""
        record = get_instrument(visitor_of(request), instrument_id)
        first = read_first(request.query_params.get("first", ""))
        rows = page_presets(record, first=first, size=LARGEST_PAGE + 1)
        following = first + LARGEST_PAGE if len(rows) > LARGEST_PAGE else None
        headers = {"ETag": build_etag(record.revision), **PRIVATE}
        results = [show_preset(row) for row in rows[:LARGEST_PAGE]]
        return Response({"results": results, "next_first": following}, headers=headers)

    @extend_schema(
        operation_id="savePresets",
        request=PresetsInput,
        parameters=[IF_MATCH],
        responses={200: InstrumentShape, **problems(400, 401, 403, 404, 415, 422), **CONFLICT},
    )
    def post(self, request: Request, instrument_id: str) -> Response:
        """Add presets, and change those that are named by `id`: all, or none where something is wrong with one."""
        visitor = visitor_of(request)
        record = get_instrument(visitor, instrument_id)
        require_changing(visitor, record)
        fields = read_input(PresetsInput, request)
        save_presets(
            instrument_id=record.pk,
            actor=require_account(visitor),
            wishes=[_read_preset(entry) for entry in fields["presets"]],
            expected=read_expected_revisions(request),
            note=fields.get("note", ""),
        )
        return answer_instrument(visitor, get_instrument(visitor, instrument_id))


def _read_preset(entry: dict[str, Any]) -> PresetWish:
    return PresetWish(
        name=entry.get("name", ""),
        valid_from=entry["valid_from"],
        valid_to=entry.get("valid_to"),
        conditions=entry.get("conditions", {}),
        values=entry["values"],
        id=entry.get("id"),
    )


def read_first(text: str) -> int:
    """Return how many rows a parameter passes over."""
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and len(text) <= 6):  # noqa: PLR2004  # more than there can be
        raise ValidationError({"first": ["A whole number, such as `next_first` of the page before."]})
    return int(text)


class PresetView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="removePreset",
        parameters=[IF_MATCH],
        responses={204: None, **problems(400, 401, 403, 404), **CONFLICT},
    )
    def delete(self, request: Request, instrument_id: str, preset_id: str) -> Response:
        """Take a preset out of the record; the history keeps what it said, and so do the deposits that used it."""
        visitor = visitor_of(request)
        record = get_instrument(visitor, instrument_id)
        require_changing(visitor, record)
        remove_preset(
            instrument_id=record.pk,
            actor=require_account(visitor),
            preset_id=preset_id,
            expected=read_expected_revisions(request),
        )
        return Response(status=status.HTTP_204_NO_CONTENT)


class InstrumentHistoryView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="listInstrumentHistory", responses={200: HistoryShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, instrument_id: str) -> Response:
        """List the newest 200 changes of an instrument record: who, when, what, and why."""
        record = get_instrument(visitor_of(request), instrument_id)
        return Response(HistoryShape({"results": list_history(record)}).data, headers=PRIVATE)


class SampleListView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(operation_id="listSamples", responses={200: SampleListShape, **problems(401, 403)})
    def get(self, request: Request) -> Response:
        """List the sample records that you may use."""
        rows = [show_sample(row, None, None) for row in list_samples(visitor_of(request))]
        return Response({"results": rows}, headers=PRIVATE)

    @extend_schema(
        operation_id="createSample",
        request=NewSampleInput,
        responses={201: SampleShape, **problems(400, 401, 403, 404, 415, 422)},
    )
    def post(self, request: Request) -> Response:
        """Open a record of a specimen, of a lamella or grid made of one, or of a region of these."""
        visitor = visitor_of(request)
        fields = read_input(NewSampleInput, request)
        whole = get_sample(visitor, fields["made_of"]) if fields.get("made_of") else None
        record = create_sample(actor=require_account(visitor), fields=fields, whole=whole)
        answer = answer_sample(visitor, record, code=status.HTTP_201_CREATED)
        answer["Location"] = request.build_absolute_uri(f"/api/v1/samples/{record.pk}/")
        return answer


class SampleView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(operation_id="getSample", responses={200: SampleShape, **problems(401, 403, 404)})
    def get(self, request: Request, sample_id: str) -> Response:
        """Return a sample record, and what it gives together with what it was made of."""
        visitor = visitor_of(request)
        return answer_sample(visitor, get_sample(visitor, sample_id))

    @extend_schema(
        operation_id="updateSample",
        request=SampleInput,
        parameters=[IF_MATCH],
        responses={200: SampleShape, **problems(400, 401, 403, 404, 415, 422), **CONFLICT},
    )
    def patch(self, request: Request, sample_id: str) -> Response:
        """Change what is named; all else stays. A sample is never part of itself, by whatever way."""
        visitor = visitor_of(request)
        record = get_sample(visitor, sample_id)
        rights = require_changing(visitor, record)
        fields = read_input(SampleInput, request)
        whole = get_sample(visitor, fields["made_of"]) if fields.get("made_of") else None
        update_sample(
            sample_id=record.pk,
            actor=require_account(visitor),
            note=fields.pop("note", ""),
            fields=fields,
            may_govern=rights.may_govern,
            whole=whole,
            expected=read_expected_revisions(request),
        )
        return answer_sample(visitor, get_sample(visitor, sample_id))


class SampleHistoryView(APIView):
    needs_account = True

    @extend_schema(operation_id="listSampleHistory", responses={200: HistoryShape, **problems(401, 403, 404)})
    def get(self, request: Request, sample_id: str) -> Response:
        """List the newest 200 changes of a sample record."""
        record = get_sample(visitor_of(request), sample_id)
        return Response(HistoryShape({"results": list_history(record)}).data, headers=PRIVATE)
