"""What the schema needs to know of an array: names, lengths and calibration of its axes. No numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

SignalKind = Literal[
    "pattern_scan",
    "pattern_series",
    "pattern",
    "image",
    "image_series",
    "color_image",
    "color_image_series",
    "channel_maps",
    "spectrum_scan",
    "spectrum",
    "profile",
    "profile_series",
    "frame",
    "frame_series",
]
"""What a signal is: it decides which recipes and pictures make sense (`repository.schema.documents.signal_kind`)."""

_FRAMES = (("detector_y", "detector_x"), ("scan_y", "scan_x"), ("y", "x"), ("image_y", "image_x"))


@dataclass(frozen=True, slots=True)
class SignalAxis:
    """One axis; `unit` and `scale` are None where it is not calibrated.

    Attributes
    ----------
    said_by
        The field of the record that calibrates it; None where that is the file, or nothing.
    calibration
        Which number of which calibration it carries, such as "6nhc-tyhy/3"; None where none was taken.
    positions
        Where each sample lies, in `unit`, if no step leads from one to the next and no field calibrates it.
    """

    name: str
    size: int
    unit: str | None = None
    scale: float | None = None
    offset: float = 0.0
    said_by: str | None = None
    calibration: str | None = None
    positions: tuple[float, ...] | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the stored form: {name, size, unit, scale, offset}, and a calibration and positions if any."""
        stored = {
            "name": self.name,
            "size": self.size,
            "unit": self.unit,
            "scale": self.scale,
            "offset": self.offset,
        }
        if self.calibration is not None:
            stored["calibration"] = self.calibration
        return stored if self.positions is None else {**stored, "positions": list(self.positions)}

    @property
    def scaling(self) -> tuple[str | None, float | None, float]:
        """Where its samples lie: unit, scale and offset."""
        return self.unit, self.scale, self.offset


@dataclass(frozen=True, slots=True)
class SignalShape:
    """One array of a measurement; `data` is the main one.

    Attributes
    ----------
    n_signal_axes
        How many axes, the last ones, make one element; None where nobody said.
    """

    name: str
    axes: tuple[SignalAxis, ...]
    n_signal_axes: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes, in array order."""
        return tuple(axis.size for axis in self.axes)

    def count_signal_axes(self) -> int:
        """Return how many axes make one element; where nobody said, a frame of two axes is known by their names."""
        if self.n_signal_axes is not None:
            return self.n_signal_axes
        return len(_FRAMES[0]) if tuple(axis.name for axis in self.axes[-2:]) in _FRAMES else 1

    def find_axis(self, name: str) -> SignalAxis | None:
        """Return the axis of that name, or None."""
        return next((axis for axis in self.axes if axis.name == name), None)

    @classmethod
    def from_dict(cls, entry: Mapping[str, Any]) -> Self:
        """Build from JSON: {name, axes: [{name, size, unit, scale, offset}], n_signal_axes}."""
        axes = tuple(
            SignalAxis(
                name=axis["name"],
                size=int(axis["size"]),
                unit=axis.get("unit"),
                scale=axis.get("scale"),
                offset=axis.get("offset") or 0.0,
                calibration=axis.get("calibration"),
                positions=None if axis.get("positions") is None else tuple(axis["positions"]),
            )
            for axis in entry["axes"]
        )
        return cls(name=entry["name"], axes=axes, n_signal_axes=entry.get("n_signal_axes"))


def list_main_first(signals: Sequence[SignalShape]) -> tuple[SignalShape, ...]:
    """Return the arrays with that named `data` first, else as they are: of it the fields of a record speak."""
    return tuple(sorted(signals, key=lambda signal: signal.name != "data"))
