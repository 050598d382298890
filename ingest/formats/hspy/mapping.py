"""HyperSpy files: what somebody saved, in HyperSpy's words and units (keV, mrad, mm, nA, s)."""

import re

from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder, Place
from ingest.mapping.times import as_entry, from_iso, from_local_text
from repository.schema.findings import Finding

# The first versions called metadata mapped_parameters and instruments otherwise.
_ROOTS = ("metadata", "mapped_parameters")
_TEM = (("Acquisition_instrument", "TEM"), ("TEM",), ())
_QUANTITIES: dict[str, tuple[tuple[str, ...], str]] = {
    "semi_convergence_angle": (("convergence_angle",), "mrad"),
    "probe_current": (("beam_current",), "nA"),
    "camera_length": (("camera_length",), "mm"),
    "collection_semi_angle": (("Detector", "EELS", "collection_angle"), "mrad"),
    "exposure_time": (("Detector", "EELS", "exposure"), "s"),
    "dwell_time": (("Detector", "EELS", "dwell_time"), "s"),
    "live_time": (("Detector", "EDS", "live_time"), "s"),
    "eds.real_time": (("Detector", "EDS", "real_time"), "s"),
    "eds.elevation": (("Detector", "EDS", "elevation_angle"), "deg"),
    "eds.azimuth": (("Detector", "EDS", "azimuth_angle"), "deg"),
    "eds.solid_angle": (("Detector", "EDS", "solid_angle"), "sr"),
    "eds.energy_resolution": (("Detector", "EDS", "energy_resolution_MnKa"), "eV"),
    "precession_angle": (("precession_angle",), "deg"),
}
_STAGE = {
    "stage_tilt_x": ("tilt_alpha", "deg"),
    "stage_tilt_y": ("tilt_beta", "deg"),
    "stage_rotation": ("rotation", "deg"),
    "stage_position_x": ("x", "mm"),
    "stage_position_y": ("y", "mm"),
    "stage_position_z": ("z", "mm"),
}
_OLD_DATE = re.compile(r"datetime\.date\((\d{4}), (\d{1,2}), (\d{1,2})\)")
_ELEMENT = re.compile(r"[A-Z][a-z]?")


def _places(*tail: str) -> tuple[tuple[str, ...], ...]:
    return tuple((root, *instrument, *tail) for root in _ROOTS for instrument in _TEM)


def map_hyperspy(draft: DraftBuilder) -> None:
    """Add what was saved; only a few words are HyperSpy's own, and origin and level are never among them."""
    draft.take_quantity("acceleration_voltage", *(Place(key, "kV") for key in _places("beam_energy")))
    for path, (tail, unit) in _QUANTITIES.items():
        shorter = _places(*tail[1:]) if tail[0] == "Detector" else ()
        draft.take_quantity(path, *(Place(key, unit) for key in (*_places(*tail), *shorter)))
    draft.take_quantity(
        "exposure_time", *(Place(key, "s") for key in _places("Detector", "Camera", "exposure"))
    )
    draft.take_quantity("dwell_time", *(Place(key, "s") for key in _places("dwell_time")))
    draft.take_quantity("sample.thickness", *(Place((root, "Sample", "thickness"), "nm") for root in _ROOTS))
    for path, (name, unit) in _STAGE.items():
        places = [Place(key, unit, "measured") for key in _places("Stage", name) if len(key) > 3]  # noqa: PLR2004
        draft.take_quantity(path, *places, zero_counts=True, negative_counts=True)
    draft.take_text("instrument.name", *_places("microscope"))
    draft.take_integer("frames_summed", *_places("Detector", "EELS", "frame_number"))
    _add_general(draft)
    _add_technique(draft)
    add_arrays(draft)


def _add_general(draft: DraftBuilder) -> None:
    draft.take_text("title", *((root, "General", "title") for root in _ROOTS), ("mapped_parameters", "title"))
    draft.take_text("sample.name", *((root, "Sample", "description") for root in _ROOTS))
    for root in _ROOTS:
        _add_time(draft, root)
        elements = draft.find(root, "Sample", "elements")
        draft.look("sample.elements", (root, "Sample", "elements"))
        words = [str(element) for element in elements] if isinstance(elements, list) else []
        if words and all(_ELEMENT.fullmatch(word) for word in words):
            draft.put("sample.elements", words, key=(root, "Sample", "elements"))


def _add_time(draft: DraftBuilder, root: str) -> None:
    date, time = (root, "General", "date"), (root, "General", "time")
    old = (root, "General", "_datetime_date")
    draft.look("acquired_at", date, time, old)
    day, clock = draft.find_text(*date), draft.find_text(*time)
    former = _OLD_DATE.fullmatch(draft.find_text(*old))
    if not day and former is not None:
        day = f"{former[1]}-{former[2]:0>2}-{former[3]:0>2}"
    moment = from_iso(f"{day}T{clock}" if clock else day) or from_local_text(day, clock)
    if moment is not None and not draft.has("acquired_at"):
        if not clock and isinstance(moment, dict):
            moment = {**moment, "value": moment["value"][:10]}
        draft.put_word(
            "acquired_at", as_entry(moment, ".".join(old if former and not draft.find_text(*date) else date))
        )


def _add_technique(draft: DraftBuilder) -> None:
    names = find_axis_names(draft.signals)
    keys = [(root, "Signal", "signal_type") for root in _ROOTS] + [(root, "signal_type") for root in _ROOTS]
    draft.look("technique", *keys)
    kind = next((text for key in keys if (text := draft.find_text(*key))), "")
    if kind == "EELS" and "energy" in names:
        draft.put_word("technique", ["eels"])
    elif kind == "EDS_TEM" and "energy" in names:
        draft.put_word("technique", ["eds"])
    elif kind in {"CL", "CLSEM", "CL_SEM", "CLSTEM", "LumiSpectrum"} and names & {"wavelength", "energy"}:
        draft.put_word("technique", ["cathodoluminescence"])
    elif kind == "EDS_SEM":
        draft.findings.append(
            Finding(
                "info",
                "scanning_electron_microscope",
                "The file calls itself an X-ray map of a scanning electron microscope.",
                pointer="/technique",
                hint="Such files are kept as “other”, unless the specimen was seen in transmission.",
                layer="quantity",
            )
        )
