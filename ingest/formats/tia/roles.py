"""What the axes of a TIA series are. The series says little: the emi, the size of a step, and positions decide."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.rosettasciio import PluginArray, PluginAxis
from ingest.formats.tia.series import IMAGES, SerHeader
from ingest.readers.contract import Axis, ReadHints, ShapeOrigin
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.units import calibrated_axis, is_time
from repository.schema.findings import Finding

_NM_PER_M = 1e9
_MAP = 2


@dataclass(frozen=True, slots=True)
class Arranged:
    """An array with scan first and slower axes before faster ones, and what its axes are."""

    values: npt.NDArray[Any]
    axes: tuple[Axis, ...]
    n_signal_axes: int
    origin: ShapeOrigin = "file"
    findings: tuple[Finding, ...] = ()


def arrange(
    header: SerHeader, array: PluginArray, emi: Mapping[str, Any], *, name: str, hints: ReadHints
) -> Arranged:
    """Return the values of a series of the given name with the meaning of their axes."""
    values = array.load(())
    leading = [axis for axis in array.axes if axis.is_leading]
    signal = _image_axes(array.axes, emi) if header.kind == IMAGES else (_energy_axis(array.axes[-1]),)
    kept = [axis for axis in leading if axis.size > 1]
    values = values.reshape(*(axis.size for axis in kept), *(axis.size for axis in signal))
    if len(kept) == _MAP:
        if _is_faster_in_y(array.header, kept):
            values, kept = np.swapaxes(values, 0, 1), [kept[1], kept[0]]
        steps = (_scan_axis("scan_y", kept[0]), _scan_axis("scan_x", kept[1]))
        return Arranged(values, (*steps, *signal), len(signal))
    if not kept:
        return Arranged(values, signal, len(signal))
    is_run = bool(hints.scan_shape or hints.frame_axis) and header.kind == IMAGES
    if is_run:
        layout = decide_scan_layout(frames=kept[0].size, name=name, hints=hints)
        shape = (*layout.shape, *(axis.size for axis in signal))
        return Arranged(
            values.reshape(shape), (*layout.axes, *signal), len(signal), layout.origin, layout.findings
        )
    return Arranged(values, (_run_axis(header, kept[0]), *signal), len(signal))


def is_stem_image(emi: Mapping[str, Any]) -> bool:
    """Whether the emi is of a picture that a scanned beam and a STEM detector made."""
    mode = str(_under(emi, "ExperimentalDescription").get("Mode", ""))
    return "STEM" in mode and not _under(emi, "AcquireInfo").get("CameraNamePath")


def _under(emi: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = emi.get(key)
    return found if isinstance(found, Mapping) else {}


def _step_m(axis: PluginAxis) -> float | None:
    """Return the step that the file holds, in m or 1/m; 1 stands where nobody calibrated."""
    step = axis.scale / _NM_PER_M if axis.unit == "nm" else axis.scale
    return None if abs(abs(step) - 1) < 1e-6 else step  # noqa: PLR2004 - as close as a double is


def _image_axes(axes: Sequence[PluginAxis], emi: Mapping[str, Any]) -> tuple[Axis, ...]:
    """Return the axes of one image. The series has one number for a step, be it in m or 1/m: its size tells which."""
    steps = [_step_m(axis) for axis in axes[-2:]]
    is_pattern = any(step is not None and abs(step) > 1 for step in steps)
    if is_pattern or (None in steps and not is_stem_image(emi)):
        names = ("detector_y", "detector_x")
    else:
        names = ("scan_y", "scan_x") if is_stem_image(emi) else ("y", "x")
    unit, factor = ("nm-1", 1 / _NM_PER_M) if is_pattern else ("nm", _NM_PER_M)
    return tuple(
        calibrated_axis(name, axis.size, unit=unit, scale=None if step is None else step * factor)
        for name, axis, step in zip(names, axes[-2:], steps, strict=True)
    )


def _energy_axis(axis: PluginAxis) -> Axis:
    return calibrated_axis("energy", axis.size, unit="eV", scale=axis.scale, offset=axis.offset)


def _scan_axis(name: str, axis: PluginAxis) -> Axis:
    step = _step_m(axis) if axis.unit == "nm" else None
    return calibrated_axis(name, axis.size, unit="nm", scale=None if step is None else step * _NM_PER_M)


def _run_axis(header: SerHeader, axis: PluginAxis) -> Axis:
    """Return the axis of a line, of points, of a time series, or of a series of an unknown kind."""
    dimension = next(dimension for dimension in header.dimensions if dimension.size > 1)
    if dimension.unit == "meters":
        is_line = abs(dimension.scale - 1) > 1e-6  # noqa: PLR2004 - single points have no step: 1 stands there
        return _scan_axis("scan_x", axis) if is_line else Axis("position", axis.size)
    if is_time(dimension.unit):
        return calibrated_axis("time", axis.size, unit=dimension.unit, scale=dimension.scale)
    return Axis("series", axis.size)


def _is_faster_in_y(header: Mapping[str, Any], axes: Sequence[PluginAxis]) -> bool:
    """Whether the beam went along y first, as the position of each element tells where there is one."""
    found = header.get("ser_header_parameters", {})
    across = [np.asarray(found.get(key, ())) for key in ("PositionX", "PositionY")]
    slow, fast = axes[0].size, axes[1].size
    if any(places.shape != (slow * fast,) for places in across):
        return False
    x, y = (places.reshape(slow, fast) for places in across)
    return bool(np.ptp(x[0]) < np.ptp(x[:, 0]) and np.ptp(y[0]) > np.ptp(y[:, 0]))
