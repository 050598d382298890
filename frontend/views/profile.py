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
from repository.selectors.accounts import describe_account
from repository.services.accounts import update_profile

_FIELDS = ("name", "orcid", "affiliation", "affiliation_ror")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_profile(request: HttpRequest) -> HttpResponse:
    """Show and change what a person says of themselves; a new deposit names its creator by it."""
    if request.method != "POST":
        return _show(request)
    account = require_account(visitor_of(request))
    typed = {name: request.POST[name] for name in _FIELDS if name in request.POST}

    def save() -> str:
        update_profile(user=account, changes=typed)
        return "Saved. Deposits that name no creators yet name you like this."

    return run_act(request, {"save": save}, partial(_show, request), then="/profile")


def _show(
    request: HttpRequest, problem: RepositoryError | None = None, status: HTTPStatus = HTTPStatus.OK
) -> HttpResponse:
    account = describe_account(require_account(visitor_of(request)), None)
    shown = {name: request.POST.get(name, getattr(account, name)) for name in _FIELDS}
    context = {"section": "account", "profile": shown, "problem": problem}
    return answer_page(request, "profile.html", context, status=status)
