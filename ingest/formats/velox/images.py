"""Images, stacks of images and single spectra of Velox."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.velox.frames import FrameStack, find_dtype, is_half_plane
from ingest.formats.velox.planned import AS_STORED, Planned, check_record, energy_axis, frame_axis
from ingest.formats.velox.tree import Record
from ingest.readers.contract import Axis, Region
from ingest.readers.hdf5.access import refuse_damage
from ingest.readers.refusals import decline
from ingest.readers.units import calibrated_axis, is_length, is_reciprocal

_HALF = "as stored: the half of a Fourier transform that Velox keeps; the other half is its conjugate"


def plan_image(record: Record, path: Path) -> Planned:
    findings = check_record(record, path, 3)
    stack = FrameStack(record.data, path)
    rows, columns = stack.shape[-2:]
    names = _name_frame(record)
    frame = (frame_axis(record, names[0], rows, "y"), frame_axis(record, names[1], columns, "x"))
    leading = (_time_axis(record, stack.frames),) if stack.frames > 1 else ()
    half = is_half_plane(record.data.dtype)
    return Planned(
        record,
        record.title or "image",
        (*leading, *frame),
        2,
        find_dtype(record.data),
        stack.load,
        stack.stored_block,
        _HALF if half else AS_STORED,
        findings=tuple(findings),
    )


def _name_frame(record: Record) -> tuple[str, str]:
    """Return the names of an image's axes: by its unit, and by whether the beam was scanned."""
    unit = record.find_text("BinaryResult", "PixelUnitX")
    if is_reciprocal(unit):
        return "detector_y", "detector_x"
    if record.is_scanned:
        return "scan_y", "scan_x"
    return ("y", "x") if is_length(unit) else ("detector_y", "detector_x")


def _time_axis(record: Record, frames: int) -> Axis:
    """Return the axis of a stack: a scan repeats each frame time, the interval of a camera's frames is not said."""
    period = record.find_number("Scan", "FrameTime") if record.is_scanned else None
    return calibrated_axis("time", frames, unit="s", scale=period)


def plan_spectrum(record: Record, path: Path) -> Planned:
    findings = check_record(record, path, 2)
    data = record.data
    if data.shape[1] != 1:
        raise decline(
            "velox_array_unexpected", f"{record.path} in {path.name} holds {data.shape[1]} spectra in one."
        )

    def load(_: Region) -> npt.NDArray[Any]:
        with refuse_damage(path):
            return np.asarray(data[:, 0])

    return Planned(
        record,
        f"spectrum_{record.title}",
        (energy_axis(record, int(data.shape[0])),),
        1,
        find_dtype(data),
        load,
        unit="1" if data.dtype.kind in "iu" else None,
        findings=tuple(findings),
    )
