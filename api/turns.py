"""How many requests a web process works on at once: so many threads, so many connections; the others wait in a line."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache, partial
from typing import ParamSpec, TypeVar
from weakref import WeakKeyDictionary

from django.conf import settings

P = ParamSpec("P")
R = TypeVar("R")


class NoTurnError(Exception):
    """Others were served all the time that this request could wait."""


class Turns:
    """A fixed number of threads and a line in front of them, first come first served.

    Whoever waits costs no thread and no connection. A turn ends when the work in the thread ends, not when the one who
    asked goes away: otherwise impatient visitors would let more and more work run at once.
    """

    def __init__(self, threads: int, *, patience_s: float, name: str = "turn") -> None:
        self._threads = threads
        self._patience_s = patience_s
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix=name)
        # A semaphore belongs to one event loop. A web process has one; tests have several.
        self._free: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run blocking work in one of the threads when its turn comes.

        Raises
        ------
        NoTurnError
            The turn did not come in time.
        """
        loop = asyncio.get_running_loop()
        free = self._free.setdefault(loop, asyncio.Semaphore(self._threads))
        try:
            async with asyncio.timeout(self._patience_s):
                await free.acquire()
        except TimeoutError as error:
            raise NoTurnError(f"no turn within {self._patience_s:g} s") from error
        context = contextvars.copy_context()
        begun = self._executor.submit(context.run, partial(work, *args, **kwargs))
        begun.add_done_callback(partial(_give_back, loop, free))
        return await asyncio.wrap_future(begun)


def _give_back(loop: asyncio.AbstractEventLoop, free: asyncio.Semaphore, _: Future[object]) -> None:
    if not loop.is_closed():
        loop.call_soon_threadsafe(free.release)


@cache
def get_turns(kind: str) -> Turns:
    """Return the line for one kind of work: `pages`, `bytes`, `completions` or `operators`."""
    return Turns(settings.REQUEST_THREADS[kind], patience_s=settings.TURN_PATIENCE_S, name=kind)
