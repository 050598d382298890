"""The sections of one MRC file: their header, compared with the size of the file, and their values."""

from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.mrc.extended import BLOCK_BYTES, read_blocks
from ingest.formats.mrc.header import HEADER_BYTES, NOT_READ, MrcHeader, count_sections, parse_header
from ingest.readers.contract import Axis, ShapeOrigin, SignalSource
from ingest.readers.framed_bytes import FramedBytes, ImageRows, open_part
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, refuse_truncated

ORIENTATION = "as stored in the file, first row first; programs of MRC draw the first row at the bottom"
_MOST_EXTENDED_BYTES = 4096 * max(BLOCK_BYTES.values())


def read_header(path: Path) -> tuple[MrcHeader, list[dict[str, Any]]]:
    """Return the fixed header and the blocks of the extended one, sizes checked.

    Raises
    ------
    ReadRefusedError
        `mrc_header_unreadable`, `mrc_mode_not_read`, `file_truncated`.
    """
    actual = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(HEADER_BYTES)
        if len(head) < HEADER_BYTES:
            raise refuse_truncated(path, expected=HEADER_BYTES, actual=actual, what="header")
        header = parse_header(head)
        if header is None:
            raise refuse("mrc_header_unreadable", f"{path.name} has no readable MRC header.", UPLOAD_AGAIN)
        _check_type(header, path.name)
        header = count_sections(header, actual)
        expected = header.offset + header.shape[0] * header.section_bytes
        if actual < expected:
            what = f"{header.shape[0]} sections of {header.shape[1]} × {header.shape[2]}"
            raise refuse_truncated(path, expected=expected, actual=actual, what=what)
        extended = handle.read(min(header.extended_bytes, _MOST_EXTENDED_BYTES))
    return header, list(read_blocks(extended, header))


def _check_type(header: MrcHeader, name: str) -> None:
    if header.stored_dtype is None:
        holds = "numbers of four bits" if header.is_four_bit else NOT_READ.get(header.mode, "unknown values")
        raise decline(
            "mrc_mode_not_read",
            f"{name} holds {holds} (mode {header.mode}).",
            "Save it as whole numbers or as 32-bit floating point numbers, and upload that as well.",
        )


def build_source(
    header: MrcHeader,
    path: Path,
    axes: tuple[Axis, ...],
    resources: ExitStack,
    *,
    name: str = "data",
    origin: ShapeOrigin = "file",
) -> SignalSource:
    """Return the sections as an array with these axes, the last two of one section; `resources` closes the file."""
    dtype = header.stored_dtype
    if dtype is None:
        raise TypeError(path.name)
    frame = header.shape[1:]
    part = open_part(resources, path, offset=header.offset, count=header.shape[0])

    def decode(raw: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        values = raw.view(dtype)
        joined = values.astype(np.float32).view(np.complex64) if header.is_pairs else values
        return joined.reshape(-1, *frame)

    native = np.dtype(np.complex64) if header.is_pairs else dtype.newbyteorder("=")
    store = FramedBytes([part], header.section_bytes, frame, native, decode)
    by_channel: dict[str, Any] = {}
    if len(axes) == 2 and not header.is_pairs:  # noqa: PLR2004 - one image
        rows = ImageRows(part, frame, dtype)
        by_channel = {"stored_block": rows.stored_block, "load_channels": rows.load_channels}
    shape = tuple(axis.size for axis in axes)
    return SignalSource(
        name=name,
        shape=shape,
        dtype=store.dtype,
        axes=axes,
        n_signal_axes=2,
        load=partial(store.load, leading=shape[:-2]),
        shape_origin=origin,
        orientation=ORIENTATION,
        **by_channel,
    )
