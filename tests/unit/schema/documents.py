"""Documents that are fit to publish, and arrays that go with them; tests change one thing at a time."""

import copy
from typing import Any

from repository.schema.quantities.signals import SignalAxis, SignalShape

FOUR_D: dict[str, Any] = {
    "technique": ["four_d_stem"],
    "scan": "raster",
    "series": "none",
    "origin": "measured",
    "level": "raw",
    "sample": {"name": "MoS2 on SiN", "elements": ["Mo", "S"], "preparation": "CVD, wet transfer"},
    "instrument": {"name": "Titan 2"},
    "acquired_at": "2024-05-02T10:20:00+02:00",
    "acceleration_voltage": "80 kV",
    "illumination": "convergent",
    "semi_convergence_angle": "21.4 mrad",
    "scan_shape": [52, 54],
    "scan_step": "0.085 nm",
    "scan_pattern": "raster",
    "dwell_time": "1 ms",
    "probe_current": "2.8 pA",
    "orientation": "untilted",
    "detector_to_scan_matrix": [[1, 0], [0, 1]],
    "diffraction_pixel_size": "1.4 mrad",
    "camera": {"name": "EMPAD", "mode": "charge_integrating"},
}
ANNULAR: dict[str, Any] = {
    **{
        key: FOUR_D[key]
        for key in FOUR_D
        if key not in {"detector_to_scan_matrix", "diffraction_pixel_size", "camera"}
    },
    "technique": ["annular"],
    "annular_detectors": [{"name": "HAADF", "inner_angle": "68 mrad", "outer_angle": "200 mrad"}],
}
EELS: dict[str, Any] = {
    **{
        key: FOUR_D[key]
        for key in FOUR_D
        if key not in {"detector_to_scan_matrix", "diffraction_pixel_size", "camera"}
    },
    "technique": ["eels"],
    "energy_axis": {"start": "-20 eV", "bin_width": "0.5 eV"},
    "collection_semi_angle": "40 mrad",
    "monochromated": False,
}


def four_d(**changes: Any) -> dict[str, Any]:
    """Return a publishable 4D-STEM document with changes; a change to None leaves the field out."""
    return change(FOUR_D, **changes)


def annular(**changes: Any) -> dict[str, Any]:
    """Return a publishable document of an annular image with changes."""
    return change(ANNULAR, **changes)


def eels(**changes: Any) -> dict[str, Any]:
    """Return a publishable document of a spectrum image with changes."""
    return change(EELS, **changes)


def change(document: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return a deep copy with top-level keys replaced, or left out where None is given."""
    changed = copy.deepcopy({**document, **changes})
    return {key: entry for key, entry in changed.items() if entry is not None}


def scan_4d(
    shape: tuple[int, int, int, int] = (52, 54, 128, 128), *, calibrated: bool = False
) -> tuple[SignalShape, ...]:
    """Return the arrays of a 4D scan."""
    names = ("scan_y", "scan_x", "detector_y", "detector_x")
    units = ("nm", "nm", "mrad", "mrad") if calibrated else (None,) * 4
    scales = (0.085, 0.085, 1.4, 1.4) if calibrated else (None,) * 4
    axes = tuple(SignalAxis(n, s, u, c) for n, s, u, c in zip(names, shape, units, scales, strict=True))
    return (SignalShape("data", axes),)


def spectrum_image(channels: int = 1000) -> tuple[SignalShape, ...]:
    """Return the arrays of a calibrated spectrum image."""
    axes = (
        SignalAxis("scan_y", 52, "nm", 0.085),
        SignalAxis("scan_x", 54, "nm", 0.085),
        SignalAxis("energy", channels, "eV", 0.5, -20.0),
    )
    return (SignalShape("data", axes),)
