"""A neighbour that is frozen: nothing hangs, everybody is told, and everything goes on when it is thawed."""

import uuid

import httpx
import pytest

from tests.integration.bytes.raw_tus import RawTus, sha256_of
from tests.integration.outages.conftest import Town
from tests.integration.waiting import wait_for_deposit
from tests.patience import patient, within

READINESS_S = 6.0  # it gives up on its parts after two
CONTENT = b"bytes of a scan" * 5000


def require_503(answer: httpx.Response, media_type: str) -> None:
    assert answer.status_code == 503, f"{answer.request.url}: {answer.text[:300]}"
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.headers["Content-Type"].startswith(media_type), answer.headers["Content-Type"]
    assert answer.headers["Cache-Control"] == "private, no-store"


def require_readiness(town: Town, missing: set[str]) -> None:
    """Readiness answers in time, names exactly what is away, and tells why as long as it can know who asks."""
    for _ in range(3):
        with within(READINESS_S):
            body = town.ask_readiness()
        assert {name for name, part in body["parts"].items() if not part["ok"]} == missing, body
        assert any("detail" in part for part in body["parts"].values()) is ("database" not in missing), body


def wait_until_well(town: Town) -> None:
    town.stack.wait_until(lambda: town.ask_readiness()["status"] == "ok", seconds=60, what="thawed")


def test_a_frozen_database_ends_no_request_in_a_fault_and_none_hangs(town: Town, tus: RawTus) -> None:
    deposit = town.http.post("/api/v1/deposits/", json={"title": "Cut"}, headers=town.token).json()["id"]
    upload = tus.start(len(CONTENT), deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    assert tus.patch(upload, 0, CONTENT[:1000]).status_code == 204
    session = {"Cookie": f"sessionid={uuid.uuid4().hex}"}  # the middleware looks it up before any view

    with town.frozen("database"):
        require_readiness(town, {"database", "worker"})
        for path in ("/", f"/datasets/{town.dataset}", "/admin/login/", "/no/such/page"):
            require_503(town.http.get(path, headers=session), "text/html")
        form = {"login": "a", "password": "b", "csrfmiddlewaretoken": "c" * 32}
        signing_in = town.http.post(
            "/accounts/login/", data=form, headers={"Cookie": f"csrftoken={'c' * 32}"}
        )
        require_503(signing_in, "text/html")
        page = town.http.get("/", headers=session).text
        assert "Try again in a few seconds" in page
        for path in ("/api/v1/search/", "/api/v1/deposits/"):
            require_503(town.http.get(path, headers=town.token), "application/problem+json")
        written = town.http.post("/api/v1/deposits/", json={"title": "Lost?"}, headers=town.token)
        require_503(written, "application/problem+json")
        assert written.json()["code"] == "database_away"
        fresh = f"{town.file}/"  # not the address whose decision is remembered
        require_503(town.http.get(fresh, headers=session), "application/problem+json")
        assert town.http.get("/healthz").status_code == 200

    wait_until_well(town)
    assert town.http.get("/").status_code == 200
    assert tus.offset(upload) == 1000
    assert tus.patch(upload, 1000, CONTENT[1000:]).status_code == 204
    stored = town.http.get(f"/api/v1/deposits/{deposit}/", headers=town.token).json()["files"]
    assert [(file["path"], file["sha256"]) for file in stored] == [("a.bin", sha256_of(CONTENT))]


def test_connections_that_are_frozen_alone_are_left_for_new_ones(town: Town) -> None:
    """Each request asks the connection that its thread has kept; one that says nothing is not waited for."""
    for _ in range(8):
        assert town.http.get("/api/v1/search/", headers=town.token).status_code == 200
    with town.frozen_backends():
        for path in ("/", "/api/v1/search/", "/api/v1/deposits/"):
            answer = town.http.get(path, headers=town.token)
            assert answer.status_code in {200, 503}, path
    wait_until_well(town)
    assert town.http.get("/").status_code == 200


def test_a_frozen_broker_stops_nobody_and_the_job_is_done_later(town: Town, tus: RawTus) -> None:
    with town.frozen("broker"):
        require_readiness(town, {"broker"})
        status = town.stack.run("status")
        assert status.returncode == 1
        assert "frozen" in status.stdout
        assert "not ready: broker" in status.stdout
        deposit = town.http.post("/api/v1/deposits/", json={"title": "Later"}, headers=town.token)
        assert deposit.status_code == 201
        number = deposit.json()["id"]
        upload = tus.start(len(CONTENT), deposit=number, path="a.bin")
        assert tus.patch(upload, 0, CONTENT).status_code == 204
        submitted = town.http.post(f"/api/v1/deposits/{number}/submit/", headers=town.token)
        assert submitted.is_success, submitted.text
        for path in ("/", "/search", "/accounts/login/", "/api/v1/search/", town.file):
            answer = town.http.get(path)
            assert answer.status_code == 200
    wait_until_well(town)
    with httpx.Client(base_url=town.stack.url, headers=town.token, timeout=patient(60)) as http:
        assert wait_for_deposit(http, number)["findings"], "it was read, and is not known"


def test_several_frozen_at_once_are_all_named(town: Town) -> None:
    with town.frozen("database", "broker"):
        require_readiness(town, {"database", "worker", "broker"})
        require_503(town.http.get("/"), "text/html")
    wait_until_well(town)


@pytest.mark.parametrize("part", ["database", "broker"])
def test_a_part_that_was_frozen_for_a_while_leaves_no_crowd_behind(town: Town, part: str) -> None:
    """Whoever asked meanwhile has gone: the thawed server has places for those who ask now."""
    with town.frozen(part):
        for _ in range(3):
            town.ask_readiness()
            town.http.get("/api/v1/search/")
    wait_until_well(town)
    for path in ("/", "/api/v1/deposits/", town.array):
        assert town.http.get(path, headers=town.token).status_code == 200
