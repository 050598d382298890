"""What the sections of an MRC file are: one image, a scan of patterns, a tilt series, slices of a volume, or a series.

The format itself does not tell a stack from a volume for certain, nor a pattern from an image. So the descriptions
beside it decide where they are, then the depositor, and the space group last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ingest.formats.mrc.header import MrcHeader
from ingest.formats.mrc.info import find_scan_shape
from ingest.formats.mrc.modes import is_pattern, is_scanned_image
from ingest.readers.contract import Axis, ReadHints, ShapeOrigin
from ingest.readers.refusals import tell
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.units import calibrated_axis
from repository.schema.findings import Finding

_STACK_GROUP = 0
_VOLUME_STACKS = 400  # space groups above are of stacks of volumes
_EVEN = 1e-3  # of a step: what a goniometer keeps


@dataclass(frozen=True, slots=True)
class SectionMeaning:
    """All axes of the array, with who said so."""

    axes: tuple[Axis, ...]
    origin: ShapeOrigin = "file"
    findings: tuple[Finding, ...] = ()


def build_axes(
    header: MrcHeader,
    blocks: Sequence[Mapping[str, Any]],
    info: Mapping[str, str],
    *,
    name: str,
    hints: ReadHints,
) -> SectionMeaning:
    """Return the axes of a file of the given name.

    Parameters
    ----------
    header, blocks, info
        What the fixed header, the extended one and a DE camera's text say; the latter may be empty.
    hints
        What the depositor said.
    """
    sections = header.shape[0]
    block = blocks[0] if blocks else {}
    frame = _frame_axes(header, block)
    in_file = find_scan_shape(info)
    is_run = bool(info.get("Scan - Enable") == "Enable" or hints.scan_shape or hints.frame_axis)
    if sections > 1 and is_run:
        layout = decide_scan_layout(frames=sections, name=name, hints=hints, in_file=in_file)
        leading = tuple(_with_step(axis, info) for axis in layout.axes)
        is_scan = leading[0].name in {"scan_y", "position"}
        of_each = _plain_frame(header) if is_scan else frame
        return SectionMeaning((*leading, *of_each), layout.origin, layout.findings)
    if sections == 1:
        return SectionMeaning(frame)
    tilt = _tilt_axis(blocks, sections)
    if tilt is not None:
        return SectionMeaning((tilt, *frame))
    if _is_volume(header):
        depth = calibrated_axis("z", sections, unit="nm", scale=header.pixel_nm(0))
        return SectionMeaning((depth, *frame), findings=(_tell_volume(name, sections),))
    return SectionMeaning((Axis("series", sections), *frame))


def _plain_frame(header: MrcHeader) -> tuple[Axis, Axis]:
    return Axis("detector_y", header.shape[1]), Axis("detector_x", header.shape[2])


def _frame_axes(header: MrcHeader, block: Mapping[str, Any]) -> tuple[Axis, Axis]:
    """Return the axes of one section: a scan, an image with a step in nm, else what a camera saw.

    A pattern stays without a step, whose unit the format does not give.
    """
    steps = [_pixel_nm(header, block, axis) for axis in (1, 2)]
    if is_pattern(block) or (None in steps and not is_scanned_image(block)):
        return _plain_frame(header)
    names = ("scan_y", "scan_x") if is_scanned_image(block) else ("y", "x")
    y, x = (
        calibrated_axis(name, size, unit="nm", scale=step)
        for name, size, step in zip(names, header.shape[1:], steps, strict=True)
    )
    return y, x


def _pixel_nm(header: MrcHeader, block: Mapping[str, Any], axis: int) -> float | None:
    stated = block.get("Pixel size Y" if axis == 1 else "Pixel size X")
    return stated * 1e9 if isinstance(stated, float) and stated > 0 else header.pixel_nm(axis)


def _with_step(axis: Axis, info: Mapping[str, str]) -> Axis:
    stated = info.get(f"Specimen Pixel Size {axis.name[-1].upper()} (nanometers)", "")
    try:
        step = float(stated)
    except ValueError:
        return axis
    is_scan = axis.name in {"scan_y", "scan_x"}
    return calibrated_axis(axis.name, axis.size, unit="nm", scale=step) if is_scan and step > 0 else axis


def _tilt_axis(blocks: Sequence[Mapping[str, Any]], sections: int) -> Axis | None:
    """Return the axis of a tilt series, where every section has a tilt of its own."""
    tilts = [block.get("Alpha tilt") for block in blocks]
    angles = [tilt for tilt in tilts if isinstance(tilt, float)]
    if len(angles) != sections or len(set(angles)) != sections:
        return None
    steps = [after - before for before, after in pairwise(angles)]
    mean = (angles[-1] - angles[0]) / (sections - 1)
    is_even = all(abs(step - mean) <= _EVEN * abs(mean) for step in steps)
    return calibrated_axis(
        "tilt", sections, unit="deg", scale=mean if is_even else None, offset=angles[0] if is_even else 0.0
    )


def _is_volume(header: MrcHeader) -> bool:
    sections = header.shape[0]
    is_group = _STACK_GROUP < header.space_group < _VOLUME_STACKS
    return is_group and header.grid[2] == sections and header.pixel_nm(0) is not None


def _tell_volume(name: str, sections: int) -> Finding:
    message = f"{name} is read as a volume of {sections} slices: its header gives a step between them."
    hint = "If it is a scan or a series, give scan_shape, or say which series it is."
    return tell("mrc_read_as_volume", message, hint)
