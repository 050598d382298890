"""What the schema needs to know of an array: names, lengths and calibration of its axes. No numbers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class SignalAxis:
    """One axis; `unit` and `scale` are None where it is not calibrated."""

    name: str
    size: int
    unit: str | None = None
    scale: float | None = None
    offset: float = 0.0


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
