"""Velox: its own JSON of the main signal, in SI units, as `keys` ranks it.

`LastMeasuredScreenCurrent` is no beam current: one file can hold two that differ by a factor of ten thousand.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from ingest.formats.velox.keys import CAMERA, DETECTOR, KEYS, OPTICS, SCANNING, STARTED, X_RAYS
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder, show_key
from ingest.mapping.times import as_entry, from_unix
from repository.schema.quantities.units import convert

_STEM, _TEM = 2, 1  # Velox's words for the mode of the microscope
_DIFFRACTION = 1  # … for that of its projector, in TEM mode


def map_velox(draft: DraftBuilder) -> None:
    """Add what Velox wrote beside the main signal, and the angles of all detectors that gave an image."""
    main = _find_signal(draft, "data")
    modes = _find_modes(draft, main)
    draft.take(KEYS, roots={DETECTOR: ("signals", "data", "detector")}, modes=modes)
    seconds = draft.find_number(*STARTED)
    moment = from_unix(seconds) if seconds else None
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(STARTED)))
    draft.put_word("origin", "measured")
    _add_technique(draft, modes)
    detectors = list(_list_annular(draft))
    if detectors:
        draft.put_word("annular_detectors", detectors)
    add_arrays(draft)


def _find_signal(draft: DraftBuilder, name: str) -> Mapping[str, Any]:
    found = draft.find("signals", name)
    return found if isinstance(found, Mapping) else {}


def _find_modes(draft: DraftBuilder, main: Mapping[str, Any]) -> frozenset[str]:
    modes = set()
    if draft.find_number(*OPTICS, "OperatingMode") == _STEM:
        modes.add(SCANNING)
    kind = _get(main, "detector", "DetectorType")
    if kind == "ImagingDetector":
        modes.add(CAMERA)
    if kind == "AnalyticalDetector" and main.get("kind") in {"Spectrum", "SpectrumStream"}:
        modes.add(X_RAYS)
    return frozenset(modes)


def _get(found: Any, *keys: str) -> Any:
    for key in keys:
        found = found.get(key) if isinstance(found, Mapping) else None
    return found


def _add_technique(draft: DraftBuilder, modes: frozenset[str]) -> None:
    """Add what the arrays are together: maps of two spectroscopies recorded at once are both."""
    kinds = {_get(one, "kind") for one in _signals(draft).values()}
    found = []
    if SCANNING in modes:
        spectral = {"EelsSpectrumImage": "eels", "Spectrum": "eds", "SpectrumStream": "eds"}
        found = sorted({spectral[kind] for kind in kinds if kind in spectral}, reverse=True)
        if not found and find_axis_names(draft.signals) >= {"scan_y", "scan_x"}:
            found = ["annular"]
    elif draft.find_number(*OPTICS, "OperatingMode") == _TEM:
        if find_axis_names(draft.signals) >= {"y", "x"}:
            found = ["tem_image"]
        elif "Spectrum" in kinds and "energy" in find_axis_names(draft.signals):
            found = ["eds"]
        elif find_axis_names(draft.signals) >= {"detector_y", "detector_x"} and CAMERA in modes:
            is_pattern = draft.find_number(*OPTICS, "ProjectorMode") == _DIFFRACTION
            found = ["diffraction_pattern"] if is_pattern else []
    if found:
        draft.put_word("technique", found)


def _signals(draft: DraftBuilder) -> Mapping[str, Any]:
    found = draft.find("signals")
    return found if isinstance(found, Mapping) else {}


def _list_annular(draft: DraftBuilder) -> Iterator[dict[str, Any]]:
    """Yield each scanning detector that gave an image and was in the beam, with the angles that Velox worked out."""
    images = [signal["name"] for signal in draft.signals if signal.get("n_signal_axes") == 2]  # noqa: PLR2004
    for name in images:
        detector = _get(_find_signal(draft, name), "detector")
        if _get(detector, "DetectorType") != "ScanningDetector":
            continue
        key = ("signals", name, "detector", "CollectionAngleRange")
        inner, outer = (draft.find_number(*key, end) for end in ("begin", "end"))
        if inner is None or outer is None or not 0 <= inner < outer:
            continue
        angles = {"inner_angle": inner, "outer_angle": outer}
        yield {"name": str(_get(detector, "DetectorName")), "signal": name} | {
            field: {
                "value": convert(angle, "rad", "mrad"),
                "unit": "mrad",
                "source": "header",
                "basis": "nominal",
                "origin_key": show_key(key),
            }
            for field, angle in angles.items()
        }
