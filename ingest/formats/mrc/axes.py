"""What the sections of an MRC file are: one image, a scan of patterns, a tilt series, slices of a volume, or a series.

The format itself does not tell a stack from a volume for certain, nor a pattern from an image. So the descriptions
beside it decide where they are, then the depositor, and the space group last.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ingest.formats.mrc.header import MrcHeader
from ingest.formats.mrc.info import (
    find_diffraction_step,
    find_frame_interval,
    find_scan,
    find_step,
    is_diffracting,
    is_scanned,
)
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
    has_places: bool = False,
) -> SectionMeaning:
    """Return the axes of a file of the given name.

    Parameters
    ----------
    header, blocks, info
        What the fixed header, the extended one and a DE camera's text say; the latter may be empty.
    hints
        What the depositor said.
    has_places
        Whether the place of each section on the specimen is known.
    """
    sections = header.shape[0]
    block = blocks[0] if blocks else {}
    frame = _build_frame(header, block, info)
    if sections > 1 and (is_scanned(info) or hints.scan_shape or hints.frame_axis):
        leading, origin, findings = _decide_leading(
            sections, info, name=name, hints=hints, has_places=has_places
        )
        is_scan = any(axis.name in {"scan_y", "position"} for axis in leading)
        of_each = _build_pattern(header, info) if is_scan else frame
        return SectionMeaning((*leading, *of_each), origin, findings)
    if sections == 1:
        return SectionMeaning(frame)
    tilt = _tilt_axis(blocks, sections)
    if tilt is not None:
        return SectionMeaning((tilt, *frame))
    if info:
        interval = find_frame_interval(info)
        return SectionMeaning((calibrated_axis("time", sections, unit="s", scale=interval), *frame))
    if _is_volume(header):
        depth = calibrated_axis("z", sections, unit="nm", scale=header.pixel_nm(0))
        return SectionMeaning((depth, *frame), findings=(_tell_volume(name, sections),))
    return SectionMeaning((Axis("series", sections), *frame))


def _decide_leading(
    sections: int, info: Mapping[str, str], *, name: str, hints: ReadHints, has_places: bool
) -> tuple[tuple[Axis, ...], ShapeOrigin, tuple[Finding, ...]]:
    """Return the axes before those of a section, for a run of them that the server or the depositor calls one."""
    scan = find_scan(info)
    if has_places and not hints.scan_shape and not hints.frame_axis:
        return (Axis("position", sections),), "file", ()
    shape = scan.shape if scan else None
    if scan and shape and scan.repeats > 1 and scan.repeats * shape[0] * shape[1] == sections:
        raster = (Axis("scan_y", shape[0]), Axis("scan_x", shape[1]))
        steps = (_with_step(axis, info) for axis in raster)
        return (Axis("series", scan.repeats), *steps), "file", ()
    layout = decide_scan_layout(frames=sections, name=name, hints=hints, in_file=shape)
    leading = tuple(_with_step(axis, info) for axis in layout.axes)
    told = (_tell_random(name),) if scan and scan.is_random and layout.origin == "guessed" else ()
    return leading, layout.origin, (*layout.findings, *told)


def _tell_random(name: str) -> Finding:
    message = f"{name} was scanned at positions drawn by chance or read from a file, not line by line."
    hint = "Upload the _scan_coordinates.csv of the acquisition beside it: it says where each frame is."
    return tell("mrc_positions_elsewhere", message, hint)


def _build_pattern(header: MrcHeader, info: Mapping[str, str]) -> tuple[Axis, Axis]:
    """Return the axes of a pattern, with the step in 1/nm that a DE camera's text may give."""
    steps = [find_diffraction_step(info, axis) for axis in "YX"]
    y, x = (
        calibrated_axis(name, size, unit="1/nm", scale=None if None in steps else step)
        for name, size, step in zip(("detector_y", "detector_x"), header.shape[1:], steps, strict=True)
    )
    return y, x


def _build_frame(header: MrcHeader, block: Mapping[str, Any], info: Mapping[str, str]) -> tuple[Axis, Axis]:
    """Return the axes of one section, as Thermo Fisher's block or a DE camera's text describes it."""
    if header.is_transform:  # cell and grid are those of the image that was transformed
        return Axis("y", header.shape[1]), Axis("x", header.shape[2])
    if not info:
        return _frame_axes(header, block)
    steps = [find_step(info, f"Specimen Pixel Size {axis} (nanometers)") for axis in "YX"]
    if is_diffracting(info) or None in steps:
        return _build_pattern(header, info)
    y, x = (
        calibrated_axis(name, size, unit="nm", scale=step)
        for name, size, step in zip("yx", header.shape[1:], steps, strict=True)
    )
    return y, x


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
    if axis.name == "time":
        return calibrated_axis("time", axis.size, unit="s", scale=find_frame_interval(info))
    step = find_step(info, f"Specimen Pixel Size {axis.name[-1].upper()} (nanometers)")
    is_scan = axis.name in {"scan_y", "scan_x"}
    return calibrated_axis(axis.name, axis.size, unit="nm", scale=step) if is_scan else axis


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
