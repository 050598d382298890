"""What a store calls its axes, in our words: xarray's `_ARRAY_DIMENSIONS` in version 2, `dimension_names` in version 3.

Coordinates are arrays of one axis beside the data, called as the axis; their `units` and a constant step calibrate it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from ingest.readers.axis_answers import AxisMeaning, order_axes
from ingest.readers.contract import Axis
from ingest.readers.linear_steps import find_steps
from ingest.readers.refusals import tell, warn
from ingest.readers.units import calibrated_axis, to_ucum
from ingest.readers.zarr.tree import ZarrTree
from repository.schema.findings import Finding

_OURS = (
    "scan_y", "scan_x", "detector_y", "detector_x", "energy", "wavelength", "time", "tilt", "series", "position",
    "temperature", "rotation", "defocus", "channel", "y", "x",
)  # fmt: skip
_OTHERS = {
    "ry": "scan_y", "rx": "scan_x", "nav_y": "scan_y", "nav_x": "scan_x", "probe_y": "scan_y", "probe_x": "scan_x",
    "ky": "detector_y", "kx": "detector_x", "qy": "detector_y", "qx": "detector_x", "sig_y": "detector_y",
    "sig_x": "detector_x", "det_y": "detector_y", "det_x": "detector_x", "t": "time", "frame": "series",
    "frames": "series", "energy_loss": "energy", "eloss": "energy", "alpha": "tilt",
}  # fmt: skip
_WORDS: Mapping[str, str] = {**{name: name for name in _OURS}, **_OTHERS}
_SIGNALS = {"detector_y", "energy", "wavelength"}
_IMAGE = {"y": "scan_y", "x": "scan_x"}


def list_dimensions(tree: ZarrTree, path: str) -> tuple[str, ...]:
    """Return the names that the store gives the axes of an array; none where it names them not all."""
    layout = tree.arrays[path]
    said = layout.attributes.get("_ARRAY_DIMENSIONS")
    names = tuple(map(str, said)) if isinstance(said, list) else layout.dimension_names
    return names if len(names) == len(layout.shape) and all(names) else ()


def read_dimensions(names: Sequence[str], *, name: str) -> tuple[AxisMeaning | None, list[Finding]]:
    """Return what axes of these names are; None, with the names told, where one of them is no word for it.

    Parameters
    ----------
    name
        Of the file, for sentences.
    """
    if not names:
        return None, []
    words = translate(names)
    if words:
        return order_axes(words, "file"), []
    shown = ", ".join(names)[:200]
    message = f"{name} calls the axes {shown}, which does not say what they are."
    return None, [tell("array_axes_named", message, "Name them by array.axes.")]


def translate(names: Sequence[str]) -> tuple[str, ...]:
    """Return our words for the axes; none where one is not known or two are the same."""
    words = [_WORDS.get(name.strip().casefold(), "") for name in names]
    if _SIGNALS & set(words):  # an image of the specimen has its signal at every position
        words = [_IMAGE.get(word, word) for word in words]
    return tuple(words) if all(words) and len(set(words)) == len(words) else ()


def calibrate(
    tree: ZarrTree, path: str, names: Sequence[str], words: Sequence[str]
) -> tuple[list[Axis], list[Finding]]:
    """Return the axes in the order of the file, calibrated by the coordinates that lie beside the array."""
    folder = path.rpartition("/")[0]
    sizes = tree.arrays[path].shape
    axes: list[Axis] = []
    findings: list[Finding] = []
    for name, word, size in zip(names, words, sizes, strict=True):
        where = f"{folder}/{name}" if folder else name
        unit = _read_unit(tree.attributes.get(where, {}))
        positions = None if unit is None else tree.read_short(where)
        if unit is None or positions is None or positions.size != size or size < 2:  # noqa: PLR2004 - a step
            axes.append(Axis(word, size))
            continue
        scale, offset = find_steps(positions, size)
        if scale is None:
            findings.append(
                warn(
                    "axis_not_linear",
                    f"The {word} axis in {tree.store.name} has no constant step; its positions stay in the file.",
                    "Readers see this axis in pixels. State the axis, if one step is near enough.",
                )
            )
        elif not to_ucum(unit).understood:
            findings.append(
                warn(
                    "axis_unit_unknown",
                    f"The unit {unit[:40]} of the {word} axis in {tree.store.name} is not understood.",
                    "Readers see this axis in pixels. Give its step yourself.",
                )
            )
        axes.append(calibrated_axis(word, size, unit=unit, scale=scale, offset=offset))
    return axes, findings


def _read_unit(attributes: Mapping[str, Any]) -> str | None:
    unit = attributes.get("units", attributes.get("unit"))
    return unit if isinstance(unit, str) and unit else None
