"""How many requests a process works on at once."""

import asyncio
import threading

import pytest

from api.turns import NoTurnError, Turns
from tests.patience import patient


def test_no_more_work_runs_at_once_than_there_are_threads_and_all_is_done() -> None:
    lock, running, most = threading.Lock(), 0, 0
    pause = threading.Event()

    def work(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        pause.wait(0.002)
        with lock:
            running -= 1
        return number

    async def ask() -> list[int]:
        turns = Turns(3, patience_s=patient(60))
        return await asyncio.gather(*(turns.run(work, number) for number in range(60)))

    assert asyncio.run(ask()) == list(range(60))
    assert most == 3


def test_whoever_waits_in_vain_hears_so_and_takes_nobodys_turn() -> None:
    gate = threading.Event()

    async def ask() -> list[object]:
        turns = Turns(1, patience_s=0.05)
        first = asyncio.create_task(turns.run(gate.wait))
        await asyncio.sleep(0)
        refused = await asyncio.gather(*(turns.run(int) for _ in range(5)), return_exceptions=True)
        gate.set()
        return [*refused, await first, await turns.run(int, "7")]

    *refused, first, later = asyncio.run(ask())
    assert [type(each) for each in refused] == [NoTurnError] * 5
    assert (first, later) == (True, 7)


def test_a_turn_lasts_until_the_work_ends_not_until_the_visitor_goes() -> None:
    gate = threading.Event()

    async def ask() -> None:
        turns = Turns(1, patience_s=0.05)
        gone = asyncio.create_task(turns.run(gate.wait))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        with pytest.raises(NoTurnError):
            await turns.run(int)
        gate.set()

    asyncio.run(ask())


def test_what_the_work_raises_is_raised_and_the_turn_is_free_again() -> None:
    def fail() -> None:
        raise LookupError("nothing there")

    async def ask() -> int:
        turns = Turns(1, patience_s=patient(60))
        with pytest.raises(LookupError, match="nothing there"):
            await turns.run(fail)
        return await turns.run(int, "3")

    assert asyncio.run(ask()) == 3
