"""Who asks for bytes: a token, a browser session, or nobody."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
from django.db import close_old_connections
from django.utils.crypto import constant_time_compare
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from starlette.requests import Request

from api.permissions import require_scope
from api.turns import get_turns
from repository.errors import PermissionRefusedError, RepositoryError, ScopeMissingError
from repository.selectors.grant_kinds import COOKIE, find_grants
from repository.selectors.visibility import NOBODY, Visitor

P = ParamSpec("P")
R = TypeVar("R")


class UnknownCredentialError(RepositoryError):
    """The token is unknown, expired or revoked."""

    code = "authentication_failed"
    hint = "Make a new token on the tokens page, or send none to see what is public."


@dataclass(frozen=True, slots=True)
class Credential:
    """What a request carries to say who asks: a token or a session, and beside it the keys of grants."""

    token: str = ""
    session_key: str = ""
    grants: str = ""


def read_credential(request: Request) -> Credential:
    """Return the credential of a request; a token wins over a session."""
    return compose_credential(request.headers.get("authorization", ""), request.cookies)


def compose_credential(authorization: str, cookies: Mapping[str, str]) -> Credential:
    """Return what a header and the cookies beside it come to."""
    scheme, _, value = authorization.partition(" ")
    grants = cookies.get(COOKIE, "")
    if scheme:
        return Credential(token=value.strip() if scheme.lower() == "token" else "-", grants=grants)
    return Credential(session_key=cookies.get(settings.SESSION_COOKIE_NAME, ""), grants=grants)


async def in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run blocking code that uses the database for a moment in a thread that has a connection."""
    return await get_turns("bytes").run(tidily, partial(function, *args, **kwargs))


async def at_length_in_database(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run what may take minutes, such as carrying a file into the store, so that quick decisions never wait for it."""
    return await get_turns("completions").run(tidily, partial(function, *args, **kwargs))


def tidily(function: Callable[[], R]) -> R:
    """Run in a thread that keeps its connection, and only as long as it is good."""
    close_old_connections()
    try:
        return function()
    finally:
        close_old_connections()


@dataclass(frozen=True, slots=True)
class Recognized:
    """Who asks, and what that rests on: account, session and grants, and when the first of these ends by itself."""

    visitor: Visitor
    subjects: tuple[str, ...] = ()
    until: dt.datetime | None = None


def identify(credential: Credential, *, scope: str) -> Visitor:
    """Return the visitor behind a credential; the token must carry the scope.

    Raises
    ------
    UnknownCredentialError
        A token was sent that is not valid: saying nothing would look like "not found".
    ScopeMissingError
        The token was not made for this.
    """
    return recognize(credential, scope=scope).visitor


def recognize(credential: Credential, *, scope: str) -> Recognized:
    """Return who is behind a credential; the token must carry the scope.

    Raises
    ------
    UnknownCredentialError
        A token was sent that is not valid.
    ScopeMissingError
        The token was not made for this.
    """
    if credential.token:
        recognized, token = _recognize_token(credential.token)
        require_scope(token, scope)
    else:
        recognized = _recognize_session(credential.session_key)
    return _with_grants(recognized, credential)


def recognize_reader(credential: Credential) -> Recognized:
    """Return who reads what strangers may read too: a token that may not read is a stranger's.

    Raises
    ------
    UnknownCredentialError
        A token was sent that is not valid.
    """
    try:
        return recognize(credential, scope="read")
    except ScopeMissingError:
        recognized = replace(_recognize_token(credential.token)[0], visitor=NOBODY)
        return _with_grants(recognized, credential)


def _with_grants(recognized: Recognized, credential: Credential) -> Recognized:
    """Add what is carried beside account and session; a grant is withdrawn by a write about its deposit."""
    grants = find_grants(credential.grants)
    if not grants:
        return recognized
    ends = [end for end in (recognized.until, *(grant.until for grant in grants)) if end is not None]
    return Recognized(
        replace(recognized.visitor, grants=grants),
        (*recognized.subjects, *(f"deposit:{grant.deposit_id}" for grant in grants)),
        min(ends, default=None),
    )


def _recognize_token(text: str) -> tuple[Recognized, Any]:
    try:
        user, token = TokenAuthentication().authenticate_credentials(text.encode())
    except AuthenticationFailed as error:
        raise UnknownCredentialError("The token is not valid.") from error
    return Recognized(Visitor(user), (f"user:{user.pk}",), token.expiry), token


def _recognize_session(session_key: str) -> Recognized:
    if not session_key:
        return Recognized(NOBODY)
    subjects: tuple[str, ...] = (f"session:{session_key}",)
    session: Any = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    if SESSION_KEY not in session or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return Recognized(NOBODY, subjects)
    subjects = (*subjects, f"user:{session[SESSION_KEY]}")
    user = get_user_model().objects.filter(pk=session[SESSION_KEY], is_active=True).first()
    known = session.get(HASH_SESSION_KEY, "")
    if user is None or not constant_time_compare(known, user.get_session_auth_hash()):
        return Recognized(NOBODY, subjects)
    return Recognized(Visitor(user), subjects, _find_end(session_key))


def _find_end(session_key: str) -> dt.datetime | None:
    """Return when the session ends, as its row says."""
    ends = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class().objects
    end: dt.datetime | None = ends.filter(pk=session_key).values_list("expire_date", flat=True).first()
    return end


def require_same_origin(request: Request, credential: Credential) -> None:
    """Refuse a write that a foreign page sends with somebody's session cookie.

    Raises
    ------
    PermissionRefusedError
        The request carries a cookie and does not come from a page of this server.
    """
    if credential.token or not credential.session_key:
        return
    site = request.headers.get("sec-fetch-site")
    origin = request.headers.get("origin")
    own = {
        urlsplit(settings.PUBLIC_URL).netloc,
        request.headers.get("host", ""),
    }  # one of ours: `api.doorway`
    is_own = site == "same-origin" if origin is None else urlsplit(origin).netloc in own
    if not is_own or (site is not None and site not in {"same-origin", "none"}):
        raise PermissionRefusedError(
            "A write with a session cookie must come from a page of this server.",
            hint="Programs send a token: `Authorization: Token <token>`.",
        )
