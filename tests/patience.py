"""How long a test waits on this machine.

Every time-out of a test is written in the seconds that a quiet machine would need, and multiplied by what this
one takes for a known piece of work, measured once a session. STEMMA_TEST_PATIENCE=4 says it instead.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeVar

VARIABLE = "STEMMA_TEST_PATIENCE"
QUIET_WORK_S = 0.2
"""What `_work` takes on a quiet core of the machine that the time-outs were chosen on."""
MOST = 16.0
"""A machine that is slower still does not end the gate in a night; better to hear so."""
POLL_S = 0.02

Found = TypeVar("Found")


def _work() -> int:
    """Occupy one core; long enough that a share of a core, given out in tenths of a second, shows."""
    total = 0
    for number in range(4_000_000):
        total += number * number % 7
    return total


def measure() -> float:
    """Return how many times longer than a quiet machine this one takes just now: its speed, and who waits."""
    begin = time.perf_counter()
    _work()
    speed = (time.perf_counter() - begin) / QUIET_WORK_S
    crowd = 1 + os.getloadavg()[0] / (os.cpu_count() or 1)
    return min(MOST, max(1.0, speed * crowd))


def find_factor() -> float:
    """Return the factor of this session; the processes that it starts take it over."""
    told = os.environ.get(VARIABLE) or f"{measure():.2f}"
    try:
        factor = float(told)
    except ValueError:
        factor = 0.0
    if not 1 <= factor <= 1000:
        raise ValueError(
            f"{VARIABLE}={told!r}: write how many times longer than a quiet machine this one takes, such as 4."
        )
    os.environ[VARIABLE] = told
    return factor


FACTOR = find_factor()


def patient(quiet_s: float) -> float:
    """Return the seconds that this machine gets for what a quiet one does in `quiet_s`."""
    return quiet_s * FACTOR


class Deadline:
    """The end of a wait; where the machine has become slower since the session began, it moves."""

    def __init__(self, quiet_s: float) -> None:
        self._quiet_s = quiet_s
        self._factor = FACTOR
        self._begin = time.monotonic()

    def is_over(self) -> bool:
        if self._has_passed():
            self._factor = max(self._factor, measure())
        return self._has_passed()

    def _has_passed(self) -> bool:
        return time.monotonic() - self._begin > self._quiet_s * self._factor

    def __str__(self) -> str:
        return f"{self._quiet_s:g} s of a quiet machine, {self._factor:.1f} times as long here"


def wait_until(
    condition: Callable[[], Found | Literal[False] | None],
    complaint: str = "it did not come",
    *,
    seconds: float = 60.0,
) -> Found:
    """Poll until the condition returns something true, and return that.

    Parameters
    ----------
    condition
        Asked every fiftieth of a second.
    complaint
        What is wrong where it never does.
    seconds
        Of a quiet machine; nobody waits longer than it takes.
    """
    deadline = Deadline(seconds)
    while not (found := condition()):
        assert not deadline.is_over(), f"{complaint} (within {deadline})"
        time.sleep(POLL_S)
    return found


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where what gives up by itself does so much later than it says: a hang, not a slow machine."""
    deadline = Deadline(seconds)
    yield
    assert not deadline.is_over(), f"it took longer than {deadline}"


def let_pass(seconds: float) -> None:
    """Wait at least so long, because a clock of the program has to run out; no test hopes that it is enough."""
    time.sleep(seconds)
