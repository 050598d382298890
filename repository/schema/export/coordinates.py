"""The coordinates of an array's axes, as exports with arrays write them: offset and step, or a value for each frame."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.places import get_entry
from repository.schema.quantities.quantity import read_quantity

_OF_SERIES = ("series_times", "series_tilts", "series_defocus", "series_values")
_NAMED = {"time": ("series_times",), "tilt": ("series_tilts", "stage_tilt_x"), "defocus": ("series_defocus",)}
_MADE_OF = ("series", "frame", "index", "position")


@dataclass(frozen=True, slots=True)
class Coordinates:
    """One axis.

    Attributes
    ----------
    unit
        UCUM code; None where the axis is counted in samples, and then `offset` is 0 and `scale` is 1.
    positions
        A coordinate for each sample where file or record list them, in `unit`; else they are `offset + scale * index`.
    """

    name: str
    size: int
    unit: str | None
    offset: float
    scale: float
    positions: tuple[float, ...] | None = None

    @property
    def is_calibrated(self) -> bool:
        """Whether the samples have a unit."""
        return self.unit is not None


def list_coordinates(
    axes: Sequence[Mapping[str, Any]], document: Mapping[str, Any]
) -> tuple[Coordinates, ...]:
    """Return the coordinates of the axes of one array.

    Parameters
    ----------
    axes
        As published: `name`, `size`, `unit`, `scale`, `offset`, and `positions` where there is no step.
    document
        The measurement's record, of which a series of values for the frames is taken where the axis has no step.
    """
    return tuple(_locate(axis, document) for axis in axes)


def _locate(axis: Mapping[str, Any], document: Mapping[str, Any]) -> Coordinates:
    name, size = str(axis["name"]), int(axis["size"])
    scale, unit = axis.get("scale"), axis.get("unit")
    if scale and unit is not None:
        return Coordinates(name, size, str(unit), float(axis.get("offset") or 0.0), float(scale))
    if axis.get("positions") is not None:
        listed = tuple(float(position) for position in axis["positions"])
        return Coordinates(name, size, None if unit is None else str(unit), 0.0, 1.0, listed)
    fields = _NAMED.get(name) or (_OF_SERIES if name.startswith(_MADE_OF) else ())
    for field in fields:
        reading = read_quantity(get_entry(document, field))
        if reading is not None and not reading.is_range and len(reading.numbers) == size > 1:
            return Coordinates(name, size, reading.unit, 0.0, 1.0, reading.numbers)
    return Coordinates(name, size, None, 0.0, 1.0)
