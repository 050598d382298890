"""The text that Direct Electron's server writes beside its files: one setting a line, `name = value`."""

from collections.abc import Mapping
from pathlib import Path

_MOST_BYTES = 2**20


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


def find_scan_shape(info: Mapping[str, str]) -> tuple[int, int] | None:
    """Return (scan_y, scan_x) of a raster; None where nothing was scanned, or not line by line."""
    if info.get("Scan - Enable") != "Enable" or info.get("Scan - Type", "Raster") != "Raster":
        return None
    has_region = info.get("Scan - ROI Enable") == "Enable"
    part = "ROI Size" if has_region else "Size"
    rows, columns = (info.get(f"Scan - {part} {axis}", "") for axis in "YX")
    if not (rows.isdecimal() and columns.isdecimal()) or not int(rows) * int(columns):
        return None
    return int(rows), int(columns)
