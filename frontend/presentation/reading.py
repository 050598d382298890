"""How far the reading of a measurement is, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from repository.selectors.deposits import MeasurementView
from repository.selectors.reading import ReadingView
from repository.selectors.work import WorkView

_STATE_WORDS: Mapping[str, str] = {
    "found": "found, not opened yet",
    "opened": "header read, not converted yet",
    "converted": "readable as arrays",
    "failed": "stored, could not be read",
}
_STEP_WORDS: Mapping[str, str] = {
    "opening": "reading the header",
    "previewing": "header read, first pictures being made",
    "converting": "header read, converting",
    "reducing": "readable as arrays, computing images",
}
_WAITING_WORDS: Mapping[str, str] = {
    "opening": "waits to be opened",
    "previewing": "header read, waits for its first pictures",
    "converting": "header read, waits to be converted",
    "reducing": "readable as arrays, images wait to be computed",
}
MINUTE, HOUR = 60, 3600


@dataclass(frozen=True, slots=True)
class ReadingLine:
    """One measurement that is being worked on, with a bar where a fraction is known."""

    path: str
    words: str
    fraction: float | None


def describe_reading(measurement: MeasurementView) -> str:
    """Return what is being done with a measurement, or what it is where nothing is."""
    reading = measurement.reading
    return (
        _STATE_WORDS.get(measurement.state, measurement.state) if reading is None else describe_step(reading)
    )


def describe_step(reading: ReadingView) -> str:
    """Return what is being done with a measurement just now."""
    if reading.state != "running":
        return _WAITING_WORDS[reading.step]
    if reading.step == "opening":
        return _STEP_WORDS[reading.step]
    left = f", {describe_seconds(reading.seconds_left)} left" if reading.seconds_left is not None else ""
    return f"{_STEP_WORDS[reading.step]}: {round(100 * reading.fraction)} %{left}"


def describe_seconds(seconds: float) -> str:
    """Return a time as people say it, no finer than it is known."""
    if seconds < MINUTE:
        return "less than a minute"
    if seconds < HOUR:
        minutes = round(seconds / MINUTE)
        return f"about {minutes} minute{'s' * (minutes != 1)}"
    hours = round(seconds / HOUR)
    return f"about {hours} hour{'s' * (hours != 1)}"


def list_reading_lines(work: WorkView) -> tuple[ReadingLine, ...]:
    """Return the measurements that a worker is at."""
    return tuple(
        ReadingLine(path=one.path, words=describe_step(one.reading), fraction=one.reading.fraction)
        for one in work.running
    )


def describe_wait(work: WorkView) -> str:
    """Return what waits, who is before it, and how long it takes as far as sizes tell."""
    if not work.is_working:
        return ""
    parts = []
    if work.waiting:
        parts.append(f"{work.waiting} wait{'s' * (work.waiting == 1)} behind {_name_running(work)}.")
    if work.position:
        jobs = "1 piece of work is" if work.position == 1 else f"{work.position} pieces of work are"
        parts.append(f"{jobs} before your next one, others' among them.")
    elif work.position == 0:
        parts.append("Yours is next in line.")
    if work.seconds_left is not None:
        pace = "at the pace so far" if work.is_measured else "by the sizes, at the usual pace"
        parts.append(f"{describe_seconds(work.seconds_left).capitalize()} left {pace}.")
    return " ".join(parts)


def _name_running(work: WorkView) -> str:
    if not work.running:
        return "what others have"
    return "what runs now" if len(work.running) == 1 else f"the {len(work.running)} that run now"
