"""The pages of instrument and sample records."""

import datetime as dt
from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods

from frontend.presentation.quantities import name_term
from frontend.presentation.record_forms import (
    CONDITIONS,
    MORE,
    PRESET_GROUPS,
    SAMPLE_FIELDS,
    VALUES,
    ReadForm,
    build_fields,
    describe_values,
    list_others,
    read_fields,
    read_lines,
)
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.calibrations import list_of_record
from frontend.views.requests import visitor_of
from repository.errors import InvalidMetadataError, NotFoundError
from repository.schema.documents.instrument_layer import IDENTITY
from repository.schema.questions.fields import load_catalogue
from repository.selectors.access import require_account
from repository.selectors.records import (
    LARGEST_PAGE,
    SAMPLE_KINDS,
    InstrumentRow,
    PresetRow,
    SampleRow,
    collect_sample_values,
    count_presets,
    find_preset,
    get_instrument,
    get_rights,
    get_sample,
    list_history,
    list_instruments,
    list_own_groups,
    list_samples,
    page_presets,
    require_changing,
)
from repository.services.instruments import (
    PresetWish,
    create_instrument,
    remove_preset,
    save_presets,
    update_instrument,
)
from repository.services.samples import create_sample, update_sample

_TEXTS = tuple(key for key in IDENTITY if key not in {"name", "source"})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def list_instrument_records(request: HttpRequest) -> HttpResponse:
    """List the instrument records that the person may use, and open a new one."""
    visitor = visitor_of(request)
    problem = None
    if request.method == "POST":
        try:
            record = create_instrument(actor=require_account(visitor), fields=_read_instrument(request))
        except InvalidMetadataError as refusal:
            problem = refusal
        else:
            return HttpResponseRedirect(f"/instruments/{record.pk}")
    context = {
        "section": "deposits",
        "records": list_instruments(visitor),
        "problem": problem,
        **_describe_form(request, None),
    }
    return answer_page(request, "records/instruments.html", context, status=_status(problem))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_instrument(request: HttpRequest, instrument_id: str) -> HttpResponse:
    """Show an instrument record with its presets and its history, and change it."""
    visitor = visitor_of(request)
    record = get_instrument(visitor, instrument_id)
    problem = None
    if request.method == "POST":
        rights = require_changing(visitor, record)
        actor = require_account(visitor)
        try:
            if "remove" in request.POST:
                remove_preset(instrument_id=record.pk, actor=actor, preset_id=request.POST["remove"])
                messages.success(request, "The preset is taken out; what it said stays in the history.")
            else:
                update_instrument(
                    instrument_id=record.pk,
                    actor=actor,
                    fields=_read_instrument(request, may_govern=rights.may_govern),
                    may_govern=rights.may_govern,
                    note=request.POST.get("note", ""),
                )
                messages.success(request, "Saved. What deposits copied from the record before stays there.")
        except InvalidMetadataError as refusal:
            problem = refusal
        else:
            return HttpResponseRedirect(f"/instruments/{record.pk}")
    first = _read_first(request)
    count = count_presets(record)
    context = {
        "section": "deposits",
        "record": record,
        "rights": get_rights(visitor, record),
        "facts": _list_facts(record),
        "presets": [_show_preset(row) for row in page_presets(record, first=first)],
        "preset_count": count,
        "first": first,
        "next_first": first + LARGEST_PAGE if count > first + LARGEST_PAGE else None,
        "history": list_history(record),
        **list_of_record(request, record),
        "problem": problem,
        **_describe_form(request, record),
    }
    return answer_page(request, "records/instrument.html", context, status=_status(problem))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def edit_preset(request: HttpRequest, instrument_id: str) -> HttpResponse:
    """Add a preset to an instrument record, or change the one that `preset` names."""
    visitor = visitor_of(request)
    record = get_instrument(visitor, instrument_id)
    require_changing(visitor, record)
    row = find_preset(record, request.GET["preset"]) if "preset" in request.GET else None
    if row is None and "preset" in request.GET:
        raise NotFoundError(f"{record.name} has no such preset.", hint="It may have been taken out.")
    problem = None
    problems: dict[str, str] = {}
    if request.method == "POST":
        conditions, values, problems = _read_preset_form(request)
        day, last = _read_day(request, "valid_from", problems), _read_day(request, "valid_to", problems)
        if day is None and "valid_from" not in problems:
            problems["valid_from"] = "Since when it holds, such as the day on which it was measured."
        if day is not None and not problems:
            wish = PresetWish(
                request.POST.get("name", ""), day, last, conditions, values, id=row.pk if row else None
            )
            try:
                save_presets(
                    instrument_id=record.pk,
                    actor=require_account(visitor),
                    wishes=[wish],
                    note=request.POST.get("note", ""),
                )
            except InvalidMetadataError as refusal:
                problem = refusal
            else:
                return HttpResponseRedirect(f"/instruments/{record.pk}#presets")
    typed = request.POST.dict() if request.method == "POST" else None
    context = _describe_preset_form(record, row, typed, problems) | {"problem": problem}
    return answer_page(request, "records/preset.html", context, status=_status(problem or problems))


def _read_preset_form(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
    typed = request.POST.dict()
    conditions = read_fields(CONDITIONS, typed, prefix="condition")
    values = read_fields(VALUES, typed, prefix="value")
    more: ReadForm = read_lines(typed.get(MORE, ""), values.document)
    return conditions.document, more.document, {**conditions.problems, **values.problems, **more.problems}


def _describe_preset_form(
    record: InstrumentRow, row: PresetRow | None, typed: dict[str, str] | None, problems: dict[str, str]
) -> dict[str, Any]:
    conditions: dict[str, Any] = {}
    for path, entry in (row.conditions if row else {}).items():
        head, _, rest = path.partition(".")
        conditions[head] = {**conditions.get(head, {}), rest: entry} if rest else entry
    values = row.values if row else {}
    kept = {
        "name": row.name if row else "",
        "valid_from": row.valid_from.isoformat() if row else "",
        "valid_to": row.valid_to.isoformat() if row and row.valid_to else "",
        MORE: list_others(VALUES, values),
    }
    return {
        "section": "deposits",
        "record": record,
        "preset": row,
        "typed": {key: (typed or kept).get(key, "") for key in (*kept, "note")},
        "problems": problems,
        "conditions": build_fields(
            CONDITIONS, conditions, prefix="condition", typed=typed, problems=problems
        ),
        "groups": [
            (title, build_fields(paths, values, prefix="value", typed=typed, problems=problems))
            for title, paths in PRESET_GROUPS
        ],
    }


def _show_preset(row: PresetRow) -> dict[str, Any]:
    conditions: list[tuple[str, str]] = [
        line for path, entry in row.conditions.items() for line in describe_values(_nest(path, entry))
    ]
    return {"row": row, "conditions": conditions, "values": describe_values(row.values)}


def _nest(path: str, entry: Any) -> dict[str, Any]:
    head, _, rest = path.partition(".")
    return {head: {rest: entry}} if rest else {head: entry}


def _read_instrument(request: HttpRequest, *, may_govern: bool = True) -> dict[str, Any]:
    fields: dict[str, Any] = {key: request.POST.get(key, "") for key in ("name", "source", *_TEXTS)}
    fields["header_names"] = request.POST.get("header_names", "").splitlines()
    return fields | _read_sharing(request, may_govern=may_govern)


def _read_sharing(request: HttpRequest, *, may_govern: bool) -> dict[str, Any]:
    """Return who shares a record; the form of who does not decide that has no such inputs."""
    retired = {"is_retired": "is_retired" in request.POST}
    if not may_govern:
        return retired
    return {
        **retired,
        "group": request.POST.get("group") or None,
        "members_may_edit": "members_may_edit" in request.POST,
        "is_open": "is_open" in request.POST,
    }


def _describe_form(request: HttpRequest, record: InstrumentRow | SampleRow | None) -> dict[str, Any]:
    """Return what stands in the inputs: what was typed, else what the record says."""
    typed = request.POST if request.method == "POST" and "remove" not in request.POST else None
    known = load_catalogue()
    form: dict[str, Any] = {
        key: typed.get(key, "") if typed is not None else getattr(record, key, "")
        for key in ("name", "source", *_TEXTS)
    }
    names = getattr(record, "header_names", [])
    form["header_names"] = typed.get("header_names", "") if typed is not None else "\n".join(names)
    group = record.group_id if record is not None else None
    form["group"] = typed.get("group", "") if typed is not None else group
    return {
        "form": form,
        "texts": [
            {
                "name": key,
                "title": known.measurement[f"instrument.{key}"].title,
                "help": known.measurement[f"instrument.{key}"].description,
                "text": form[key],
            }
            for key in _TEXTS
        ],
        "sources": [(term.value, term.title) for term in known.vocabularies["electron_source"]],
        "groups": list_own_groups(visitor_of(request)),
    }


def _list_facts(record: InstrumentRow) -> list[tuple[str, str]]:
    known = load_catalogue().measurement
    facts = [
        (known[f"instrument.{key}"].title, name_term(f"instrument.{key}", getattr(record, key)))
        for key in (*_TEXTS, "source")
    ]
    return [(title, text) for title, text in facts if text]


def _read_day(request: HttpRequest, name: str, problems: dict[str, str]) -> dt.date | None:
    text = request.POST.get(name, "").strip()
    if not text:
        return None
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        problems[name] = "Write a day as 2026-03-04."
        return None


def _read_first(request: HttpRequest) -> int:
    text = request.GET.get("first", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 6 else 0  # noqa: PLR2004


def _status(problem: object) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def list_sample_records(request: HttpRequest) -> HttpResponse:
    """List the sample records that the person may use, and open a new one."""
    return _answer_sample(request, None)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_sample(request: HttpRequest, sample_id: str) -> HttpResponse:
    """Show a sample record, what it gives and its history, and change it."""
    return _answer_sample(request, get_sample(visitor_of(request), sample_id))


def _answer_sample(request: HttpRequest, record: SampleRow | None) -> HttpResponse:
    visitor = visitor_of(request)
    problem: InvalidMetadataError | None = None
    problems: dict[str, str] = {}
    if request.method == "POST":
        read = read_fields(SAMPLE_FIELDS, request.POST.dict(), prefix="value")
        problems = read.problems
        if not problems:
            try:
                saved = _save_sample(request, record, read.document.get("sample", {}))
            except InvalidMetadataError as refusal:
                problem = refusal
            else:
                return HttpResponseRedirect(f"/samples/{saved.pk}")
    typed = request.POST if request.method == "POST" else None
    known = {"sample": record.values} if record is not None else {}
    records = list_samples(visitor)
    context = {
        "section": "deposits",
        "record": record,
        "records": records,
        "rights": get_rights(visitor, record) if record is not None else None,
        "gives": describe_values({"sample": collect_sample_values(record)}) if record is not None else [],
        "history": list_history(record) if record is not None else [],
        **(list_of_record(request, record) if record is not None else {}),
        "kinds": SAMPLE_KINDS,
        "kind": typed.get("kind", "") if typed else getattr(record, "kind", "specimen"),
        "made_of": typed.get("made_of", "") if typed else getattr(record, "made_of_id", None),
        "wholes": [one for one in records if one.kind != "region" and one != record],
        "fields": build_fields(
            SAMPLE_FIELDS, known, prefix="value", typed=typed.dict() if typed else None, problems=problems
        ),
        "problem": problem,
        **_describe_form(request, record),
    }
    template = "records/samples.html" if record is None else "records/sample.html"
    return answer_page(request, template, context, status=_status(problem or problems))


def _save_sample(request: HttpRequest, record: SampleRow | None, values: dict[str, Any]) -> SampleRow:
    visitor = visitor_of(request)
    made_of = request.POST.get("made_of") or None
    whole = get_sample(visitor, made_of) if made_of else None
    fields: dict[str, Any] = {
        "name": request.POST.get("name", ""),
        "kind": request.POST.get("kind", ""),
        "made_of": made_of,
    }
    if record is None:
        fields |= {"values": values, **_read_sharing(request, may_govern=True)}
        return create_sample(actor=require_account(visitor), fields=fields, whole=whole)
    rights = require_changing(visitor, record)
    kept = {key: entry for key, entry in record.values.items() if f"sample.{key}" not in SAMPLE_FIELDS}
    fields |= {"values": {**kept, **values}, **_read_sharing(request, may_govern=rights.may_govern)}
    messages.success(request, "Saved. What deposits copied from the record before stays there.")
    return update_sample(
        sample_id=record.pk,
        actor=require_account(visitor),
        fields=fields,
        may_govern=rights.may_govern,
        whole=whole,
        note=request.POST.get("note", ""),
    )
