"""py4DSTEM's own calibration of a file against the vectors of its axes."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ingest.formats.emd.dimensions import Dimension
from ingest.readers.hdf5.attributes import plain
from ingest.readers.refusals import warn
from ingest.readers.units import to_ucum
from repository.schema.findings import Finding

_SPACES = {"scan": "R", "detector": "Q"}
_FIELDS = {"R": "/scan_step", "Q": "/diffraction_pixel_size"}
_AGREE = 1e-4


def calibrate(
    dimensions: Sequence[Dimension], names: Iterable[str], calibration: Mapping[str, Any], *, name: str
) -> tuple[list[Dimension], list[Finding]]:
    """Return the dimensions with the calibration of the file, which wins over their own vectors.

    py4DSTEM reads and corrects `R_pixel_size` and `Q_pixel_size`; the vectors keep what an importer once wrote. Where
    both differ, or a vector is not even linear, one warning for each space names both numbers.
    """
    calibrated: list[Dimension] = []
    differing: dict[str, tuple[bool, str]] = {}
    for dimension, role in zip(dimensions, names, strict=True):
        space = _SPACES.get(role.partition("_")[0], "")
        stated = _find_stated(calibration, space)
        if stated is None:
            calibrated.append(dimension)
            continue
        size, unit = stated
        own = to_ucum(dimension.unit)
        if own.unit is not None and not _agrees(dimension, size, unit):
            told = f"{size:g} {unit} per pixel, the vector of {dimension.name or role} {_describe(dimension)}"
            has_number = dimension.scale is not None
            if space not in differing or (has_number and not differing[space][0]):
                differing[space] = (has_number, told)
        keeps_origin = own.unit is not None and _agrees(dimension, size, unit)
        offset = dimension.offset if keeps_origin else 0.0
        scale = dimension.scale if keeps_origin else size
        calibrated.append(
            replace(dimension, unit=dimension.unit if keeps_origin else unit, scale=scale, offset=offset)
        )
    return calibrated, [_tell(space, text, name) for space, (_, text) in differing.items()]


def _find_stated(calibration: Mapping[str, Any], space: str) -> tuple[float, str] | None:
    """Return pixel size and unit that the file states for a space, where they say something."""
    size = calibration.get(f"{space}_pixel_size")
    unit = plain(calibration.get(f"{space}_pixel_units"))
    if not isinstance(size, int | float) or isinstance(size, bool) or not isinstance(unit, str):
        return None
    says_something = bool(space) and to_ucum(unit).unit is not None and math.isfinite(size) and size > 0
    return (float(size), unit) if says_something else None


def _agrees(dimension: Dimension, size: float, unit: str) -> bool:
    """Whether a vector is the calibration's: the same step, in units of one kind."""
    own, theirs = to_ucum(dimension.unit), to_ucum(unit)
    if dimension.scale is None or own.unit != theirs.unit:
        return False
    return math.isclose(dimension.scale * own.factor, size * theirs.factor, rel_tol=_AGREE)


def _describe(dimension: Dimension) -> str:
    if dimension.scale is None:
        return f"has no constant step ({dimension.unit})"
    return f"says {dimension.scale:g} {dimension.unit}, from {dimension.offset:g}"


def _tell(space: str, text: str, name: str) -> Finding:
    return warn(
        "calibration_wins_over_vectors",
        f"The calibration of {name} says {text}; the calibration is taken.",
        "Readers get axes by the calibration, which py4DSTEM keeps up to date, unlike the vectors. Give the value "
        "yourself if it is wrong.",
        pointer=_FIELDS[space],
    )
