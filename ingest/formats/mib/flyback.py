"""Frames that Merlin took while the beam flew back to the start of a line: they are no positions of the specimen.

With one trigger for a line the camera goes on counting during flyback, and that one frame of each line is exposed for
longer. So the exposures of the frame headers tell where it is: at the end of a line, or at its start.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from ingest.readers.refusals import warn
from repository.schema.findings import Finding

MOST_LOOKED_AT = 2_100  # frames: two lines of a thousand positions, and a few bytes of each
_LONGER = 1.5
_LEAST_LINES = 2
_LEAST_LINES_AFTER_STRAY = 8  # a longer frame within a line is flyback only where very many say so


@dataclass(frozen=True, slots=True)
class Flyback:
    """One frame of each line of `line` frames is flyback, the first or the last; exposures in ns.

    `stray` frames come before the first line: the camera counted before the scan began. Then the first flyback begins
    a line, which is all that is known.
    """

    line: int
    is_first: bool
    exposure_ns: int
    usual_ns: int
    stray: int = 0

    @property
    def first(self) -> int:
        """Number of the first frame that is a position of the specimen, counted from 0."""
        return self.stray + self.is_first

    @property
    def columns(self) -> int:
        """Positions of the specimen in a line."""
        return self.line - 1

    def rows(self, frames: int) -> int:
        """Lines of which every position is in a run of frames; the flyback after the last may be missing."""
        return (frames - self.stray + (not self.is_first)) // self.line

    def count(self, frames: int) -> int:
        """Flyback frames in a run of frames."""
        rest = frames - self.stray
        return -(-rest // self.line) if self.is_first else rest // self.line

    def count_unfinished(self, frames: int) -> int:
        """Positions of a last line that was not finished."""
        return frames - self.stray - self.count(frames) - self.rows(frames) * self.columns


def find_flyback(exposures: Sequence[int | None], frames: int) -> Flyback | None:
    """Return where flyback frames are.

    Parameters
    ----------
    exposures
        In ns, of the first frames of the run; None where a header has none.
    frames
        Frames in the whole run.
    """
    known = [exposure for exposure in exposures if exposure]
    if len(known) != len(exposures) or not known:
        return None
    usual = median(known)
    longer = [index for index, exposure in enumerate(known) if exposure > _LONGER * usual]
    if len(longer) < _LEAST_LINES:
        return None
    line = longer[1] - longer[0]
    first = longer[0]
    if line < 2 or first >= line or frames // line < _LEAST_LINES:  # noqa: PLR2004
        return None
    if longer != list(range(first, len(known), line)):
        return None
    is_last = first == line - 1
    stray = 0 if is_last else first
    flyback = Flyback(line, not is_last, known[first], int(usual), stray)
    least = _LEAST_LINES_AFTER_STRAY if stray else _LEAST_LINES
    return flyback if min(len(longer), flyback.rows(frames)) >= least else None


def _show_times(flyback: Flyback) -> str:
    return f"{flyback.exposure_ns / 1e6:g} ms and not {flyback.usual_ns / 1e6:g} ms"


def tell_left_out(flyback: Flyback, frames: int, name: str) -> Finding:
    """Say which frames are no part of the scan."""
    place = "first" if flyback.is_first else "last"
    shape, unfinished = (flyback.rows(frames), flyback.columns), flyback.count_unfinished(frames)
    is_full = frames == flyback.rows(frames) * flyback.line
    stray = f"So are {flyback.stray} stray frames before the first line. " if flyback.stray else ""
    return warn(
        "flyback_frames_left_out",
        f"{flyback.count(frames)} of the {frames} frames of {name} are left out: the {place} of every {flyback.line} "
        f"is exposed for {_show_times(flyback)}, as the beam flies back. "
        + stray
        + (f"So are {unfinished} positions of a last line that was not finished. " if unfinished else "")
        + f"The scan is {shape[0]} × {shape[1]}.",
        f"Readers see the scan without them. Give the scan shape as {shape[0]} × {shape[1]} to confirm it, or "
        + (f"as {shape[0]} × {flyback.line}" if is_full else "say that the frames are a series")
        + " to keep every frame.",
        pointer="/scan_shape",
    )


def tell_kept(flyback: Flyback, frames: int, name: str) -> Finding:
    """Say that a column of the scan, or every so many frames, are none of the specimen."""
    place = "first" if flyback.is_first else "last"
    return warn(
        "flyback_frames_kept",
        f"{flyback.count(frames)} of the {frames} frames of {name}, the {place} of every {flyback.line}, are exposed "
        f"for {_show_times(flyback)}: they look like flyback, and are kept.",
        f"Readers see them as a stripe. Give the scan shape as {flyback.rows(frames)} × {flyback.columns} to leave "
        f"them out.",
        pointer="/scan_shape",
    )
