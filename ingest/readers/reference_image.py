"""Dark and gain references of Direct Electron's cameras: one image behind a header of MRC that does not count it.

Whatever the file holds, its header says 32766 sections, and the true number where the grid of the cell stands; lengths
of the cell are whole numbers written into floating point fields. The values are those of the whole detector, rows as
they are stored, which is how frames are stored that lie beside them.
"""

import struct
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Axis, SignalSource
from ingest.readers.framed_bytes import FramedBytes, ImageRows, open_part
from ingest.readers.refusals import UPLOAD_AGAIN, refuse, refuse_truncated

UNCOUNTED = 32766
ORIENTATION = "as stored in the file, as the frames beside it are"
_HEADER_BYTES = 1024
_MARK_AT, _MARK = 208, b"MAP "
_STORED = {1: "<i2", 2: "<f4", 6: "<u2"}
_LARGEST_SIDE = 2**15


def open_reference(path: Path, name: str, resources: ExitStack) -> SignalSource:
    """Return the first image of a reference, named `name`; `resources` closes the file.

    Raises
    ------
    ReadRefusedError
        `reference_unreadable`, if its header tells no image; `file_truncated`, if the image is not whole.
    """
    with path.open("rb") as handle:
        head = handle.read(_HEADER_BYTES)
    shape, dtype, offset = _read_layout(head, path)
    size = shape[0] * shape[1] * dtype.itemsize
    actual = path.stat().st_size
    if actual < offset + size:
        what = f"one image of {shape[0]} × {shape[1]}"
        raise refuse_truncated(path, expected=offset + size, actual=actual, what=what)
    part = open_part(resources, path, offset=offset, count=1)

    def decode(raw: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        return raw.view(dtype).reshape(-1, *shape)

    store = FramedBytes([part], size, shape, dtype.newbyteorder("="), decode)
    rows = ImageRows(part, shape, dtype)
    return SignalSource(
        name=name,
        shape=shape,
        dtype=store.dtype,
        axes=(Axis("detector_y", shape[0]), Axis("detector_x", shape[1])),
        n_signal_axes=2,
        load=partial(store.load, leading=()),
        orientation=ORIENTATION,
        stored_block=rows.stored_block,
        load_channels=rows.load_channels,
    )


def _read_layout(head: bytes, path: Path) -> tuple[tuple[int, int], np.dtype[Any], int]:
    """Return (rows, columns), the type of the values and the byte at which they begin."""
    if len(head) < _HEADER_BYTES or head[_MARK_AT : _MARK_AT + len(_MARK)] != _MARK:
        raise refuse(
            "reference_unreadable", f"{path.name} is no reference image: no header of MRC.", UPLOAD_AGAIN
        )
    columns, rows, _, mode = struct.unpack_from("<4i", head, 0)
    (extended,) = struct.unpack_from("<i", head, 92)
    is_sized = all(0 < side <= _LARGEST_SIDE for side in (rows, columns))
    if mode not in _STORED or not is_sized or extended < 0:
        raise refuse(
            "reference_unreadable",
            f"{path.name} is no reference image: its header says {rows} × {columns} values of mode {mode}.",
            UPLOAD_AGAIN,
        )
    return (rows, columns), np.dtype(_STORED[mode]), _HEADER_BYTES + extended
