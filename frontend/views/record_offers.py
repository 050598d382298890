"""The page on which records answer in a deposit: shown first, taken by one click, undone by another."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from frontend.presentation.quantities import describe_entry, name_term
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.requests import account_or_grant_required, read_change_id, read_dataset_id, visitor_of
from processing.workflows import change_answers
from repository.errors import InvalidMetadataError
from repository.schema.documents.presets import PresetBook
from repository.schema.questions.fields import load_catalogue
from repository.selectors.access import can_edit, get_deposit, get_editable_deposit, require_account
from repository.selectors.record_offers import (
    FieldOffer,
    LastOffer,
    count_recognised,
    describe_instrument_offer,
    find_last_offer,
)
from repository.selectors.records import (
    build_identity,
    collect_sample_values,
    get_instrument,
    get_sample,
    list_instruments,
    list_samples,
    read_presets,
)
from repository.selectors.visibility import Visitor
from repository.services.answers import TableChange, undo_change
from repository.services.record_answers import take_from_instrument, take_from_last, take_from_sample
from repository.states import DepositState


@account_or_grant_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_offers(request: HttpRequest, deposit_id: str) -> HttpResponse:
    """Show what records could answer in a deposit, and take or undo it."""
    visitor = visitor_of(request)
    deposit = get_deposit(visitor, read_dataset_id(deposit_id))
    address = f"/deposits/{deposit.pk}/records"
    if request.method == "POST":
        deposit = get_editable_deposit(visitor, deposit.pk)
        identifier = deposit.pk
        change = change_answers(deposit_id=identifier, write=lambda: _take(visitor, identifier, request))
        messages.success(request, _say_change(change))
        undone = "" if "undo" in request.POST or change.id is None else f"?taken={change.id}"
        return HttpResponseRedirect(f"{address}{undone}")
    recognised = count_recognised(visitor, deposit)
    records = [row for row in list_instruments(visitor) if row.retired_at is None]
    asked = request.GET.get("instrument") or (recognised[0][0].pk if recognised else "")
    chosen = request.GET.getlist("preset")
    offer = (
        describe_instrument_offer(deposit, get_instrument(visitor, asked), chosen=chosen) if asked else None
    )
    last = find_last_offer(visitor, deposit)
    context = {
        "section": "deposits",
        "deposit": deposit,
        "may_edit": can_edit(visitor, deposit) and deposit.state != DepositState.PUBLISHED,
        "recognised": {record.pk: count for record, count in recognised},
        "records": records,
        "offer": offer,
        "fills": _describe_fills(offer.fills) if offer is not None else [],
        "chosen": chosen,
        "samples": [row for row in list_samples(visitor) if row.retired_at is None],
        "last": last,
        "last_answers": _describe_last(last) if last is not None else [],
        "taken": read_change_id(request.GET.get("taken", "")),
    }
    return answer_page(request, "records/offers.html", context, status=HTTPStatus.OK)


def _describe_fills(fills: Sequence[FieldOffer]) -> list[dict[str, Any]]:
    """Return what a record says field by field, terms by their titles."""
    return [
        {
            "title": one.title,
            "count": one.count,
            "shown": ", ".join(name_term(one.field, text) for text in one.first),
        }
        for one in fills
    ]


def _take(visitor: Visitor, deposit_id: str, request: HttpRequest) -> TableChange:
    about: dict[str, Any] = {"deposit_id": deposit_id, "actor": require_account(visitor)}
    undone = read_change_id(request.POST.get("undo", ""))
    if undone is not None:
        return undo_change(**about, change_id=undone)
    if "instrument" in request.POST:
        record = get_instrument(visitor, request.POST["instrument"])
        return take_from_instrument(
            **about,
            record=build_identity(record),
            book=PresetBook(read_presets(record)),
            chosen=request.POST.getlist("preset"),
        )
    if "sample" in request.POST:
        return take_from_sample(
            **about, values=collect_sample_values(get_sample(visitor, request.POST["sample"]))
        )
    if "last" in request.POST:
        offer = find_last_offer(visitor, get_deposit(visitor, deposit_id))
        wanted = set(request.POST.getlist("answer"))
        answers = (
            [one for one in offer.answers if _name_answer(one.level, one.key, one.field) in wanted]
            if offer
            else []
        )
        return take_from_last(**about, answers=answers)
    raise InvalidMetadataError("Nothing was chosen.", hint="Choose a record, or your last deposit.")


def _say_change(change: TableChange) -> str:
    files = len({result.key for result in change.results if result.level == "instrument"})
    saved = change.count("saved")
    if not saved:
        return "Nothing changed: everything was answered like this before."
    among = f" in {files} measurement{'s' if files != 1 else ''}" if files else ""
    return f"{saved} answer{'s' if saved != 1 else ''} changed{among}."


def _name_answer(level: str, key: str, field: str) -> str:
    return f"{level}:{key}:{field}"


def _describe_last(offer: LastOffer) -> list[dict[str, str]]:
    catalogue = load_catalogue()
    told = []
    for one in offer.answers:
        known = catalogue.fields("dataset" if one.level == "dataset" else "measurement").get(one.field)
        title = known.title if known is not None else one.field
        about = f" ({one.key.replace('+', ' and ').replace('_', ' ')})" if one.key else ""
        told.append(
            {
                "name": _name_answer(one.level, one.key, one.field),
                "title": f"{title}{about}",
                "text": _say_entry(one.field, one.entry),
            }
        )
    return told


def _say_entry(path: str, entry: Any) -> str:
    if isinstance(entry, list) and entry and isinstance(entry[0], dict):
        names = [str(one.get("name") or one.get("funder") or "") for one in entry if isinstance(one, dict)]
        return ", ".join(filter(None, names))
    return describe_entry(path, entry)
