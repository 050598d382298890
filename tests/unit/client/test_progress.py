import io
import re

import pytest

from stemma.commands.output import ProgressStream
from stemma.progress import Meter, Progress, format_size, format_time


class Clock:
    """Time that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_rate_counts_only_what_moved_now() -> None:
    clock = Clock()
    meter = Meter(1000, clock=clock)
    meter.move("resumed", 600)
    clock.now += 2
    meter.move("resumed", 800)
    assert meter.rate() == pytest.approx(100.0)
    assert meter.seconds_left() == pytest.approx(2.0)
    meter.move("there already", 200, arrived_now=False)
    assert meter.rate() == pytest.approx(100.0)
    assert meter.done == 1000


def test_plain_stream_gets_lines_now_and_then() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock=clock)
    progress.begin_transfer("Uploading", total=100, files=1)
    for offset in range(100):
        progress.file_at("a", offset, 100)
        clock.now += 0.1
    progress.file_done("a", 100, sent=True)
    progress.end()
    lines = stream.getvalue().splitlines()
    assert len(lines) == 3
    assert "100 B of 100 B, 1/1 files" in lines[-1]
    assert "\x1b" not in stream.getvalue()


def test_a_file_gets_what_changed_and_nothing_again() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock=clock)
    for fraction in (0.0, 0.0, 0.02, 0.03, 0.31, 0.31, 0.32, 1.0):
        for _ in range(10):
            progress.stage("Converting scan_1.dm4", fraction)
            clock.now += 60
    progress.stage("Checking", None)
    clock.now += 3600
    progress.stage("Checking", None)
    assert [line.split("[")[0].strip() for line in stream.getvalue().splitlines()] == [
        "Converting scan_1.dm4",
        "Converting scan_1.dm4",
        "Converting scan_1.dm4",
        "Checking",
    ]
    assert re.findall(r"(\d+)%", stream.getvalue()) == ["0", "31", "100"]


def test_a_transfer_that_stands_still_says_so_once() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock=clock)
    progress.begin_transfer("Uploading", total=1000, files=2)
    for offset in [*[100] * 50, *[300] * 50]:
        progress.file_at("a", offset, 500)
        clock.now += 5
    lines = stream.getvalue().splitlines()
    assert [line.split("%")[0].split()[-1] for line in lines] == ["10", "30"]
    progress.file_done("a", 500, sent=True)
    clock.now += 5
    progress.file_done("b", 500, sent=True)
    assert stream.getvalue().splitlines()[-1].count("2/2 files") == 1


def test_terminal_is_redrawn_in_place() -> None:
    clock, stream = Clock(), Terminal()
    progress = Progress(stream, clock=clock)
    progress.begin_transfer("Uploading", total=200, files=2)
    for offset in (0, 50, 100):
        clock.now += 1
        progress.file_at("a.raw", offset, 100)
        clock.now += 1
        progress.file_at("b.raw", offset, 100)
    progress.end()
    drawn = stream.getvalue()
    ups = [int(found) for found in re.findall(r"\x1b\[(\d+)A", drawn)]
    assert ups == [2, 3, 3, 3, 3, 3]  # an overall line and one per file, erased at the end
    assert "a.raw" in drawn


def test_the_server_being_away_is_said_once_for_all_threads() -> None:
    clock, stream = Clock(), io.StringIO()
    progress = Progress(stream, clock=clock)
    for _ in range(3):
        progress.waiting("connection refused", 4.0, 590.0)
    assert stream.getvalue().count("connection refused") == 1


@pytest.mark.parametrize(
    ("size", "text"), [(0, "0 B"), (999, "999 B"), (1500, "1.5 kB"), (2.5e9, "2.5 GB"), (3e12, "3.00 TB")]
)
def test_sizes(size: float, text: str) -> None:
    assert format_size(size) == text


@pytest.mark.parametrize(("seconds", "text"), [(4.2, "4 s"), (75, "1 min 15 s"), (3700, "1 h 01 min")])
def test_times(seconds: float, text: str) -> None:
    assert format_time(seconds) == text


def test_a_stream_that_is_closed_or_missing_is_no_terminal_and_stops_nothing() -> None:
    closed = io.StringIO()
    closed.close()
    for stream in (closed, None):
        progress = ProgressStream(stream)
        assert not progress.isatty()
        assert progress.write("half done") == len("half done")
        progress.flush()
