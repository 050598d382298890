"""Who looks at a page, as the selectors want to know it."""

import functools
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from repository.selectors.grant_kinds import build_visitor
from repository.selectors.visibility import Visitor

Parameters = ParamSpec("Parameters")
Page = Callable[Concatenate[HttpRequest, Parameters], HttpResponseBase]


def visitor_of(request: HttpRequest) -> Visitor:
    """Return the account and the grants behind a request; with neither it is nobody."""
    return build_visitor(request.user, request.COOKIES)


def account_or_grant_required(page: Page[Parameters]) -> Page[Parameters]:
    """Lead strangers to the sign-in; whoever carries a grant hears from the selectors what it opens."""
    asking_to_sign_in = login_required(page)

    @functools.wraps(page)
    def answer(
        request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs
    ) -> HttpResponseBase:
        shown = page if visitor_of(request).grants else asking_to_sign_in
        return shown(request, *args, **kwargs)

    return answer
