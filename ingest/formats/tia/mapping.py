"""TIA: what the emi says of the microscope. A series alone says nothing but its steps."""

from collections.abc import Mapping

from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder, Key, Place
from ingest.mapping.times import as_entry, from_ctime

_TABLE: Key = ("emi", "ExperimentalDescription")
_ACQUIRED: Key = ("emi", "AcquireInfo")
_EDS_MAKERS = ("edx", "edax")


def map_tia(draft: DraftBuilder) -> None:
    """Add what the emi says; the correction of the scan rotation is kept in the header, its sign is disputed."""
    if not isinstance(draft.find(*_TABLE), Mapping):
        add_arrays(draft)
        return
    _add_beam(draft)
    _add_stage(draft)
    _add_times(draft)
    _add_technique(draft)
    draft.put_word("origin", "measured")
    add_arrays(draft)


def _add_beam(draft: DraftBuilder) -> None:
    draft.take_quantity("acceleration_voltage", Place((*_TABLE, "High tension_kV"), "kV"))
    draft.take_quantity("emission_current", Place((*_TABLE, "Emission_uA"), "uA", "measured"))
    draft.take_quantity("camera_length", Place((*_TABLE, "Camera length_m"), "m"))
    draft.take_integer("spot_size", (*_TABLE, "Spot size"))
    draft.take_text("lens_mode", (*_TABLE, "Mode"))
    draft.take_text("instrument.name", (*_TABLE, "Microscope"))
    number = draft.find_number(*_TABLE, "Magnification_x")
    if number is not None and number > 0:
        draft.put("magnification", number, key=(*_TABLE, "Magnification_x"))
    if _is_stem(draft):
        draft.take_quantity(
            "scan_rotation",
            Place((*_TABLE, "Stem rotation_deg"), "deg"),
            zero_counts=True,
            negative_counts=True,
        )


def _add_stage(draft: DraftBuilder) -> None:
    for path, name, unit in (
        ("stage_tilt_x", "Stage A_deg", "deg"),
        ("stage_tilt_y", "Stage B_deg", "deg"),
        ("stage_position_x", "Stage X_um", "um"),
        ("stage_position_y", "Stage Y_um", "um"),
        ("stage_position_z", "Stage Z_um", "um"),
    ):
        place = Place((*_TABLE, name), unit, "measured")
        draft.take_quantity(path, place, zero_counts=True, negative_counts=True)


def _add_times(draft: DraftBuilder) -> None:
    is_camera = bool(draft.find_text(*_ACQUIRED, "CameraNamePath"))
    draft.take_quantity(
        "exposure_time" if is_camera else "dwell_time", Place((*_ACQUIRED, "DwellTimePath"), "s")
    )
    draft.take_quantity("exposure_time", Place((*_ACQUIRED, "IntegrationTime"), "s"))
    draft.take_text("camera.name", (*_ACQUIRED, "CameraNamePath"))
    key = ("emi", "AcquireDate")
    draft.look("acquired_at", key)
    moment = from_ctime(draft.find_text(*key))
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(key)))


def _add_technique(draft: DraftBuilder) -> None:
    names = find_axis_names(draft.signals)
    maker = draft.find_text("emi", "Manufacturer").casefold()
    mode = draft.find_text(*_TABLE, "Mode")
    draft.look("technique", (*_TABLE, "Mode"), ("emi", "Manufacturer"), (*_ACQUIRED, "CameraNamePath"))
    if "energy" in names:
        if any(word in maker for word in _EDS_MAKERS):
            draft.put_word("technique", ["eds"])
    elif names == {"scan_y", "scan_x"}:
        draft.put_word("technique", ["annular"])
    elif names == {"y", "x"} and not _is_stem(draft):
        draft.put_word("technique", ["tem_image"])
    elif names == {"detector_y", "detector_x"} and "Diffraction" in mode and not _is_stem(draft):
        draft.put_word("technique", ["diffraction_pattern"])


def _is_stem(draft: DraftBuilder) -> bool:
    return "STEM" in draft.find_text(*_TABLE, "Mode")
