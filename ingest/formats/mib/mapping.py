"""Merlin MIB with its hdr: a camera and its clock; nothing of the microscope stands in it."""

from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder, Place, as_number
from ingest.mapping.times import as_entry, from_iso

_CHIP_TYPE = "Chip Type (Medipix 3.0, Medipix 3.1, Medipix 3RX)"


def map_mib(draft: DraftBuilder) -> None:
    """Add what frame header and hdr say. The exposure is not the dwell time: that includes the read-out."""
    draft.take_quantity(
        "exposure_time", Place(("mib", "exposure_ns"), "ns"), Place(("mib", "exposure_s"), "s")
    )
    draft.take_integer("camera.bit_depth", ("mib", "counter_depth_bits"))
    _add_time(draft)
    draft.put("camera.name", "Merlin", source="derived")
    draft.put("camera.manufacturer", "Quantum Detectors", source="derived")
    draft.put("camera.mode", "counting", source="derived")
    draft.take_text("camera.model", ("hdr", _CHIP_TYPE), ("hdr", "Readout System"))
    _add_chips(draft)
    _add_threshold(draft)
    draft.take_text("camera.gain_mode", ("hdr", "Gain"))
    draft.take_text("instrument.software", ("hdr", "Software Version"), prefix="Merlin ")
    draft.put_word("origin", "measured")
    draft.put_word("level", "raw")
    add_arrays(draft)
    draft.put("intensity_unit", "counts", source="derived")


def _add_time(draft: DraftBuilder) -> None:
    # The frame header counts in UTC; the hdr and its own second stamp are local.
    for key in (("mib", "timestamp_utc"), ("mib", "timestamp_local")):
        draft.look("acquired_at", key)
        moment = from_iso(draft.find_text(*key))
        if moment is not None and not draft.has("acquired_at"):
            draft.put_word("acquired_at", as_entry(moment, ".".join(key)))


def _add_chips(draft: DraftBuilder) -> None:
    key = ("hdr", "Chip ID")
    draft.look("camera.serial_number", key)
    chips = [chip.strip() for chip in draft.find_text(*key).split(",")]
    used = [chip for chip in chips if chip.strip("- ")]
    if used:
        draft.put("camera.serial_number", ", ".join(used), key=key)


def _add_threshold(draft: DraftBuilder) -> None:
    key = ("mib", "thresholds_keV")
    draft.look("camera.threshold", key)
    thresholds = draft.find(*key)
    lowest = as_number(thresholds[0]) if isinstance(thresholds, list) and thresholds else None
    if lowest is not None and lowest > 0:
        draft.put_quantity("camera.threshold", lowest, "keV", basis="nominal", key=key)
