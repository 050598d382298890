"""`_scan_coordinates.csv` of Direct Electron's server: the place of each frame, `x,y` a line, in pixels of the scan."""

import os
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Axis, Region, SignalSource
from ingest.readers.refusals import UPLOAD_AGAIN, refuse

ENDING = "_scan_coordinates.csv"
_MOST_BYTES = 2**25
_BYTES_A_LINE = 4  # of the shortest, with its end
_LINE = re.compile(r"\s*\d{1,9}\s*,\s*\d{1,9}\s*")


def is_coordinates(text: str) -> bool:
    """Whether each whole line of the first of a text is a pair of whole numbers."""
    lines = text.splitlines()[:-1] or text.splitlines()
    return bool(lines) and all(_LINE.fullmatch(line) for line in lines)


def read_coordinates(path: Path, frames: int) -> npt.NDArray[np.int32]:
    """Return the places (frames, 2), each (y, x), in pixels of the scan.

    The server ends every line; where the last has no end, its last number may have lost a digit.

    Raises
    ------
    ReadRefusedError
        `scan_coordinates_unreadable`, if a line is no pair of whole numbers, or there is not one for each frame.
    """
    size = path.stat().st_size
    if not frames * _BYTES_A_LINE - 2 <= size <= _MOST_BYTES:
        raise _refuse(path, f"{size} bytes cannot hold a pair for each of {frames} frames")
    with path.open("rb") as handle:
        handle.seek(-1, os.SEEK_END)
        is_ended = handle.read(1) == b"\n"
    if not is_ended:
        raise _refuse(path, "its last line has no end, so a digit may be missing")
    try:
        pairs = np.loadtxt(path, dtype=np.int32, delimiter=",", ndmin=2, comments=None, encoding="ascii")
    except (ValueError, OverflowError) as error:
        raise _refuse(path, f"it has a line that is no pair of whole numbers ({error})") from error
    if pairs.shape != (frames, 2):
        raise _refuse(path, f"it has {len(pairs)} places for {frames} frames")
    if pairs.min() < 0:
        raise _refuse(path, "it has a place below 0")
    return np.ascontiguousarray(pairs[:, ::-1])


def _refuse(path: Path, why: str) -> Any:
    return refuse(
        "scan_coordinates_unreadable", f"{path.name} does not say where frames are: {why}.", UPLOAD_AGAIN
    )


def build_coordinates(places: npt.NDArray[np.int32]) -> SignalSource:
    """Return the places as an array of the measurement: (position, 2), each (y, x)."""

    def load(region: Region) -> npt.NDArray[np.int32]:
        return places[region]

    return SignalSource(
        name="scan_coordinates",
        shape=places.shape,
        dtype=places.dtype,
        axes=(Axis("position", len(places)), Axis("index", 2)),
        n_signal_axes=1,
        load=load,
        orientation="each place as (y, x), in pixels of the scan; the file has x,y; in the order of the frames",
    )
