"""Where in the scan a frame was taken: the second service row holds it, as py4DSTEM reads it."""

from pathlib import Path
from typing import BinaryIO

import numpy as np

_SERVICE_ROW = 129
_COLUMNS = 128
_PLACE = 12  # two numbers: rows and columns of the scan, in an order that the second frame tells
_MOST = 2**20

Position = tuple[int, int]


def find_scanned_shape(path: Path, frames: int, frame_bytes: int) -> tuple[int, int] | None:
    """Return (scan_y, scan_x) by the positions of the first two frames and the last; None where they hold none.

    The position that grows from the first frame to the second is that along a line. The last frame stands at the end of
    both, and rows × columns is the number of frames; else the numbers are something else.
    """
    if frames < 2:  # noqa: PLR2004 - a scan
        return None
    with path.open("rb", buffering=0) as handle:
        first, second, last = (_read_position(handle, at * frame_bytes) for at in (0, 1, frames - 1))
    if first is None or second is None or last is None:
        return None
    steps = tuple(after - before for before, after in zip(first, second, strict=True))
    if sorted(steps) != [0, 1]:
        return None
    fast = steps.index(1)
    columns = last[fast] - first[fast] + 1
    rows = last[1 - fast] - first[1 - fast] + 1
    return (rows, columns) if rows > 0 and columns > 0 and rows * columns == frames else None


def _read_position(handle: BinaryIO, start: int) -> Position | None:
    handle.seek(start + (_SERVICE_ROW * _COLUMNS + _PLACE) * 4)
    raw = handle.read(8)
    if len(raw) < 8:  # noqa: PLR2004 - two numbers
        return None
    values = np.frombuffer(raw, "<f4").astype(np.float64)
    if not np.isfinite(values).all() or (values != np.round(values)).any() or not (abs(values) < _MOST).all():
        return None
    return int(values[0]), int(values[1])
