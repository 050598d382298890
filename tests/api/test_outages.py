"""What is answered while there is too much to do, or while the database is away: to pages, programs and byte routes."""

import threading
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from django.db import connection

from api import before_django, operators
from api.byte_service import visitors
from api.turns import Turns, get_turns
from project.postgresql import base
from project.postgresql.base import Entrance
from tests.api.conftest import WebClient, as_token, make_token
from tests.factories import make_user
from tests.patience import wait_until, within

NUMBER = "7q2m-x4dn"
ADDRESSES = (
    ("/", "text/html"),
    ("/admin/", "text/html"),
    ("/accounts/login/", "text/html"),
    ("/no/such/page", "text/html"),
    (f"/datasets/{NUMBER}.jsonld", "text/html"),
    (f"/deposits/{NUMBER}/progress", "text/html"),
    ("/api/v1/search/", "application/problem+json"),
    ("/api/v1/no/such/address/", "application/problem+json"),
    (f"/api/v1/datasets/{NUMBER}/files/a.bin", "application/problem+json"),
)


@pytest.fixture
def crowded(web: WebClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[WebClient]:
    """Return a client of a process whose only thread for each kind of work is taken for good."""
    gate = threading.Event()
    lines = {kind: Turns(1, patience_s=0.05, name=kind) for kind in ("pages", "bytes", "completions")}
    for module in (before_django, visitors, operators):
        monkeypatch.setattr(module, "get_turns", lambda kind: lines.get(kind) or get_turns(kind))
    for line in lines.values():
        web._portal.start_task_soon(line.run, gate.wait)
    yield web
    gate.set()


def require_advice(answer: Any, media_type: str, code: str) -> None:
    assert answer.status_code == 503, answer.text[:500]
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"].startswith(media_type)
    assert answer.headers["Cache-Control"] == "private, no-store"
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
    assert parts["database"] == {"ok": True}


def test_an_operator_learns_the_reasons_while_all_threads_are_busy(crowded: WebClient) -> None:
    admin = as_token(make_token(make_user(role="admin")))
    assert "detail" in crowded.get("/readyz", headers=admin).json()["parts"]["database"]


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
    assert answer.json()["parts"]["database"] == {"ok": False}


def test_without_the_database_nobody_is_an_administrator_and_networks_are_known(
    without_database: WebClient, settings: Any
) -> None:
    admin = {"Authorization": "Token " + "a" * 64}
    for headers in (admin, {"Cookie": "sessionid=" + "b" * 32}):
        answer = without_database.get("/readyz", headers=headers)
        assert answer.status_code == 503
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.json()["parts"]["database"] == {"ok": False}
        assert answer.json()["database"] == "unavailable"
        require_advice(without_database.get("/metrics", headers=headers), "text/html", "database_away")
    assert without_database.get("/metrics").status_code == 401  # a stranger needs no database
    settings.OPERATOR_NETWORKS = (ip_network("127.0.0.1"),)
    told = without_database.get("/readyz").json()
    assert told["database"] == told["parts"]["database"]["detail"] != "unavailable"


def test_who_asks_is_given_up_on_in_time(web: WebClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database that says nothing at all: the one thread of the question hangs, the answer does not."""
    gate = threading.Event()
    monkeypatch.setattr(operators, "DEADLINE_S", 0.1)
    monkeypatch.setattr(operators, "is_administrator", lambda _credential: gate.wait())
    try:
        with within(25):  # the probes are given up on after 2 s, who asks after a tenth of one
            for _ in range(3):
                answer = web.get("/readyz", headers={"Authorization": "Token " + "a" * 64})
                assert answer.json()["parts"]["database"] == {"ok": True}
    finally:
        gate.set()


def test_an_error_page_leaves_no_connection_behind(web: WebClient) -> None:
    """The page of a wrong address asks who is signed in: in the thread of the request, which gives its place back."""
    token = as_token(make_token(make_user()))
    before = _count_connections()
    for number in range(12):
        assert (
            web.get(f"/no/such/page/{number}", headers={"Cookie": "sessionid=" + "b" * 32}).status_code == 404
        )
        assert web.get(f"/api/v1/deposits/{number}/", headers=token).status_code == 404
    # A server process takes a moment to end.
    wait_until(lambda: _count_connections() <= before, "connections stay")


def _count_connections() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()")
        row = cursor.fetchone()
    return int(row[0])


def test_the_lines_have_as_many_threads_as_the_settings_say(settings: Any) -> None:
    assert get_turns("bytes") is get_turns("bytes")
    assert set(settings.REQUEST_THREADS) == {"pages", "bytes", "completions", "operators"}
