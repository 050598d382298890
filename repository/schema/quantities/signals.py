"""What the schema needs to know of an array: names, lengths and calibration of its axes. No numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class SignalAxis:
    """One axis; `unit` and `scale` are None where it is not calibrated.

    Attributes
    ----------
    said_by
        The field of the record that calibrates it; None where that is the file, or nothing.
    """

    name: str
    size: int
    unit: str | None = None
    scale: float | None = None
    offset: float = 0.0
    said_by: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the form in which axes are stored: {name, size, unit, scale, offset}."""
        return {
            "name": self.name,
            "size": self.size,
            "unit": self.unit,
            "scale": self.scale,
            "offset": self.offset,
        }


@dataclass(frozen=True, slots=True)
class SignalShape:
    """One array of a measurement; `data` is the main one."""

    name: str
    axes: tuple[SignalAxis, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, in array order."""
        return tuple(axis.size for axis in self.axes)

    def find_axis(self, name: str) -> SignalAxis | None:
        """Return the axis of that name, or None."""
        return next((axis for axis in self.axes if axis.name == name), None)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Build from JSON: {name, axes: [{name, size, unit, scale, offset}]}."""
        axes = tuple(
            SignalAxis(
                name=axis["name"],
                size=int(axis["size"]),
                unit=axis.get("unit"),
                scale=axis.get("scale"),
                offset=axis.get("offset") or 0.0,
            )
            for axis in entry["axes"]
        )
        return cls(name=entry["name"], axes=axes)


def list_main_first(signals: Sequence[SignalShape]) -> tuple[SignalShape, ...]:
    """Return the arrays with that named `data` first, else as they are: of it the fields of a record speak."""
    return tuple(sorted(signals, key=lambda signal: signal.name != "data"))
