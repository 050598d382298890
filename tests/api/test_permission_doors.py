"""The doors beside API and pages: health, administration, accounts, and forms that pages send."""

from collections.abc import Iterable, Iterator
from typing import Any, cast

import pytest
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

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


@pytest.mark.parametrize("address", ["/healthz", "/metrics"])
def test_health_tells_everybody_the_same(web: WebClient, address: str) -> None:
    people = gather_people()
    answers = [ask(web, people, role, address) for role in ROLES]
    assert {answer.status_code for answer in answers} == {200}
    # Whose value a number has is not the question: free bytes change between two asks.
    assert (
        len({tuple(line.rpartition(" ")[0] for line in answer.text.splitlines()) for answer in answers}) == 1
    )


def test_readiness_names_parts_and_nobody(web: WebClient) -> None:
    people = gather_people()
    for role in ROLES:
        answer = ask(web, people, role, "/readyz")
        assert answer.status_code in {200, 503}
        assert set(answer.json()["parts"]) == {"database", "broker", "worker", "objects", "sandbox", "disk"}
        assert settings.DATABASES["default"]["PASSWORD"] not in answer.text


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
