"""Clocks, times and series of frames."""

import datetime as dt
import itertools
import statistics
from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema.checks.cross_field.context import Check, Context, report
from repository.schema.documents.scales import find_scalar
from repository.schema.findings import Finding
from repository.schema.places import get_value
from repository.schema.quantities.units import UNITS, convert

ALLOWED_AHEAD = dt.timedelta(days=1)
GAP_FACTOR = 100
SMALL_TILT_RANGE_DEG = 20
LARGE_TILT_INCREMENT_DEG = 10
SHORTFALL = 0.9
_SERIES_AXES = {
    "series_times": ("time", "series", "frame"),
    "series_tilts": ("tilt", "series", "frame"),
    "series_defocus": ("focal", "defocus", "series", "frame"),
    "environment.stimulus_series": ("time", "series", "frame"),
}


def check_clock(context: Context) -> Iterator[Finding]:
    """Warn of a date in the future; note a local time without zone."""
    entry = get_value(context.document, "acquired_at")
    text = entry.get("value") if isinstance(entry, Mapping) else entry
    moment = _parse_moment(text)
    if moment is None:
        return  # the structure layer has said so
    if moment.tzinfo is None:
        yield report(
            "info",
            "time_zone_unknown",
            f"The date of acquisition {text} has no time zone.",
            "/acquired_at",
            "It is kept as local time. Add an offset (+01:00) if it is known.",
        )
        moment = moment.replace(tzinfo=dt.UTC)
    if moment > context.now + ALLOWED_AHEAD:
        yield report(
            "warning",
            "date_in_future",
            f"The date of acquisition {text} lies in the future.",
            "/acquired_at",
            "Readers sort and cite by it. The instrument's clock may have been wrong: correct the date, or say "
            "so in the notes.",
        )


def _parse_moment(text: Any) -> dt.datetime | None:
    if not isinstance(text, str):
        return None
    try:
        return dt.datetime.fromisoformat(text)
    except ValueError:
        return None


def check_series_lengths(context: Context) -> Iterator[Finding]:
    """Demand one value per frame."""
    for path, names in _SERIES_AXES.items():
        entry, axis = get_value(context.document, path), context.find_axis(*names)
        if isinstance(entry, Mapping) and isinstance(entry.get("values"), list) and axis is not None:
            found = len(entry["values"])
            if found != axis.size:
                yield report(
                    "error",
                    "series_length_mismatch",
                    f"{path} has {found} values; the series has {axis.size} frames.",
                    "/" + path.replace(".", "/"),
                    "Give one value per frame, in the order of the frames.",
                )


def check_series_times(context: Context) -> Iterator[Finding]:
    """Demand that times increase strictly; warn of long gaps."""
    times = _read_series(context.document, "series_times", "s")
    steps = [after - before for before, after in itertools.pairwise(times)]
    if not steps:
        return
    if min(steps) <= 0:
        index = steps.index(min(steps)) + 1
        yield report(
            "error",
            "times_not_increasing",
            f"Frame {index} is not later than the frame before it.",
            f"/series_times/values/{index}",
            "Times count from frame 0 and increase strictly.",
        )
    elif max(steps) > GAP_FACTOR * statistics.median(steps):
        yield report(
            "warning",
            "series_gap",
            f"A gap of {max(steps):.4g} s interrupts frames that are {statistics.median(steps):.4g} s apart.",
            "/series_times",
            "Readers see changes during the gap as sudden. Keep it if acquisition was interrupted; else correct "
            "the times.",
        )


def check_series_tilts(context: Context) -> Iterator[Finding]:
    """Expect a tilt series to span at least 20 degrees in steps of at most 10."""
    tilts = sorted(_read_series(context.document, "series_tilts", "deg"))
    if len(tilts) < len(("first", "last")):
        return
    span = tilts[-1] - tilts[0]
    widest = max(after - before for before, after in itertools.pairwise(tilts))
    if span < SMALL_TILT_RANGE_DEG or widest > LARGE_TILT_INCREMENT_DEG:
        yield report(
            "warning",
            "tilt_series_unusual",
            f"The tilts span {span:.4g} degrees with increments of up to {widest:.4g} degrees.",
            "/series_tilts",
            "Readers reconstruct from these angles. Usual are at least 20 degrees in steps of at most 10: is "
            "the unit right "
            "(deg, rad)?",
        )


def _read_series(document: Mapping[str, Any], path: str, unit: str) -> list[float]:
    entry = get_value(document, path)
    values = entry.get("values") if isinstance(entry, Mapping) else None
    code = str(entry.get("unit")) if isinstance(entry, Mapping) else ""
    if not isinstance(values, list) or code not in UNITS or UNITS[code].dimension != UNITS[unit].dimension:
        return []
    numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
    return [convert(float(number), code, unit) for number in numbers] if len(numbers) == len(values) else []


def check_duration(context: Context) -> Iterator[Finding]:
    """Expect a scan to take at least its number of positions times its dwell time."""
    duration = find_scalar(context.document, "acquisition_duration")
    shape, time = context.facts.scan_shape, context.facts.time_per_position_s
    if duration is None or shape is None or time is None or not context.facts.dwell_time_s:
        return
    positions = 1
    for size in shape:
        positions *= size
    if duration < SHORTFALL * positions * time:
        yield report(
            "warning",
            "duration_too_short",
            f"{positions} positions of {time:.4g} s take {positions * time:.4g} s; "
            f"the measurement lasted {duration:.4g} s.",
            "/dwell_time",
            "Readers take the dose from it. Check the unit of the dwell time (us, ms) and the scan shape.",
        )


def check_dead_time(context: Context) -> Iterator[Finding]:
    """Expect live time within real time, and exposure within the frame period."""
    pairs = (("live_time", "eds.real_time"), ("exposure_time", "camera.frame_time"))
    for part, whole in pairs:
        first, second = find_scalar(context.document, part), find_scalar(context.document, whole)
        if first is not None and second is not None and first > second * 1.001:
            yield report(
                "warning",
                "time_exceeds_period",
                f"{part} ({first:.4g} s) is longer than {whole} ({second:.4g} s).",
                f"/{part}",
                "Readers take dose and frame rate from them. Check both units.",
            )


CHECKS: tuple[Check, ...] = (
    check_clock,
    check_series_lengths,
    check_series_times,
    check_series_tilts,
    check_duration,
    check_dead_time,
)
