"""Groups: those in which one is, and one with its people, deposits and history."""

from functools import partial
from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_http_methods

from frontend.presentation.group_history import describe_history
from frontend.views.acts import Acts, run_act
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.requests import read_dataset_id, read_uuid, visitor_of
from repository.errors import RepositoryError
from repository.selectors.access import require_account
from repository.selectors.group_pages import describe_group
from repository.selectors.groups import get_group, get_managed_group, list_own_groups
from repository.selectors.invitations import list_offers
from repository.selectors.visibility import Visitor
from repository.services.groups import close_group, create_group, remove_from_group, set_role, update_group
from repository.services.invitations import revoke_invitation
from repository.workflows.invitations import invite_person_to_group


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def list_groups(request: HttpRequest) -> HttpResponse:
    """List the person's groups and the invitations that wait, and make a group."""
    if request.method != "POST":
        return _show_list(request)
    account = require_account(visitor_of(request))
    made: list[str] = []

    def create() -> str:
        group = create_group(
            actor=account, name=request.POST.get("name", ""), ror=request.POST.get("ror", "")
        )
        made.append(group.pk)
        return f"The group {group.name} is there. Invite those who work in it."

    return run_act(
        request, {"create": create}, partial(_show_list, request), then=lambda: f"/groups/{made[0]}"
    )


def _show_list(
    request: HttpRequest, problem: RepositoryError | None = None, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    visitor = visitor_of(request)
    context = {
        "section": "groups",
        "groups": list_own_groups(visitor),
        "offers": list_offers(visitor),
        "problem": problem,
        "typed": request.POST,
    }
    return answer_page(request, "groups/list.html", context, status=status)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_group(request: HttpRequest, group_id: str) -> HttpResponse:
    """Show a group, and do what its forms ask for: members leave, managers do the rest."""
    visitor = visitor_of(request)
    named = read_dataset_id(group_id)
    if request.method != "POST":
        return _show_group(request, named)
    account = require_account(visitor)
    act = request.POST.get("act", "")
    is_leaving = act == "remove" and request.POST.get("username") == account.username
    group = get_group(visitor, named) if is_leaving else get_managed_group(visitor, named)
    ends = is_leaving or act == "close"
    return run_act(
        request,
        _list_acts(request, visitor, group.pk),
        partial(_show_group, request, named),
        then="/groups/" if ends else f"/groups/{group.pk}",
    )


def _list_acts(request: HttpRequest, visitor: Visitor, group_id: str) -> Acts:
    account = require_account(visitor)
    said = request.POST

    def rename() -> str:
        update_group(group_id=group_id, actor=account, name=said.get("name", ""), ror=said.get("ror", ""))
        return "Saved."

    def change_role() -> str:
        username, role = said.get("username", ""), said.get("role", "")
        membership = set_role(group_id=group_id, actor=account, username=username, role=role)
        return f"{username} is {membership.get_role_display().lower()} now."

    def remove() -> str:
        username = said.get("username", "")
        remove_from_group(group_id=group_id, actor=account, username=username)
        return "You are not in the group any more." if username == account.username else f"{username} is out."

    def invite() -> str:
        invitation = invite_person_to_group(
            group_id=group_id,
            actor=account,
            address=said.get("address", ""),
            role=said.get("role", "member"),
        )
        return f"An invitation goes to {invitation.address}. It is good for two weeks."

    def revoke() -> str:
        revoke_invitation(
            invitation_id=read_uuid(said.get("invitation", "")), actor=account, group_id=group_id
        )
        return "The invitation is taken back."

    def close() -> str:
        close_group(group_id=group_id, actor=account)
        return "The group is closed."

    return {
        "rename": rename,
        "role": change_role,
        "remove": remove,
        "invite": invite,
        "revoke": revoke,
        "close": close,
    }


def _show_group(
    request: HttpRequest,
    group_id: str,
    problem: RepositoryError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    visitor = visitor_of(request)
    view = describe_group(visitor, get_group(visitor, group_id))
    context = {
        "section": "groups",
        "group": view,
        "history": describe_history(view.history),
        "problem": problem,
        "act": request.POST.get("act", ""),
        "typed": request.POST,
    }
    return answer_page(request, "groups/group.html", context, status=status)
