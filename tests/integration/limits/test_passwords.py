"""Wrong passwords slow strangers, and never the owner of the account."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.hashers import BasePasswordHasher
from django.core import signing
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from frontend.accounts.devices import COOKIE
from repository.limits import (
    PASSWORDS_OF_ACCOUNT,
    PASSWORDS_OF_DEVICE,
    PASSWORDS_OF_NAME,
    PASSWORDS_OF_PAIR,
)
from repository.models import Message
from repository.models.account_addresses import confirm_address
from tests.factories import make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]

LOGIN = "/accounts/login/"
PASSWORD = "password"


class Browser(Client):
    """A browser of somebody, at an address."""

    def __init__(self, address: str) -> None:
        super().__init__(REMOTE_ADDR=address)

    def sign_in(self, login: str, password: str = PASSWORD) -> int:
        answer = self.post(LOGIN, {"login": login, "password": password})
        if answer.status_code == 429:
            assert int(answer["Retry-After"]) >= 1
            page = answer.content.decode()
            assert "Too many attempts" in page
            assert 'class="site-header"' in page, "it looks like any page"
            assert '<link rel="icon" href="data:,">' not in page
        return int(answer.status_code)


def guess(login: str, address: str = "203.0.113.1", times: int = 1) -> list[int]:
    stranger = Browser(address)
    return [stranger.sign_in(login, f"guess {n}") for n in range(times)]


@pytest.fixture(autouse=True)
def curie() -> Any:
    return make_user("curie", email="curie@example.org")


def test_the_sixth_guess_of_a_stranger_waits() -> None:
    assert guess("curie", times=6) == [200] * PASSWORDS_OF_PAIR.attempts + [429]
    assert Browser("203.0.113.1").sign_in("curie") == 429, "the right password is refused like a wrong one"


def test_a_stranger_at_another_address_does_not_keep_the_owner_out() -> None:
    guess("curie", times=20)
    assert Browser("192.0.2.1").sign_in("curie") == 302


def test_a_stranger_at_the_same_address_does_not_keep_a_known_device_out() -> None:
    own = Browser("203.0.113.1")
    assert own.sign_in("curie") == 302
    own.post("/accounts/logout/")
    guess("curie", times=20)
    assert own.sign_in("curie", "mistyped") == 200
    assert own.sign_in("curie") == 302
    assert own.sign_in("curie@example.org") == 302, "by whichever name"


def test_guesses_from_many_addresses_are_slowed_for_unknown_devices_only() -> None:
    own = Browser("192.0.2.1")
    own.sign_in("curie")
    own.post("/accounts/logout/")
    answers = [guess("curie", f"198.51.100.{n}")[0] for n in range(PASSWORDS_OF_NAME.attempts + 5)]
    assert answers == [200] * PASSWORDS_OF_NAME.attempts + [429] * 5
    assert Browser("192.0.2.99").sign_in("curie") == 429
    assert own.sign_in("curie") == 302


def test_a_mail_lets_the_owner_in_while_strangers_guess() -> None:
    for n in range(PASSWORDS_OF_NAME.attempts + 5):
        guess("curie", f"198.51.100.{n}")
    owner = Browser("192.0.2.77")
    assert owner.sign_in("curie") == 429
    user = get_user_model().objects.get(username="curie")
    assert owner.post(follow_reset(owner, user), NEW).status_code == 302
    assert owner.sign_in("curie", NEW["password1"]) == 302, "the device is known from now on"
    assert Browser("192.0.2.78").sign_in("curie", NEW["password1"]) == 429


NEW = {"password1": "a new long one 42", "password2": "a new long one 42"}


def follow_reset(browser: Client, user: Any) -> str:
    """Return the address of the form behind the link that a reset mail carries."""
    from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
    from allauth.account.utils import user_pk_to_url_str

    key = f"{user_pk_to_url_str(user)}-{PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)}"
    return str(browser.get(f"/accounts/password/reset/key/{key}/")["Location"])


def test_a_sign_in_ends_the_link_for_a_new_password_and_its_page_says_so(curie: Any) -> None:
    from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
    from allauth.account.utils import user_pk_to_url_str

    key = f"{user_pk_to_url_str(curie)}-{PASSWORD_RESET_TOKEN_GENERATOR().make_token(curie)}"
    owner = Browser("192.0.2.1")
    assert owner.sign_in("curie") == 302
    page = Browser("192.0.2.2").get(f"/accounts/password/reset/key/{key}/").content.decode()
    assert "signed in to the account" in " ".join(page.split())
    assert 'href="/accounts/password/reset/"' in page


def test_a_device_is_known_to_the_accounts_that_signed_in_there() -> None:
    make_user("stranger")
    device = Browser("203.0.113.1")
    assert device.sign_in("stranger") == 302
    device.post("/accounts/logout/")
    assert [device.sign_in("curie", "guess") for _ in range(6)] == [200] * 5 + [429]
    forged = Browser("203.0.113.9")
    forged.cookies[COOKIE] = device.cookies[COOKIE].value.replace(":", "x:", 1)
    assert [forged.sign_in("curie", "guess") for _ in range(6)] == [200] * 5 + [429]


def test_a_stolen_device_guesses_no_faster() -> None:
    own = Browser("192.0.2.1")
    own.sign_in("curie")
    own.post("/accounts/logout/")
    attempts = [own.sign_in("curie", "guess") for _ in range(PASSWORDS_OF_DEVICE.attempts + 1)]
    assert attempts == [200] * PASSWORDS_OF_DEVICE.attempts + [429]


def test_the_cookie_names_nobody_and_scripts_cannot_read_it() -> None:
    own = Browser("192.0.2.1")
    own.sign_in("curie")
    cookie = own.cookies[COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] > 300 * 24 * 3600
    assert "curie" not in str(cookie.value)


def test_right_passwords_do_not_count() -> None:
    for n in range(40):
        make_user(f"student{n}")
    assert {Browser("203.0.113.1").sign_in(f"student{n}") for n in range(40)} == {302}


def test_one_address_cannot_try_all_accounts() -> None:
    answers = [guess(f"name{n}")[0] for n in range(35)]
    assert answers == [200] * 30 + [429] * 5


def test_an_ipv6_network_is_one_address() -> None:
    answers = [guess("curie", f"2001:db8:0:1::{n}")[0] for n in range(1, 8)]
    assert answers == [200] * 5 + [429] * 2
    assert guess("curie", "2001:db8:0:2::1") == [200]


def test_the_administration_has_no_door_of_its_own() -> None:
    make_user("boss", role="admin")
    browser = Browser("192.0.2.1")
    answer = browser.post("/admin/login/", {"username": "boss", "password": "password"})
    assert answer.status_code == 302
    assert answer["Location"].startswith(LOGIN)
    assert "sessionid" not in browser.cookies
    page = browser.post(answer["Location"], {"login": "boss", "password": "password"}, follow=True)
    assert page.status_code == 200
    assert page.request["PATH_INFO"] == "/admin/"
    assert guess("boss", times=6)[-1] == 429


def test_a_depositor_learns_that_the_administration_is_not_for_him() -> None:
    browser = Browser("192.0.2.1")
    browser.sign_in("curie")
    assert browser.get("/admin/login/").status_code == 403


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch, settings: Any) -> list[str]:
    """Count what takes the time: the hashes that are computed."""
    from django.contrib.auth.hashers import MD5PasswordHasher

    computed: list[str] = []
    compute = MD5PasswordHasher.encode

    def encode(hasher: BasePasswordHasher, password: str, salt: str) -> str:
        computed.append(password)
        return str(compute(hasher, password, salt))

    monkeypatch.setattr(MD5PasswordHasher, "encode", encode)
    return computed


@pytest.mark.parametrize(
    ("known", "unknown"), [("curie", "nobody"), ("curie@example.org", "nobody@example.org")]
)
def test_known_and_unknown_names_answer_alike(known: str, unknown: str, hashes: list[str]) -> None:
    seen = []
    for number, login in enumerate((known, unknown)):
        stranger = Browser(f"203.0.113.{number}")
        hashes.clear()
        with CaptureQueriesContext(connection) as queries:
            answer = stranger.post(LOGIN, {"login": login, "password": "guess"})
        text = answer.content.decode().replace(login, "LOGIN")
        seen.append((answer.status_code, len(hashes), len(queries), len(text)))
        assert len(hashes) >= 1
    assert seen[0] == seen[1]
    assert guess(known, "203.0.113.9", 7) == guess(unknown, "203.0.113.9", 7)[:5] + [429] * 2


def test_nobody_keeps_an_owner_out_by_taking_the_mail_address_for_a_name() -> None:
    taker = make_user("curie@example.org", email="else@example.org")
    owner = Browser("192.0.2.1")
    assert owner.sign_in("curie@example.org") == 302
    assert owner.session[SESSION_KEY] != str(taker.pk)


def test_changing_the_password_asks_for_the_old_one_a_few_times_only() -> None:
    thief = Browser("203.0.113.1")
    thief.sign_in("curie")
    new = {"password1": "a new long one 42", "password2": "a new long one 42"}
    answers = [
        thief.post("/accounts/password/change/", {"oldpassword": f"guess {n}", **new}).status_code
        for n in range(12)
    ]
    assert answers == [200] * 10 + [429] * 2


def test_sign_ups_and_mails_of_an_address_are_limited() -> None:
    stranger = Browser("203.0.113.1")
    answers = [stranger.post("/accounts/signup/", {"username": ""}).status_code for _ in range(61)]
    assert 429 not in answers[:60]
    assert answers[60] == 429
    assert Browser("203.0.113.2").post("/accounts/signup/", {"username": ""}).status_code == answers[0]
    reset = "/accounts/password/reset/"
    for mail in ("curie@example.org", "nobody@example.org"):
        mails = [Browser(f"203.0.113.{n}").post(reset, {"email": mail}).status_code for n in range(100, 106)]
        assert mails == [302] * 5 + [429]


def test_spellings_of_an_address_have_one_count_of_mails() -> None:
    domains = ("ex\u00e4mple.org", "EX\u00c4MPLE.org", "xn--exmple-cua.org", "\uff45x\u00e4mple.org")
    mails = [f"vic@{domain}" for domain in (*domains, *domains)]
    asked = [
        Browser(f"203.0.113.{n}").post("/accounts/password/reset/", {"email": mail}).status_code
        for n, mail in enumerate(mails)
    ]
    assert asked == [302] * 5 + [429] * 3


def test_an_address_with_signs_nobody_sees_gets_no_mail() -> None:
    for number in range(1, 8):
        hidden = "curie@e" + "\u200d" * number + "xample.org"
        asked = Browser(f"203.0.113.{number}").post("/accounts/password/reset/", {"email": hidden})
        assert asked.status_code in {200, 422, 429}
    assert not Message.objects.exists()


def own_device(name: str) -> Browser:
    """Return the browser of somebody who signed in there and out again."""
    device = Browser("203.0.113.1")
    assert device.sign_in(name) == 302
    device.post("/accounts/logout/")
    return device


STRANGERS_GUESSES = [200] * PASSWORDS_OF_PAIR.attempts + [429]


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_a_name_that_is_somebody_elses_address_makes_no_known_device(is_confirmed: bool, curie: Any) -> None:
    if is_confirmed:
        confirm_address(curie, "curie@example.org")
    make_user("curie@example.org", email="else@example.org")  # from before names had no @
    device = Browser("203.0.113.1")
    assert device.sign_in("else@example.org") == 302
    device.post("/accounts/logout/")
    assert [device.sign_in("curie@example.org", f"guess {n}") for n in range(6)] == STRANGERS_GUESSES


def test_an_address_that_is_not_confirmed_makes_no_known_device() -> None:
    EmailAddress.objects.create(user=make_user("mallory"), email="curie@example.org")
    device = own_device("mallory")
    assert [device.sign_in("curie@example.org", f"guess {n}") for n in range(6)] == STRANGERS_GUESSES
    assert Browser("192.0.2.1").sign_in("curie@example.org") == 302


def test_an_address_that_is_not_confirmed_opens_nothing() -> None:
    EmailAddress.objects.create(user=make_user("mallory"), email="nobody@example.org")
    assert Browser("203.0.113.1").sign_in("nobody@example.org") == 200


def test_a_known_device_stays_known_under_a_new_name_and_address(curie: Any) -> None:
    device = own_device("curie")
    confirm_address(curie, "marie@example.org")
    guess("marie@example.org", times=20)
    assert device.sign_in("marie@example.org") == 302


NAMES = ["curie", "curie@example.org", "CURIE", "Curie@Example.org"]


def test_an_account_has_one_count_under_all_its_names_which_nobody_is_told() -> None:
    for n in range(PASSWORDS_OF_ACCOUNT.attempts):
        assert guess(NAMES[n % 4], f"198.51.100.{n}") == [200]
    stranger = Browser("192.0.2.50")
    for name in NAMES:
        assert stranger.sign_in(name) == 200, "the right password says no more than a wrong one"
    assert b"by mail" in stranger.post(LOGIN, {"login": "curie", "password": "guess"}).content


def test_a_count_that_has_room_lets_the_owner_in_by_either_name() -> None:
    for n in range(PASSWORDS_OF_ACCOUNT.attempts - 1):
        guess(NAMES[n % 4], f"198.51.100.{n}")
    for n, name in enumerate(NAMES):
        assert Browser(f"192.0.2.{n}").sign_in(name) == 302


def test_a_known_device_and_a_mail_open_what_is_guessed_at_under_all_its_names(curie: Any) -> None:
    device = own_device("curie")
    for n in range(PASSWORDS_OF_ACCOUNT.attempts * 2):
        guess(NAMES[n % 4], f"198.51.100.{n}")
    assert device.sign_in("curie") == 302
    owner = Browser("192.0.2.77")
    curie.refresh_from_db()
    assert owner.post(follow_reset(owner, curie), NEW).status_code == 302
    assert owner.sign_in("curie@example.org", NEW["password1"]) == 302


def test_a_right_password_that_is_refused_counts_like_a_wrong_one() -> None:
    for n in range(PASSWORDS_OF_ACCOUNT.attempts):
        guess(NAMES[n % 2], f"198.51.100.{n}")
    stranger = Browser("192.0.2.50")
    assert [stranger.sign_in("curie", PASSWORD) for _ in range(6)] == STRANGERS_GUESSES


def test_a_cookie_from_before_accounts_were_kept_is_no_device() -> None:
    old = Browser("203.0.113.1")
    old.cookies[COOKIE] = signing.dumps({"id": "x", "names": ["y"]}, salt="stemma.device")
    assert [old.sign_in("curie", f"guess {n}") for n in range(6)] == STRANGERS_GUESSES
    assert Browser("192.0.2.1").sign_in("curie") == 302


def test_a_confirmed_address_answers_like_an_unknown_one(hashes: list[str], curie: Any) -> None:
    confirm_address(curie, "curie@example.org")
    seen = []
    for number, login in enumerate(("curie@example.org", "nobody@example.org")):
        hashes.clear()
        with CaptureQueriesContext(connection) as queries:
            Browser(f"203.0.113.{number}").sign_in(login, "guess")
        seen.append((len(hashes), len(queries)))
    assert seen[0] == seen[1]
