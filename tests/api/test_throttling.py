"""How often one may ask, and what is answered beyond."""

import uuid
from typing import Any

import pytest

from api.throttling import AccountThrottle, AddressThrottle
from repository.project.counters import SharedCounters
from repository.project.environment import read_environment
from tests.api.conftest import as_token, make_token
from tests.factories import make_user

pytestmark = pytest.mark.django_db

REQUIRED = {"STEMMA_SECRET_KEY": "x", "DATABASE_URL": "postgresql://a@b/c", "BROKER_URL": "memory://"}


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Allow three requests a minute, counted where no other test counts."""
    for throttle in (AccountThrottle, AddressThrottle):
        monkeypatch.setattr(throttle, "THROTTLE_RATES", {"account": "3/min", "address": "3/min"})
        monkeypatch.setattr(throttle, "cache_format", f"{uuid.uuid4()}_%(scope)s_%(ident)s")


def test_beyond_the_limit_the_answer_says_how_long_to_wait(client: Any, few: None) -> None:
    answers = [client.get("/api/v1/search/") for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert 0 < int(answers[3]["Retry-After"]) <= 61
    assert answers[3]["Content-Type"].startswith("application/problem+json")
    assert (answers[3].json()["code"], answers[3].json()["hint"]) == (
        "throttled",
        "Wait as long as Retry-After says.",
    )


def test_each_token_is_counted_by_itself(client: Any, few: None) -> None:
    user = make_user()
    first, second = as_token(make_token(user)), as_token(make_token(user))
    assert [client.get("/api/v1/account/", headers=first).status_code for _ in range(4)][-1] == 429
    assert client.get("/api/v1/account/", headers=second).status_code == 200
    assert client.get("/api/v1/search/").status_code == 200, "visitors without account are counted apart"


def test_by_default_a_token_may_ask_600_times_a_minute() -> None:
    environment = read_environment(REQUIRED)
    assert environment.requests_per_minute >= 600
    assert environment.anonymous_requests_per_minute >= 600


def test_while_the_shared_counters_are_away_each_process_counts_for_itself(
    client: Any, few: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody_there = SharedCounters("redis://127.0.0.1:9/0", {"KEY_PREFIX": str(uuid.uuid4())})
    for throttle in (AccountThrottle, AddressThrottle):
        monkeypatch.setattr(throttle, "cache", nobody_there)
    answers = [client.get("/api/v1/search/").status_code for _ in range(4)]
    assert answers == [200, 200, 200, 429]
