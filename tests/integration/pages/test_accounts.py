"""Accounts begin, change and come back by mail, and nobody learns on the way who has one."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from allauth.account.adapter import get_adapter
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import resolve

from repository.errors import InvalidMetadataError
from repository.models import Message, User
from repository.models.account_addresses import confirm_address, find_account
from repository.services.accounts import ensure_account
from repository.services.messages import create_message
from repository.services.sign_up import make_sign_up_key
from tests.factories import make_user
from tests.mail import find_links

pytestmark = pytest.mark.django_db
ADDRESS, PASSWORD = "marie@example.org", "radium and polonium"
ASKING = ("/accounts/signup/", "/accounts/password/reset/")


@pytest.fixture(autouse=True)
def _settled(settled_at_once: None) -> None:
    pass


def make_confirmed(username: str = "marie", address: str = ADDRESS) -> User:
    user = make_user(username, email=address)
    confirm_address(user, address)
    return user


def make_key() -> str:
    return make_sign_up_key(create_message(purpose=Message.Purpose.SIGN_UP, recipient=ADDRESS))


def choose(client: Client, link: str, **changed: str) -> Any:
    fields = {"username": "marie", "full_name": "Marie Curie", "password": PASSWORD, "password2": PASSWORD}
    return client.post(link, {**fields, **changed})


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_an_account_begins_with_a_confirmed_address(client: Client, mailed: Callable[[], Any]) -> None:
    answer = client.post("/accounts/signup/", {"email": "Marie@Example.org"}, follow=True)
    assert "Look into your mailbox" in answer.content.decode()
    assert not User.objects.exists()
    letter = mailed()
    assert letter["To"] == ADDRESS
    (link,) = find_links(letter)
    page = client.get(link)
    assert ADDRESS in page.content.decode()
    assert page["Referrer-Policy"] == "strict-origin"
    answer = choose(client, link)
    assert (answer.status_code, answer["Location"]) == (302, "/deposits/")
    user = User.objects.get()
    assert (user.username, user.full_name, user.email) == ("marie", "Marie Curie", ADDRESS)
    assert is_signed_in(client)
    address = EmailAddress.objects.get(user=user)
    assert (address.email, address.verified, address.primary) == (ADDRESS, True, True)
    assert client.get("/api/v1/account/").json()["is_address_confirmed"] is True


def test_the_link_works_once_and_not_by_opening_it(client: Client, mailed: Callable[[], Any]) -> None:
    client.post("/accounts/signup/", {"email": ADDRESS})
    (link,) = find_links(mailed())
    for _ in range(3):
        assert Client().get(link).status_code == 200, "a program that looks into mails opens it too"
        assert Client().head(link).status_code == 200
    assert not User.objects.exists()
    assert choose(client, link).status_code == 302
    for visitor in (client, Client()):
        assert visitor.get(link).status_code == 404
        assert choose(visitor, link, username="second").status_code == 404
    assert User.objects.count() == 1
    confirm_address(User.objects.get(), "curie@example.org")
    assert Client().get(link).status_code == 404, "also when the account has another address by now"


def test_a_link_ends_by_itself_and_cannot_be_made_up(
    client: Client, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    key = make_key()
    later = time.time() + settings.LINK_LIFETIME.total_seconds() + 60
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    assert client.get(f"/accounts/signup/{key}/").status_code == 404
    monkeypatch.undo()
    message = str(Message.objects.get().pk)
    for forged in (key[:-1], signing.dumps(message), signing.dumps(message, salt="account"), "x"):
        assert client.get(f"/accounts/signup/{forged}/").status_code == 404


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"password2": "another thing"}, "differ"),
        ({"password": "password1234", "password2": "password1234"}, "too common"),
        ({"password": "short", "password2": "short"}, "too short"),
        ({"username": "a b"}, "cannot be used"),
        ({"username": ""}, "cannot be"),
        ({"username": "PIERRE"}, "cannot be had"),
    ],
)
def test_what_cannot_be_is_explained_and_the_link_stays(
    client: Client, changed: dict[str, str], said: str
) -> None:
    make_user("pierre")
    link = f"/accounts/signup/{make_key()}/"
    answer = choose(client, link, **changed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert PASSWORD not in answer.content.decode()
    assert choose(client, link).status_code == 302


def describe_answer(client: Client, address: str, fields: dict[str, str]) -> tuple[Any, ...]:
    """Return all that a stranger sees of a form, and what it asks of the database."""
    with CaptureQueriesContext(connection) as asked:
        answer = client.post(address, fields)
        shown = client.get(answer["Location"]) if answer.status_code == 302 else answer
    body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", shown.content.decode())
    for value in fields.values():
        body = body.replace(value, "…")
    kinds = [re.sub(r"'[^']*'|\d+", "?", query["sql"]) for query in asked.captured_queries]
    return answer.status_code, answer.get("Location"), body, kinds, sorted(answer.cookies)


@pytest.mark.parametrize("address", ASKING)
def test_known_and_unknown_addresses_get_the_same_answer_at_the_same_cost(address: str) -> None:
    make_confirmed()
    make_user("closed", email="closed@example.org", is_active=False)
    make_user("unconfirmed", email="unconfirmed@example.org")
    told = {
        name: describe_answer(Client(), address, {"email": f"{name}@example.org"})
        for name in ("marie", "closed", "unconfirmed", "nobody")
    }
    assert told["marie"][0] == 302
    for name in ("closed", "unconfirmed", "nobody"):
        assert told[name] == told["marie"], name


def test_a_known_address_is_told_by_mail_that_it_has_an_account(
    client: Client, mailed: Callable[[], Any]
) -> None:
    user = make_confirmed()
    client.post("/accounts/signup/", {"email": ADDRESS})
    letter = mailed()
    assert "have an account" in letter["Subject"]
    assert "    marie\n" in letter.get_content()
    assert User.objects.count() == 1
    reset = next(link for link in find_links(letter) if "/reset/key/" in link)
    page = client.get(reset, follow=True)
    client.post(page.request["PATH_INFO"], {"password1": "another long one", "password2": "another long one"})
    user.refresh_from_db()
    assert check_password("another long one", user.password)


def test_an_unknown_address_is_told_by_mail_that_it_has_none(
    client: Client, mailed: Callable[[], Any]
) -> None:
    client.post("/accounts/password/reset/", {"email": ADDRESS})
    letter = mailed()
    assert "No account" in letter["Subject"]
    assert find_links(letter) == ["/accounts/signup/"]


def test_a_closed_account_does_not_come_back_by_mail(client: Client, mailed: Callable[[], Any]) -> None:
    user = make_confirmed()
    User.objects.filter(pk=user.pk).update(is_active=False)
    for address in ASKING:
        client.post(address, {"email": ADDRESS})
        assert not [link for link in find_links(mailed()) if "/key/" in link or len(link) > 25]
    assert client.get(f"/accounts/signup/{make_key()}/").status_code == 404


def test_a_forgotten_password_is_replaced_once(client: Client, mailed: Callable[[], Any]) -> None:
    user = make_user("marie", email=ADDRESS)  # from before addresses were confirmed
    other = Client()
    other.force_login(user)
    client.post("/accounts/password/reset/", {"email": ADDRESS.upper()})
    (link,) = find_links(mailed())
    scanner = Client()
    assert scanner.get(link, follow=True).status_code == 200
    user.refresh_from_db()
    assert check_password("password", user.password), "opening the link changes nothing"
    page = client.get(link, follow=True)
    fields = {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post(page.request["PATH_INFO"], fields).status_code == 302
    user.refresh_from_db()
    assert check_password(PASSWORD, user.password)
    assert EmailAddress.objects.get(user=user).verified, "whoever got here reads the mail"
    assert other.get("/deposits/").status_code == 302, "other browsers are signed out"
    assert "no longer valid" in Client().get(link, follow=True).content.decode()
    assert "reset" in mailed().get_content(), "the owner is told"


def test_a_link_for_a_password_ends_by_itself(
    client: Client, mailed: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    make_confirmed()
    client.post("/accounts/password/reset/", {"email": ADDRESS})
    (link,) = find_links(mailed())
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "no longer valid" in client.get(link, follow=True).content.decode()


def test_another_address_counts_once_it_is_confirmed(client: Client, mailed: Callable[[], Any]) -> None:
    user = make_confirmed()
    client.force_login(user)
    client.post("/accounts/email/", {"email": "curie@example.org", "action_add": ""})
    letter = mailed()
    assert letter["To"] == "curie@example.org"
    page = client.get("/accounts/email/").content.decode()
    assert "curie@example.org" in page
    assert "not confirmed yet" in page
    assert find_account(ADDRESS) == user
    assert find_account("curie@example.org") is None
    (link,) = find_links(letter)
    Client().get(link)
    user.refresh_from_db()
    assert user.email == ADDRESS, "opening the link changes nothing"
    Client().post(link)
    user.refresh_from_db()
    assert user.email == "curie@example.org"
    assert (find_account("curie@example.org"), find_account(ADDRESS)) == (user, None)
    told = mailed()
    assert told["To"] == ADDRESS, "the former address is told"
    assert "curie@example.org" in told.get_content()
    assert "no longer valid" in Client().get(link).content.decode()


def test_the_link_is_sent_again(client: Client, mailed: Callable[[], Any]) -> None:
    client.force_login(make_user("marie", email=ADDRESS))
    assert "No address is confirmed" in client.get("/accounts/email/").content.decode()
    client.post("/accounts/email/", {"email": ADDRESS, "action_send": ""})
    (link,) = find_links(mailed())
    Client().post(link)
    assert "confirmed</span>" in client.get("/accounts/email/").content.decode()


def test_an_address_of_somebody_else_is_neither_refused_nor_taken(
    client: Client, mailed: Callable[[], Any]
) -> None:
    make_confirmed()
    thief = make_confirmed("thief", "thief@example.org")
    client.force_login(thief)
    for address in (ADDRESS, "nobody@example.org"):
        answer = client.post("/accounts/email/", {"email": address, "action_add": ""})
        assert (answer.status_code, answer["Location"]) == (302, "/accounts/email/")
    client.post("/accounts/email/", {"email": ADDRESS, "action_add": ""})
    assert find_account(ADDRESS) != thief
    client.logout()
    client.post("/accounts/password/reset/", {"email": ADDRESS})
    letter = mailed()
    assert "    marie\n" in letter.get_content()


def test_naming_an_address_keeps_its_owner_from_nothing(client: Client, mailed: Callable[[], Any]) -> None:
    """Somebody who is changing to an address that is not theirs has not got it."""
    thief = make_confirmed("thief", "thief@example.org")
    EmailAddress.objects.create(user=thief, email=ADDRESS)
    client.post("/accounts/signup/", {"email": ADDRESS})
    (link,) = find_links(mailed())
    assert choose(client, link).status_code == 302


def test_links_lead_to_the_public_address_whatever_host_is_named(
    client: Client, mailed: Callable[[], Any], settings: Any
) -> None:
    settings.PUBLIC_URL = "https://stemma.example.org"
    client.force_login(make_confirmed())
    named = {"headers": {"Host": "localhost"}}
    client.post("/accounts/email/", {"email": "curie@example.org", "action_add": ""}, **named)  # type: ignore[arg-type]
    assert "https://stemma.example.org/accounts/confirm-email/" in mailed().get_content()
    for address in ASKING:
        client.logout()
        client.post(address, {"email": ADDRESS}, **named)  # type: ignore[arg-type]
        text = mailed().get_content()
        assert "https://stemma.example.org/accounts/" in text
        assert "localhost" not in text


@pytest.fixture
def sending(settings: Any) -> None:
    from project.environment import MailServerEnvironment

    settings.MAIL_SERVER = MailServerEnvironment("mail.test", 25, "none", None, None)


@pytest.mark.parametrize("address", ["/accounts/confirm-email/", "/accounts/password/reset/done/"])
def test_pages_say_that_nothing_is_sent_without_the_folder(
    client: Client, address: str, stemma_home: Path
) -> None:
    page = client.get(address).content.decode()
    assert "does not send mail" in page
    assert str(stemma_home) not in page


@pytest.mark.usefixtures("sending")
@pytest.mark.parametrize("address", ["/accounts/confirm-email/", "/accounts/password/reset/done/"])
def test_pages_say_nothing_of_a_folder_where_mail_goes_out(client: Client, address: str) -> None:
    assert "does not send mail" not in client.get(address).content.decode()


def test_a_change_and_its_message_are_one(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    client.force_login(make_confirmed())

    def die(**_: Any) -> None:
        raise RuntimeError("The process ends here.")

    monkeypatch.setattr("repository.workflows.mail.enqueue_job", die)
    with pytest.raises(RuntimeError):
        client.post("/accounts/email/", {"email": "curie@example.org", "action_add": ""})
    assert not EmailAddress.objects.filter(email="curie@example.org").exists()
    assert not Message.objects.exists()


def test_accounts_from_before_sign_in_as_ever(client: Client) -> None:
    make_user("marie", email=ADDRESS)
    make_user("pierre")
    for login in ("marie", ADDRESS, "pierre"):
        visitor = Client()
        visitor.post("/accounts/login/", {"login": login, "password": "password"})
        assert is_signed_in(visitor), login
        assert visitor.get("/deposits/new").status_code == 200


def test_letters_name_addresses_that_exist() -> None:
    from django.conf import settings

    from repository.selectors import addresses

    for address in (
        addresses.sign_in(),
        addresses.sign_up_page(),
        addresses.sign_up("a:b-c"),
        addresses.confirmation("a:b-c"),
        addresses.new_password("1", "set-abc"),
    ):
        assert resolve(address.removeprefix(settings.PUBLIC_URL))


@pytest.mark.parametrize(
    "address",
    [
        *("ä@example.org", "marie", "a@b@c.de", "a b@c.de", "<a@b.de>", ""),
        *("a@[127.0.0.1]", "a@127.0.0.1", "a@e\u200dxample.org", "a@e\u00adxample.org", "a@mail\u034f.org"),
    ],
)
def test_what_is_no_address_is_said_at_its_field(client: Client, address: str) -> None:
    client.force_login(make_user())
    for form in (*ASKING, "/accounts/email/"):
        answer = client.post(form, {"email": address, "action_add": ""})
        assert answer.status_code in {200, 422}, form
        assert "errorlist" in answer.content.decode()
    assert not Message.objects.exists()


def test_a_new_user_name_has_no_at_sign_and_an_old_one_stays(client: Client) -> None:
    link = f"/accounts/signup/{make_key()}/"
    answer = choose(client, link, username="bob@example.org")
    assert answer.status_code == 422
    assert "cannot be used" in answer.content.decode()
    with pytest.raises(ValidationError):
        get_adapter().clean_username("bob@example.org", shallow=True)
    with pytest.raises(InvalidMetadataError, match="no @"):
        ensure_account(username="bob@example.org", password=PASSWORD, role="admin", full_name="")
    old = make_user("old@example.org")
    old.full_clean()
    assert ensure_account(username=old.username, password=PASSWORD, role="admin", full_name="")[0] == old
    client.force_login(make_user("boss", role="admin"))
    page = client.post(
        "/admin/repository/user/add/",
        {
            "username": "bob@example.org",
            "password1": PASSWORD,
            "password2": PASSWORD,
            "usable_password": "true",
        },
    )
    assert "A user name has no @" in page.content.decode()
    assert not User.objects.filter(username="bob@example.org").exists()
