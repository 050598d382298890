"""Beat goes on ticking when the clock on the wall is set back or forward."""

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from celery import Celery
from celery.beat import Scheduler

from project.beat import MonotonicScheduler

PERIODS = {"often": 5.0, "seldom": 3600.0}


class Clocks:
    """What time it is on the wall, and how many seconds have really passed."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.passed = 1000.0
        self.jump = dt.timedelta()
        start = dt.datetime(2026, 11, 29, 12, tzinfo=dt.UTC)
        self.app = Celery("ticking", broker="memory://", set_as_current=False)
        self.app.conf.beat_schedule = {
            name: {"task": name, "schedule": period} for name, period in PERIODS.items()
        }
        wall = lambda *_: start + dt.timedelta(seconds=self.passed) + self.jump  # noqa: E731
        monkeypatch.setattr(self.app, "now", wall)
        monkeypatch.setattr("celery.schedules.BaseSchedule.now", wall)
        monkeypatch.setattr("project.beat.time.monotonic", lambda: self.passed)

    def count(self, scheduler: Scheduler, *, seconds: float, sent: list[str]) -> dict[str, int]:
        """Let the scheduler run for some seconds; return how often it sent each entry."""
        sent.clear()
        end = self.passed + seconds
        while self.passed < end:
            self.passed += max(scheduler.tick(), 0.01)
        return {name: sent.count(name) for name in PERIODS}


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    return Clocks(monkeypatch)


def make_scheduler(kind: type[Scheduler], clocks: Clocks, sent: list[str], **words: Any) -> Any:
    def note(_self: Any, entry: Any, **_: Any) -> None:
        sent.append(entry.name)

    scheduler = type("Noting", (kind,), {"apply_entry": note, "producer": None})
    return scheduler(clocks.app, lazy=False, **words)


@pytest.mark.parametrize("hours", [-3, 3])
def test_a_clock_that_jumps_neither_silences_nor_hurries_beat(
    clocks: Clocks, tmp_path: Path, hours: int
) -> None:
    sent: list[str] = []
    file = tmp_path / "beat-schedule"
    scheduler = make_scheduler(MonotonicScheduler, clocks, sent, schedule_filename=str(file))
    first = clocks.count(scheduler, seconds=100, sent=sent)
    assert first["seldom"] == 1, "each entry is sent at the start"
    assert first["often"] == pytest.approx(20, abs=1)
    clocks.jump = dt.timedelta(hours=hours)
    assert clocks.count(scheduler, seconds=100, sent=sent) == {"often": pytest.approx(20, abs=1), "seldom": 0}
    assert clocks.count(scheduler, seconds=3600, sent=sent)["seldom"] == 1
    assert file.exists(), "compose sees by this file that beat lives"


def test_celerys_own_scheduler_would_be_silent(clocks: Clocks) -> None:
    """Why there is one of ours: when this fails, Celery has mended it."""
    sent: list[str] = []
    scheduler = make_scheduler(Scheduler, clocks, sent)
    assert clocks.count(scheduler, seconds=100, sent=sent)["often"] == pytest.approx(20, abs=1)
    clocks.jump = dt.timedelta(hours=-3)
    assert clocks.count(scheduler, seconds=3600, sent=sent)["often"] == 0
