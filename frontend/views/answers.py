"""How pages are sent: which may be kept by others, and how a refusal of the domain becomes a page."""

import functools
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Concatenate, ParamSpec

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

from repository.errors import (
    InvalidMetadataError,
    NotFoundError,
    NotPublishableError,
    PermissionRefusedError,
    RepositoryError,
    RevisionChangesNothingError,
    RevisionConflictError,
    RevisionNeedsVersionError,
    StateConflictError,
    UnknownSearchFilterError,
    WithdrawnError,
)
from repository.schema.plain_text import hide_internals
from repository.selectors.grant_kinds import COOKIE

PRIVATE = "private, no-store"
PUBLIC_BUT_ASK = "public, no-cache"
"""Anybody may keep it, and asks each time whether it is still so: the next moment it may be withdrawn."""


class NotAcceptableError(RepositoryError):
    """The request accepts none of the formats that there are."""

    code = "not_acceptable"


Parameters = ParamSpec("Parameters")
Page = Callable[Concatenate[HttpRequest, Parameters], HttpResponse]

_STATUS: tuple[tuple[type[RepositoryError], HTTPStatus, str], ...] = (
    (NotFoundError, HTTPStatus.NOT_FOUND, "404.html"),
    (PermissionRefusedError, HTTPStatus.FORBIDDEN, "403.html"),
    (WithdrawnError, HTTPStatus.GONE, "410.html"),
    (StateConflictError, HTTPStatus.CONFLICT, "403.html"),
    (InvalidMetadataError, HTTPStatus.UNPROCESSABLE_ENTITY, "403.html"),
    (UnknownSearchFilterError, HTTPStatus.BAD_REQUEST, "403.html"),
    (NotAcceptableError, HTTPStatus.NOT_ACCEPTABLE, "403.html"),
    (RevisionConflictError, HTTPStatus.PRECONDITION_FAILED, "403.html"),
    (NotPublishableError, HTTPStatus.UNPROCESSABLE_ENTITY, "403.html"),
    (RevisionNeedsVersionError, HTTPStatus.UNPROCESSABLE_ENTITY, "403.html"),
    (RevisionChangesNothingError, HTTPStatus.UNPROCESSABLE_ENTITY, "403.html"),
)


def answer_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    status: HTTPStatus = HTTPStatus.OK,
    is_public: bool = False,
) -> HttpResponse:
    """Return a page; only what every visitor sees alike may be kept by others."""
    response = render(request, template, dict(context), status=status)
    is_strangers = not request.user.is_authenticated and COOKIE not in request.COOKIES
    if is_public and is_strangers:
        response["Cache-Control"] = PUBLIC_BUT_ASK
    else:
        response["Cache-Control"] = PRIVATE
    patch_vary_headers(response, ["Cookie"])
    return response


def negotiated(page: Page[Parameters]) -> Page[Parameters]:
    """Say that the answer depends on what the request accepts, whatever the answer is."""

    @functools.wraps(page)
    def answer(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        response = page(request, *args, **kwargs)
        patch_vary_headers(response, ["Accept"])
        return response

    return answer


def answering_refusals(page: Page[Parameters]) -> Page[Parameters]:
    """Show a refusal of the domain as a page with its reason and what to do."""

    @functools.wraps(page)
    def answer(request: HttpRequest, /, *args: Parameters.args, **kwargs: Parameters.kwargs) -> HttpResponse:
        try:
            return page(request, *args, **kwargs)
        except RepositoryError as refusal:
            return show_refusal(request, refusal)

    return answer


def show_refusal(request: HttpRequest, refusal: RepositoryError) -> HttpResponse:
    """Return the page of a refusal."""
    words = {"message": hide_internals(refusal.message), "hint": hide_internals(refusal.hint)}
    for kind, status, template in _STATUS:
        if isinstance(refusal, kind):
            return answer_page(request, template, {"refusal": words}, status=status)
    return answer_page(request, "403.html", {"refusal": words}, status=HTTPStatus.BAD_REQUEST)


def find_status(refusal: RepositoryError) -> HTTPStatus:
    """Return the status of a page that shows a refusal itself."""
    known = (status for kind, status, _ in _STATUS if isinstance(refusal, kind))
    return next(known, HTTPStatus.BAD_REQUEST)
