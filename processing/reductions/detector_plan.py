"""Which virtual detectors a scan gets, from what is known of its angles.

With a convergence angle and a calibrated detector the radii are multiples of α in mrad; else multiples of
the measured disk; else fractions of the detector. The result says which, so that a page can say it too.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from processing.reductions.annulus import CENTER_RULE, EDGE_RULE, Annulus
from processing.reductions.disk import DirectDisk, NoDisk
from processing.reductions.outliers import mend_outliers

SourceOfAngles = Literal["calibrated", "measured_disk", "detector_fraction"]
SourceOfCenter = Literal["measured_disk", "mean_pattern_center_of_mass", "detector_center"]

# Multiples of α. What lies within 0.5 α is called *central* bright field.
BRIGHT_FIELD = (0.0, 0.5)
ANNULAR_BRIGHT_FIELD = (0.5, 1.0)
ANNULAR_DARK_FIELD = (1.1, 2.5)
OUTER_FROM = 2.5
HIGH_ANGLE_MRAD = 50.0  # below it an outer ring is not "high-angle"
FALLBACK_RADIUS_FRACTION = 0.2  # of the distance from the center to the nearest edge of the detector


@dataclass(frozen=True, slots=True)
class AngleKnowledge:
    """What the metadata say: α in mrad and the angle of one detector pixel in mrad, or None."""

    semi_convergence_angle_mrad: float | None = None
    mrad_per_px: float | None = None


@dataclass(frozen=True, slots=True)
class PlannedDetector:
    """One virtual detector with its name, where it lies and why there."""

    name: str
    title: str
    annulus: Annulus
    parameters: dict[str, Any]


@dataclass(frozen=True, slots=True)
class DetectorPlan:
    """All virtual detectors of one scan and what their radii rest on."""

    detectors: tuple[PlannedDetector, ...]
    source_of_angles: SourceOfAngles
    source_of_center: SourceOfCenter
    center: tuple[float, float]
    disk_radius_px: float
    mrad_per_px: float | None
    note: str


def plan_virtual_detectors(
    mean_pattern: npt.NDArray[Any], *, disk: DirectDisk | NoDisk, angles: AngleKnowledge
) -> DetectorPlan:
    """Choose center and radii of the virtual detectors of a scan.

    Parameters
    ----------
    mean_pattern
        (detector_y, detector_x); of the scan or of a fair sample of it.
    disk
        What was found on it.
    angles
        What the metadata say.
    """
    detector_shape = (mean_pattern.shape[0], mean_pattern.shape[1])
    center, source_of_center = _choose_center(mean_pattern, disk)
    alpha, scale = angles.semi_convergence_angle_mrad, angles.mrad_per_px
    source: SourceOfAngles
    if alpha and scale:
        radius, source = alpha / scale, "calibrated"
        note = (
            f"Radii are multiples of the convergence semi-angle: {alpha:g} mrad, {scale:.4g} mrad per pixel."
        )
    elif isinstance(disk, DirectDisk):
        radius, source = disk.radius, "measured_disk"
        note = (
            f"Radii are multiples of the measured direct disk ({disk.radius:.2f} px ± {disk.radius_uncertainty:.2f} "
            f"px shot noise ± {disk.radius_model_error:.2f} px model error): no convergence angle with a calibrated "
            "detector was given."
        )
    else:
        radius, source = FALLBACK_RADIUS_FRACTION * (min(detector_shape) - 1) / 2, "detector_fraction"
        note = (
            f"Radii are fractions of the detector ({radius:.1f} px stands for α): there is no calibrated "
            f"convergence angle, and no direct disk was found because {disk.reason}."
        )
    detectors = _name_detectors(
        detector_shape, center, radius, scale if source != "detector_fraction" else None
    )
    return DetectorPlan(
        detectors=detectors,
        source_of_angles=source,
        source_of_center=source_of_center,
        center=center,
        disk_radius_px=radius,
        mrad_per_px=scale,
        note=note,
    )


def _choose_center(
    mean_pattern: npt.NDArray[Any], disk: DirectDisk | NoDisk
) -> tuple[tuple[float, float], SourceOfCenter]:
    if isinstance(disk, DirectDisk):
        return disk.center, "measured_disk"
    height, width = mean_pattern.shape
    image = mend_outliers(mean_pattern)
    above = np.clip(image - np.median(image), 0.0, None)
    total = float(above.sum())
    if total > 0:
        y = float((above.sum(axis=1) * np.arange(height)).sum()) / total
        x = float((above.sum(axis=0) * np.arange(width)).sum()) / total
        # Far from the middle it is a few bright spots that pull, not the beam.
        if abs(y - (height - 1) / 2) < height / 4 and abs(x - (width - 1) / 2) < width / 4:
            return (y, x), "mean_pattern_center_of_mass"
    return ((height - 1) / 2, (width - 1) / 2), "detector_center"


def _name_detectors(
    detector_shape: tuple[int, int], center: tuple[float, float], radius: float, scale: float | None
) -> tuple[PlannedDetector, ...]:
    inner_mrad = OUTER_FROM * radius * scale if scale else None
    high_angle = inner_mrad is not None and inner_mrad >= HIGH_ANGLE_MRAD
    outer_name = "high_angle_annular_dark_field" if high_angle else "outer_virtual_dark_field"
    outer_title = "High-angle annular dark field" if high_angle else "Outer virtual dark field"
    wanted: list[tuple[str, str, float, float]] = [
        ("virtual_bright_field", "Central bright field", *BRIGHT_FIELD),
        ("annular_bright_field", "Annular bright field", *ANNULAR_BRIGHT_FIELD),
        ("annular_dark_field", "Annular dark field", *ANNULAR_DARK_FIELD),
        (outer_name, outer_title, OUTER_FROM, math.inf),
    ]
    planned = []
    for name, title, inner, outer in wanted:
        ring = Annulus(center=center, inner=inner * radius, outer=outer * radius)
        if not ring.mask(detector_shape).any():
            continue  # no pixel lies in the ring: an image of zeros would say something untrue
        planned.append(PlannedDetector(name, title, ring, _describe(ring, inner, outer, scale)))
    return tuple(planned)


def _describe(ring: Annulus, inner: float, outer: float, scale: float | None) -> dict[str, Any]:
    open_ended = math.isinf(outer)
    described: dict[str, Any] = {
        "center_px": list(ring.center),
        "inner_px": ring.inner,
        "outer_px": None if open_ended else ring.outer,
        "inner_in_alpha": inner,
        "outer_in_alpha": None if open_ended else outer,
        "center_rule": CENTER_RULE,
        "edge_rule": EDGE_RULE,
    }
    if scale:
        described["inner_mrad"] = ring.inner * scale
        described["outer_mrad"] = None if open_ended else ring.outer * scale
        described["mrad_per_px"] = scale
    return described
