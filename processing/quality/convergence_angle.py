"""The convergence angle of the record against the disk that the data show: the first check of one by the other."""

from dataclasses import dataclass

from processing.reductions.descan import Travel
from processing.reductions.detector_plan import AngleKnowledge
from processing.reductions.disk import DirectDisk

TOLERANCE = 0.05  # nominal angles are off by as much
TOLERANCE_PX = 1.0  # and a disk is a few pixels wide


@dataclass(frozen=True, slots=True)
class AngleComparison:
    """Convergence semi-angles in mrad; the error is one standard deviation of what was measured."""

    measured_mrad: float
    error_mrad: float
    declared_mrad: float
    differs: bool


def measure_angle(disk: DirectDisk, mrad_per_px: float, travel: Travel | None) -> tuple[float, float]:
    """Return the semi-angle of the disk and its error, in mrad; an edge that travels is surer by no more than that."""
    smeared = travel.length / 2 if travel is not None and travel.is_noticed else 0.0
    return disk.radius * mrad_per_px, (disk.radius_error**2 + smeared**2) ** 0.5 * mrad_per_px


def compare_angles(disk: DirectDisk, angles: AngleKnowledge, travel: Travel | None) -> AngleComparison | None:
    """Compare the disk with the record; None where the record has no angle, or the detector no scale.

    They differ where they are further apart than 5 % and a pixel of the radius, and than two errors.
    """
    alpha, scale = angles.semi_convergence_angle_mrad, angles.mrad_per_px
    if not alpha or not scale:
        return None
    measured, error = measure_angle(disk, scale, travel)
    allowed = max((TOLERANCE + TOLERANCE_PX / disk.radius) * alpha, 2 * error)
    return AngleComparison(measured, error, alpha, abs(measured - alpha) > allowed)
