"""Progress on stderr: a few lines that are redrawn on a terminal; elsewhere, as in a file, a line where it changed."""

import shutil
import time
from collections import deque
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from stemma.texts import hide_controls, one_line

REDRAW_S = 0.1
LOG_EVERY_S = 5.0
WAITING_EVERY_S = 2.0
RATE_WINDOW_S = 10.0
MOST_FILE_LINES = 4
STEPS = 10
"""Of a share, what counts as a change where each line stays."""


class Meter:
    """Bytes moved in this run, their rate over the last seconds, and the time left."""

    def __init__(self, total: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.total = total
        self._clock = clock
        self._at: dict[str, int] = {}
        self._already: dict[str, int] = {}
        self._history: deque[tuple[float, int]] = deque([(clock(), 0)])

    @property
    def done(self) -> int:
        return sum(self._at.values())

    def move(self, name: str, offset: int, *, arrived_now: bool = True) -> None:
        if not arrived_now or name not in self._at:
            self._already[name] = offset  # what was there before tells nothing about the line
        self._at[name] = offset
        now = self._clock()
        if now - self._history[-1][0] >= REDRAW_S:
            self._history.append((now, self._moved()))
            while len(self._history) > 2 and now - self._history[0][0] > RATE_WINDOW_S:  # noqa: PLR2004 - a rate has two ends
                self._history.popleft()

    def rate(self) -> float:
        """Return bytes per second."""
        began, moved_then = self._history[0]
        passed = self._clock() - began
        return max(0.0, (self._moved() - moved_then) / passed) if passed > 0 else 0.0

    def seconds_left(self) -> float | None:
        rate = self.rate()
        return (self.total - self.done) / rate if rate > 0 else None

    def _moved(self) -> int:
        return self.done - sum(self._already.values())


class Listener(Protocol):
    """The part of a text stream that is used."""

    def isatty(self) -> bool: ...
    def write(self, text: str, /) -> int: ...
    def flush(self) -> None: ...


class Progress:
    """What the commands report to. Threads may share it."""

    def __init__(self, stream: Listener, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._live = stream.isatty()
        self._lock = Lock()
        self._meter: Meter | None = None
        self._active: dict[str, tuple[int, int]] = {}
        self._files_done = 0
        self._files = 0
        self._verb = ""
        self._drawn = 0
        self._last = clock() - LOG_EVERY_S
        self._last_waiting = clock() - WAITING_EVERY_S
        self._last_stage: tuple[str, int] | None = None
        self._last_overall: tuple[int, int] | None = None

    def begin_transfer(self, verb: str, *, total: int, files: int) -> None:
        with self._lock:
            self._verb, self._meter, self._files, self._files_done = (
                verb,
                Meter(total, clock=self._clock),
                files,
                0,
            )
            self._last = self._clock() - LOG_EVERY_S
            self._last_overall = None

    def file_at(self, name: str, offset: int, size: int) -> None:
        with self._lock:
            self._active[name] = (offset, size)
            if self._meter is not None:
                self._meter.move(name, offset)
            self._refresh()

    def file_done(self, name: str, size: int, *, sent: bool) -> None:
        with self._lock:
            self._active.pop(name, None)
            self._files_done += 1
            if self._meter is not None:
                self._meter.move(name, size, arrived_now=sent)
            self._refresh(due=self._files_done == self._files)

    def file_arrives(self, name: str, have: int, size: int) -> None:
        """Listen to a download: the last call for a file is the one in which it is whole."""
        if have < size:
            self.file_at(name, have, size)
        else:
            self.file_done(name, size, sent=name in self._active)

    def stage(self, message: str, fraction: float | None) -> None:
        """Show what the server is doing; the same message again only moves the bar, by tenths where lines stay."""
        with self._lock:
            share = "" if fraction is None else f" {_bar(fraction)} {fraction:4.0%}"
            if self._live:
                self._draw([f"{message}{share}"])
                return
            said = (message, int(STEPS * (fraction or 0.0)))
            if said != self._last_stage:
                self._last_stage = said
                self._write_line(f"{message}{share}")

    def note(self, text: str) -> None:
        """Print a line that stays."""
        with self._lock:
            self._draw([])
            self._write_line(text)

    def waiting(self, reason: str, pause_s: float, left_s: float) -> None:
        """Say that the server is away, once for all threads that find out; the listener of `Connection`."""
        with self._lock:
            if self._clock() - self._last_waiting < WAITING_EVERY_S:
                return
            self._last_waiting = self._clock()
        left = format_time(left_s)
        self.note(
            f"Not now ({reason.rstrip('.')}). Trying again in {pause_s:.0f} s, for {left} more; Ctrl-C stops."
        )

    def end(self) -> None:
        with self._lock:
            self._meter = None
            self._active.clear()
            self._draw([])

    def _refresh(self, *, due: bool = False) -> None:
        passed = self._clock() - self._last
        if passed < (REDRAW_S if self._live else LOG_EVERY_S) and not due:
            return
        self._last = self._clock()
        if not self._live:
            self._log_overall()
            return
        lines = [self._overall()]
        for name, (offset, size) in list(self._active.items())[:MOST_FILE_LINES]:
            share = _bar(offset / size if size else 1.0)
            lines.append(f"  {share} {format_size(offset)} of {format_size(size)}  {name}")
        self._draw(lines)

    def _log_overall(self) -> None:
        """Write the line that stays, unless it would say what the last one said."""
        meter = self._meter
        if meter is None:
            return
        reached = (self._files_done, int(100 * meter.done / meter.total) if meter.total else 100)
        if reached != self._last_overall:
            self._last_overall = reached
            self._write_line(self._overall())

    def _overall(self) -> str:
        meter = self._meter
        if meter is None:
            return ""
        left = meter.seconds_left()
        share = meter.done / meter.total if meter.total else 1.0
        text = f"{self._verb} {_bar(share)} {share:4.0%}"
        text += f"  {format_size(meter.done)} of {format_size(meter.total)}"
        text += f", {self._files_done}/{self._files} files, {format_size(meter.rate())}/s"
        return text if left is None or share >= 1 else f"{text}, {format_time(left)} left"

    def _draw(self, lines: list[str]) -> None:
        if not self._live:
            return
        width = max(20, shutil.get_terminal_size().columns - 1)
        up = f"\x1b[{self._drawn}A" if self._drawn else ""
        body = "".join(f"\x1b[2K{one_line(line)[:width]}\n" for line in lines)
        self._stream.write(f"{up}\x1b[J{body}")
        self._stream.flush()
        self._drawn = len(lines)

    def _write_line(self, text: str) -> None:
        self._stream.write(f"{hide_controls(text)}\n")
        self._stream.flush()


def format_size(count: float) -> str:
    """Return a size in decimal units, as disks and networks are sold."""
    for unit in ("B", "kB", "MB", "GB"):
        if abs(count) < 1000:  # noqa: PLR2004 - the step of decimal units
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.2f} TB"


def format_time(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:  # noqa: PLR2004 - seconds in a minute
        return f"{whole} s"
    if whole < 3600:  # noqa: PLR2004 - seconds in an hour
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def _bar(fraction: float, width: int = 20) -> str:
    full = round(min(max(fraction, 0.0), 1.0) * width)
    return f"[{'#' * full}{'.' * (width - full)}]"
