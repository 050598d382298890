"""How far the reading of a measurement is, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from repository.selectors.deposits import DepositView, MeasurementView

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
    if reading is None:
        return _STATE_WORDS.get(measurement.state, measurement.state)
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


def list_reading_lines(deposit: DepositView) -> tuple[ReadingLine, ...]:
    """Return the measurements that a worker is at."""
    return tuple(
        ReadingLine(
            path=measurement.path,
            words=describe_reading(measurement),
            fraction=measurement.reading.fraction,
        )
        for measurement in deposit.measurements
        if measurement.reading is not None and measurement.reading.state == "running"
    )


def mark_known(deposit: DepositView) -> str:
    """Return a mark that changes when there is more to see of a deposit than before."""
    states = ",".join(f"{one.id}:{one.state}:{len(one.products)}" for one in deposit.measurements)
    return f"{states};{len(deposit.all_findings)}"
