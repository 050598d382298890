"""A mail address has one spelling, and what opens an account goes to the address that is stored in it."""

from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from repository.models import Message, User
from repository.models.account_addresses import confirm_address, find_account, find_holding, is_taken
from repository.services.messages import create_message
from repository.services.sign_up import make_sign_up_key
from tests.factories import make_user
from tests.mail import find_links

pytestmark = pytest.mark.django_db
ASKING = ("/accounts/signup/", "/accounts/password/reset/")


@pytest.fixture(autouse=True)
def _settled(settled_at_once: None) -> None:
    pass


def make_confirmed(username: str = "marie", address: str = "marie@example.org") -> User:
    user = make_user(username, email=address)
    confirm_address(user, address)
    return user


STORED, LOOKALIKE = "ivan@mail.org", "ivan@ma\u0131l.org"


@pytest.mark.parametrize("address", ASKING)
def test_a_look_alike_domain_gets_no_link_to_another_account(
    client: Client, mailed: Callable[[], Any], address: str
) -> None:
    """The database takes a dotless i for an i; mail servers do not."""
    make_user("ivan", email=STORED)
    client.post(address, {"email": LOOKALIKE})
    letter = mailed()
    assert letter["To"] == "ivan@xn--mal-kua.org"
    assert not [link for link in find_links(letter) if "/reset/key/" in link]
    assert "ivan\n" not in letter.get_content()


@pytest.mark.parametrize("address", ASKING)
def test_mail_about_an_account_goes_to_the_address_that_is_stored(
    client: Client, mailed: Callable[[], Any], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    user = make_user("ivan", email=STORED)
    client.post(address, {"email": "elsewhere@example.org"})
    monkeypatch.setattr("repository.tasks.letters.find_holding", lambda _: find_holding(STORED))
    letter = mailed()
    assert letter["To"] == STORED
    assert f"    {user.username}\n" in letter.get_content()


def test_a_look_alike_of_an_address_is_neither_taken_nor_confirmed() -> None:
    make_user("closed", email=STORED, is_active=False)
    assert is_taken(STORED.upper())
    assert not is_taken(LOOKALIKE)
    user = make_confirmed("ivan", "ivan@b\u00fccher.example")
    EmailAddress.objects.update(email="ivan@b\u00fccher.example")  # as it was once stored
    for spelling in ("ivan@b\u00fccher.example", "Ivan@xn--bcher-kva.example", "ivan@B\u00dcCHER.example"):
        assert find_account(spelling) == user
        assert is_taken(spelling)
    assert find_account("ivan@bucher.example") is None


def test_adding_an_address_stores_its_one_spelling(client: Client, mailed: Callable[[], Any]) -> None:
    client.force_login(make_confirmed())
    client.post("/accounts/email/", {"email": "Curie@B\u00fccher.example", "action_add": ""})
    stored = EmailAddress.objects.get(verified=False)
    assert stored.email == mailed()["To"] == "curie@xn--bcher-kva.example"


def test_a_link_that_was_sent_before_there_was_one_spelling_is_over(client: Client) -> None:
    asked = create_message(purpose=Message.Purpose.SIGN_UP, recipient="marie@example.org")
    key = make_sign_up_key(asked)
    Message.objects.update(recipient="marie@stra\u00dfe.example")
    assert client.get(f"/accounts/signup/{key}/").status_code == 404


def test_letters_of_all_alphabets_in_a_domain_are_encoded(client: Client, mailed: Callable[[], Any]) -> None:
    client.post("/accounts/signup/", {"email": "marie@bücher.example"})
    assert mailed()["To"] == "marie@xn--bcher-kva.example"
