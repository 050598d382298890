"""Whether the calibration of an axis can be one: units that are known, numbers that some instrument gives.

One damaged byte turns 0.2 nm into −3.9e−177 nm. Such a value is told, stays in the header beside, and the axis is
given out in pixels. The limits are those of the catalogue's fields, widened to what arrays of any kind hold.
"""

import math
from collections.abc import Iterable
from dataclasses import replace

from ingest.readers.contract import Axis, OpenedFile, SignalSource
from ingest.readers.refusals import implausible, warn
from ingest.readers.units import to_ucum
from repository.schema.findings import Finding

# unit -> (least step, largest step, largest distance of a sample from 0)
_LIMITS: dict[str, tuple[float, float, float]] = {
    "nm": (1e-4, 1e6, 1e9),
    "nm-1": (1e-5, 100.0, 1e4),
    "mrad": (1e-5, 100.0, 6300.0),
    "eV": (1e-6, 1e4, 1e7),
    "deg": (1e-6, 360.0, 3600.0),
    "s": (1e-9, 1e7, 1e10),
}
_FIELDS = {
    "scan": "/scan_step",
    "detector": "/diffraction_pixel_size",
    "energy": "/energy_axis",
    "wavelength": "/wavelength_axis",
}


def tell_unknown_units(units: Iterable[str], name: str) -> list[Finding]:
    """Return a warning where units of axes are not understood, so that those axes come without calibration."""
    strange = sorted({unit for unit in units if not to_ucum(unit).understood})
    if not strange:
        return []
    return [
        warn(
            "axis_unit_unknown",
            f"Axis units {', '.join(strange)} in {name} are not understood; those axes are uncalibrated.",
            "Readers see these axes in pixels. Give the scan step, the diffraction pixel size or the energy axis.",
        )
    ]


def drop_implausible(opened: OpenedFile, *, name: str) -> OpenedFile:
    """Return the measurement with axes in pixels where their calibration cannot be true, and findings that say so."""
    findings: list[Finding] = []
    signals = tuple(_judge(signal, name, findings) for signal in opened.signals)
    return replace(opened, signals=signals, findings=(*opened.findings, *findings)) if findings else opened


def _judge(signal: SignalSource, name: str, findings: list[Finding]) -> SignalSource:
    axes = []
    for axis in signal.axes:
        reason = find_fault(axis)
        if reason is None:
            axes.append(axis)
            continue
        axes.append(Axis(axis.name, axis.size))
        pointer = _FIELDS.get(axis.name.partition("_")[0], "") if signal.name == "data" else ""
        message = f"The {axis.name} axis of {signal.name} in {name} is not calibrated: {reason}."
        findings.append(implausible(message, pointer=pointer))
    return signal if tuple(axes) == signal.axes else replace(signal, axes=tuple(axes))


def find_fault(axis: Axis) -> str | None:
    """Return why the calibration of an axis cannot be true; None where it can, and where there is none."""
    if axis.positions is not None:
        return _find_far(axis, (min(axis.positions), max(axis.positions)))
    if axis.scale is None or axis.unit is None:
        return None
    if not (math.isfinite(axis.scale) and math.isfinite(axis.offset)):
        return f"its header says {axis.scale:g} {axis.unit} for a step, from {axis.offset:g}"
    limits = _LIMITS.get(axis.unit)
    if limits is None:
        return None
    least, largest, _ = limits
    if not least <= abs(axis.scale) <= largest:
        return f"its header says {axis.scale:g} {axis.unit} for a step, and none lies outside {least:g} to {largest:g}"
    return _find_far(axis, (axis.offset, axis.offset + axis.scale * (axis.size - 1)))


def _find_far(axis: Axis, ends: tuple[float, float]) -> str | None:
    limits = _LIMITS.get(axis.unit or "")
    far = max(ends, key=abs)
    if limits is not None and abs(far) > limits[2]:
        return f"its header lets it reach {far:g} {axis.unit}, and nothing lies beyond {limits[2]:g}"
    return None
