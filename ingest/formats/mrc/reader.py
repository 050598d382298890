"""MRC: sections of equal size behind a header, with a longer one of Thermo Fisher's and a text of DE cameras.

Header document: ``{"mrc": {…}, "extended": {…}, "info": {…}}``. ``mrc`` is the fixed header: ``shape``, ``mode``,
``grid``, ``cell_angstrom``, ``axis_order``, ``space_group``, ``extended_type``, ``imod_flags``, ``labels``,
``byte_order``. ``extended`` holds the filled fields of the first section's block of type FEI1 or FEI2 under their own
names (`ingest.formats.mrc.extended` has the units), and ``sections``, their number. ``info`` holds the lines of the
DE server's text.

Orientation: rows as stored in the file, first row first, equal to mrcfile and RosettaSciIO; programs of the format
draw the first row at the bottom.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.mrc.axes import SectionMeaning, build_axes
from ingest.formats.mrc.extended import BLOCK_BYTES, read_blocks
from ingest.formats.mrc.header import HEADER_BYTES, NOT_READ, MrcHeader, parse_header
from ingest.formats.mrc.info import read_info
from ingest.readers.companions import base_of
from ingest.readers.contract import OpenedFile, ReadHints, SignalSource
from ingest.readers.framed_bytes import FramedBytes, ImageRows, open_part
from ingest.readers.header_json import to_json
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, refuse_truncated, tell, tell_surplus, warn
from repository.schema.findings import Finding

VERSION = "1"
ORIENTATION = "as stored in the file, first row first; programs of MRC draw the first row at the bottom"
_MOST_EXTENDED_BYTES = 4096 * max(BLOCK_BYTES.values())
_PLAIN_ORDER = (1, 2, 3)


def _read_header(path: Path) -> tuple[MrcHeader, list[dict[str, Any]]]:
    """Return the fixed header and the blocks of the extended one, sizes checked."""
    actual = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(HEADER_BYTES)
        if len(head) < HEADER_BYTES:
            raise refuse_truncated(path, expected=HEADER_BYTES, actual=actual, what="header")
        header = parse_header(head)
        if header is None:
            raise refuse("mrc_header_unreadable", f"{path.name} has no readable MRC header.", UPLOAD_AGAIN)
        _check_type(header, path.name)
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


def _check_oddities(header: MrcHeader, path: Path) -> list[Finding]:
    """Return what a person should know of a header that was believed."""
    found = []
    left = path.stat().st_size - header.offset - header.shape[0] * header.section_bytes
    if left:
        found.append(tell_surplus(path, left, after=f"its {header.shape[0]} sections"))
    if header.mode == 0 and not header.has_known_sign:
        message = (
            f"{path.name} does not say whether its bytes have a sign; they are read with one, as is the rule."
        )
        found.append(tell("mrc_sign_assumed", message, "Say so in the notes if values above 127 were meant."))
    if header.axis_order not in {_PLAIN_ORDER, (0, 0, 0)}:
        message = f"{path.name} stores its axes in the order {header.axis_order}; they are named as stored."
        found.append(
            warn(
                "mrc_axes_permuted",
                message,
                "Readers may take one axis for another. Check which is which before you give a step.",
            )
        )
    return found


def _build_signal(
    header: MrcHeader, path: Path, meaning: SectionMeaning, resources: ExitStack
) -> SignalSource:
    dtype = header.stored_dtype
    if dtype is None:
        raise TypeError(path.name)
    frame = header.shape[1:]
    part = open_part(resources, path, offset=header.offset, count=header.shape[0])

    def decode(raw: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        return raw.view(dtype).reshape(-1, *frame)

    store = FramedBytes([part], header.section_bytes, frame, dtype.newbyteorder("="), decode)
    by_channel: dict[str, Any] = {}
    if len(meaning.axes) == 2:  # noqa: PLR2004 - one image
        rows = ImageRows(part, frame, dtype)
        by_channel = {"stored_block": rows.stored_block, "load_channels": rows.load_channels}
    shape = tuple(axis.size for axis in meaning.axes)
    return SignalSource(
        name="data",
        shape=shape,
        dtype=store.dtype,
        axes=meaning.axes,
        n_signal_axes=2,
        load=partial(store.load, leading=shape[:-2]),
        shape_origin=meaning.origin,
        orientation=ORIENTATION,
        **by_channel,
    )


def _describe(header: MrcHeader, blocks: list[dict[str, Any]], info: Mapping[str, str]) -> dict[str, Any]:
    fixed = {
        "shape": header.shape,
        "mode": header.mode,
        "byte_order": "little" if header.order == "<" else "big",
        "grid": header.grid,
        "cell_angstrom": header.cell,
        "axis_order": header.axis_order,
        "space_group": header.space_group,
        "extended_type": header.extended_type,
        "imod_flags": header.imod_flags,
        "labels": header.labels,
    }
    extended = {**blocks[0], "sections": len(blocks)} if blocks else {}
    return {"mrc": fixed, "extended": extended, "info": dict(info)}


def open_mrc(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an MRC file, with the description of a DE camera if there is one."""
    name = next(iter(files))
    path = files[name]
    header, blocks = _read_header(path)
    info = next((read_info(files[other]) for other in files if other != name), {})
    meaning = build_axes(header, blocks, info, name=base_of(name), hints=hints)
    resources = ExitStack()
    signal = _build_signal(header, path, meaning, resources)
    return OpenedFile(
        format="mrc",
        reader_version=VERSION,
        signals=(signal,),
        header=to_json(_describe(header, blocks, info)),
        findings=(*_check_oddities(header, path), *meaning.findings),
        resources=resources,
    )
