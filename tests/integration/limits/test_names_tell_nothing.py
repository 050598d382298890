"""What a stranger is answered follows from what was typed before, never from who has an account."""

from collections.abc import Sequence
from typing import Any

import pytest
from allauth.account.forms import LoginForm
from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontend.accounts.adapter import AccountAdapter
from repository.errors import LimitExceededError
from repository.limits import PASSWORDS_OF_NAME, PASSWORDS_OF_PAIR
from repository.models import LimitCount
from repository.models.account_addresses import confirm_address
from tests.factories import make_user
from tests.integration.limits.test_passwords import Browser, guess

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("still")]

PEOPLE = {"alice": "alice@example.org", "stra\u00dfe": "weg@ex\u00e4mple.org", "\u212aepler": "k@example.org"}
SPELLINGS = [
    *(
        "alice",
        "ALICE",
        " alice ",
        "\uff41lice",
        "al\u0131ce",
        "alice\u200d",
        "alice@example.org",
        "Alice@EXAMPLE.org",
    ),
    *("\uff41lice@example.org", "alice@\uff45xample.org", "alice@example.org.", "al\u0131ce@example.org"),
    *(
        "stra\u00dfe",
        "strasse",
        "STRASSE",
        "STRA\u1e9eE",
        "\uff53tra\u00dfe",
        "weg@ex\u00e4mple.org",
        "weg@xn--exmple-cua.org",
    ),
    *("\u212aepler", "kepler", "KEPLER", "k@example.org", "\u212a@example.org"),
    *("nobody", "nobody@example.org"),
]
ADDRESSES = ["203.0.113.1", "203.0.113.2"]
Attempts = Sequence[tuple[str, str]]


class _Guess(LoginForm):  # type: ignore[misc]  # allauth is untyped
    """The form of the page, without the page: it says what a name that was typed may mean."""

    def clean(self) -> Any:
        self.credentials = self.user_credentials() if "login" in self.cleaned_data else {}
        return self.cleaned_data


def try_to_sign_in(address: str, login: str) -> bool:
    """Return whether a wrong password was tried, and not refused for now."""
    form = _Guess(data={"login": login, "password": "guess"})
    assert form.is_valid(), form.errors
    request = RequestFactory().post("/", REMOTE_ADDR=address)
    try:
        assert AccountAdapter(request).authenticate(request, **form.credentials) is None
    except LimitExceededError:
        return False
    return True


def answer_all(attempts: Attempts) -> list[bool]:
    LimitCount.objects.all().delete()
    return [try_to_sign_in(address, login) for address, login in attempts]


def compare(attempts: Attempts, *, people: Sequence[str] = tuple(PEOPLE)) -> None:
    """Compare what wrong passwords are answered where these people have accounts, and where nobody has one."""
    nobody = answer_all(attempts)
    with transaction.atomic():
        for name in people:
            confirm_address(make_user(name), PEOPLE[name])
        somebody = answer_all(attempts)
        transaction.set_rollback(True)
    assert somebody == nobody
    assert not get_user_model().objects.exists()


@pytest.mark.parametrize(
    ("often", "then"),
    [
        ("\uff41lice", "alice"),
        ("alice", "\uff41lice"),
        ("stra\u00dfe", "strasse"),
        ("strasse", "stra\u00dfe"),
        ("\uff41lice@example.org", "alice@example.org"),
        ("alice", "alice@example.org"),
        ("alice@example.org", "alice"),
        ("weg@xn--exmple-cua.org", "weg@ex\u00e4mple.org"),
    ],
)
def test_a_spelling_used_up_says_nothing_about_the_next(often: str, then: str) -> None:
    pair = [(ADDRESSES[0], often)] * PASSWORDS_OF_PAIR.attempts
    compare([*pair, (ADDRESSES[0], then), (ADDRESSES[0], often), (ADDRESSES[1], then)])
    everywhere = [(f"198.51.100.{n}", often) for n in range(PASSWORDS_OF_NAME.attempts)]
    compare([*everywhere, (ADDRESSES[0], then), (ADDRESSES[0], often)])


@given(
    attempts=st.lists(st.tuples(st.sampled_from(ADDRESSES), st.sampled_from(SPELLINGS)), max_size=14),
    favourite=st.sampled_from(SPELLINGS),
    people=st.lists(st.sampled_from(list(PEOPLE)), unique=True, min_size=1),
)
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_no_sequence_of_spellings_tells_who_has_an_account(
    attempts: list[tuple[str, str]], favourite: str, people: list[str]
) -> None:
    compare([*[(ADDRESSES[0], favourite)] * 4, *attempts], people=people)


@pytest.mark.parametrize(
    ("known", "unknown"), [("alice", "bobby"), ("alice@example.org", "bobby@example.org")]
)
def test_where_the_silent_count_is_used_up_the_database_is_asked_the_same(known: str, unknown: str) -> None:
    confirm_address(make_user("alice"), PEOPLE["alice"])
    for n in range(PASSWORDS_OF_NAME.attempts // 2):
        for name in ("alice", "alice@example.org", "bobby", "bobby@example.org"):
            guess(name, f"198.51.100.{n}")
    asked: list[Any] = []
    for number, login in enumerate((known, unknown)):
        with CaptureQueriesContext(connection) as queries:
            status = Browser(f"203.0.113.{number}").sign_in(login, "guess")
        asked.append((status, [query["sql"].split(" ")[0] for query in queries]))
    assert asked[0] == asked[1]
