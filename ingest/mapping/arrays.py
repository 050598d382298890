"""What the arrays themselves say: scan, steps, diffraction pixel, energy axis; the technique where clear."""

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.mapping.draft import DraftBuilder
from ingest.mapping.keys import Basis

_SCAN = ("scan_y", "scan_x")
_DETECTOR = ("detector_y", "detector_x")
_IMAGE = ("y", "x")
_SERIES = {
    "time": "time",
    "tilt": "tilt",
    "defocus": "focal",
    "rotation": "rotation",
    "temperature": "temperature",
}


def add_arrays(draft: DraftBuilder, *, basis: Basis = "nominal") -> None:
    """Add what the main array's axes say; `basis` is that of the calibrations in this format."""
    main = find_main_signal(draft.signals)
    if main is None:
        return
    axes = {axis["name"]: axis for axis in main["axes"]}
    _add_scan(draft, axes, main, basis)
    _add_series(draft, axes)
    _add_pattern(draft, axes, basis)
    _add_spectrum(draft, axes, basis)
    if main.get("intensity_unit") == "1":
        draft.put("intensity_unit", "counts")


def find_main_signal(signals: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    """Return the signal named `data`, else the first."""
    return next((signal for signal in signals if signal["name"] == "data"), signals[0] if signals else None)


def find_axis_names(signals: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """Return the names of the main array's axes."""
    main = find_main_signal(signals)
    return frozenset() if main is None else frozenset(axis["name"] for axis in main["axes"])


def _add_scan(draft: DraftBuilder, axes: Mapping[str, Any], main: Mapping[str, Any], basis: Basis) -> None:
    if main.get("shape_origin") == "guessed":
        return  # a run of frames may be a scan, free positions or a time series: the depositor is asked
    found = [axes[name] for name in _SCAN if name in axes]
    is_free = not found and "position" in axes and _DETECTOR[0] in axes
    if is_free:
        found = [axes["position"]]
    if not found:
        return
    draft.put_word("scan", "positions" if is_free else "raster" if len(found) == len(_SCAN) else "line")
    if set(axes) >= set(_DETECTOR):
        draft.put_word("technique", ["four_d_stem"])
    if main.get("shape_origin") != "depositor":
        shape = [int(axis["size"]) for axis in found]
        draft.put("scan_shape", shape, key=("shape of the array",))
    if not is_free:
        _add_steps(draft, "scan_step", found, basis, units=("nm",))


def _add_series(draft: DraftBuilder, axes: Mapping[str, Any]) -> None:
    series = [_SERIES[name] for name in axes if name in _SERIES]
    if series:
        draft.put_word("series", series[0])
    elif draft.has("scan") and "series" not in axes:
        draft.put_word("series", "none")


def _add_pattern(draft: DraftBuilder, axes: Mapping[str, Any], basis: Basis) -> None:
    found = [axes[name] for name in _DETECTOR if name in axes]
    if len(found) == len(_DETECTOR):
        _add_steps(draft, "diffraction_pixel_size", found, basis, units=("mrad", "nm-1"))
    image = [axes[name] for name in _IMAGE if name in axes]
    if len(image) == len(_IMAGE):
        _add_steps(draft, "pixel_size", image, basis, units=("nm",))


def _add_steps(
    draft: DraftBuilder, path: str, axes: list[Any], basis: Basis, *, units: tuple[str, ...]
) -> None:
    """Put the sampling of one or two axes at `path`: one number where both agree, else (y, x)."""
    unit = axes[0].get("unit")
    scales = [axis.get("scale") for axis in axes]
    if unit not in units or any(axis.get("unit") != unit for axis in axes) or not all(scales):
        return
    steps = [_without_noise(abs(float(scale))) for scale in scales]
    same = max(steps) - min(steps) <= 1e-6 * max(steps)
    draft.put_quantity(path, steps[0] if same else steps, unit, basis=basis, key=("axes of the array",))


def _add_spectrum(draft: DraftBuilder, axes: Mapping[str, Any], basis: Basis) -> None:
    for name, unit in (("energy", "eV"), ("wavelength", "nm")):
        axis = axes.get(name)
        if axis is None or axis.get("unit") != unit:
            continue
        ends = _find_ends(axis)
        if not ends:
            continue
        for part, number in ends.items():
            key = ("axes of the array",)
            draft.put_quantity(f"{name}_axis.{part}", number, unit, basis=basis, key=key)
        if name == "energy":
            draft.put("energy_axis.channels", int(axis["size"]), key=("shape of the array",))
        else:
            draft.put_word("technique", ["cathodoluminescence"])


def _find_ends(axis: Mapping[str, Any]) -> dict[str, float]:
    """Return where a spectrum begins and ends, and its step where it has one; nothing where nobody knows."""
    listed = axis.get("positions")
    if listed:
        return {"start": _without_noise(min(listed)), "end": _without_noise(max(listed))}
    if not axis.get("scale"):
        return {}
    step = _without_noise(float(axis["scale"]))
    start = _without_noise(float(axis.get("offset") or 0.0))
    end = start + step * (int(axis["size"]) - 1)
    return {"start": min(start, end), "end": max(start, end), "bin_width": abs(step)}


def _without_noise(number: float) -> float:
    """Return a number to the seven digits that 32-bit headers hold."""
    return float(f"{number:.7g}")
