"""The doors beside API and pages: health, administration, accounts, and forms that pages send."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any, cast

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from api.probing import Prober
from repository.selectors.health import PartHealth
from tests.api.conftest import WebClient
from tests.api.worlds import People, gather_people

ROLES = ("stranger", "other", "owner", "co-owner", "curator", "admin")
DOORS = {"metrics", "api/v1/", "admin/", "accounts/", ""}
"""API and pages have a table of their own, address by address; /healthz and /readyz stand beside Django."""

OPEN_IN_ADMIN = {"/admin/login/", "/admin/logout/"}
OWN_ACCOUNT = ("email/", "password/change/", "password/set/", "3rdparty/", "reauthenticate/")


def list_plain_routes(patterns: Iterable[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    """Yield the addresses below a door that take no parameter."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from list_plain_routes(pattern.url_patterns, route)
        elif not set("<(^") & set(route):
            yield route


def list_below(door: str) -> list[str]:
    found = [each for each in get_resolver().url_patterns if str(each.pattern) == door]
    resolver = cast("URLResolver", found[0])
    return sorted(set(list_plain_routes(resolver.url_patterns, f"/{door}")))


def ask(web: WebClient, people: People, role: str, address: str, method: str = "GET", **more: Any) -> Any:
    web.cookies.clear()
    if role in people.sessions:
        web.cookies.set(settings.SESSION_COOKIE_NAME, people.sessions[role])
    return web.request(method, address, **more)


def is_sent_to_sign_in(answer: Any) -> bool:
    return answer.status_code == 302 and "/login/" in answer.headers["location"]


def test_every_door_is_known() -> None:
    assert {str(each.pattern) for each in get_resolver().url_patterns} == DOORS


def test_life_tells_everybody_the_same(web: WebClient) -> None:
    people = gather_people()
    told = {(answer.status_code, answer.text) for answer in (ask(web, people, r, "/healthz") for r in ROLES)}
    assert [status for status, _ in told] == [200]


PARTS = {"database", "broker", "worker", "objects", "sandbox", "disk"}


def test_readiness_names_parts_to_everybody_and_reasons_to_operators(web: WebClient) -> None:
    people = gather_people()
    for role in ROLES:
        answer = ask(web, people, role, "/readyz")
        body = answer.json()
        assert answer.status_code in {200, 503}
        assert set(body["parts"]) == PARTS
        assert settings.DATABASES["default"]["PASSWORD"] not in answer.text
        if role != "admin":
            assert {body[name] for name in PARTS} <= {"ok", "unavailable"}
            assert {tuple(part) for part in body["parts"].values()} == {("ok",)}, role
        has_details = {"detail" in part for part in body["parts"].values()}
        assert has_details == {role == "admin"}, role
        assert {"free", "reserve"} <= set(body["parts"]["disk"]) or role != "admin"


def test_counts_are_for_operators(web: WebClient) -> None:
    people = gather_people()
    for role in ROLES:
        answer = ask(web, people, role, "/metrics")
        assert answer.status_code == (200 if role == "admin" else 401), role
        assert ("stemma_jobs" in answer.text) is (role == "admin")
    for role, status in {"admin": 200, "curator": 401, "owner": 401, "expired": 401}.items():
        assert web.get("/metrics", headers=people.headers[role]).status_code == status, role


@pytest.fixture
def operator_networks(settings: Any) -> None:
    settings.OPERATOR_NETWORKS = (ip_network("127.0.0.0/8"), ip_network("2001:db8::/32"))


@pytest.mark.usefixtures("operator_networks")
@pytest.mark.parametrize(
    ("peer", "headers", "is_told"),
    [
        ("127.0.0.1", {}, True),
        ("::ffff:127.0.0.1", {}, True),
        ("2001:db8::7", {}, True),
        ("192.0.2.1", {}, False),
        ("", {}, False),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.1"}, False),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1"}, False),
        ("127.0.0.1", {"X-Real-IP": "127.0.0.1"}, False),
        ("127.0.0.1", {"Forwarded": "for=127.0.0.1"}, False),
        ("127.0.0.1", {"Via": "1.1 proxy"}, False),
        ("192.0.2.1", {"X-Forwarded-For": "127.0.0.1"}, False),
    ],
)
@pytest.mark.django_db
def test_a_network_counts_for_the_connection_itself(
    client: Any, peer: str, headers: dict[str, str], is_told: bool
) -> None:
    answer = client.get("/metrics", REMOTE_ADDR=peer, headers=headers)
    assert (answer.status_code == 200) is is_told


@pytest.mark.django_db
def test_no_network_is_the_operators_unless_it_is_named(client: Any) -> None:
    assert settings.OPERATOR_NETWORKS == ()
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 401


def test_a_part_that_is_away_shows_its_host_to_operators_alone(
    web: WebClient, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = PartHealth(
        "broker", is_ok=False, detail="Error 111 connecting to 10.9.8.7:6379.", numbers={"n": 3}
    )
    monkeypatch.setattr("api.health._prober", Prober({"broker": lambda: away}))
    people = gather_people()
    for role in ("stranger", "owner", "curator", "reader", "expired"):
        told = web.get("/readyz", headers=people.headers[role])
        assert told.status_code == 503
        assert told.json() == {
            "status": "unavailable",
            "parts": {"broker": {"ok": False}},
            "broker": "unavailable",
        }
    told = web.get("/readyz", headers=people.headers["admin"])
    assert told.json()["parts"]["broker"] == {"ok": False, "detail": away.detail, "n": 3}
    assert told.json()["broker"] == away.detail
    settings.OPERATOR_NETWORKS = (ip_network("127.0.0.1"),)  # where the test's own client is
    assert web.get("/readyz").json()["broker"] == away.detail
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via"):
        assert web.get("/readyz", headers={name: "127.0.0.1"}).json()["broker"] == "unavailable"


def test_every_door_is_private(web: WebClient) -> None:
    """Also the redirects to sign in, the forms, and what is not there."""
    people = gather_people()
    addresses = [*list_below("admin/"), *list_below("accounts/"), "/healthz", "/readyz", "/metrics", "/none"]
    addresses += [
        "/api/v1/none",
        "/deposits/",
        "/tokens",
        "/static/none.js",
        "/api/v1/uploads/none",
        "/static",
    ]
    wrong = {
        (address, role): answer.headers.get("cache-control")
        for address in addresses
        for role in ("stranger", "owner", "admin")
        if (answer := ask(web, people, role, address)).headers.get("cache-control") != "private, no-store"
        and not answer.headers.get("location", "").startswith("/static/")
    }
    assert wrong == {}


def test_administration_is_for_administrators(web: WebClient) -> None:
    people = gather_people()
    addresses = [address for address in list_below("admin/") if address not in OPEN_IN_ADMIN]
    assert len(addresses) > 20
    wrong = [
        (address, role, answer.status_code)
        for address in addresses
        for role in ROLES[:-1]
        if not is_sent_to_sign_in(answer := ask(web, people, role, address)) and answer.status_code != 404
    ]
    assert wrong == []
    one = f"/admin/repository/user/{people.users['owner'].pk}/change/"
    for address in ("/admin/", "/admin/repository/deposit/", one, "/admin/repository/user/add/"):
        assert ask(web, people, "admin", address).status_code == 200, address


def test_pages_of_an_account_are_its_own(web: WebClient) -> None:
    people = gather_people()
    for route in OWN_ACCOUNT:
        address = f"/accounts/{route}"
        assert address in list_below("accounts/")
        assert is_sent_to_sign_in(ask(web, people, "stranger", address)), address


@pytest.mark.parametrize(
    "address", ["/deposits/new", "/tokens", "/accounts/login/", "/accounts/password/change/"]
)
def test_no_form_is_taken_from_a_foreign_page(web: WebClient, address: str) -> None:
    """A form without the page's own token is refused, whoever's session sends it."""
    people = gather_people()
    body = {"data": {"title": "Foreign", "name": "foreign", "scopes": "publish", "days": "30"}}
    for role in ROLES:
        answer = ask(web, people, role, address, "POST", **body, headers={"Origin": "https://foreign.test"})
        refused = answer.status_code == 403 or (role == "stranger" and is_sent_to_sign_in(answer))
        assert refused, (address, role, answer.status_code)
