"""What is answered while there is too much to do, or while the database is away: to pages, programs and byte routes."""

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from api import one_thread
from api.byte_service import visitors
from api.turns import Turns, get_turns
from repository.project.postgresql import base
from repository.project.postgresql.entrance import Entrance
from tests.api.conftest import WebClient, as_token, make_token
from tests.factories import make_user

ADDRESSES = (
    ("/", "text/html"),
    ("/admin/", "text/html"),
    ("/accounts/login/", "text/html"),
    ("/no/such/page", "text/html"),
    ("/api/v1/search/", "application/problem+json"),
    ("/api/v1/no/such/address/", "application/problem+json"),
    ("/api/v1/datasets/7q2m-x4dn/files/a.bin", "application/problem+json"),
)


@pytest.fixture
def crowded(web: WebClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebClient]:
    """Return a client of a process whose only thread for each kind of work is taken for good."""
    gate = threading.Event()
    lines = {kind: Turns(1, patience_s=0.05, name=kind) for kind in ("pages", "bytes", "completions")}
    for module in (one_thread, visitors):
        monkeypatch.setattr(module, "get_turns", lines.__getitem__)
    for line in lines.values():
        web._portal.start_task_soon(line.run, gate.wait)
    yield web
    gate.set()


def require_advice(answer: Any, media_type: str, code: str) -> None:
    assert answer.status_code == 503, answer.text[:500]
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"].startswith(media_type)
    assert answer.headers.get("Cache-Control", "no-store") == "no-store"
    if media_type == "text/html":
        assert "Back in a moment" in answer.text
        assert "Try again in a few seconds" in answer.text
    else:
        assert answer.json()["code"] == code
        assert answer.json()["hint"]


@pytest.mark.parametrize(("address", "media_type"), ADDRESSES)
def test_whoever_waits_in_vain_is_told_to_come_back(
    crowded: WebClient, address: str, media_type: str
) -> None:
    require_advice(crowded.get(address), media_type, "busy")


def test_health_needs_no_turn(crowded: WebClient) -> None:
    assert crowded.get("/healthz").json() == {"status": "ok"}
    parts = crowded.get("/readyz/").json()["parts"]
    assert parts["database"]["ok"]


@pytest.fixture
def without_database(web: WebClient) -> Iterator[WebClient]:
    """Yield a client of a process that finds nobody at the database's address."""
    with pytest.MonkeyPatch.context() as patch:  # undone before the rows of the test are removed
        patch.setitem(connection.settings_dict, "PORT", 9)
        patch.setattr(base, "_entrance", Entrance(patience_s=0.1))  # the process's own would remember it
        yield web


@pytest.mark.parametrize(
    ("address", "media_type"), [each for each in ADDRESSES if "/no/such/" not in each[0]]
)
def test_while_the_database_is_away_nobody_meets_a_fault(
    without_database: WebClient, address: str, media_type: str
) -> None:
    without_database.cookies.set("sessionid", "a" * 32)  # the middleware looks it up before any view
    require_advice(without_database.get(address), media_type, "database_away")
    without_database.cookies.clear()


def test_readiness_names_the_database_that_is_away(without_database: WebClient) -> None:
    answer = without_database.get("/readyz")
    assert answer.status_code == 503
    assert not answer.json()["parts"]["database"]["ok"]


def test_an_error_page_leaves_no_connection_behind(web: WebClient) -> None:
    """The page of a wrong address asks who is signed in: in the thread of the request, which gives its place back."""
    token = as_token(make_token(make_user()))
    before = _count_connections()
    for number in range(12):
        assert (
            web.get(f"/no/such/page/{number}", headers={"Cookie": "sessionid=" + "b" * 32}).status_code == 404
        )
        assert web.get(f"/api/v1/deposits/{number}/", headers=token).status_code == 404
    deadline = time.monotonic() + 30
    while _count_connections() > before:  # a server process takes a moment to end
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _count_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        row = cursor.fetchone()
    return int(row[0])


def test_the_lines_have_as_many_threads_as_the_settings_say(settings: Any) -> None:
    assert get_turns("bytes") is get_turns("bytes")
    assert set(settings.REQUEST_THREADS) == {"pages", "bytes", "completions"}
