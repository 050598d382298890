"""How the microscope stood, as Thermo Fisher's block of a section says."""

from collections.abc import Mapping
from typing import Any

STEM_MODE, DIFFRACTION_MODE = 2, 1  # of the fields `Instrument mode` and `Projection mode`


def is_scanned_image(block: Mapping[str, Any]) -> bool:
    """Whether a section is an image of a STEM detector, and no picture of a camera."""
    return block.get("Instrument mode") == STEM_MODE and bool(block.get("STEM Detector name"))


def is_pattern(block: Mapping[str, Any]) -> bool:
    """Whether a section is what a camera sees of a diffraction plane."""
    in_stem = block.get("Instrument mode") == STEM_MODE
    return not is_scanned_image(block) and (in_stem or block.get("Projection mode") == DIFFRACTION_MODE)
