"""The text that Direct Electron's server writes beside its files: one setting a line, `name = value`.

It writes −1, and words such as `Unknown`, where it could not ask.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_MOST_BYTES = 2**20
_ON = "Enable"
_STEM = "1"


@dataclass(frozen=True, slots=True)
class DeScan:
    """How the server scanned.

    Attributes
    ----------
    shape
        (scan_y, scan_x) of a raster; None where the beam went elsewhere.
    repeats
        How often it scanned that.
    is_random
        Whether positions were drawn by chance, or read from a file of the user's.
    """

    shape: tuple[int, int] | None
    repeats: int = 1
    is_random: bool = False


def read_info(path: Path) -> dict[str, str]:
    """Return the settings that have a value, under their own names."""
    with path.open("rb") as handle:
        text = handle.read(_MOST_BYTES).decode("utf-8", "replace")
    settings: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and value.strip():
            settings[name.strip()] = value.strip()
    return settings


def is_scanned(info: Mapping[str, str]) -> bool:
    """Whether the server moved the beam; it keeps the last settings of a scan where it did not."""
    return info.get("Scan - Enable") == _ON


def find_scan(info: Mapping[str, str]) -> DeScan | None:
    """Return how the server scanned; None where it did not."""
    if not is_scanned(info):
        return None
    part, prefix = ("ROI ", "Scan - ROI ") if info.get("Scan - ROI Enable") == _ON else ("", "Scan - ")
    kinds = {info.get("Scan - Type", "Raster"), info.get(f"Scan - {part}Type", "Raster")}
    if kinds != {"Raster"} or info.get(f"{prefix}Subsampling Is Random") == _ON:
        return DeScan(None, is_random=True)
    rows, columns = (_whole(info.get(f"Scan - {part}Size {axis}")) for axis in "YX")
    shape = (rows, columns) if rows and columns else None
    return DeScan(shape, _whole(info.get("Scan - Repeats")) or 1)


def find_step(info: Mapping[str, str], name: str) -> float | None:
    """Return a number above 0 that stands under `name`."""
    try:
        number = float(info.get(name, ""))
    except ValueError:
        return None
    return number if number > 0 and math.isfinite(number) else None


def find_diffraction_step(info: Mapping[str, str], axis: str) -> float | None:
    """Return the step of the detector along `X` or `Y` in 1/nm, the unit in which the maker's own readers take it."""
    return find_step(info, f"Diffraction Pixel Size {axis}")


def is_diffracting(info: Mapping[str, str]) -> bool:
    """Whether the camera saw a diffraction plane: the beam was scanned, or there was a camera length."""
    if is_scanned(info) or info.get("Instrument Project TEMorSTEM Mode") == _STEM:
        return True
    return find_step(info, "Instrument Project Camera Length (centimeters)") is not None


def find_frame_interval(info: Mapping[str, str]) -> float | None:
    """Return the seconds from one section of a movie to the next: frames may have been summed."""
    rate = find_step(info, "Frames Per Second")
    summed = find_step(info, "Autosave Movie Sum Count") or 1
    return None if rate is None else summed / rate


def _whole(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else None  # noqa: PLR2004 - digits of a number
