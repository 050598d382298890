"""The ticker of the reconciler: it counts seconds that pass, not what the clock on the wall says."""

import time
from pathlib import Path
from typing import Any

from celery.beat import ScheduleEntry, Scheduler


class MonotonicScheduler(Scheduler):  # type: ignore[misc]  # an untyped library
    """Send each entry every so many seconds.

    Celery's own scheduler compares wall clocks: after a clock was set back by three hours, it would be silent for
    three. Nothing is kept over a restart either: each entry is sent at the start, and may be.
    """

    def __init__(self, *args: Any, schedule_filename: str, **words: Any) -> None:
        self._due: dict[str, float] = {}
        self._sign_of_life = Path(schedule_filename)
        super().__init__(*args, **words)

    def tick(self, *_: Any, **__: Any) -> float:
        """Send what is due; return how many seconds may pass until the next look."""
        for entry in list(self.schedule.values()):
            now = time.monotonic()
            if now >= self._due.get(entry.name, now):
                self._due[entry.name] = now + _read_interval(entry)
                self.apply_entry(self.reserve(entry), producer=self.producer)
                self._sign_of_life.touch()
        until_next = min(self._due.values()) - time.monotonic() if self._due else self.max_interval
        return float(max(0.0, min(until_next, self.max_interval)))


def _read_interval(entry: ScheduleEntry) -> float:
    return float(entry.schedule.run_every.total_seconds())
