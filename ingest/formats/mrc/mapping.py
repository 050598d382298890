"""MRC: what Thermo Fisher's extended header and a DE camera's text say of the microscope; the rest says nothing."""

from ingest.formats.mrc.modes import is_pattern, is_scanned_image
from ingest.mapping.arrays import add_arrays, find_axis_names
from ingest.mapping.draft import DraftBuilder, Place
from ingest.mapping.times import as_entry, from_ole_days, from_unix

_BLOCK, _INFO = "extended", "info"


def map_mrc(draft: DraftBuilder) -> None:
    """Add what stands in either description; a volume was reconstructed, so nobody measured it as it is."""
    _add_beam(draft)
    _add_stage(draft)
    _add_detector(draft)
    _add_time(draft)
    _add_technique(draft)
    add_arrays(draft)


def _add_beam(draft: DraftBuilder) -> None:
    draft.take_quantity(
        "acceleration_voltage",
        Place((_BLOCK, "HT"), "V"),
        Place((_INFO, "Instrument Accelerating Voltage (V)"), "V"),
    )
    draft.take_quantity("semi_convergence_angle", Place((_BLOCK, "Convergence angle"), "rad"))
    centimeters = draft.find_number(_INFO, "Instrument Project Camera Length (centimeters)")
    key = (_INFO, "Instrument Project Camera Length (centimeters)")
    draft.take_quantity("camera_length", Place((_BLOCK, "Camera length"), "m"))
    draft.look("camera_length", key)
    if centimeters is not None and centimeters > 0:  # -1 where the server could not ask the microscope
        draft.put_quantity("camera_length", centimeters / 100, "m", basis="nominal", key=key)
    draft.take_integer("spot_size", (_BLOCK, "Spot index"))


def _add_stage(draft: DraftBuilder) -> None:
    if "tilt" in find_axis_names(draft.signals):
        return  # every section has a tilt of its own
    for path, name, unit in (
        ("stage_tilt_x", "Alpha tilt", "deg"),
        ("stage_tilt_y", "Beta tilt", "deg"),
        ("stage_position_x", "X-Stage", "m"),
        ("stage_position_y", "Y-Stage", "m"),
        ("stage_position_z", "Z-Stage", "m"),
    ):
        place = Place((_BLOCK, name), unit, "measured")
        draft.take_quantity(path, place, zero_counts=True, negative_counts=True)


def _add_detector(draft: DraftBuilder) -> None:
    draft.take_quantity("dwell_time", Place((_BLOCK, "Dwell time"), "s"))
    if draft.find_text(_INFO, "Scan - Enable") == "Enable":
        draft.take_quantity("dwell_time", Place((_INFO, "Scan - Dwell Time (microseconds)"), "us"))
    draft.take_quantity(
        "exposure_time",
        Place((_BLOCK, "Integration time"), "s"),
        Place((_INFO, "Frame Exposure Time (nanoseconds)"), "ns"),
    )
    if not is_scanned_image(_find_block(draft)):
        draft.take_text("camera.name", (_BLOCK, "Camera name"), (_INFO, "Camera Name"))
        draft.take_text("camera.model", (_INFO, "Camera Model"))
    draft.take_text("instrument.name", (_BLOCK, "Microscope type"), (_INFO, "Instrument Project Name"))
    draft.take_text("instrument.software", (_BLOCK, "Application"))
    draft.take_text("instrument.software", (_INFO, "Server Software Version"), prefix="DE Server ")


def _add_time(draft: DraftBuilder) -> None:
    days, seconds = (_BLOCK, "Timestamp"), (_INFO, "Timestamp (seconds since Epoch)")
    draft.look("acquired_at", days, seconds)
    number, unix = draft.find_number(*days), draft.find_number(*seconds)
    local = None if number is None else from_ole_days(number)
    if local is not None:
        draft.put_word("acquired_at", as_entry(local, ".".join(days)))
    moment = None if unix is None else from_unix(unix)
    if moment is not None:
        draft.put_word("acquired_at", as_entry(moment, ".".join(seconds)))


def _add_technique(draft: DraftBuilder) -> None:
    block = _find_block(draft)
    names = find_axis_names(draft.signals)
    draft.look("technique", (_BLOCK, "Instrument mode"), (_BLOCK, "STEM Detector name"))
    if "z" in names:
        draft.put_word("level", "derived")
        return
    if block or draft.find(_INFO):
        draft.put_word("origin", "measured")
    if is_scanned_image(block):
        draft.put_word("technique", ["annular"])
    elif block and len(names) == 2:  # noqa: PLR2004 - one picture of a camera
        draft.put_word("technique", ["diffraction_pattern" if is_pattern(block) else "tem_image"])


def _find_block(draft: DraftBuilder) -> dict[str, object]:
    block = draft.find(_BLOCK)
    return block if isinstance(block, dict) else {}
