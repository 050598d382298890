"""Angles of illumination and detectors against each other."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema.checks.cross_field.context import Check, Context, report
from repository.schema.documents.scales import (
    DIFFRACTION_PIXEL_FIELDS,
    find_pair,
    find_scalar,
    is_answered_by_person,
    read_pair,
)
from repository.schema.findings import Finding
from repository.schema.places import get_plain, get_value
from repository.schema.quantities.quantity import is_number
from repository.schema.quantities.units import UNITS
from repository.schema.questions.cameras import find_camera_mode
from repository.schema.questions.fields import load_catalogue

LARGE_SEMI_ANGLE_RAD = 0.040
UNCORRECTED_SEMI_ANGLE_RAD = 0.020
PARALLEL_SEMI_ANGLE_RAD = 0.005
HIGH_ANGLE_RAD = 0.050
AGREEMENT = 0.02
FULL_TURN_RAD = 2 * math.pi
_ROUNDING = 1e-9


def check_detector_angles(context: Context) -> Iterator[Finding]:
    """Demand that the outer angle is larger than the inner one, of annular detectors and of segments."""
    for key in ("annular_detectors", "segments"):
        for index, entry in _entries(context.document, key):
            inner, outer = find_scalar(entry, "inner_angle"), find_scalar(entry, "outer_angle")
            if inner is not None and outer is not None and outer <= inner:
                yield report(
                    "error",
                    "detector_angles_reversed",
                    f"{_name(entry, index)}: the outer angle ({outer * 1e3:.4g} mrad) is not larger than "
                    f"the inner one ({inner * 1e3:.4g} mrad).",
                    f"/{key}/{index}/outer_angle",
                    "Exchange them, or correct the one that is off.",
                )


def check_high_angle_name(context: Context) -> Iterator[Finding]:
    """Note a detector that is called high-angle but starts low."""
    for index, entry in _entries(context.document, "annular_detectors"):
        inner = find_scalar(entry, "inner_angle")
        if inner is not None and inner < HIGH_ANGLE_RAD and "haadf" in _name(entry, index).lower():
            yield report(
                "info",
                "not_high_angle",
                f"{_name(entry, index)} starts at {inner * 1e3:.4g} mrad; "
                "below 50 mrad contrast is not purely high-angle.",
                f"/annular_detectors/{index}/inner_angle",
                "Pages and search call it annular dark field. A semi-angle is meant.",
            )


def check_detector_signals(context: Context) -> Iterator[Finding]:
    """Demand that a detector which names its array names one that exists."""
    known = {signal.name for signal in context.signals}
    if not known:
        return
    for key in ("annular_detectors", "segments"):
        for index, entry in _entries(context.document, key):
            name = get_plain(entry.get("signal"))
            if isinstance(name, str) and name not in known:
                yield report(
                    "error",
                    "signal_unknown",
                    f'{_name(entry, index)} names the array "{name}", which this measurement does not have.',
                    f"/{key}/{index}/signal",
                    f"Arrays found: {', '.join(sorted(known))}.",
                )


def check_segment_rings(context: Context) -> Iterator[Finding]:
    """Demand that the segments of one ring do not cover more than a turn."""
    rings: dict[tuple[float | None, float | None], float] = defaultdict(float)
    for _, entry in _entries(context.document, "segments"):
        ring = (find_scalar(entry, "inner_angle"), find_scalar(entry, "outer_angle"))
        rings[ring] += find_scalar(entry, "azimuth_extent") or 0.0
    for total in rings.values():
        if total > FULL_TURN_RAD * (1 + _ROUNDING):
            yield report(
                "error",
                "segments_overlap",
                f"The segments of one ring cover {math.degrees(total):.4g} degrees.",
                "/segments",
                "Together they cover at most 360 degrees; azimuth_extent is the opening of one segment.",
            )


def check_convergence(context: Context) -> Iterator[Finding]:
    """Note semi-angles that look like full angles, and a parallel beam that is not."""
    angle = context.facts.semi_convergence_angle_rad
    if angle is None:
        return
    uncorrected = get_value(context.document, "corrector") in {"none", "image"}
    limit = UNCORRECTED_SEMI_ANGLE_RAD if uncorrected else LARGE_SEMI_ANGLE_RAD
    if angle > limit:
        instrument = "without a probe corrector" if uncorrected else "even for corrected probes"
        yield report(
            "info",
            "full_angle_suspected",
            f"A convergence semi-angle of {angle * 1e3:.4g} mrad is large {instrument}.",
            "/semi_convergence_angle",
            f"If the full angle was typed, the semi-angle is {angle * 5e2:.4g} mrad.",
        )
    if get_value(context.document, "illumination") == "parallel" and angle > PARALLEL_SEMI_ANGLE_RAD:
        yield report(
            "warning",
            "illumination_disagrees",
            f"The illumination is called parallel, with a convergence semi-angle of {angle * 1e3:.4g} mrad.",
            "/illumination",
            "Readers cannot tell which holds, and dose and resolution follow from it. Say convergent, or "
            "correct the angle.",
        )


def check_disk_fits(context: Context) -> Iterator[Finding]:
    """Note a bright-field disk that does not fit on the camera; off-center and cropped cameras are common."""
    angle, half = context.facts.semi_convergence_angle_rad, context.facts.diffraction_half_width_rad
    if angle is not None and half is not None and half < angle:
        yield report(
            "info",
            "disk_cut",
            f"The pattern reaches {half * 1e3:.4g} mrad from its center, "
            f"the bright-field disk {angle * 1e3:.4g} mrad.",
            "/diffraction_pixel_size",
            "Fine for an off-center or cropped camera; else check both, and semi- against full angle.",
        )


def check_pixel_sizes_agree(context: Context) -> Iterator[Finding]:
    """Compare the angular and the reciprocal pixel size: k = θ/λ to 2 %; a person's holds over that of the file."""
    wavelength = context.facts.wavelength_m
    answer = read_pair(context.document, "diffraction_pixel_size")
    angular = find_pair(context.document, "diffraction_pixel_size")
    reciprocal = find_pair(context.document, "reciprocal_pixel_size")
    if wavelength is None or answer is None or angular is None or reciprocal is None:
        return
    if len({is_answered_by_person(context.document, path) for path in DIFFRACTION_PIXEL_FIELDS}) > 1:
        return
    is_angle = UNITS[answer[1]].dimension == "angle"
    for first, second in zip(angular, reciprocal, strict=True):
        expected = first / wavelength if is_angle else first
        if second <= 0 or abs(expected / second - 1) > AGREEMENT:
            ratio = expected / second if second > 0 else math.inf
            two_pi = (
                " The ratio is 2π: k is stored without it."
                if abs(ratio * 2 * math.pi - 1) < AGREEMENT
                else ""
            )
            yield report(
                "warning",
                "pixel_sizes_disagree",
                f"The angular pixel size makes {expected * 1e-9:.4g} nm-1, "
                f"the reciprocal one is {second * 1e-9:.4g} nm-1.",
                "/reciprocal_pixel_size",
                f"Readers get other angles from the one than from the other. k = angle / wavelength should hold "
                f"to 2 %; voltage or one of the two is off.{two_pi}",
            )
            return


def check_matrix(context: Context) -> Iterator[Finding]:
    """Expect a rotation, with or without a flip, of the matrix detector to scan."""
    matrix = get_value(context.document, "detector_to_scan_matrix")
    if not _is_matrix(matrix):
        return
    (a, b), (c, d) = matrix
    rows = (math.hypot(a, b), math.hypot(c, d))
    if abs(a * c + b * d) > AGREEMENT or any(abs(length - 1) > AGREEMENT for length in rows):
        yield report(
            "warning",
            "matrix_not_orthogonal",
            "The matrix detector to scan is neither a rotation nor a rotation with a flip.",
            "/detector_to_scan_matrix",
            "Readers who turn the patterns with it would distort them. Rows have length 1 and right angles: "
            "[[cos, sin], [-sin, cos]], one row negated for a flip.",
        )


def check_camera_mode(context: Context) -> Iterator[Finding]:
    """Warn of a mode that the named camera does not have."""
    known, stated = find_camera_mode(context.document), get_value(context.document, "camera.mode")
    if known is not None and isinstance(stated, str) and stated != known:
        titles = {term.value: term.title.lower() for term in load_catalogue().vocabularies["camera_mode"]}
        yield report(
            "warning",
            "camera_mode_disagrees",
            f"The camera mode is called {titles.get(stated, stated)}; a camera of this name is {titles[known]}.",
            "/camera/mode",
            "Readers count electrons by it. Leave the mode out: the camera's name says it. Or correct the name.",
        )


def _is_matrix(matrix: Any) -> bool:
    """Return whether it is two rows of two numbers; what is none, the structure check says."""
    return (
        isinstance(matrix, list)
        and [len(row) if isinstance(row, list) else 0 for row in matrix] == [2, 2]
        and all(is_number(number) for row in matrix for number in row)
    )


def _entries(document: Mapping[str, Any], key: str) -> Iterator[tuple[int, Mapping[str, Any]]]:
    entries = document.get(key)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, Mapping):
            yield index, entry


def _name(entry: Mapping[str, Any], index: int) -> str:
    return str(get_plain(entry.get("name")) or get_plain(entry.get("signal")) or f"Detector {index + 1}")


CHECKS: tuple[Check, ...] = (
    check_detector_angles,
    check_high_angle_name,
    check_detector_signals,
    check_segment_rings,
    check_convergence,
    check_disk_fits,
    check_pixel_sizes_agree,
    check_matrix,
    check_camera_mode,
)
