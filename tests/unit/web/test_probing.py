"""Readiness, whatever hangs."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from api.probing import Prober
from repository.selectors.health import PartHealth
from tests.patience import patient, within

DEADLINE_S = patient(1)  # what answers does so earlier


class Hanging:
    """A part that answers when it is thawed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = 0
        self.thawed = threading.Event()

    def __call__(self) -> PartHealth:
        self.asked += 1
        assert self.thawed.wait(patient(60))
        return PartHealth(self.name, is_ok=True)


@pytest.fixture
def frozen() -> Iterator[list[Hanging]]:
    parts = [Hanging("database"), Hanging("disk")]
    yield parts
    for part in parts:
        part.thawed.set()


def test_parts_are_asked_side_by_side_and_given_up_on_together(frozen: list[Hanging]) -> None:
    prober = Prober(
        {
            **{part.name: part for part in frozen},
            "broker": lambda: PartHealth("broker", is_ok=False, detail="It refuses."),
        },
        deadline_s=DEADLINE_S,
    )
    with within(30):  # it does not wait for what hangs
        first, second, third = asyncio.run(prober.ask_all())
    assert [(part.name, part.is_ok) for part in (first, second, third)] == [
        ("database", False),
        ("disk", False),
        ("broker", False),
    ]
    assert first.detail == f"It does not answer within {DEADLINE_S:g} s."
    assert third.detail == "It refuses."


def test_a_part_that_hangs_costs_one_thread_however_often_it_is_asked(frozen: list[Hanging]) -> None:
    prober = Prober({"database": frozen[0]}, deadline_s=0.01)

    async def ask_often() -> None:
        await asyncio.gather(*(prober.ask_all() for _ in range(20)))

    for _ in range(5):
        asyncio.run(ask_often())
    assert frozen[0].asked == 1
    assert len([thread for thread in threading.enumerate() if thread.name == "probe-database"]) == 1


def test_a_good_answer_that_came_late_counts_for_the_next_one_who_asks(frozen: list[Hanging]) -> None:
    part = frozen[0]
    prober = Prober({"database": part}, deadline_s=0.05)
    assert not asyncio.run(prober.ask_all())[0].is_ok
    part.thawed.set()
    probing = [thread for thread in threading.enumerate() if thread.name == "probe-database"]
    for thread in probing:
        thread.join(patient(60))
    part.thawed.clear()
    assert asyncio.run(prober.ask_all())[0].is_ok
    assert part.asked == 1
    assert not asyncio.run(prober.ask_all())[0].is_ok, "it counts once"


def test_a_probe_that_breaks_is_a_fault_and_is_asked_anew() -> None:
    asked = []

    def probe() -> PartHealth:
        asked.append(1)
        if len(asked) == 1:
            raise LookupError("a mistake in the probe")
        return PartHealth("disk", is_ok=True)

    prober = Prober({"disk": probe}, deadline_s=patient(60))
    with pytest.raises(LookupError):
        asyncio.run(prober.ask_all())
    assert asyncio.run(prober.ask_all())[0].is_ok
