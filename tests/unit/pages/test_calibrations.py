"""Where the record corrects an axis of the file, the page says both."""

from frontend.presentation.figures import list_calibrations
from repository.schema import SignalShape
from repository.schema.documents.calibrated_axes import calibrate_signals, describe_axes
from repository.schema.quantities.signals import SignalAxis


def test_both_values_are_said_once_for_the_axes_that_share_them() -> None:
    read = SignalShape(
        "data",
        (
            SignalAxis("scan_y", 4, "nm", 0.063),
            SignalAxis("scan_x", 4, "nm", 0.063),
            SignalAxis("energy", 64),
            SignalAxis("time", 3, "s", 1.0),
        ),
    )
    document = {
        "scan_step": {"value": 0.5, "unit": "nm"},
        "energy_axis": {"start": {"value": 400, "unit": "eV"}, "bin_width": {"value": 0.25, "unit": "eV"}},
    }
    (calibrated,) = calibrate_signals([read], document)
    assert list_calibrations(describe_axes(read, calibrated)) == (
        "scan_y, scan_x: 0.5 nm per sample by the metadata (scan step); the file says 0.063 nm per sample.",
        "energy: 0.25 eV per sample from 400 eV by the metadata (energy axis); the file says nothing.",
    )
    assert list_calibrations(describe_axes(read, read)) == ()
