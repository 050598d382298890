"""Pictures of a converted signal, from its reductions where there are any, else from the array itself."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.engine.verify_zarr import open_array
from processing.previews.color_maps import color_gray, color_pattern, color_vectors
from processing.previews.contrast import Stretch, stretch_contrast
from processing.previews.draw_image import draw_image, shrink
from processing.previews.draw_spectrum import draw_spectrum, name_axis
from processing.previews.scale_bar import choose_scale_bar

LARGEST_READ_SIDE = 4096
# What a page shows first, by kind of signal.
_COVERS = ("annular_dark_field", "summed_intensity", "sum_spectrum", "image", "mean_diffraction_pattern")
_AXIS_TITLES = {
    "energy": "Energy",
    "wavelength": "Wavelength",
    "position": "Position",
    "time": "Time",
    "scan_x": "Position x",
    "scan_y": "Position y",
}


@dataclass(frozen=True, slots=True)
class Preview:
    """One picture; `parameters` say how values became colors."""

    name: str
    title: str
    png: bytes
    parameters: dict[str, Any]


def render_previews(folder: Path, signal: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Write `previews/*.png` for a converted signal and return their index entries.

    Parameters
    ----------
    folder
        The signal's folder with `zarr/` and `reductions/`.
    signal
        The signal's part of the manifest.

    Returns
    -------
    list of dict
        ``name``, ``title``, ``file``, ``cover`` (true for one of them), ``parameters``, ``size``, ``sha256``.
    """
    target = folder / "previews"
    previews = list(_draw_all(folder, signal))
    if not previews:
        return []
    target.mkdir(parents=True, exist_ok=True)
    names = [preview.name for preview in previews]
    cover = next((name for name in _COVERS if name in names), names[0])
    entries = []
    for preview in previews:
        (target / f"{preview.name}.png").write_bytes(preview.png)
        entries.append(
            {
                "name": preview.name,
                "title": preview.title,
                "file": f"{preview.name}.png",
                "cover": preview.name == cover,
                "parameters": preview.parameters,
                "size": len(preview.png),
                "sha256": hashlib.sha256(preview.png).hexdigest(),
            }
        )
    return entries


def _draw_all(folder: Path, signal: Mapping[str, Any]) -> Iterator[Preview]:
    axes = {axis["name"]: axis for axis in signal["axes"]}
    for entry in signal["reductions"]:
        values = np.load(folder / "reductions" / entry["file"], allow_pickle=False)
        drawn = _draw(entry, values, axes, signal)
        if drawn is not None:
            yield drawn
    if not signal["reductions"]:
        yield from _draw_array(folder, signal, axes)


def _draw_array(folder: Path, signal: Mapping[str, Any], axes: Mapping[str, Any]) -> Iterator[Preview]:
    kind = {
        "image": "image",
        "image_series": "image",
        "pattern": "pattern",
        "pattern_scan": "pattern",
        "spectrum": "spectrum",
        "spectrum_scan": "spectrum",
    }.get(signal["kind"] or "")
    if kind is None:
        return
    values, note = _read_middle(folder, signal)
    names = [axis["name"] for axis in signal["axes"][-signal["n_signal_axes"] :]]
    titles = {"image": "Image", "pattern": "Diffraction pattern", "spectrum": "Spectrum"}
    entry = {
        "name": kind,
        "title": titles[kind],
        "kind": kind,
        "axes": names,
        "unit": signal["intensity_unit"],
        "parameters": note,
    }
    drawn = _draw(entry, values, axes, signal)
    if drawn is not None:
        yield drawn


def _read_middle(folder: Path, signal: Mapping[str, Any]) -> tuple[npt.NDArray[Any], dict[str, Any]]:
    """Read one image or spectrum; the middle one of a series, thinned out where it is very large."""
    array = open_array(folder / "zarr")
    n_leading = len(array.shape) - signal["n_signal_axes"]
    middle = tuple(size // 2 for size in array.shape[:n_leading])
    step = max(1, -(-max(array.shape[n_leading:]) // LARGEST_READ_SIDE)) if signal["n_signal_axes"] > 1 else 1
    thinned = tuple(slice(None, None, step) for _ in array.shape[n_leading:])
    values = np.asarray(array[(*middle, *thinned)].read().result())
    if values.dtype.kind == "c":
        values = np.abs(values)
    note: dict[str, Any] = {"every_nth_pixel": step} if step > 1 else {}
    if middle:
        note["frame"] = list(middle)
    return values, note


def _draw(
    entry: Mapping[str, Any], values: npt.NDArray[Any], axes: Mapping[str, Any], signal: Mapping[str, Any]
) -> Preview | None:
    names = list(entry["axes"])
    if entry["kind"] == "spectrum":
        return _draw_line(entry, values, axes, names[-1])
    if entry["kind"] == "vector_image":
        names = names[:-1]
    if len(names) == 1 and entry["kind"] == "image":
        return _draw_line(entry, values, axes, names[0])
    if len(names) < 2:  # noqa: PLR2004 - a vector along a line has no picture
        return None
    parameters = {
        key: entry["parameters"][key] for key in ("frame", "every_nth_pixel") if key in entry["parameters"]
    }
    extra = len(names) - 2
    if extra:  # a series: its middle
        middle = tuple(size // 2 for size in values.shape[:extra])
        values, parameters["frame"] = values[middle], list(middle)
    scale, unit = _find_scale(names[-1], axes, signal)
    if "every_nth_pixel" in entry["parameters"] and scale is not None:
        scale *= entry["parameters"]["every_nth_pixel"]
    if entry["kind"] == "vector_image":
        rgb = color_vectors(values)
        parameters["colors"] = "direction as hue (red: right, clockwise), length as brightness, mean removed"
    else:
        stretch: Stretch = "log" if entry["kind"] == "pattern" else "linear"
        small, factor = shrink(np.asarray(values, dtype=np.float64))
        scale = None if scale is None else scale * factor
        color = color_pattern if entry["kind"] == "pattern" else color_gray
        rgb = color(stretch_contrast(small, stretch))
        parameters["contrast"] = stretch
    bar = choose_scale_bar(rgb.shape[1], scale, unit)
    parameters["scale_bar"] = None if bar is None else bar.label
    return Preview(entry["name"], entry["title"], draw_image(rgb, bar), parameters)


def _find_scale(
    axis_name: str, axes: Mapping[str, Any], signal: Mapping[str, Any]
) -> tuple[float | None, str | None]:
    """Return pixel size and unit of an axis; on the detector the angle in use goes first."""
    detectors = signal.get("virtual_detectors")
    if axis_name.startswith("detector_") and detectors and detectors["mrad_per_px"]:
        return detectors["mrad_per_px"], "mrad"
    axis = axes.get(axis_name)
    return (axis["scale"], axis["unit"]) if axis is not None else (None, None)


def _draw_line(
    entry: Mapping[str, Any], values: npt.NDArray[Any], axes: Mapping[str, Any], axis_name: str
) -> Preview:
    axis = axes[axis_name]
    calibrated = bool(axis["scale"]) and axis["unit"] is not None
    positions = np.arange(len(values), dtype=np.float64)
    if calibrated:
        positions = axis["offset"] + positions * axis["scale"]
    title = _AXIS_TITLES.get(axis_name, axis_name.replace("_", " ").capitalize())
    png = draw_spectrum(
        positions,
        values,
        axis_title=name_axis(title, axis["unit"]) if calibrated else f"{title} (channel)",
        value_title=name_axis("Counts" if entry["unit"] == "1" else "Intensity", entry["unit"]),
    )
    return Preview(entry["name"], entry["title"], png, {"contrast": "linear"})
