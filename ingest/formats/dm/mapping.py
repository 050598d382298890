"""Gatan DigitalMicrograph: the tags of the image that belongs to the signal `data`."""

import re
from collections.abc import Mapping

from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder, Key, Place
from ingest.mapping.times import as_entry, from_filetime, from_local_text

_ANNULAR = re.compile(r"HAADF|LAADF|MAADF|ADF|ABF|DF\d|\bBF\b", re.IGNORECASE)
_SIGNAL_TECHNIQUES = {"EELS": "eels", "X-ray": "eds", "CL": "cathodoluminescence"}
_CORRECTED = {
    "Unprocessed": "raw",
    "Dark Subtracted": "vendor_corrected",
    "Gain Normalized": "vendor_corrected",
}


def map_dm(draft: DraftBuilder) -> None:
    """Add what the tags say; of a scanning electron microscope only beam, time and array."""
    group = draft.find("signals", "data")
    tags = ("ImageList", group if isinstance(group, str) else "TagGroup0", "ImageTags")
    if not isinstance(draft.find(*tags), Mapping):
        add_arrays(draft)
        return
    is_sem = draft.find_text(*tags, "Microscope Info", "Illumination Mode").upper() == "SEM"
    _add_beam(draft, tags)
    _add_times(draft, tags)
    _add_names(draft, tags)
    _add_technique(draft, tags, is_sem=is_sem)
    if not is_sem:
        _add_stage(draft, tags)
        _add_spectrometer(draft, tags)
    _add_scan(draft, tags)
    _add_camera(draft, tags)
    add_arrays(draft)


def _add_beam(draft: DraftBuilder, tags: Key) -> None:
    microscope = (*tags, "Microscope Info")
    conditions = (*tags, "EELS", "Experimental Conditions")
    draft.take_quantity("acceleration_voltage", Place((*microscope, "Voltage"), "V"))
    draft.take_quantity(
        "semi_convergence_angle", Place((*conditions, "Convergence semi-angle (mrad)"), "mrad")
    )
    draft.take_quantity("probe_current", Place((*microscope, "Probe Current (nA)"), "nA", "measured"))
    draft.take_quantity("emission_current", Place((*microscope, "Emission Current (µA)"), "uA", "measured"))
    draft.take_quantity("camera_length", Place((*microscope, "STEM Camera Length"), "mm"))
    mode = draft.find_text(*microscope, "Illumination Mode").upper()
    draft.look("illumination", (*microscope, "Illumination Mode"))
    if "STEM" in mode:
        draft.put("illumination", "convergent", key=(*microscope, "Illumination Mode"))
    draft.take_text("lens_mode", (*microscope, "Illumination Mode"))
    number = draft.find_number(*microscope, "Indicated Magnification")
    if number is not None and number > 0:
        draft.put("magnification", number, key=(*microscope, "Indicated Magnification"))


def _add_times(draft: DraftBuilder, tags: Key) -> None:
    bar = (*tags, "DataBar")
    ticks, date, time = (
        (*bar, "Acquisition Time (OS)"),
        (*bar, "Acquisition Date"),
        (*bar, "Acquisition Time"),
    )
    draft.look("acquired_at", ticks, date, time)
    number = draft.find_number(*ticks)
    moment = None if number is None else from_filetime(number)
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(ticks)))
        return
    local = from_local_text(draft.find_text(*date), draft.find_text(*time))
    if local is not None:
        draft.put_word("acquired_at", as_entry(local, ".".join(date)))
    elif draft.find_text(*date):
        draft.refuse("acquired_at", date, f"“{draft.find_text(*date)}” may mean two days")


def _add_names(draft: DraftBuilder, tags: Key) -> None:
    session, microscope = (*tags, "Session Info"), (*tags, "Microscope Info")
    draft.take_text("sample.name", (*session, "Specimen"), (*microscope, "Specimen"))
    draft.take_text(
        "instrument.name", (*session, "Microscope"), (*microscope, "Microscope"), (*microscope, "Name")
    )
    draft.take_text(
        "instrument.software", (*tags, "GMS Version", "Created"), prefix="Gatan DigitalMicrograph "
    )


def _add_technique(draft: DraftBuilder, tags: Key, *, is_sem: bool) -> None:
    signal = draft.find_text(*tags, "Meta Data", "Signal")
    names = find_axis_names(draft.signals)
    technique = _SIGNAL_TECHNIQUES.get(signal)
    title = draft.find_text(*tags[:-1], "Name")
    draft.look("technique", (*tags, "Meta Data", "Signal"), (*tags[:-1], "Name"))
    if technique is not None and names & {"energy", "wavelength"}:
        draft.put_word("technique", [technique])
    elif not is_sem and names == {"scan_y", "scan_x"} and technique is None and _ANNULAR.search(title):
        draft.put_word("technique", ["annular"])
    if draft.find(*tags, "Microscope Info") is not None or draft.find(*tags, "Acquisition") is not None:
        draft.put_word("origin", "measured")
    processing = draft.find_text(*tags, "Acquisition", "Parameters", "High Level", "Processing")
    draft.look("level", (*tags, "Acquisition", "Parameters", "High Level", "Processing"))
    if processing in _CORRECTED:
        draft.put_word("level", _CORRECTED[processing])


def _add_stage(draft: DraftBuilder, tags: Key) -> None:
    stage = (*tags, "Microscope Info", "Stage Position")
    for path, name, unit in (
        ("stage_tilt_x", "Stage Alpha", "deg"),
        ("stage_tilt_y", "Stage Beta", "deg"),
        ("stage_position_x", "Stage X", "um"),
        ("stage_position_y", "Stage Y", "um"),
        ("stage_position_z", "Stage Z", "um"),
    ):
        place = Place((*stage, name), unit, "measured")
        draft.take_quantity(path, place, zero_counts=True, negative_counts=True)


def _add_scan(draft: DraftBuilder, tags: Key) -> None:
    scan = (*tags, "DigiScan")
    draft.take_quantity(
        "dwell_time",
        Place((*scan, "Sample Time"), "us"),
        Place((*tags, "SI", "Acquisition", "Pixel time (s)"), "s"),
    )
    draft.take_quantity(
        "scan_rotation", Place((*scan, "Rotation"), "deg"), zero_counts=True, negative_counts=True
    )
    if draft.find(*scan, "Sum Frames") is True:
        draft.take_integer("frames_summed", (*scan, "Number Summing Frames"))


def _add_spectrometer(draft: DraftBuilder, tags: Key) -> None:
    conditions = (*tags, "EELS", "Experimental Conditions")
    draft.take_quantity("collection_semi_angle", Place((*conditions, "Collection semi-angle (mrad)"), "mrad"))
    draft.take_text(
        "spectrometer.name",
        (*tags, "EELS Spectrometer", "Instrument name"),
        (*tags, "EELS", "Acquisition", "Spectrometer", "Instrument name"),
    )
    detector = (*tags, "EDS", "Detector Info")
    draft.take_quantity("eds.elevation", Place((*detector, "Elevation angle"), "deg"))
    draft.take_quantity("eds.azimuth", Place((*detector, "Azimuthal angle"), "deg"), zero_counts=True)
    draft.take_quantity("eds.solid_angle", Place((*detector, "Solid angle"), "sr"))


def _add_camera(draft: DraftBuilder, tags: Key) -> None:
    device = (*tags, "Acquisition", "Device")
    parameters = (*tags, "Acquisition", "Parameters")
    draft.take_text("camera.name", (*device, "Name"))
    draft.take_quantity(
        "exposure_time",
        Place((*parameters, "Detector", "exposure (s)"), "s"),
        Place((*parameters, "High Level", "Exposure (s)"), "s"),
        Place((*tags, "EELS", "Acquisition", "Exposure (s)"), "s"),
        Place((*tags, "CL", "Acquisition", "Exposure (s)"), "s"),
        Place((*tags, "DataBar", "Exposure Time (s)"), "s"),
    )
    draft.take_quantity("live_time", Place((*tags, "EDS", "Live time"), "s", "measured"))
    if not draft.has("frames_summed"):
        draft.take_integer(
            "frames_summed",
            (*tags, "EELS", "Acquisition", "Number of frames"),
            (*tags, "CL", "Acquisition", "Number of frames"),
        )
