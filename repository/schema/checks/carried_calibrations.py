"""Which calibrations the arrays of a measurement carry, and for which arrays one is meant.

A value that was taken from a calibration says which one: `calibration: <id>/<number>`, and `calibrated_from` in words.
It stands in the record by value, and needs nothing else to be understood.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from repository.schema.checks.cell_values import format_entry
from repository.schema.documents.calibrated_axes import list_scaling_fields, name_calibration
from repository.schema.documents.levels import does_apply
from repository.schema.documents.scales import DETECTOR_AXES, DIFFRACTION_PIXEL_FIELDS, SCAN_AXES
from repository.schema.places import get_entry
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.fields import load_catalogue

_SCALES = (
    *("scan_step", "pixel_size", "diffraction_pixel_size", "reciprocal_pixel_size"),
    *("energy_axis.bin_width", "energy_axis.start", "wavelength_axis.bin_width", "wavelength_axis.start"),
)
_OF_PATTERNS = ("camera_length_factor", "diffraction_ellipse.ratio", "diffraction_ellipse.azimuth")
_OF_SCANNED_PATTERNS = ("detector_to_scan_matrix", "descan_matrix")
CALIBRATED_FIELDS = (*_SCALES, "scan_rotation", *_OF_PATTERNS, *_OF_SCANNED_PATTERNS)
"""What a calibration can say: fields of the schema, one each."""

NEEDS: Mapping[str, str] = {
    "scan_step": "an array with a scan",
    "scan_rotation": "an array with a scan",
    "pixel_size": "an image",
    **dict.fromkeys((*DIFFRACTION_PIXEL_FIELDS, *_OF_PATTERNS), "an array of patterns"),
    **dict.fromkeys(_OF_SCANNED_PATTERNS, "patterns at each position of a scan"),
    **dict.fromkeys(("energy_axis.bin_width", "energy_axis.start"), "an array with an axis of energies"),
    **dict.fromkeys(
        ("wavelength_axis.bin_width", "wavelength_axis.start"), "an array with an axis of wavelengths"
    ),
}
"""In words, which arrays a calibration of a field is meant for."""


@dataclass(frozen=True, slots=True)
class CarriedCalibration:
    """A calibration that an array carries, by value.

    Attributes
    ----------
    id, number
        Which one it was taken from.
    value
        As it can be typed again, with unit and uncertainty.
    calibrated_from
        How it is known, in words.
    axes
        Names of the array's axes that follow it; of a rotation or a distortion none.
    """

    id: str
    number: int
    field: str
    title: str
    value: str
    calibrated_from: str
    axes: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON."""
        return {**asdict(self), "axes": list(self.axes)}


def find_meant(field: str, signals: Sequence[SignalShape], document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the arrays for which a calibration of a field is meant; none where it is of a wrong kind."""
    if not does_apply(field, document):
        return ()
    scaling = list_scaling_fields(signals, document)
    return tuple(signal.name for signal in signals if _is_meant(field, signal, scaling[signal.name]))


def _is_meant(field: str, signal: SignalShape, scaling: frozenset[str]) -> bool:
    names = {axis.name for axis in signal.axes}
    is_scanned = bool(names & set(SCAN_AXES)) or "scan_step" in scaling
    if field in _OF_PATTERNS:
        return bool(scaling & set(DIFFRACTION_PIXEL_FIELDS))
    if field in _OF_SCANNED_PATTERNS:
        return is_scanned and bool(names & set(DETECTOR_AXES))
    return is_scanned if field == "scan_rotation" else field in scaling


def list_carried(
    signals: Sequence[SignalShape], document: Mapping[str, Any]
) -> dict[str, tuple[CarriedCalibration, ...]]:
    """Return by the name of each array the calibrations that it carries.

    Parameters
    ----------
    signals
        With calibrated axes.
    document
        The merged record: where the header's value holds, nothing is carried.
    """
    carried: dict[str, list[CarriedCalibration]] = {signal.name: [] for signal in signals}
    for field in CALIBRATED_FIELDS:
        named = name_calibration(document, field)
        if named is None or "/" not in named:
            continue
        meant = find_meant(field, signals, document)
        for signal in signals:
            axes = tuple(axis.name for axis in signal.axes if named in (axis.calibration or "").split())
            if axes if field in _SCALES else signal.name in meant:
                carried[signal.name].append(_describe(field, named, axes, document))
    return {name: tuple(found) for name, found in carried.items()}


def _describe(
    field: str, named: str, axes: tuple[str, ...], document: Mapping[str, Any]
) -> CarriedCalibration:
    entry = get_entry(document, field)
    calibration_id, _, number = named.rpartition("/")
    return CarriedCalibration(
        calibration_id,
        int(number) if number.isdecimal() else 0,
        field,
        load_catalogue().measurement[field].title,
        format_entry(field, entry),
        str(entry.get("calibrated_from", "")),
        axes if field in _SCALES else (),
    )
