"""OME-Zarr: images in several resolutions, of which the highest is read, with its axes, steps and units.

Definition: the OME-NGFF specification, versions 0.1 to 0.5: `multiscales` among the attributes of a group, below `ome`
since 0.5; each dataset scales and shifts its samples, and the image as a whole after it.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ingest.readers.contract import Axis
from ingest.readers.refusals import warn
from ingest.readers.units import calibrated_axis, to_ucum
from ingest.readers.zarr.tree import ZarrTree
from repository.schema.findings import Finding

_OLD_AXES = ("t", "c", "z", "y", "x")
_NAMES = {"t": "time", "c": "channel", "z": "z", "y": "y", "x": "x"}
_UNITS = {
    "nanometer": "nm", "micrometer": "um", "millimeter": "mm", "meter": "m", "picometer": "pm", "angstrom": "A",
    "centimeter": "cm", "second": "s", "millisecond": "ms", "microsecond": "us", "nanosecond": "ns", "minute": "min",
    "hour": "h",
}  # fmt: skip
_PLANE = ("y", "x")


@dataclass(frozen=True, slots=True)
class OmeImage:
    """One image: the array of its highest resolution, and its axes in the order of the file.

    `squeezed` are axes that were left out: those of one position.
    """

    path: str
    levels: tuple[str, ...]
    axes: tuple[Axis, ...]
    squeezed: tuple[int, ...]
    findings: tuple[Finding, ...] = ()


def list_images(tree: ZarrTree) -> list[OmeImage]:
    """Return the images of a store, labels left out; an image that does not describe itself is none."""
    found: list[OmeImage] = []
    for path, attributes in tree.attributes.items():
        if "labels" in path.split("/"):
            continue
        inside = attributes.get("ome")
        listed = (inside if isinstance(inside, dict) else attributes).get("multiscales")
        for image in listed if isinstance(listed, list) else []:
            read = _read_image(tree, path, image) if isinstance(image, dict) else None
            if read is not None:
                found.append(read)
    return found


def _read_image(tree: ZarrTree, folder: str, image: Mapping[str, Any]) -> OmeImage | None:
    listed = image.get("datasets")
    levels = [
        one
        for one in (listed if isinstance(listed, list) else [])
        if isinstance(one, dict) and isinstance(one.get("path"), str)
    ]
    prefix = f"{folder}/" if folder else ""
    known = {f"{prefix}{one['path'].strip('/')}": one for one in levels}
    present = {path: one for path, one in known.items() if path in tree.arrays}
    if not present:
        return None
    path = max(present, key=lambda one: math.prod(tree.arrays[one].shape))
    shape = tree.arrays[path].shape
    named = _read_axes(image, len(shape))
    if named is None or [name for name, _ in named][-2:] != list(_PLANE):
        return None
    scale, shift = _read_transformations(present[path], image, len(shape))
    squeezed = tuple(axis for axis, size in enumerate(shape[:-2]) if size == 1)
    kept = [axis for axis in range(len(shape)) if axis not in squeezed]
    axes = tuple(
        calibrated_axis(_NAMES.get(named[axis][0], named[axis][0]), shape[axis], unit=named[axis][1],
                        scale=None if scale is None else scale[axis], offset=shift[axis])
        for axis in kept
    )  # fmt: skip
    strange = sorted({unit for _, unit in named if unit and not to_ucum(unit).understood})
    said = tuple(_tell_unit(unit, tree.store.name) for unit in strange)
    missing = [one for one in known if one not in tree.arrays]
    if missing:
        said = (*said, _tell_missing(missing, tree.store.name))
    return OmeImage(path, tuple(present), axes, squeezed, said)


def _read_axes(image: Mapping[str, Any], count: int) -> list[tuple[str, str]] | None:
    """Return (name, unit) of each axis; before version 0.3 they were always t, c, z, y, x."""
    listed = image.get("axes")
    if not isinstance(listed, list):
        return [(name, "") for name in _OLD_AXES] if count == len(_OLD_AXES) else None
    if len(listed) != count:
        return None
    found = []
    for one in listed:
        words = one if isinstance(one, dict) else {"name": one}
        unit = words.get("unit")
        text = unit if isinstance(unit, str) else ""
        found.append((str(words.get("name", "")).casefold()[:40], _UNITS.get(text.casefold(), text)))
    return (
        found
        if len({name for name, _ in found}) == count and all(name.isidentifier() for name, _ in found)
        else None
    )


def _read_transformations(
    level: Mapping[str, Any], image: Mapping[str, Any], count: int
) -> tuple[list[float] | None, list[float]]:
    """Return the step and the first position along each axis: those of the level, then those of the whole image."""
    scale: list[float] | None = None
    shift = [0.0] * count
    for listed in (level.get("coordinateTransformations"), image.get("coordinateTransformations")):
        for one in listed if isinstance(listed, list) else []:
            kind = str(one.get("type")) if isinstance(one, dict) else ""
            numbers = _read_numbers(one.get(kind), count) if kind in {"scale", "translation"} else None
            if numbers is None:
                continue
            if kind == "scale":
                scale = numbers if scale is None else [a * b for a, b in zip(scale, numbers, strict=True)]
                shift = [a * b for a, b in zip(shift, numbers, strict=True)]
            else:
                shift = [a + b for a, b in zip(shift, numbers, strict=True)]
    return scale, shift


def _read_numbers(value: Any, count: int) -> list[float] | None:
    is_right = isinstance(value, list) and len(value) == count
    if not is_right or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in value):
        return None
    return [float(one) for one in value]


def _tell_unit(unit: str, name: str) -> Finding:
    return warn(
        "axis_unit_unknown",
        f"The unit {unit[:40]} of an axis in {name} is not understood; that axis is uncalibrated.",
        "Readers see this axis in pixels. Give the pixel size.",
    )


def _tell_missing(paths: Sequence[str], name: str) -> Finding:
    return warn(
        "zarr_level_missing",
        f"{name} names the resolutions {', '.join(paths)[:200]}, and they are not in the store.",
        "If the highest one is missing, readers see a coarser image. Pack the whole store again.",
    )
