"""Times as vendors write them: what is certain becomes RFC 3339, what has no zone says so."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

_FILETIME_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_OLE_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 - local time of an unknown zone
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d+))?)?\s*([AaPp][Mm])?")
_DATE = re.compile(r"(\d{1,4})([./-])(\d{1,2})\2(\d{2,4})")
_EARLIEST_YEAR = 1980
_CENTURY = 100
_MONTHS, _HALF_DAY = 12, 12
_QUARTER_HOUR_S, _LARGEST_OFFSET_S = 900, 14 * 3600

Moment = str | dict[str, str]


def from_filetime(ticks: float) -> str | None:
    """Return UTC for a Windows FILETIME (100 ns since 1601, UTC); None where it is no plausible date."""
    try:
        return _utc(_FILETIME_EPOCH + timedelta(microseconds=ticks / 10))
    except OverflowError:
        return None


def from_unix(seconds: float) -> str | None:
    """Return UTC for seconds since 1970; None where it is no plausible date."""
    try:
        return _utc(datetime.fromtimestamp(seconds, UTC))
    except (OverflowError, OSError, ValueError):
        return None


def from_ole_days(days: float) -> Moment | None:
    """Return the local time of an OLE day number (days since 30 December 1899), to a millisecond."""
    try:
        return without_zone(_OLE_EPOCH + timedelta(milliseconds=round(days * 86_400_000)))
    except (OverflowError, ValueError):
        return None


def from_iso(text: str) -> Moment | None:
    """Return an ISO time with its offset, or as a local time of unknown zone."""
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return without_zone(moment) if moment.tzinfo is None else _with_offset(moment)


def from_ctime(text: str) -> Moment | None:
    """Return the local time of a text as C programs print it: "Mon Feb 22 19:21:01 2016"."""
    try:
        return without_zone(datetime.strptime(text.strip(), "%a %b %d %H:%M:%S %Y"))  # noqa: DTZ007 - it has none
    except ValueError:
        return None


def from_local_and_unix(text: str, seconds: float | None) -> Moment | None:
    """Return a local ISO time with the offset that the Unix time beside it tells, where it tells one."""
    moment = from_iso(text)
    if seconds is None or not isinstance(moment, dict):
        return moment
    local = datetime.fromisoformat(moment["value"])
    difference = local.replace(tzinfo=UTC).timestamp() - seconds
    offset = round(difference / _QUARTER_HOUR_S) * _QUARTER_HOUR_S
    if abs(difference - offset) > 1 or abs(offset) > _LARGEST_OFFSET_S:
        return moment
    return _with_offset(local.replace(tzinfo=timezone(timedelta(seconds=offset))))


def from_local_text(date_text: str, time_text: str) -> Moment | None:
    """Return the local time of texts in a country's style; None where day and month could be either.

    "27.08.2016" and "27/08/2016" are clear, "8/29/2017" too, and so is any date beside a 12-hour clock
    (month first); "3/4/2017 15:00" is not.
    """
    clock = _CLOCK.search(time_text)
    day = _read_date(date_text, has_twelve_hours=bool(clock and clock[5]))
    if day is None:
        return None
    if clock is None:
        return {"value": day.date().isoformat(), "zone": "unknown"}
    since_midnight = read_clock(time_text)
    return None if since_midnight is None else without_zone(day + since_midnight)


def read_clock(text: str) -> timedelta | None:
    """Return the time since midnight of a clock's text, 12 hours or 24; None where it shows no time of a day."""
    clock = _CLOCK.search(text)
    if clock is None:
        return None
    hour, minute, second = int(clock[1]), int(clock[2]), int(clock[3] or 0)
    if clock[5]:
        hour = hour % _HALF_DAY + (_HALF_DAY if clock[5].lower() == "pm" else 0)
    if hour > 23 or minute > 59 or second > 59:  # noqa: PLR2004 - of a clock
        return None
    fraction = float(f"0.{clock[4]}") if clock[4] else 0.0
    return timedelta(hours=hour, minutes=minute, seconds=second + round(fraction, 6))


def _read_date(text: str, *, has_twelve_hours: bool) -> datetime | None:
    match = _DATE.search(text)
    if match is None:
        return None
    first, separator, second, third = int(match[1]), match[2], int(match[3]), int(match[4])
    if first > _EARLIEST_YEAR:
        year, month, day = first, second, third
    elif separator == "." or first > _MONTHS:
        year, month, day = third, second, first
    elif second > _MONTHS or has_twelve_hours or first == second:
        year, month, day = third, first, second
    else:
        return None
    if year < _CENTURY:  # "01/31/19"
        year += 2000 if year < _EARLIEST_YEAR % _CENTURY else 1900
    try:
        found = datetime(year, month, day)  # noqa: DTZ001 - local time of an unknown zone
    except ValueError:
        return None
    return found if found.year >= _EARLIEST_YEAR else None


def without_zone(moment: datetime) -> dict[str, str] | None:
    """Return a local time whose zone nobody knows."""
    if moment.year < _EARLIEST_YEAR:
        return None
    return {"value": _show(moment), "zone": "unknown"}


def _with_offset(moment: datetime) -> str | None:
    if moment.year < _EARLIEST_YEAR:
        return None
    return _show(moment).replace("+00:00", "Z")


def _show(moment: datetime) -> str:
    """Return the ISO text with as much of the second as is there, to a microsecond."""
    whole, dot, rest = moment.isoformat().partition(".")
    if not dot:
        return whole
    digits, zone = rest[:6], rest[6:]
    return f"{whole}.{digits.rstrip('0')}{zone}"


def _utc(moment: datetime) -> str | None:
    return _with_offset(moment)


def as_entry(moment: Moment, origin_key: str) -> dict[str, Any]:
    """Return the entry for a document: the time with its source."""
    plain = {"value": moment} if isinstance(moment, str) else dict(moment)
    return {**plain, "source": "header", "origin_key": origin_key}
