from http import HTTPStatus
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_safe

from frontend.presentation.deposit_page import describe_deposit_page
from frontend.presentation.identifying import describe_identifying
from frontend.presentation.reading import describe_wait, list_reading_lines
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.requests import (
    account_or_grant_required,
    next_address,
    read_cursor,
    read_dataset_id,
    visitor_of,
)
from processing.workflows import mask_deposit
from repository.errors import InvalidMetadataError
from repository.selectors.access import (
    DECIDING_ROLE,
    EDITING_ROLES,
    can_edit,
    find_role,
    get_deposit,
    get_editable_deposit,
    require_account,
)
from repository.selectors.accounts import describe_account
from repository.selectors.deposit_list import list_deposit_page
from repository.selectors.deposits import describe_deposit
from repository.selectors.identifying import list_deposit_identifying
from repository.selectors.thumbnails import find_thumbnails
from repository.selectors.work import WorkView, describe_work, mark_known
from repository.services.deposits import create_deposit
from repository.services.disk import describe_short_room

_PAGE = 25


@login_required
@require_safe
@answering_refusals
def list_deposits(request: HttpRequest) -> HttpResponse:
    """List the person's deposits, newest first."""
    account = require_account(visitor_of(request))
    page = list_deposit_page(account, size=_PAGE, after=read_cursor(request))
    context = {
        "section": "deposits",
        "storage": describe_account(account, None).storage,
        "deposits": page.deposits,
        "next_address": next_address(request, page.continue_after),
    }
    return answer_page(request, "deposits/list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def start_deposit(request: HttpRequest) -> HttpResponse:
    """Open a draft and go to its page."""
    title = request.POST.get("title", "").strip()
    if request.method != "POST":
        return answer_page(request, "deposits/new.html", {"section": "deposits"})
    try:
        deposit = create_deposit(owner=require_account(visitor_of(request)), title=title)
    except InvalidMetadataError as refusal:
        context = {"section": "deposits", "title": title, "problem": refusal}
        return answer_page(request, "deposits/new.html", context, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return HttpResponseRedirect(f"/deposits/{deposit.pk}")


@account_or_grant_required
@require_safe
@answering_refusals
def show_deposit(request: HttpRequest, deposit_id: str) -> HttpResponse:
    """Show a draft: its files, what was read, what is missing, the checks, and publishing."""
    visitor = visitor_of(request)
    deposit = get_deposit(visitor, read_dataset_id(deposit_id))
    view = describe_deposit(visitor, deposit)
    role = find_role(visitor, deposit)
    may_edit = role in EDITING_ROLES
    room = describe_short_room() if may_edit else ""
    thumbnails = find_thumbnails(visitor, [one.id for one in view.measurements])
    context = describe_deposit_page(
        view, may_edit=may_edit, may_decide=role == DECIDING_ROLE, room=room, thumbnails=thumbnails
    )
    context["is_by_link"] = not role and not visitor.sees_everything
    context |= _describe_progress(describe_work(deposit), deposit_id=deposit.pk, may_edit=may_edit)
    context["known"] = mark_known(deposit)
    context |= describe_identifying(() if view.state == "published" else list_deposit_identifying(deposit))
    return answer_page(request, "deposits/deposit.html", context)


@account_or_grant_required
@require_safe
@answering_refusals
def show_progress(request: HttpRequest, deposit_id: str) -> HttpResponse:
    """Show how far the reading is; the page's island asks for this again and again."""
    visitor = visitor_of(request)
    deposit = get_deposit(visitor, read_dataset_id(deposit_id))
    context = _describe_progress(
        describe_work(deposit), deposit_id=deposit.pk, may_edit=can_edit(visitor, deposit)
    )
    context["known"] = mark_known(deposit)
    return answer_page(request, "deposits/parts/progress.html", context)


@account_or_grant_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def mask_identifying(request: HttpRequest, deposit_id: str) -> HttpResponse:
    """Withhold in the metadata what was chosen, or show it again, and go back to the list."""
    visitor = visitor_of(request)
    deposit = get_editable_deposit(visitor, read_dataset_id(deposit_id))
    if request.method == "POST":
        mask_deposit(
            deposit_id=deposit.pk,
            actor=require_account(visitor),
            mask=request.POST.getlist("mask"),
            unmask=request.POST.getlist("unmask"),
        )
    return HttpResponseRedirect(f"/deposits/{deposit.pk}#identifying")


def _describe_progress(work: WorkView, *, deposit_id: str, may_edit: bool) -> dict[str, Any]:
    return {
        "work": work,
        "deposit_id": deposit_id,
        "may_edit": may_edit,
        "readings": list_reading_lines(work),
        "wait_words": describe_wait(work),
    }
