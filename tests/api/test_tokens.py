"""Tokens over the API: made, listed, used and revoked in a browser's session, each by its own account alone."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from repository.models import AuditEvent, User
from tests.api.conftest import as_token
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home", "unthrottled")]
TOKENS = "/api/v1/tokens/"


def sign_in(user: User) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def make(browser: Client, **words: Any) -> dict[str, Any]:
    answer = browser.post(TOKENS, words, content_type="application/json")
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def status_of(token: str, method: str = "get", address: str = "/api/v1/account/") -> int:
    answer = getattr(Client(), method)(address, headers=as_token(token), content_type="application/json")
    return int(answer.status_code)


def list_keys(browser: Client) -> list[str]:
    return [token["key"] for token in browser.get(TOKENS).json()["results"]]


def test_a_token_serves_until_it_is_revoked() -> None:
    owner = make_user()
    browser = sign_in(owner)
    made, kept = make(browser, name="microscope"), make(browser)
    assert sorted(list_keys(browser)) == sorted([made["key"], kept["key"]])
    assert made["token"] not in browser.get(TOKENS).content.decode(), "its text is shown once"
    assert status_of(made["token"]) == 200
    assert browser.delete(f"{TOKENS}{made['key']}/").status_code == 204
    assert list_keys(browser) == [kept["key"]]
    assert (status_of(made["token"]), status_of(kept["token"])) == (401, 200)
    assert browser.delete(f"{TOKENS}{made['key']}/").status_code == 404
    told = AuditEvent.objects.get(action="token.revoke")
    assert (told.actor, told.detail) == (owner, {"token_key": made["key"]})


def test_a_token_has_the_name_the_scopes_and_the_days_that_were_asked_for() -> None:
    browser = sign_in(make_user())
    make(browser)
    wide = make(browser, name="microscope", scopes=["read", "deposit"], days=3)
    shown = {token["key"]: token for token in browser.get(TOKENS).json()["results"]}
    assert len(shown) == 2
    assert (shown[wide["key"]]["name"], sorted(shown[wide["key"]]["scopes"])) == (
        "microscope",
        ["deposit", "read"],
    )
    (narrow,) = [token for key, token in shown.items() if key != wide["key"]]
    assert narrow["scopes"] == ["read"], "no more than was asked for"
    for token, days in ((shown[wide["key"]], 3), (narrow, 30)):
        left = dt.datetime.fromisoformat(token["expiry"]) - timezone.now()
        assert dt.timedelta(days=days - 1) < left <= dt.timedelta(days=days)
    assert status_of(wide["token"], "post", "/api/v1/deposits/") != 403


@pytest.mark.parametrize(
    "words", [{"days": 0}, {"days": 367}, {"scopes": []}, {"scopes": ["all"]}, {"name": "x" * 101}]
)
def test_what_no_token_can_be_makes_none(words: dict[str, Any]) -> None:
    browser = sign_in(make_user())
    assert browser.post(TOKENS, words, content_type="application/json").status_code in {400, 422}
    assert list_keys(browser) == []


def test_nobody_sees_or_ends_the_token_of_another() -> None:
    made = make(sign_in(make_user()))
    other = sign_in(make_user())
    assert list_keys(other) == []
    assert other.delete(f"{TOKENS}{made['key']}/").status_code == 404
    assert status_of(made["token"]) == 200


def test_a_token_makes_and_ends_no_token() -> None:
    made = make(sign_in(make_user()), scopes=["read", "deposit"])
    for method, address in (("get", TOKENS), ("post", TOKENS), ("delete", f"{TOKENS}{made['key']}/")):
        assert status_of(made["token"], method, address) == 401
    assert status_of(made["token"]) == 200
