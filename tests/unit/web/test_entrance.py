"""How a web process connects to a database that is short of places, or away."""

import threading
from collections.abc import Callable

import psycopg
import pytest

from project.postgresql.base import Entrance
from tests.patience import patient


def refusing(times: int) -> tuple[Callable[[], str], list[int]]:
    tried: list[int] = []

    def connect() -> str:
        tried.append(1)
        if len(tried) <= times:
            raise psycopg.OperationalError("sorry, too many clients already")
        return "connection"

    return connect, tried


def test_a_moment_without_a_place_is_waited_for() -> None:
    connect, tried = refusing(3)
    assert Entrance(patience_s=patient(60), pause_s=0.001).pass_through(connect) == "connection"
    assert len(tried) == 4


def test_patience_ends_and_then_one_knock_is_enough_until_it_answers() -> None:
    entrance = Entrance(patience_s=0.05, pause_s=0.01, rest_s=0.0)
    connect, tried = refusing(10**9)
    with pytest.raises(psycopg.OperationalError, match="too many clients"):
        entrance.pass_through(connect)
    tried.clear()
    with pytest.raises(psycopg.OperationalError, match="too many clients"):
        entrance.pass_through(connect)
    assert len(tried) == 1
    assert entrance.pass_through(lambda: "connection") == "connection"
    connect, tried = refusing(1)
    assert entrance.pass_through(connect) == "connection", "it is patient again"


def test_while_the_server_is_silent_one_thread_knocks_and_the_others_are_refused_at_once() -> None:
    entrance = Entrance(patience_s=0.0, pause_s=0.001, rest_s=0.0)
    with pytest.raises(psycopg.OperationalError):
        entrance.pass_through(refusing(10**9)[0])
    at_the_door, thawed = threading.Event(), threading.Event()
    made: list[str] = []

    def knock() -> str:
        at_the_door.set()
        assert thawed.wait(patient(60))
        return "connection"

    knocking = threading.Thread(target=lambda: made.append(entrance.pass_through(knock)))
    knocking.start()
    assert at_the_door.wait(patient(60))
    for _ in range(10):
        with pytest.raises(psycopg.OperationalError, match="a moment ago"):
            entrance.pass_through(lambda: "connection")
    thawed.set()
    knocking.join(patient(60))
    assert made == ["connection"]
    assert entrance.pass_through(lambda: "connection") == "connection"


def test_after_a_knock_in_vain_nobody_knocks_for_a_moment() -> None:
    entrance = Entrance(patience_s=0.0, pause_s=0.001, rest_s=3600.0)
    connect, tried = refusing(10**9)
    for _ in range(5):
        with pytest.raises(psycopg.OperationalError):
            entrance.pass_through(connect)
    assert len(tried) == 1
