"""Where the forms of an account meet the limits of `repository.limits`."""

from collections.abc import Callable, Mapping
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse

from api.errors import advise_retry, describe_refusal
from api.fallbacks import answer_passing
from api.throttling import find_address
from repository import limits
from repository.errors import LimitExceededError
from repository.limits import Charge, Limit, name_network
from repository.services.limits import count_attempt, fold_typed

Subject = Literal["address", "account", "mail"]

WAYS: Mapping[str, tuple[tuple[Limit, Subject], ...]] = {
    "account_signup": ((limits.SIGN_UPS_OF_ADDRESS, "address"), (limits.MAILS_OF_NAME, "mail")),
    "account_signup_finish": ((limits.LINKS_OF_ADDRESS, "address"),),
    "socialaccount_signup": ((limits.SIGN_UPS_OF_ADDRESS, "address"),),
    "account_reset_password": ((limits.MAILS_OF_ADDRESS, "address"), (limits.MAILS_OF_NAME, "mail")),
    "account_reset_password_from_key": ((limits.LINKS_OF_ADDRESS, "address"),),
    "account_confirm_email": ((limits.LINKS_OF_ADDRESS, "address"),),
    "account_email": (
        (limits.CHANGES_OF_ACCOUNT, "account"),
        (limits.MAILS_OF_ADDRESS, "address"),
        (limits.MAILS_OF_NAME, "mail"),
    ),
    "account_change_password": ((limits.CHANGES_OF_ACCOUNT, "account"),),
    "account_set_password": ((limits.CHANGES_OF_ACCOUNT, "account"),),
    "account_reauthenticate": ((limits.CHANGES_OF_ACCOUNT, "account"),),
}
"""What a form that is sent to one of these counts as. Signing in counts wrong passwords (`frontend.accounts`)."""


class LimitsMiddleware:
    """Counts the forms of an account, and answers what any view refuses as too much."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Let the request through."""
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_view: Any) -> HttpResponse | None:
        """Count a form before anything is done with it."""
        match = request.resolver_match
        ways = WAYS.get(match.view_name, ()) if match is not None and request.method == "POST" else ()
        charges = [charge for limit, subject in ways if (charge := _charge(request, limit, subject))]
        try:
            if charges:
                count_attempt(*charges)
        except LimitExceededError as refusal:
            return _answer(request, refusal)
        return None

    def process_exception(self, request: HttpRequest, fault: Exception) -> HttpResponse | None:
        """Answer where a view counted."""
        return _answer(request, fault) if isinstance(fault, LimitExceededError) else None


def _answer(request: HttpRequest, refusal: LimitExceededError) -> HttpResponse:
    """Return 429: a page to people, a problem document to programs."""
    return answer_passing(request, describe_refusal(refusal), advise_retry(refusal))


def _charge(request: HttpRequest, limit: Limit, subject: Subject) -> Charge | None:
    if subject == "mail":
        name = fold_typed(request.POST.get("email", ""))
        return limit.of(name) if name else None
    if subject == "account" and request.user.is_authenticated:
        return limit.of("account", str(request.user.pk))
    return limit.of(name_network(find_address(request)))
