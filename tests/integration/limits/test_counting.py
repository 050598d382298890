"""Counts in the database: exact under many hands, coming back evenly, forgotten when they are past."""

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import override_settings
from django.utils import timezone

from repository.errors import LimitExceededError
from repository.limits import HOUR, Charge, Limit
from repository.models import LimitCount
from repository.services import limits as counting
from repository.services.limits import count_attempt, give_back, remove_past_counts
from repository.tasks.maintenance import forget_past_counts
from tests.patience import patient

THREE = Limit("three", 3, HOUR)
TEN = Limit("ten", 10, HOUR)


def is_counted(*charges: Charge) -> bool:
    try:
        count_attempt(*charges)
    except LimitExceededError:
        return False
    return True


@pytest.mark.django_db
def test_what_is_refused_says_how_long_and_uses_nothing_up() -> None:
    assert [is_counted(THREE.of("a"), TEN.of("b")) for _ in range(5)] == [True, True, True, False, False]
    with pytest.raises(LimitExceededError) as refused:
        count_attempt(THREE.of("a"))
    assert HOUR / 3 - 60 < refused.value.wait_s <= HOUR / 3
    assert "20 minutes" in refused.value.message
    assert [is_counted(TEN.of("b")) for _ in range(8)] == [True] * 7 + [False]


@pytest.mark.django_db
def test_attempts_come_back_one_by_one_and_can_be_given_back() -> None:
    charge = THREE.of("a")
    assert [is_counted(charge) for _ in range(4)] == [True, True, True, False]
    LimitCount.objects.update(paid_until=timezone.now() + dt.timedelta(seconds=HOUR * 2 / 3 - 1))
    assert [is_counted(charge) for _ in range(2)] == [True, False]
    give_back(charge, charge)
    assert [is_counted(charge) for _ in range(3)] == [True, True, False]


@pytest.mark.django_db
def test_a_count_of_the_future_is_from_before_the_clock_was_set_back() -> None:
    charge = THREE.of("a")
    count_attempt(charge)
    LimitCount.objects.update(paid_until=timezone.now() + dt.timedelta(days=300))
    assert [is_counted(charge) for _ in range(4)] == [True, True, True, False]


@pytest.mark.django_db
def test_the_table_holds_what_counts_just_now() -> None:
    now = timezone.now()
    for key, seconds in {"past": -1, "now": 60, "future": 300 * 24 * HOUR}.items():
        LimitCount.objects.create(key=key, paid_until=now + dt.timedelta(seconds=seconds))
    forget_past_counts()
    assert list(LimitCount.objects.values_list("key", flat=True)) == ["now"]
    assert remove_past_counts() == 0
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'repository_limitcount'")
        assert cursor.fetchone() == ("u",)


@pytest.mark.django_db(transaction=True)
def test_many_hands_count_exactly_and_never_wait_for_each_other_in_a_circle() -> None:
    """The names are shared in opposite orders while past counts are removed."""
    ready = threading.Barrier(8)

    def attempt(number: int) -> int:
        try:
            ready.wait(patient(60))
            subjects = (TEN.of("a"), Limit("many", 1000, HOUR).of("b"))
            done = sum(is_counted(*(subjects if number % 2 else reversed(subjects))) for _ in range(20))
            remove_past_counts()
            return done
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as hands:
        assert sum(hands.map(attempt, range(8))) == 10


@pytest.mark.django_db
def test_nothing_passes_uncounted(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_charge: Charge) -> float:
        raise OperationalError("away")

    monkeypatch.setattr(counting, "_count", fail)
    answer = client.get("/api/v1/search/")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    with override_settings(DEBUG=False):
        client.raise_request_exception = False
        page = client.post("/accounts/login/", {"login": "curie", "password": "x"})
    assert page.status_code == 503
