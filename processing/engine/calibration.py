"""From the calibration in a request, or the detector axes of a file, to the angle of one pixel."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ingest.readers.contract import Axis
from processing.reductions.detector_plan import (
    AngleKnowledge,
    UnknownDiffractionUnitError,
    convert_pixel_to_mrad,
)
from repository.schema.findings import Finding

SQUARE_TOLERANCE = 0.01  # detector pixels whose sides differ by more have no single angle


@dataclass(frozen=True, slots=True)
class Calibration:
    """α in mrad, the detector pixel as given, the voltage in kV; None where unknown."""

    semi_convergence_angle_mrad: float | None = None
    pixel_value: float | None = None
    pixel_unit: str | None = None
    acceleration_voltage_kv: float | None = None

    @classmethod
    def from_dict(cls, document: Mapping[str, Any]) -> "Calibration":
        """Build from the `calibration` of a request; missing keys are unknown."""
        pixel = document.get("diffraction_pixel_size") or {}
        return cls(
            semi_convergence_angle_mrad=document.get("semi_convergence_angle_mrad"),
            pixel_value=pixel.get("value"),
            pixel_unit=pixel.get("unit"),
            acceleration_voltage_kv=document.get("acceleration_voltage_kv"),
        )


def resolve_angles(
    calibration: Calibration, detector_axes: tuple[Axis, ...]
) -> tuple[AngleKnowledge, Finding | None]:
    """Return what is known of the angles, and a finding where a calibration was given that cannot be used.

    The depositor's pixel size goes before the one on the file's detector axes.
    """
    value, unit = calibration.pixel_value, calibration.pixel_unit
    if value is None or unit is None:
        value, unit = _read_axes(detector_axes)
    if value is None or unit is None:
        return AngleKnowledge(calibration.semi_convergence_angle_mrad), None
    try:
        per_pixel = convert_pixel_to_mrad(value, unit, calibration.acceleration_voltage_kv)
    except UnknownDiffractionUnitError as error:
        finding = Finding(
            "info",
            "diffraction_calibration_unused",
            str(error),
            "/diffraction_pixel_size",
            "Virtual detectors follow the measured disk. Give mrad, or 1/length with the voltage.",
            "consistency",
        )
        return AngleKnowledge(calibration.semi_convergence_angle_mrad), finding
    return AngleKnowledge(calibration.semi_convergence_angle_mrad, per_pixel), None


def _read_axes(axes: tuple[Axis, ...]) -> tuple[float | None, str | None]:
    y, x = axes[-2:]
    if y.unit is None or y.unit != x.unit or not y.scale or not x.scale:
        return None, None
    sides = abs(y.scale), abs(x.scale)
    if abs(sides[0] - sides[1]) > SQUARE_TOLERANCE * max(sides):
        return None, None
    return 0.5 * (sides[0] + sides[1]), x.unit
