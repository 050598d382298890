"""An EMPAD scan with a complete description, for deposits that are meant to be published."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tests.synthetic import make_pattern_scan
from tests.vendor_files.empad import write_empad

ANSWERS: dict[str, Any] = {
    "technique": ["four_d_stem"],
    "scan": "raster",
    "series": "none",
    "origin": "measured",
    "level": "raw",
    "sample": {"name": "MoS2 monolayer", "elements": ["Mo", "S"], "preparation": "exfoliated"},
    "instrument": {"name": "Scope 1"},
    "acquired_at": "2025-03-01T14:20:00+01:00",
    "acceleration_voltage": "80 kV",
    "illumination": "convergent",
    "semi_convergence_angle": "21.4 mrad",
    "scan_step": "0.05 nm",
    "scan_pattern": "raster",
    "dwell_time": "1 ms",
    "probe_current": "30 pA",
    "stage_tilt_x": "0 deg",
    "stage_tilt_y": "0 deg",
    "detector_to_scan_matrix": {"missing": "not_recorded"},
    "diffraction_pixel_size": "1.1 mrad",
    "camera": {"name": "EMPAD", "frame_time": "1 ms"},
}


@dataclass(frozen=True)
class Experiment:
    """A folder with one scan, its true patterns, and its metadata document."""

    folder: Path
    patterns: npt.NDArray[np.float32]
    metadata: Path


def write_experiment(
    folder: Path,
    *,
    scan_shape: tuple[int, int] = (6, 5),
    title: str = "MoS2 by four-dimensional STEM",
    **answers: Any,
) -> Experiment:
    """Write an EMPAD pair, and its description beside the folder.

    The description differs from the header on purpose: there are warnings to acknowledge, and no errors.
    """
    patterns = make_pattern_scan(
        scan_shape=scan_shape, detector_shape=(128, 128), radius=19.5, dtype=np.float32
    ).data
    folder.mkdir(parents=True)
    write_empad(folder, patterns)
    document = {
        "dataset": {
            "title": title,
            "creators": [{"name": "Curie, Marie", "orcid": "0000-0002-1825-0097"}],
            "abstract": "A small scan of a monolayer, made to test the way in and the way out.",
            "license": "CC-BY-4.0",
        },
        "measurements": {"*": {**ANSWERS, **answers}},
    }
    metadata = folder.with_suffix(".json")
    metadata.write_text(json.dumps(document))
    return Experiment(folder, patterns, metadata)
