"""Who shares a deposit, and the door through which whoever was handed a link comes in."""

import datetime as dt
from functools import partial
from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from frontend.views.acts import Acts, run_act
from frontend.views.answers import answer_page, answering_refusals, show_refusal
from frontend.views.requests import (
    account_or_grant_required,
    read_dataset_id,
    read_uuid,
    visitor_of,
)
from repository.errors import NotFoundError, RepositoryError
from repository.selectors import addresses
from repository.selectors.access import get_deposit_to_decide, require_account
from repository.selectors.grant_kinds import COOKIE
from repository.selectors.sharing import ROLE_LABELS, compose_cookie, describe_sharing
from repository.selectors.visibility import Visitor
from repository.services.deposits import add_member, remove_member
from repository.services.group_deposits import put_into_group, take_out_of_group
from repository.services.invitations import revoke_invitation
from repository.services.reviewer_links import (
    create_reviewer_link,
    open_reviewer_link,
    revoke_reviewer_link,
)
from repository.workflows.invitations import invite_person_to_deposit

_DIGITS = 3
_LIVES = ((14, "two weeks"), (30, "30 days"), (90, "90 days"), (180, "half a year"), (366, "a year"))
_USUAL_LIFE = 90
_NEW_LINK = "new_reviewer_link"


@account_or_grant_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_sharing(request: HttpRequest, deposit_id: str) -> HttpResponse:
    """Show who shares a deposit and do what the forms ask for; a new link is shown once, after the redirect."""
    named = read_dataset_id(deposit_id)
    visitor = visitor_of(request)
    deposit = get_deposit_to_decide(visitor, named)
    if request.method != "POST":
        return _show(request, named)
    if request.POST.get("act") == "link":
        return _make_link(request, visitor, named)
    return run_act(
        request,
        _list_acts(request, visitor, deposit.pk),
        partial(_show, request, named),
        then=lambda: _place_after(visitor_of(request), deposit.pk),
    )


def _place_after(visitor: Visitor, deposit_id: str) -> str:
    """Return where to go on: whoever took the own right away does not come back here."""
    try:
        get_deposit_to_decide(visitor, deposit_id)
    except RepositoryError:
        return "/deposits/"
    return f"/deposits/{deposit_id}/sharing"


def _make_link(request: HttpRequest, visitor: Visitor, deposit_id: str) -> HttpResponse:
    days = request.POST.get("days", "")
    is_whole = days.isascii() and days.isdecimal() and len(days) <= _DIGITS
    made: list[str] = []

    def create() -> str:
        _, key = create_reviewer_link(
            deposit_id=deposit_id,
            actor=require_account(visitor),
            label=request.POST.get("for_whom", ""),
            lifetime=dt.timedelta(days=int(days) if is_whole else 0),
        )
        made.append(addresses.shared_draft(key))
        return ""

    place = f"/deposits/{deposit_id}/sharing"
    answer = run_act(request, {"link": create}, partial(_show, request, deposit_id), then=place)
    if made:
        request.session[_NEW_LINK] = {"deposit": deposit_id, "url": made[0]}
    return answer


def _take_new_link(request: HttpRequest, deposit_id: str) -> str:
    """Return the link that was just made for this deposit, and forget it: it is shown once."""
    kept = request.session.get(_NEW_LINK)
    if request.method != "GET" or not kept or kept["deposit"] != deposit_id:
        return ""
    del request.session[_NEW_LINK]
    return str(kept["url"])


def _list_acts(request: HttpRequest, visitor: Visitor, deposit_id: str) -> Acts:
    account = require_account(visitor)
    said = request.POST

    def invite() -> str:
        invitation = invite_person_to_deposit(
            deposit_id=deposit_id, actor=account, address=said.get("address", ""), role=said.get("role", "")
        )
        return f"An invitation goes to {invitation.address}. It is good for two weeks."

    def revoke() -> str:
        wanted = read_uuid(said.get("invitation", ""))
        revoke_invitation(invitation_id=wanted, actor=account, deposit_id=deposit_id)
        return "The invitation is taken back."

    def add() -> str:
        username = said.get("username", "").strip()
        add_member(deposit_id=deposit_id, actor=account, username=username, role=said.get("role", ""))
        return f"{username} stands in the list."

    def remove() -> str:
        remove_member(deposit_id=deposit_id, actor=account, username=said.get("username", ""))
        return f"{said.get('username', '')} shares this deposit no more."

    def unlink() -> str:
        revoke_reviewer_link(deposit_id=deposit_id, actor=account, link_id=read_uuid(said.get("link", "")))
        return "The link is ended: who follows it reads nothing any more."

    def join() -> str:
        put_into_group(deposit_id=deposit_id, actor=account, group_id=said.get("group", ""))
        return "The deposit belongs to the group."

    def leave() -> str:
        take_out_of_group(deposit_id=deposit_id, actor=account)
        return "The deposit belongs to no group."

    return {
        "invite": invite,
        "revoke": revoke,
        "add": add,
        "remove": remove,
        "unlink": unlink,
        "join": join,
        "leave": leave,
    }


def _show(
    request: HttpRequest,
    deposit_id: str,
    problem: RepositoryError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    visitor = visitor_of(request)
    deposit = get_deposit_to_decide(visitor, deposit_id)
    context = {
        "section": "deposits",
        "deposit": deposit,
        "sharing": describe_sharing(visitor, deposit),
        "roles": ROLE_LABELS,
        "lives": _LIVES,
        "usual_life": _USUAL_LIFE,
        "problem": problem,
        "act": request.POST.get("act", ""),
        "typed": request.POST if problem is not None else {},
        "new_link": _take_new_link(request, deposit_id),
    }
    return answer_page(request, "deposits/sharing.html", context, status=status)


@require_safe
def open_link(request: HttpRequest, key: str) -> HttpResponse:
    """Let whoever follows a link in to its deposit: the key goes into a cookie, and out of the address."""
    try:
        link = open_reviewer_link(key=key)
    except NotFoundError as refusal:
        return _unseen(show_refusal(request, refusal))
    is_published = link.deposit.state == "published"
    place = f"/datasets/{link.deposit_id}" if is_published else f"/deposits/{link.deposit_id}"
    answer = HttpResponseRedirect(place)
    name, value = compose_cookie(key, request.COOKIES.get(COOKIE, ""))
    answer.set_cookie(
        name,
        value,
        max_age=link.expires_at - timezone.now(),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return _unseen(answer)


def _unseen(answer: HttpResponse) -> HttpResponse:
    """Let no search engine keep the address, and no other server be told it."""
    answer["Cache-Control"] = "private, no-store"
    answer["X-Robots-Tag"] = "noindex, nofollow"
    answer["Referrer-Policy"] = "no-referrer"
    return answer
