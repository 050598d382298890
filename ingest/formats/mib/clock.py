"""When the first frames of a run were taken and how long each was exposed, by their own headers."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

from ingest.formats.mib.header import MARK, FrameHeader
from ingest.readers.refusals import UPLOAD_AGAIN, refuse

_MOST_DIGITS = 18
Moment = tuple[str, int | None]
"""Time stamp (ISO with Z; empty in older headers) and exposure in ns (None there) of one frame."""


def read_moments(path: Path, header: FrameHeader, count: int) -> list[Moment]:
    """Return the moments of the first `count` frames, by as little of each header as holds them.

    Raises
    ------
    ReadRefusedError
        `mib_header_unreadable`, if a frame does not begin where the first header says.
    """
    moments: list[Moment] = []
    with path.open("rb", buffering=0) as handle:
        for number in range(count):
            handle.seek(number * header.stride)
            head = handle.read(header.header_bytes)
            if not head.startswith(MARK):
                raise refuse(
                    "mib_header_unreadable",
                    f"Frame {number + 1} of {path.name} does not begin at byte {number * header.stride}, where the "
                    "first header says.",
                    UPLOAD_AGAIN,
                )
            moments.append(_find_moment(head))
    return moments


def as_moment(fields: dict[str, Any]) -> Moment:
    """Return the moment of a header that was parsed."""
    return str(fields.get("timestamp_utc") or ""), fields.get("exposure_ns")


def _find_moment(head: bytes) -> Moment:
    """Return what follows the MQ1A mark; older headers have no such block."""
    _, mark, rest = head.partition(b"MQ1A,")
    parts = rest.split(b",", 2)
    digits = parts[1].strip().removesuffix(b"ns") if mark and len(parts) > 1 else b""
    exposure = int(digits) if digits.isdigit() and len(digits) < _MOST_DIGITS else None
    return (parts[0].strip().decode("latin-1") if mark else "", exposure)


def find_frame_time(moments: Sequence[Moment]) -> float | None:
    """Return the usual time from one frame to the next in ns, by the stamps; None where they do not tell.

    The median, since flyback and the pause after a line are longer; stamps hold nanoseconds.
    """
    times = [_read_ns(stamp) for stamp, _ in moments]
    known = [time for time in times if time is not None]
    if len(known) < len(times) or len(known) < 3:  # noqa: PLR2004 - of two frames one pause is no usual one
        return None
    steps = [after - before for before, after in pairwise(known)]
    return float(median(steps)) if min(steps) > 0 else None


def _read_ns(stamp: str) -> int | None:
    """Return the nanoseconds of an ISO time with Z; its fraction may have nine digits, datetime keeps six."""
    whole, _, fraction = stamp.removesuffix("Z").partition(".")
    try:
        seconds = (datetime.fromisoformat(whole) - datetime(1970, 1, 1)).total_seconds()  # noqa: DTZ001 - both without
    except (ValueError, TypeError):
        return None
    if not fraction.isdigit() or len(fraction) > 9:  # noqa: PLR2004 - nanoseconds
        return None
    return int(seconds) * 10**9 + int(fraction.ljust(9, "0"))
