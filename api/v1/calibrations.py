"""Calibrations by HTTP: of instrument and sample records, by number, taken for a deposit, carried by a measurement."""

from collections.abc import Mapping, Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from api.errors import build_etag
from api.parsers import StrictJSONParser
from api.v1.calibration_shapes import (
    CalibrationPageShape,
    CalibrationShape,
    CarriedListShape,
    NewCalibrationInput,
    NumberInput,
    TakeCalibrationInput,
    show_calibration,
)
from api.v1.datasets import answer_state
from api.v1.deposits import read_input
from api.v1.documentation import IF_MATCH, problems
from api.v1.records import CONFLICT, FIRST, PRIVATE, read_first
from api.v1.revisions import read_expected_revisions
from api.v1.shapes import CarriedCalibrationShape
from api.v1.table import answer_change
from api.v1.table_shapes import TableChangeShape
from api.visitors import visitor_of
from repository.errors import InvalidMetadataError
from repository.selectors.access import get_editable_deposit, get_measurement, require_account
from repository.selectors.calibrations import (
    LARGEST_PAGE,
    describe_taken,
    get_calibration,
    page_calibrations,
    page_numbers,
    read_sources,
)
from repository.selectors.datasets import describe_single_measurement
from repository.selectors.records import (
    InstrumentRow,
    SampleRow,
    get_instrument,
    get_rights,
    get_sample,
    require_changing,
)
from repository.selectors.visibility import CalibrationRow, Visitor
from repository.services.calibration_answers import take_calibration
from repository.services.calibrations import CalibrationWish, add_number, create_calibration


def read_wish(visitor: Visitor, quantity: str, fields: Mapping[str, Any]) -> CalibrationWish:
    """Return what was sent of a number; its sources are looked up as the visitor sees them."""
    given = fields.get("calibrated_from")
    return CalibrationWish(
        value=fields.get("value"),
        method=fields.get("method"),
        sources=read_sources(visitor, quantity, given) if given is not None else None,
        conditions=fields.get("conditions"),
        name=fields.get("name"),
        note=fields.get("note", ""),
        is_retired=fields.get("is_retired"),
    )


def _answer_page(rows: Sequence[CalibrationRow], first: int, etag: str) -> Response:
    following = first + LARGEST_PAGE if len(rows) > LARGEST_PAGE else None
    results = [show_calibration(row) for row in rows[:LARGEST_PAGE]]
    return Response({"results": results, "next_first": following}, headers={"ETag": etag, **PRIVATE})


def _answer_number(
    visitor: Visitor, row: CalibrationRow, *, code: int = status.HTTP_200_OK, location: str = ""
) -> Response:
    headers = {"ETag": build_etag(row.record.revision), **PRIVATE}
    if location:
        headers["Location"] = location
    return Response(show_calibration(row, get_rights(visitor, row.record)), status=code, headers=headers)


def _list_of_record(request: Request, record: InstrumentRow | SampleRow) -> Response:
    visitor = visitor_of(request)
    first = read_first(request.query_params.get("first", ""))
    rows = page_calibrations(visitor, record, first=first, size=LARGEST_PAGE + 1)
    return _answer_page(rows, first, build_etag(record.revision))


def _create_in_record(request: Request, record: InstrumentRow | SampleRow) -> Response:
    visitor = visitor_of(request)
    require_changing(visitor, record)
    fields = read_input(NewCalibrationInput, request)
    row = create_calibration(
        actor=require_account(visitor),
        record=record,
        quantity=fields["quantity"],
        wish=read_wish(visitor, fields["quantity"], fields),
        expected=read_expected_revisions(request),
    )
    return _answer_made(request, row)


def _answer_made(request: Request, row: CalibrationRow) -> Response:
    visitor = visitor_of(request)
    location = request.build_absolute_uri(f"/api/v1/calibrations/{row.series}/{row.number}/")
    made = get_calibration(visitor, row.series, row.number)
    return _answer_number(visitor, made, code=status.HTTP_201_CREATED, location=location)


class InstrumentCalibrationsView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="listInstrumentCalibrations",
        parameters=[FIRST],
        responses={200: CalibrationPageShape, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, instrument_id: str) -> Response:
        """List the calibrations of an instrument record, each with its newest number."""
        return _list_of_record(request, get_instrument(visitor_of(request), instrument_id))

    @extend_schema(
        operation_id="createInstrumentCalibration",
        request=NewCalibrationInput,
        parameters=[IF_MATCH],
        responses={201: CalibrationShape, **problems(400, 401, 403, 404, 415, 422), **CONFLICT},
    )
    def post(self, request: Request, instrument_id: str) -> Response:
        """Add a calibration of a quantity to an instrument record, with its first number."""
        return _create_in_record(request, get_instrument(visitor_of(request), instrument_id))


class SampleCalibrationsView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="listSampleCalibrations",
        parameters=[FIRST],
        responses={200: CalibrationPageShape, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, sample_id: str) -> Response:
        """List the calibrations of a sample record, such as those made on a standard."""
        return _list_of_record(request, get_sample(visitor_of(request), sample_id))

    @extend_schema(
        operation_id="createSampleCalibration",
        request=NewCalibrationInput,
        parameters=[IF_MATCH],
        responses={201: CalibrationShape, **problems(400, 401, 403, 404, 415, 422), **CONFLICT},
    )
    def post(self, request: Request, sample_id: str) -> Response:
        """Add a calibration of a quantity to a sample record, with its first number."""
        return _create_in_record(request, get_sample(visitor_of(request), sample_id))


class CalibrationView(APIView):
    needs_account = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="listCalibrationNumbers",
        parameters=[FIRST],
        responses={200: CalibrationPageShape, **problems(400, 401, 403, 404)},
    )
    def get(self, request: Request, calibration_id: str) -> Response:
        """List the numbers of a calibration, the newest first: who, how, from what, and why."""
        visitor = visitor_of(request)
        record = get_calibration(visitor, calibration_id).record
        first = read_first(request.query_params.get("first", ""))
        rows = page_numbers(visitor, calibration_id, first=first, size=LARGEST_PAGE + 1)
        return _answer_page(rows, first, build_etag(record.revision))

    @extend_schema(
        operation_id="addCalibrationNumber",
        request=NumberInput,
        parameters=[IF_MATCH],
        responses={201: CalibrationShape, **problems(400, 401, 403, 404, 415, 422), **CONFLICT},
    )
    def post(self, request: Request, calibration_id: str) -> Response:
        """Add the next number. The numbers before stay, and so do the measurements that copied them."""
        visitor = visitor_of(request)
        newest = get_calibration(visitor, calibration_id)
        require_changing(visitor, newest.record)
        wish = read_wish(visitor, newest.quantity, read_input(NumberInput, request))
        row = add_number(
            actor=require_account(visitor),
            calibration_id=calibration_id,
            wish=wish,
            expected=read_expected_revisions(request),
        )
        return _answer_made(request, row)


class CalibrationNumberView(APIView):
    needs_account = True

    @extend_schema(
        operation_id="getCalibrationNumber", responses={200: CalibrationShape, **problems(401, 403, 404)}
    )
    def get(self, request: Request, calibration_id: str, calibration_number: int) -> Response:
        """Return one number of a calibration, as it was and stays."""
        visitor = visitor_of(request)
        return _answer_number(visitor, get_calibration(visitor, calibration_id, calibration_number))


class TakeCalibrationView(APIView):
    needs_account = True
    is_open_to_grants = True
    parser_classes = (StrictJSONParser,)

    @extend_schema(
        operation_id="takeCalibration",
        request=TakeCalibrationInput,
        responses={200: TableChangeShape, **problems(400, 401, 403, 404, 409, 415, 422)},
    )
    def post(self, request: Request, deposit_id: str) -> Response:
        """Take a calibration for measurements of a deposit; `change` undoes it, `dry_run` only shows it.

        The value is copied with id and number, below what the file says: where the header says something else, both
        are shown and the header holds, unless `stands_over`. What it is not meant for is refused by itself.
        """
        visitor = visitor_of(request)
        deposit = get_editable_deposit(visitor, deposit_id)
        fields = read_input(TakeCalibrationInput, request)
        row = choose_number(visitor, fields["calibration"], fields.get("number"))
        actor, taken = require_account(visitor), describe_taken(row)
        return answer_change(
            deposit.pk,
            lambda: take_calibration(
                deposit_id=deposit.pk,
                actor=actor,
                taken=taken,
                keys=fields.get("keys"),
                stands_over=fields["stands_over"],
                is_dry_run=fields["dry_run"],
            ),
        )


def choose_number(visitor: Visitor, calibration_id: str, number: int | None) -> CalibrationRow:
    """Return the number that is meant; of what is not offered any more none is, unless it was named."""
    row = get_calibration(visitor, calibration_id, number)
    if number is None and row.is_retired:
        raise InvalidMetadataError(
            f"{row.name} is not offered any more since number {row.number}.",
            pointer="/number",
            hint="Name the number that you mean, or take another calibration.",
        )
    return row


class CarriedCalibrationsView(APIView):
    @extend_schema(
        operation_id="listMeasurementCalibrations",
        responses={200: CarriedListShape, 410: CarriedListShape, **problems(401, 403, 404)},
    )
    def get(self, request: Request, measurement_id: str) -> Response:
        """Return which calibration each signal of a measurement carries, by value."""
        access = get_measurement(visitor_of(request), measurement_id)
        view = describe_single_measurement(access)
        results = [
            {"signal": one.name, "calibrations": CarriedCalibrationShape(one.calibrations, many=True).data}
            for one in view.signals
        ]
        return Response({"results": results}, **answer_state(access))
