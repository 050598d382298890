"""What runs, what waits and how long it takes, in sentences."""

from dataclasses import replace

import pytest

from frontend.presentation.reading import describe_step, describe_wait, list_reading_lines
from repository.selectors.reading import ReadingView
from repository.selectors.work import RunningView, WorkView

OPENING = ReadingView("opening", "running", 0.5, None)
CONVERTING = ReadingView("converting", "running", 0.61, 540.0)
WORK = WorkView(
    state="processing",
    is_working=True,
    fraction=0.2,
    message="",
    running=(RunningView("7q2m-x4dn", "scan_04.mib", CONVERTING),),
    waiting=29,
    position=3,
    bytes_left=10**9,
    seconds_left=540.0,
    is_measured=True,
    failed=(),
    revision=4,
)


def test_the_sentence_tells_the_line_the_place_and_the_estimate() -> None:
    assert describe_wait(WORK) == (
        "29 wait behind what runs now. 3 pieces of work are before your next one, others' among them. "
        "About 9 minutes left at the pace so far."
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"position": 0}, "Yours is next in line."),
        ({"position": 1}, "1 piece of work is before your next one"),
        ({"running": ()}, "29 wait behind what others have."),
        ({"waiting": 1, "running": WORK.running * 2}, "1 waits behind the 2 that run now."),
        ({"is_measured": False}, "About 9 minutes left by the sizes, at the usual pace."),
        ({"seconds_left": 12.0}, "Less than a minute left"),
    ],
)
def test_other_situations(change: dict[str, object], said: str) -> None:
    assert said in describe_wait(replace(WORK, **change))  # type: ignore[arg-type]  # fields by name


def test_nothing_is_said_where_nothing_is_done() -> None:
    assert describe_wait(replace(WORK, is_working=False)) == ""
    last = replace(WORK, waiting=0, position=None, seconds_left=None)
    assert describe_wait(last) == ""


def test_each_measurement_that_is_worked_on_has_its_line() -> None:
    (line,) = list_reading_lines(WORK)
    assert (line.path, line.fraction) == ("scan_04.mib", 0.61)
    assert line.words == "header read, converting: 61 %, about 9 minutes left"
    assert describe_step(OPENING) == "reading the header"
    assert describe_step(replace(OPENING, state="queued")) == "waits to be opened"
