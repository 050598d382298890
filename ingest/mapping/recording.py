"""Whether the time of one position and the clock of a file agree: pixels × dwell against stop − start."""

from datetime import datetime, timedelta

from ingest.mapping.draft import DraftBuilder
from ingest.mapping.times import read_clock

_SLACK_S = 2.0  # both clocks show whole seconds
_SHORTFALL = 0.9
_OVERHEAD = 20.0  # times the beam time that moving, reading out and correcting drift may take
_LEAST_OVERHEAD_S = 60.0
_DAY_S = 86_400.0


def seconds_between(start: str, end: str) -> float | None:
    """Return the seconds between two ISO times, or between two clocks of which the later may be past midnight."""
    first, last = _read_iso(start), _read_iso(end)
    if first is not None and last is not None and (first.tzinfo is None) == (last.tzinfo is None):
        lasted = (last - first).total_seconds()
        return lasted if lasted >= 0 else None
    begins, ends = read_clock(start), read_clock(end)
    if begins is None or ends is None:
        return None
    return (ends - begins) / timedelta(seconds=1) % _DAY_S


def _read_iso(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if "-" in text else None
    except ValueError:
        return None


def check_recording_time(
    draft: DraftBuilder, path: str, *, positions: int, seconds: float, lasted: float, told: str
) -> None:
    """Say where positions × seconds do not fit into the time that the file took.

    Parameters
    ----------
    path
        The field that holds the time of one position.
    positions, seconds
        How many, and how long each.
    lasted
        Seconds from start to end.
    told
        What the file's clocks say, as people read it.
    """
    needed = positions * seconds
    took = f"{positions} of {seconds:.4g} s take {needed:.4g} s; the file tells of {lasted:.4g} s ({told})."
    if needed * _SHORTFALL > lasted + _SLACK_S:
        draft.warn(
            "recording_time_differs",
            f"The times do not fit together: {took}",
            "Readers take the dose from one of them, and one is wrong. Check the time of one position, and give it "
            "yourself if you know it.",
            path=path,
        )
    elif lasted > _OVERHEAD * needed + _LEAST_OVERHEAD_S:
        draft.tell(
            "recording_time_differs",
            f"The recording lasted much longer than the beam stayed: {took}",
            "The time of one position may be that of another device. Check it before you compute a dose.",
            path=path,
        )
