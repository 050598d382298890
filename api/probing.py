"""Asking the parts side by side, each within a deadline, whatever hangs."""

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, InvalidStateError

from repository.selectors.health import PartHealth

Probe = Callable[[], PartHealth]
DEADLINE_S = 2.0
KEEP_LATE_S = 3.0


class Prober:
    """Asks each part in a thread of its own, with at most one thread for each part.

    A part that hangs keeps its one thread until it answers; whoever asks meanwhile waits for the same answer, up to the
    deadline. A good answer that came after the deadline is given to the next one who asks: on a slow machine the first
    probe, which loads libraries, would else never count.
    """

    def __init__(self, probes: Mapping[str, Probe], *, deadline_s: float = DEADLINE_S) -> None:
        self._probes = probes
        self._deadline_s = deadline_s
        self._lock = threading.Lock()
        self._asked: dict[str, Future[PartHealth]] = {}
        self._late: dict[str, tuple[float, PartHealth]] = {}

    async def ask_all(self) -> list[PartHealth]:
        """Return the health of every part in the order of the probes, within the deadline."""
        return list(await asyncio.gather(*(self._ask(name) for name in self._probes)))

    async def _ask(self, name: str) -> PartHealth:
        answer = self._begin(name)
        try:
            # Shielded: the one who gives up must not take the answer from the others who wait.
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(answer)), self._deadline_s)
        except TimeoutError:
            return PartHealth(name, is_ok=False, detail=f"It does not answer within {self._deadline_s:g} s.")

    def _begin(self, name: str) -> Future[PartHealth]:
        with self._lock:
            kept = self._late.pop(name, None)
            if kept is not None and time.monotonic() - kept[0] < KEEP_LATE_S:
                known: Future[PartHealth] = Future()
                known.set_result(kept[1])
                return known
            running = self._asked.get(name)
            if running is not None:
                return running
            answer: Future[PartHealth] = Future()
            self._asked[name] = answer
        # A daemon: a part that hangs for ever must not keep the process from ending.
        threading.Thread(target=self._run, args=(name, answer), name=f"probe-{name}", daemon=True).start()
        return answer

    def _run(self, name: str, answer: Future[PartHealth]) -> None:
        begin = time.monotonic()
        try:
            health = self._probes[name]()
        except Exception as fault:  # noqa: BLE001  # the border of a thread: whatever it is, those who wait must hear of it
            self._finish(name, answer, fault)
            return
        if health.is_ok and time.monotonic() - begin > self._deadline_s:
            with self._lock:
                self._late[name] = (time.monotonic(), health)
        self._finish(name, answer, health)

    def _finish(self, name: str, answer: Future[PartHealth], outcome: PartHealth | Exception) -> None:
        with self._lock:
            self._asked.pop(name, None)
        try:
            if isinstance(outcome, Exception):
                answer.set_exception(outcome)
            else:
                answer.set_result(outcome)
        except InvalidStateError:  # the one who waited was cancelled with it
            return
