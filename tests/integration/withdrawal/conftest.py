"""The whole web process in this process, on the test database."""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from django.db import connection

from repository.models import ApiToken, DatasetVersion, User
from repository.services.accounts import create_token

Headers = Callable[[User], dict[str, str]]


class Web:
    """Asks the web process as a program does; every request in an event loop of its own."""

    def __init__(self, application: Any) -> None:
        self._application = application

    def get(self, address: str, **options: Any) -> httpx.Response:
        return self._ask("GET", address, options)

    def head(self, address: str, **options: Any) -> httpx.Response:
        return self._ask("HEAD", address, options)

    def post(self, address: str, **options: Any) -> httpx.Response:
        return self._ask("POST", address, options)

    def _ask(self, method: str, address: str, options: dict[str, Any]) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(self._application)
            async with httpx.AsyncClient(
                transport=transport, base_url="http://127.0.0.1", follow_redirects=True
            ) as client:
                return await client.request(method, address, **options)

        return asyncio.run(ask())


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Web:
    from project.asgi import application

    # Byte routes ask the database in threads: no thread may keep a connection for the next test.
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    return Web(application)


@pytest.fixture
def as_user() -> Headers:
    """Return the headers with which an account's program asks."""

    def headers(user: User, scopes: tuple[str, ...] = ApiToken.SCOPES) -> dict[str, str]:
        _, text = create_token(user=user, name="test", scopes=scopes, lifetime=dt.timedelta(days=1))
        return {"Authorization": f"Token {text}"}

    return headers


def list_byte_addresses(version: DatasetVersion) -> list[str]:
    """Return an address of every kind at which bytes of a version are given out."""
    measurement: Any = version.measurements.get().measurement
    dataset = f"/api/v1/datasets/{version.dataset_id}"
    signal = f"/api/v1/measurements/{measurement.pk}/signals/data"
    product = f"/api/v1/measurements/{measurement.pk}/reductions/data.mean_diffraction_pattern"
    return [
        f"{dataset}/files/scan.raw",
        f"{dataset}/versions/{version.number}/files/scan.raw",
        f"{dataset}/zip",
        f"{dataset}/versions/{version.number}/zip",
        f"{signal}/zarr/zarr.json",
        f"{signal}/zarr/c/0/0/0/0",
        f"{signal}/companion/zarr.json",
        f"{product}/data",
        f"{product}/preview.png",
    ]
