"""What the axes of a HyperSpy signal are, by their dictionaries: names, calibration, and what is odd about them.

The same words stand in hspy, which is HDF5, and in zspy, which is Zarr.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.hspy.functional_axis import evaluate
from ingest.readers.contract import Axis, ReadHints, ShapeOrigin
from ingest.readers.linear_steps import find_steps
from ingest.readers.refusals import warn
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.units import (
    MOST_POSITIONS,
    calibrated_axis,
    is_energy,
    is_length,
    is_reciprocal,
    is_time,
    listed_axis,
    name_frame,
    to_ucum,
)
from repository.schema.findings import Finding

AxisWords = dict[str, Any]
"""One axis as HyperSpy saves it: `name`, `units`, `scale`, `offset`, `navigate`; empty where the file lacks it.

Beside these `positions`, where its samples have no step: see `place_samples`.
"""

_SPECTRAL_TYPES = ("EELS", "EDS", "CL", "Luminescence", "PL")


def read_number(value: Any) -> float | None:
    """Return a saved number; None of anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def count_signal_axes(axes: list[AxisWords], record_by: str) -> int:
    """Return how many trailing axes make one spectrum or image."""
    flags = [bool(axis.get("navigate")) for axis in axes if "navigate" in axis]
    count = flags.count(False) if len(flags) == len(axes) else 1 if record_by == "spectrum" else 2
    return min(count, len(axes)) or min(2, len(axes))


def name_axes(axes: list[AxisWords], n_signal: int, *, signal_type: str, is_scanned: bool) -> list[str]:
    """Return our names of the axes, by their units, the type of the signal, and whether the beam was scanned."""
    units = [str(axis.get("units") or "") for axis in axes]
    n_leading = len(axes) - n_signal
    if n_signal > 2:  # noqa: PLR2004 - nothing known has more signal axes than an image
        return [f"axis_{number}" for number in range(len(axes))]
    if n_signal == 1:
        signal = [_spectral_axis(signal_type, axes[-1], units[-1])]
    elif n_leading == 0 and is_scanned and all(map(is_length, units)):
        signal = ["scan_y", "scan_x"]
    else:
        signal = list(name_frame(*units[-2:]))
    return [*_leading_names(units[:n_leading], n_signal, units[-1]), *signal]


def _spectral_axis(kind: str, axis: AxisWords, unit: str) -> str:
    if kind.startswith(("CL", "Lum", "PL")) and to_ucum(unit).unit == "nm":
        return "wavelength"
    if (
        is_energy(unit)
        or kind.startswith(_SPECTRAL_TYPES)
        or "energy" in str(axis.get("name", "")).casefold()
    ):
        return "energy"
    return "position"


def _leading_names(units: list[str], n_signal: int, signal_unit: str) -> list[str]:
    if len(units) == 1:
        if is_time(units[0]):
            return ["time"]
        if to_ucum(units[0]).unit == "deg":
            return ["tilt"]
        if n_signal == 1 or is_length(units[0]):
            return ["scan_x"]
        return ["position" if is_reciprocal(signal_unit) else "series"]
    series = [f"series_{number + 1}" if len(units) > 3 else "series" for number in range(len(units) - 2)]  # noqa: PLR2004
    return [*series, "scan_y", "scan_x"][-len(units) :] if units else []


def build_axes(axes: list[AxisWords], names: list[str], shape: tuple[int, ...]) -> tuple[Axis, ...]:
    """Return the axes in UCUM units; without calibration where the words say none."""
    return tuple(_build_axis(axis, name, size) for axis, name, size in zip(axes, names, shape, strict=True))


def _build_axis(axis: AxisWords, name: str, size: int) -> Axis:
    unit, positions = str(axis.get("units") or ""), axis.get("positions")
    if positions is not None and len(positions) == size:
        listed = listed_axis(name, positions, unit=unit)
        if listed is not None:
            return listed
    scale, offset = read_number(axis.get("scale")), read_number(axis.get("offset")) or 0.0
    return calibrated_axis(name, size, unit=unit, scale=scale, offset=offset)


def place_samples(axis: AxisWords, samples: npt.NDArray[np.float64] | None) -> None:
    """Give an axis whose samples are listed or worked out a step where they have one, else their `positions`."""
    if samples is not None and samples.size > 1:
        axis["scale"], axis["offset"] = find_steps(samples, samples.size)
        axis["positions"] = samples if axis["scale"] is None else None


def work_out_samples(
    axis: Mapping[str, Any], put_in: Mapping[str, Any], listed: npt.NDArray[np.float64] | None
) -> npt.NDArray[np.float64] | None:
    """Return the samples of a `FunctionalDataAxis`; None where its formula is no arithmetic.

    Parameters
    ----------
    axis
        With the `expression` in x, and its parameters.
    put_in
        The axis x, with a step.
    listed
        The samples of x where it has none.
    """
    size, scale, offset = (read_number(put_in.get(key)) for key in ("size", "scale", "offset"))
    if listed is None and size is not None and scale is not None and 0 < size <= MOST_POSITIONS:
        listed = (offset or 0.0) + scale * np.arange(int(size), dtype=np.float64)
    expression = axis.get("expression")
    return evaluate(expression, listed, axis) if isinstance(expression, str) and listed is not None else None


def tell_odd_axes(axes: list[AxisWords], built: tuple[Axis, ...], file: str) -> list[Finding]:
    """Return what readers should know of axes that are missing, exchanged, or without a step and a list."""
    uneven = [
        one.name
        for axis, one in zip(axes, built, strict=True)
        if axis and axis.get("scale") is None and one.positions is None
    ]
    units = [str(axis.get("units") or "") for axis in axes]
    found = []
    missing = [f"axis-{number}" for number, axis in enumerate(axes) if not axis]
    if missing:
        found.append(
            warn(
                "axis_missing",
                f"HyperSpy describes every axis, and {file} has no {', '.join(missing)}: it may be damaged.",
                "Readers see these axes in pixels. Upload the file again, or give the steps yourself.",
            )
        )
    if len(axes) >= 4 and all(map(is_reciprocal, units[-4:-2])) and all(map(is_length, units[-2:])):  # noqa: PLR2004
        found.append(
            warn(
                "axes_look_swapped",
                f"In {file} the leading axes are of a diffraction plane and the trailing ones of the specimen.",
                "Readers would see diffraction planes as images. It is read as stored, scan first: save it "
                "transposed, and upload that instead.",
            )
        )
    return found + [
        warn(
            "axis_not_linear",
            f"The {name} axis in {file} has no constant step; its positions stay in the file.",
            "Readers see this axis in pixels. State the axis, if one step is near enough.",
        )
        for name in uneven
    ]


def fold_run(
    axes: tuple[Axis, ...], n_signal: int, file: str, hints: ReadHints
) -> tuple[tuple[Axis, ...], ShapeOrigin, list[Finding]]:
    """Give a run of patterns the scan shape that the depositor knows."""
    asked = axes[0].name == "position" or (axes[0].name == "series" and hints.scan_shape is not None)
    if len(axes) != 3 or n_signal != 2 or not asked:  # noqa: PLR2004 - frames along one axis
        return axes, "file", []
    layout = decide_scan_layout(frames=axes[0].size, name=file, hints=hints)
    return (*layout.axes, *axes[1:]), layout.origin, list(layout.findings)
