"""Pictures of results: what every kind of result looks like on a page, and the files that hold them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.declarations.manifest import PictureEntry
from processing.previews.color_maps import RgbImage, color_gray, color_pattern, color_shifts, measure_shifts
from processing.previews.contrast import Stretch, stretch_contrast
from processing.previews.draw_image import draw_image, shrink
from processing.previews.draw_spectrum import draw_spectrum, name_axis
from processing.previews.scale_bar import choose_scale_bar
from repository.schema.quantities.unit_symbols import UNCALIBRATED, get_symbol

_AXIS_TITLES = {
    "energy": "Energy",
    "wavelength": "Wavelength",
    "position": "Position",
    "time": "Time",
    "scan_x": "Position x",
    "scan_y": "Position y",
    "scattering_angle": "Scattering angle",
}


N_COLORS = 3
BRIGHTEST = 255


@dataclass(frozen=True, slots=True)
class Drawable:
    """What is to be drawn.

    Attributes
    ----------
    kind
        `pattern`, `image`, `vector_image`, `color_image` or `spectrum`; the last axis of the vectors is that of their
        components, that of the colors red, green, blue, and what else each pixel has.
    axes
        Names of the axes of its values.
    recipe, recipe_version, asked
        What made it.
    parameters
        ``frame`` and ``every_nth_pixel`` go on to the picture.
    """

    name: str
    title: str
    kind: str
    axes: tuple[str, ...]
    unit: str | None
    recipe: str
    recipe_version: int
    asked: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Preview:
    """One picture; `parameters` say how values became colors, `axes` by which optics it was drawn."""

    drawn: Drawable
    png: bytes
    parameters: dict[str, Any]
    axes: dict[str, Any]


def write_pictures(target: Path, previews: Sequence[Preview]) -> tuple[PictureEntry, ...]:
    """Write `*.png` into a folder and return their index entries."""
    if not previews:
        return ()
    target.mkdir(parents=True, exist_ok=True)
    for preview in previews:
        (target / f"{preview.drawn.name}.png").write_bytes(preview.png)
    return tuple(
        PictureEntry(
            name=preview.drawn.name,
            recipe=preview.drawn.recipe,
            recipe_version=preview.drawn.recipe_version,
            title=preview.drawn.title,
            file=f"{preview.drawn.name}.png",
            size=len(preview.png),
            sha256=hashlib.sha256(preview.png).hexdigest(),
            asked=dict(preview.drawn.asked),
            parameters=preview.parameters,
            axes=preview.axes,
        )
        for preview in previews
    )


def draw_result(entry: Drawable, values: npt.NDArray[Any], axes: Mapping[str, Any]) -> Preview | None:
    """Draw one result.

    Parameters
    ----------
    entry
        What it is.
    values
        Its values; of a series the middle is drawn.
    axes
        The JSON form of the axes by their names.
    """
    names = list(entry.axes)
    if entry.kind == "spectrum":
        return _draw_line(entry, values, axes, names[-1])
    if entry.kind in {"vector_image", "color_image"}:
        names = names[:-1]
    if len(names) == 1 and entry.kind == "image":
        return _draw_line(entry, values, axes, names[0])
    if len(names) < 2:  # noqa: PLR2004 - a vector along a line has no picture
        return None
    parameters = {
        key: entry.parameters[key] for key in ("frame", "every_nth_pixel") if key in entry.parameters
    }
    extra = len(names) - 2
    if extra:  # a series: its middle
        middle = tuple(size // 2 for size in values.shape[:extra])
        values, parameters["frame"] = values[middle], list(middle)
    # What has no length is counted in pixels of the source, also where it is thinned.
    scale, unit = _find_scale(names[-1], axes) or (1.0, UNCALIBRATED)
    scale *= entry.parameters.get("every_nth_pixel", 1)
    wheel = None
    if entry.kind == "vector_image":
        shifts, longest = measure_shifts(values)
        rgb = color_shifts(shifts, longest)
        wheel = f"{longest:.2g} {get_symbol(entry.unit or '1')}".removesuffix(" 1") if longest > 0 else None
        parameters["colors"] = "direction as hue (red: right, clockwise), length as brightness, mean removed"
        parameters["wheel"] = wheel
    elif entry.kind == "color_image":
        rgb, factor = _shrink_colors(values)
        scale *= factor
        parameters["colors"] = "as stored"
    else:
        stretch: Stretch = "log" if entry.kind == "pattern" else "linear"
        small, factor = shrink(np.asarray(values, dtype=np.float64))
        scale *= factor
        color = color_pattern if entry.kind == "pattern" else color_gray
        rgb = color(stretch_contrast(small, stretch))
        parameters["contrast"] = stretch
    bar = choose_scale_bar(rgb.shape[1], scale, unit)
    parameters["scale_bar"] = None if bar is None else bar.label
    return Preview(entry, draw_image(rgb, bar, wheel), parameters, name_calibration(entry.axes, axes))


def _shrink_colors(values: npt.NDArray[Any]) -> tuple[RgbImage, int]:
    """Return red, green and blue in 0 to 255 (y, x, 3), averaged over squares of pixels, and the sides of those.

    What each pixel has beside them, such as how opaque it is, is left out: programs leave it at zero. Whole numbers are
    colors over the range of their type, others over the largest there is.
    """
    planes = np.nan_to_num(np.asarray(values[..., :N_COLORS], dtype=np.float64), posinf=0.0, neginf=0.0)
    largest = (
        float(np.iinfo(values.dtype).max) if values.dtype.kind in "iu" else float(planes.max(initial=0.0))
    )
    shrunk = [shrink(planes[..., color]) for color in range(N_COLORS)]
    colors = np.stack([plane for plane, _ in shrunk], axis=-1) * (BRIGHTEST / largest if largest > 0 else 1.0)
    return np.clip(np.rint(colors), 0, BRIGHTEST).astype(np.uint8), shrunk[0][1]


def _find_scale(axis_name: str, axes: Mapping[str, Any]) -> tuple[float, str] | None:
    """Return pixel size and unit of an axis, where it is calibrated."""
    axis = axes.get(axis_name)
    return (axis["scale"], axis["unit"]) if axis and axis["scale"] and axis["unit"] is not None else None


def name_calibration(names: Sequence[str], axes: Mapping[str, Any]) -> dict[str, Any]:
    """Return what decides the lengths in a picture: step, unit and offset of its calibrated axes by name."""
    return {
        name: {key: axes[name][key] for key in ("unit", "scale", "offset")}
        for name in names
        if _find_scale(name, axes) is not None
    }


def _draw_line(entry: Drawable, values: npt.NDArray[Any], axes: Mapping[str, Any], axis_name: str) -> Preview:
    axis = axes[axis_name]
    listed = axis.get("positions")
    calibrated = axis["unit"] is not None and (bool(axis["scale"]) or listed is not None)
    positions = np.arange(len(values), dtype=np.float64)
    if listed is not None:
        positions = np.asarray(listed, dtype=np.float64)
    elif calibrated:
        positions = axis["offset"] + positions * axis["scale"]
    title = _AXIS_TITLES.get(axis_name, axis_name.replace("_", " ").capitalize())
    png = draw_spectrum(
        positions,
        values,
        axis_title=name_axis(title, axis["unit"]) if calibrated else f"{title} (channel)",
        value_title=name_axis("Counts" if entry.unit == "1" else "Intensity", entry.unit),
    )
    return Preview(entry, png, {"contrast": "linear"}, name_calibration(entry.axes, axes))
