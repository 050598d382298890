import uuid
from functools import partial
from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from frontend.views.acts import run_act
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.requests import visitor_of
from repository.errors import RepositoryError
from repository.selectors.access import require_account
from repository.selectors.invitations import get_offer
from repository.services.invitations import accept_invitation, decline_invitation


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_invitation(request: HttpRequest, invitation_id: uuid.UUID) -> HttpResponse:
    """Show an invitation to the person and take the answer; opening it changes nothing."""
    if request.method != "POST":
        return _show(request, invitation_id)
    visitor = visitor_of(request)
    account = require_account(visitor)
    offer = get_offer(visitor, invitation_id)
    place = f"/groups/{offer.subject_id}" if offer.kind == "group" else f"/deposits/{offer.subject_id}"

    def accept() -> str:
        accept_invitation(invitation_id=invitation_id, user=account)
        return f"You are in: {offer.subject}."

    def decline() -> str:
        decline_invitation(invitation_id=invitation_id, user=account)
        return "The invitation is declined."

    return run_act(
        request,
        {"accept": accept, "decline": decline},
        partial(_show, request, invitation_id),
        then=place if request.POST.get("act") == "accept" else "/groups/",
    )


def _show(
    request: HttpRequest,
    invitation_id: uuid.UUID,
    problem: RepositoryError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    offer = get_offer(visitor_of(request), invitation_id)
    context = {"section": "groups", "offer": offer, "problem": problem}
    return answer_page(request, "groups/invitation.html", context, status=status)
