"""What a request for a page says: who looks, which dataset and version it names, and where a list goes on."""

import functools
import uuid
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from typing import Concatenate, ParamSpec

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.dateparse import parse_datetime

from repository.errors import NotFoundError
from repository.schema.identifiers import InvalidIdentifierError, parse_id
from repository.selectors.grant_kinds import build_visitor
from repository.selectors.revisions import parse_revision
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


_PARTS = 2


def read_cursor(request: HttpRequest) -> tuple[str, str] | None:
    """Return (time, id) of the last entry seen; `None` for the first page and for what is no cursor."""
    try:
        text = urlsafe_b64decode(request.GET.get("cursor", "").encode("ascii")).decode("utf-8")
        parts = text.split("\x1f")
        moment = parse_datetime(parts[0])
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or len(parts) != _PARTS or "\x00" in text:
        return None
    return parts[0], parts[1]


def next_address(request: HttpRequest, after: tuple[str, str] | None) -> str | None:
    """Return the address of the next page; `None` on the last one."""
    if after is None:
        return None
    query = request.GET.copy()
    query["cursor"] = urlsafe_b64encode("\x1f".join(after).encode()).decode("ascii")
    return f"{request.path}?{query.urlencode()}"


_LONGEST_NUMBER = 9


def read_dataset_id(text: str) -> str:
    """Return the id that a person typed.

    Raises
    ------
    NotFoundError
        It cannot be an id: the check symbol does not fit.
    """
    try:
        return parse_id(text)
    except InvalidIdentifierError as error:
        raise NotFoundError(f"There is nothing at {text}.", hint=f"{str(error).capitalize()}.") from error


def read_revision_number(request: HttpRequest) -> int | None:
    """Return the revision that the address asks for; `None` for the newest."""
    return parse_revision(request.GET.get("revision"))


def write_query(version: int | None, revision: int | None) -> str:
    """Return how an address names a version and a revision; nothing where it names the newest."""
    named = [("version", version), ("revision", revision)]
    query = "&".join(f"{name}={number}" for name, number in named if number is not None)
    return f"?{query}" if query else ""


def read_uuid(text: str) -> uuid.UUID:
    """Return the key that a form carries.

    Raises
    ------
    NotFoundError
        It is none.
    """
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFoundError("The form names nothing that is there.", hint="Reload the page.") from error


def read_version_number(request: HttpRequest) -> int | None:
    """Return the version that the address asks for; `None` for the newest."""
    text = request.GET.get("version", "")
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise NotFoundError(f"There is no version {text!r}.")
    return int(text)


def read_change_id(text: str) -> uuid.UUID | None:
    """Return the id of a change of answers that a request names; None where it is none."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
