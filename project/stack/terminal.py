"""What the person at the terminal sees: progress, and refusals."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class StackError(Exception):
    """The stack cannot go on; the message is a sentence for the person at the terminal, with what to do."""


class StopRequestedError(Exception):
    """Somebody asked for the stop while the start was still going on."""


class Progress:
    """One line per step, with the time it took."""

    def line(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    @contextmanager
    def step(self, name: str) -> Iterator[list[str]]:
        """Report a step when it is done; what is appended to the yielded list describes the result."""
        begin = time.monotonic()
        notes: list[str] = []
        yield notes
        self.line(f"  {name:<10} {' '.join(notes) or 'done'}  ({time.monotonic() - begin:.1f} s)")


class Silence(Progress):
    """For commands whose own output is what matters."""

    def line(self, text: str) -> None:
        del text
