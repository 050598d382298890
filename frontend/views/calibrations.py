"""The pages of calibrations: a new one, its numbers, and taking one for the measurements of a deposit."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from frontend.presentation.calibrations import build_line, build_preview, list_quantities, list_taken
from frontend.presentation.record_forms import CONDITIONS, build_fields, read_fields
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.requests import account_or_grant_required, read_change_id, read_dataset_id, visitor_of
from processing.workflows import change_answers
from repository.errors import InvalidMetadataError, NotFoundError
from repository.schema.checks.taken_calibrations import METHODS
from repository.selectors.access import can_edit, get_deposit, get_editable_deposit, require_account
from repository.selectors.calibrations import (
    LARGEST_PAGE,
    SOURCES,
    describe_taken,
    get_calibration,
    list_calibrated_fields,
    list_offered,
    page_calibrations,
    page_numbers,
    read_sources,
)
from repository.selectors.deposit_list import list_open_deposits
from repository.selectors.records import (
    InstrumentRow,
    SampleRow,
    get_instrument,
    get_rights,
    get_sample,
    require_changing,
)
from repository.selectors.visibility import CalibrationRow, Visitor
from repository.services.answers import TableChange, undo_change
from repository.services.calibration_answers import take_calibration
from repository.services.calibrations import CalibrationWish, add_number, create_calibration
from repository.states import DepositState

SHOWN_OF_RECORD = 50
_TYPED = ("quantity", "name", "value", "method", "note", *SOURCES)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def add_to_instrument(request: HttpRequest, instrument_id: str) -> HttpResponse:
    """Add a calibration to an instrument record."""
    return _answer_new(request, get_instrument(visitor_of(request), instrument_id), "instruments")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def add_to_sample(request: HttpRequest, sample_id: str) -> HttpResponse:
    """Add a calibration to a sample record."""
    return _answer_new(request, get_sample(visitor_of(request), sample_id), "samples")


def list_of_record(request: HttpRequest, record: InstrumentRow | SampleRow) -> dict[str, Any]:
    """Return what the page of a record shows of its calibrations."""
    first = _read_number(request, "calibrations") or 0
    rows = page_calibrations(visitor_of(request), record, first=first, size=SHOWN_OF_RECORD + 1)
    kind = "instruments" if isinstance(record, InstrumentRow) else "samples"
    return {
        "calibrations": [build_line(row) for row in rows[:SHOWN_OF_RECORD]],
        "calibrations_at": f"/{kind}/{record.pk}",
        "calibrations_first": first,
        "calibrations_next": first + SHOWN_OF_RECORD if len(rows) > SHOWN_OF_RECORD else None,
    }


def _answer_new(request: HttpRequest, record: InstrumentRow | SampleRow, kind: str) -> HttpResponse:
    visitor = visitor_of(request)
    require_changing(visitor, record)
    problem = None
    if request.method == "POST":
        quantity = request.POST.get("quantity", "")
        try:
            row = create_calibration(
                actor=require_account(visitor),
                record=record,
                quantity=quantity,
                wish=_read_wish(request, visitor, quantity),
            )
        except (InvalidMetadataError, NotFoundError) as refusal:
            problem = refusal
        else:
            return HttpResponseRedirect(f"/calibrations/{row.series}")
    context = {
        "section": "deposits",
        "record": record,
        "record_address": f"/{kind}/{record.pk}",
        "problem": problem,
        "quantities": list_quantities(list_calibrated_fields()),
        **_describe_form(request, None),
    }
    return answer_page(request, "records/calibration_new.html", context, status=_status(problem))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_calibration(request: HttpRequest, calibration_id: str) -> HttpResponse:
    """Show the numbers of a calibration, and add the next."""
    visitor = visitor_of(request)
    newest = get_calibration(visitor, calibration_id)
    problem = None
    if request.method == "POST":
        require_changing(visitor, newest.record)
        try:
            add_number(
                actor=require_account(visitor),
                calibration_id=newest.series,
                wish=_read_wish(request, visitor, newest.quantity),
            )
        except (InvalidMetadataError, NotFoundError) as refusal:
            problem = refusal
        else:
            messages.success(request, "Added. What was taken from the numbers before stays as it is.")
            return HttpResponseRedirect(f"/calibrations/{newest.series}")
    first = _read_number(request, "first") or 0
    rows = page_numbers(visitor, newest.series, first=first, size=LARGEST_PAGE + 1)
    kind = "instruments" if newest.instrument_id else "samples"
    context = {
        "section": "deposits",
        "newest": build_line(newest),
        "record": newest.record,
        "record_address": f"/{kind}/{newest.record.pk}",
        "rights": get_rights(visitor, newest.record),
        "numbers": [build_line(row) for row in rows[:LARGEST_PAGE]],
        "first": first,
        "next_first": first + LARGEST_PAGE if len(rows) > LARGEST_PAGE else None,
        "deposits": list_open_deposits(require_account(visitor)),
        "problem": problem,
        **_describe_form(request, newest),
    }
    return answer_page(request, "records/calibration.html", context, status=_status(problem))


def _read_wish(request: HttpRequest, visitor: Visitor, quantity: str) -> CalibrationWish:
    """Return what was typed; on a new number what was left empty is as before."""
    given = {key: request.POST.get(key, "") for key in SOURCES}
    conditions = read_fields(CONDITIONS, request.POST.dict(), prefix="condition")
    if conditions.problems:
        raise InvalidMetadataError(
            next(iter(conditions.problems.values())), pointer="/conditions", hint="Write it with its unit."
        )
    return CalibrationWish(
        value=request.POST.get("value", "").strip() or None,
        method=request.POST.get("method") or None,
        sources=read_sources(visitor, quantity, given) if any(map(str.strip, given.values())) else None,
        conditions=conditions.document,
        name=request.POST.get("name", ""),
        note=request.POST.get("note", ""),
        is_retired="is_retired" in request.POST,
    )


def _describe_form(request: HttpRequest, former: CalibrationRow | None) -> dict[str, Any]:
    typed = request.POST.dict() if request.method == "POST" else None
    kept = {"name": former.name} if former is not None else {}
    said: dict[str, Any] = {}
    for path, entry in (former.conditions if former is not None else {}).items():
        head, _, rest = path.partition(".")
        said[head] = {**said.get(head, {}), rest: entry} if rest else entry
    return {
        "typed": {key: (typed if typed is not None else kept).get(key, "") for key in _TYPED},
        "methods": list(METHODS.items()),
        "conditions": build_fields(CONDITIONS, said, prefix="condition", typed=typed),
        "is_retired": "is_retired" in typed if typed is not None else bool(former and former.is_retired),
    }


@account_or_grant_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_taking(request: HttpRequest, deposit_id: str) -> HttpResponse:
    """Show what a calibration would come to in a deposit, and take it or take it back."""
    visitor = visitor_of(request)
    deposit = get_deposit(visitor, read_dataset_id(deposit_id))
    address = f"/deposits/{deposit.pk}/calibrations"
    if request.method == "POST":
        deposit = get_editable_deposit(visitor, deposit.pk)
        identifier = deposit.pk
        change = change_answers(deposit_id=identifier, write=lambda: _take(request, visitor, identifier))
        messages.success(request, _say_change(change))
        undone = "" if "undo" in request.POST or change.id is None else f"?taken={change.id}"
        return HttpResponseRedirect(f"{address}{undone}")
    may_edit = can_edit(visitor, deposit) and deposit.state != DepositState.PUBLISHED
    row = _find_chosen(request, visitor)
    stands_over = "stands_over" in request.GET
    preview = None
    if row is not None and may_edit:
        change = take_calibration(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            taken=describe_taken(row),
            stands_over=stands_over,
            is_dry_run=True,
        )
        preview = build_preview(change.results)
    offered = list_offered(visitor)
    context = {
        "section": "deposits",
        "deposit": deposit,
        "may_edit": may_edit,
        "offered": [build_line(one) for one in offered],
        "taken_here": list_taken(deposit.document, offered),
        "chosen": build_line(row) if row is not None else None,
        "stands_over": stands_over,
        "preview": preview,
        "taken": read_change_id(request.GET.get("taken", "")),
    }
    return answer_page(request, "records/taking.html", context)


def _find_chosen(request: HttpRequest, visitor: Visitor) -> CalibrationRow | None:
    series, _, number = request.GET.get("calibration", "").partition("/")
    if not series:
        return None
    is_number = number.isascii() and number.isdecimal()
    return get_calibration(visitor, series, int(number) if is_number else None)


def _take(request: HttpRequest, visitor: Visitor, deposit_id: str) -> TableChange:
    about: dict[str, Any] = {"deposit_id": deposit_id, "actor": require_account(visitor)}
    undone = read_change_id(request.POST.get("undo", ""))
    if undone is not None:
        return undo_change(**about, change_id=undone)
    series, _, number = request.POST.get("calibration", "").partition("/")
    keys = request.POST.getlist("key")
    if not keys or not number.isdecimal():
        raise InvalidMetadataError(
            "No measurement was chosen.", hint="Choose those for which the calibration holds."
        )
    return take_calibration(
        **about,
        taken=describe_taken(get_calibration(visitor, series, int(number))),
        keys=keys,
        stands_over="stands_over" in request.POST,
    )


def _say_change(change: TableChange) -> str:
    saved, refused = change.count("saved"), change.count("refused")
    if not saved and not refused:
        return "Nothing changed: it was so before."
    more = f" {refused} stayed: {_first_reason(change)}" if refused else ""
    return f"Changed in {saved} measurement{'s' if saved != 1 else ''}.{more}"


def _first_reason(change: TableChange) -> str:
    return next(one.message for one in change.results if one.result == "refused")


def _read_number(request: HttpRequest, name: str) -> int | None:
    text = request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else None  # noqa: PLR2004


def _status(problem: object) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
