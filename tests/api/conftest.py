"""The whole web process inside the test: byte routes and Django behind one ASGI application."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import httpx
import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal
from django.db import connection
from starlette.types import ASGIApp

from repository.models import ApiToken, User
from repository.services.accounts import create_token


@pytest.fixture
def unthrottled(settings: Any) -> None:
    """Let a test ask as often as it likes."""
    settings.REQUESTS_PER_MINUTE = settings.ANONYMOUS_REQUESTS_PER_MINUTE = 1_000_000


class WebClient:
    """An HTTP client of the application, without a network and without waiting for an event loop."""

    def __init__(self, portal: BlockingPortal, client: httpx.AsyncClient) -> None:
        self._portal = portal
        self._client = client

    @property
    def cookies(self) -> httpx.Cookies:
        return self._client.cookies

    def request(self, method: str, url: str, **more: Any) -> httpx.Response:
        """Send one request and return the whole answer."""
        return self._portal.call(partial(self._client.request, method, url, **more))

    def get(self, url: str, **more: Any) -> httpx.Response:
        return self.request("GET", url, **more)

    def head(self, url: str, **more: Any) -> httpx.Response:
        return self.request("HEAD", url, **more)

    def post(self, url: str, **more: Any) -> httpx.Response:
        return self.request("POST", url, **more)

    def patch(self, url: str, **more: Any) -> httpx.Response:
        return self.request("PATCH", url, **more)


@pytest.fixture
def web(
    transactional_db: None, stemma_home: Any, unthrottled: None, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WebClient]:
    """Return a client of the application; it runs in threads of its own, so rows must be committed."""
    from project.asgi import application

    # Threads of the application must not keep connections that a flush or the end of the tests waits for.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    with open_client(application) as client:
        yield client


@contextmanager
def open_client(application: ASGIApp) -> Iterator[WebClient]:
    """Return a client of an application."""
    transport = httpx.ASGITransport(application, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000")
    with start_blocking_portal() as portal:
        yield WebClient(portal, client)
        portal.call(client.aclose)


def make_token(user: User, *scopes: str) -> str:
    """Return the text of a token, with all scopes unless some are named."""
    _, text = create_token(
        user=user, name="test", scopes=scopes or ApiToken.SCOPES, lifetime=dt.timedelta(days=1)
    )
    return text


def as_token(text: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Token {text}"}
