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
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.mrc.axes import build_axes
from ingest.formats.mrc.beside import Beside, sort_beside
from ingest.formats.mrc.coordinates import build_coordinates, read_coordinates
from ingest.formats.mrc.header import MrcHeader
from ingest.formats.mrc.sections import build_source, read_header
from ingest.readers.companions import base_of
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, SignalSource
from ingest.readers.header_json import to_json
from ingest.readers.refusals import as_warning, tell, tell_surplus, warn
from repository.schema.findings import Finding

VERSION = "2"
_PLAIN_ORDER = (1, 2, 3)


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
    if header.is_uncounted:
        message = (
            f"{path.name} is a dark or gain reference of a DE camera by its header, and lies by no frames."
        )
        hint = "Readers see it as it is. Link it to the measurements that it belongs to, as their dark_reference."
        found.append(tell("mrc_is_reference", message, hint))
    if header.is_transform:
        message = (
            f"{path.name} holds complex numbers of a Fourier transform: {header.shape[2]} columns are stored."
        )
        hint = (
            "Programs of MRC store half of a transform, the other follows by symmetry. Its axes have no step."
        )
        found.append(tell("mrc_is_transform", message, hint))
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


def _read_places(
    beside: Beside, files: Mapping[str, Path], sections: int
) -> tuple[npt.NDArray[np.int32] | None, list[Finding]]:
    """Return where each section was taken; None, with a finding where the list that should say it cannot be read."""
    if not beside.coordinates or sections <= 1:
        return None, []
    try:
        return read_coordinates(files[beside.coordinates], sections), []
    except ReadRefusedError as error:
        return None, [as_warning(error.finding, "Readers get the frames in a row, without their places.")]


def open_mrc(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an MRC file, with what a DE camera's server wrote beside it."""
    name = next(iter(files))
    path = files[name]
    header, blocks = read_header(path)
    beside = sort_beside(files)
    places, odd = _read_places(beside, files, header.shape[0])
    meaning = build_axes(
        header, blocks, beside.info, name=base_of(name), hints=hints, has_places=places is not None
    )
    resources = ExitStack()
    signals: list[SignalSource] = [build_source(header, path, meaning.axes, resources, origin=meaning.origin)]
    if places is not None:
        signals.append(build_coordinates(places))
    images, told = beside.open_images(files, signals[0], resources)
    return OpenedFile(
        format="mrc",
        reader_version=VERSION,
        signals=(*signals, *images),
        header=to_json(_describe(header, blocks, beside.info)),
        findings=(*_check_oddities(header, path), *odd, *meaning.findings, *told),
        resources=resources,
    )
