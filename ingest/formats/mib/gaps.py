"""Pixels between the chips of a Merlin detector: the software leaves room for them, and nothing counts there.

Two chips of 256 pixels with a gap of two make an image of 514. The pixels at the rim of a chip are larger, and some
versions share out their counts over the gap ("Gap Fill Mode: Distribute"): those are numbers, and no measurement of
their own, but none that is wrong.
"""

import re
from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from ingest.formats.mib.header import FrameHeader
from ingest.readers.dead_pixels import Rectangle
from ingest.readers.refusals import tell
from repository.schema.findings import Finding

CHIP = 256
MOST_GAP = 16
_LAYOUT = re.compile(r"(\d{1,2})[xX](\d{1,2})G?")
_FILLED = "Distribute"


def find_gaps(header: FrameHeader, shape: tuple[int, int]) -> tuple[Rectangle, ...]:
    """Return the gaps between the chips of images of this shape (y, x), as rectangles; RAW has none.

    The layout counts chips as width × height. An image that is no larger than its chips has no gap, and one of a
    region of interest does not say where it lies.
    """
    layout = _LAYOUT.fullmatch(header.layout.strip())
    if header.is_raw or layout is None:
        return ()
    columns, rows = int(layout[1]), int(layout[2])
    across, down = _find_gap(shape[1], columns), _find_gap(shape[0], rows)
    if across is None or down is None:
        return ()
    upright = [(0, shape[0], left, left + across) for left in _list_starts(columns, across)]
    level = [(top, top + down, 0, shape[1]) for top in _list_starts(rows, down)]
    return (*upright, *level)


def _find_gap(size: int, chips: int) -> int | None:
    """Return the pixels between two chips along an axis of `size` pixels; None where it is none of whole chips."""
    if chips == 1:
        return 0 if size == CHIP else None
    gap, rest = divmod(size - chips * CHIP, chips - 1)
    return gap if not rest and 0 <= gap <= MOST_GAP else None


def _list_starts(chips: int, gap: int) -> list[int]:
    return [number * (CHIP + gap) - gap for number in range(1, chips)] if gap else []


def judge_gaps(
    gaps: tuple[Rectangle, ...],
    hdr: Mapping[str, str],
    read_frame: Callable[[int], npt.NDArray[np.unsignedinteger]],
    numbers: tuple[int, ...],
    name: str,
) -> tuple[tuple[Rectangle, ...], list[Finding]]:
    """Return those gaps whose pixels are dead, and what is said of them.

    They are, unless the hdr says that they were filled and the frames that are looked at hold counts there.
    """
    if not gaps:
        return (), []
    is_filled = hdr.get("Gap Fill Mode", "").strip().casefold() == _FILLED.casefold() and any(
        read_frame(number)[top:bottom, left:right].any()
        for number in numbers
        for top, bottom, left, right in gaps
    )
    if is_filled:
        message = (
            f"The pixels between the chips in {name} were filled by the detector from those beside them."
        )
        hint = "They are kept and counted as they are (Gap Fill Mode of the hdr); they measure nothing of their own."
        return (), [tell("gap_pixels_filled", message, hint)]
    width = max(min(bottom - top, right - left) for top, bottom, left, right in gaps)
    message = f"{name} has gaps of {width} pixels between its chips, which are named as dead."
    hint = (
        "They are left out of the search for the direct disk and of the center of mass; the frames are kept as they "
        "are, and sums hold what stands there."
    )
    return gaps, [tell("pixels_named_dead", message, hint)]
