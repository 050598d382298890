import datetime as dt
from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from frontend.views.answers import answer_page, answering_refusals
from frontend.views.requests import visitor_of
from repository.errors import InvalidMetadataError
from repository.selectors.access import require_account
from repository.selectors.accounts import TOKEN_SCOPES, list_tokens
from repository.services.accounts import create_token, revoke_token

# What a scope allows, and the commands that need it.
_MEANINGS = {
    "read": (
        "see your drafts and their files; what is public needs no token",
        ("stemma open", "stemma get", "stemma status"),
    ),
    "deposit": (
        "make and change deposits, upload files; what it makes stays a draft",
        ("stemma validate", "stemma deposit", "stemma remove"),
    ),
    "publish": (
        "publish, correct and withdraw, which cannot be undone; without it you publish on the deposit’s page",
        ("stemma publish", "stemma deposit --publish", "stemma correct"),
    ),
    "curate": ("look after other people’s deposits, where your role allows it", ()),
}
_DIGITS = 4
_USUAL = frozenset({"read", "deposit"})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def show_tokens(request: HttpRequest) -> HttpResponse:
    """Show, make and revoke the person's tokens; a new token's text is shown this once."""
    if request.method != "POST":
        return _answer(request)
    user = require_account(visitor_of(request))
    if "revoke" in request.POST:
        revoke_token(user=user, token_key=request.POST["revoke"])
        messages.success(request, "The token is revoked; programs that used it can do nothing any more.")
        return HttpResponseRedirect("/tokens")
    try:
        _, text = create_token(
            user=user,
            name=request.POST.get("name", ""),
            scopes=request.POST.getlist("scopes"),
            lifetime=_read_lifetime(request.POST.get("days", "")),
        )
    except InvalidMetadataError as refusal:
        return _answer(request, problem=refusal, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return _answer(request, new_token=text)


def _read_lifetime(text: str) -> dt.timedelta:
    is_whole = text.isascii() and text.isdecimal() and len(text) <= _DIGITS
    return dt.timedelta(days=int(text)) if is_whole else dt.timedelta(0)


def _answer(
    request: HttpRequest,
    *,
    new_token: str = "",
    problem: InvalidMetadataError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    context = {
        "section": "tokens",
        "tokens": list_tokens(require_account(visitor_of(request))),
        "now": timezone.now(),
        "scopes": [
            {"name": name, "meaning": meaning, "commands": commands, "is_usual": name in _USUAL}
            for name in TOKEN_SCOPES
            for meaning, commands in [_MEANINGS[name]]
        ],
        "new_token": new_token,
        "problem": problem,
        "public_url": settings.PUBLIC_URL,
    }
    return answer_page(request, "tokens.html", context, status=status)
