"""EMPAD xml, software 0.51 to 1.2.x. All values of the microscope come over one interface in SI units."""

from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder, Key, Place
from ingest.mapping.times import as_entry, from_local_and_unix

_MICROSCOPE = "root.iom_measurements"


def _key(*parts: str) -> Key:
    return ("xml", ".".join(parts))


def map_empad(draft: DraftBuilder) -> None:
    """Add what an EMPAD header says; its screen current is not the beam current and is left alone."""
    if draft.header:
        _add_microscope(draft)
        _add_camera(draft)
        _add_time(draft)
    draft.put("camera.name", "EMPAD", source="derived")
    draft.put_word("origin", "measured")
    draft.put_word("level", "raw")
    if draft.find(*_key(_MICROSCOPE, "is_column_in_stem_mode")) is True:
        draft.put("illumination", "convergent", key=_key(_MICROSCOPE, "is_column_in_stem_mode"))
    add_arrays(draft)


def _add_microscope(draft: DraftBuilder) -> None:
    draft.take_quantity(
        "acceleration_voltage",
        Place(_key(_MICROSCOPE, "high_voltage"), "V"),
        Place(_key(_MICROSCOPE, "source.get_voltage"), "V"),
    )
    draft.take_quantity(
        "camera_length",
        Place(_key(_MICROSCOPE, "nominal_camera_length"), "m"),
        Place(_key(_MICROSCOPE, "optics.get_cameralength"), "m"),
    )
    draft.take_quantity(
        "scan_rotation",
        Place(_key(_MICROSCOPE, "scan_rotation"), "rad"),
        Place(_key(_MICROSCOPE, "column.get_scanrotation"), "rad"),
        zero_counts=True,
        negative_counts=True,
    )
    draft.take_integer(
        "spot_size", _key(_MICROSCOPE, "spot_size_index"), _key(_MICROSCOPE, "beam.get_spotsizeindex")
    )
    draft.take_quantity(
        "diffraction_pixel_size",
        Place(_key(_MICROSCOPE, "calibrated_diffraction_angle"), "rad", "calibrated"),
    )


def _add_camera(draft: DraftBuilder) -> None:
    draft.take_quantity("exposure_time", Place(_key("root.exposure_time"), "ms"))
    draft.take_text("instrument.software", _key("root.software_version"), prefix="EMPAD ")


def _add_time(draft: DraftBuilder) -> None:
    local, unix = _key("root.timestamp.isoformat"), _key("root.timestamp.timestamp")
    draft.look("acquired_at", local, unix)
    # The xml has no zone, but the Unix time beside the local one tells the offset.
    moment = from_local_and_unix(draft.find_text(*local), draft.find_number(*unix))
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, local[1]))
