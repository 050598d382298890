"""Axes without a step: every sample keeps its place, from the file through record, pictures, exports and client."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from rsciio.hspy import file_writer

from ingest.formats.headers import map_vendor_header
from ingest.formats.hspy.functional_axis import evaluate
from ingest.formats.opening import open_measurement
from ingest.readers.contract import Axis, OpenedFile
from ingest.readers.units import MOST_POSITIONS, listed_axis
from processing.engine.record_axes import take_axes
from processing.engine.signal_entries import describe_signal
from repository.schema.documents.calibrated_axes import calibrate_signals, describe_axes
from repository.schema.export.coordinates import list_coordinates
from repository.schema.quantities.signals import SignalShape
from tests.vendor_files.zarr import pack, write_zspy

X = np.arange(6, dtype=np.float64)
WAVELENGTHS = 1239.8 / (1.5 + 0.25 * X)


def write(path: Path, axis: dict[str, Any], size: int = 6) -> Path:
    """Write two spectra by RosettaSciIO, the second axis as given."""
    leading = {"_type": "UniformDataAxis", "name": "x", "units": "nm", "scale": 2.0, "offset": 0.0, "size": 2}
    signal = {
        "data": np.arange(2.0 * size).reshape(2, size),
        "axes": [{**leading, "navigate": True, "is_binned": False}, axis],
        "metadata": {"General": {"title": "glow"}, "Signal": {"signal_type": "CL"}},
        "original_metadata": {},
        "learning_results": {},
        "tmp_parameters": {},
        "attributes": {"_lazy": False, "ragged": False},
        "models": {},
        "package_info": {"package": "hyperspy", "package_version": "2.3"},
    }
    file_writer(str(path), signal)
    return path


def open_hspy(path: Path) -> OpenedFile:
    return open_measurement("hspy", {path.name: path})


def data_axis(positions: npt.NDArray[np.float64], units: str = "nm") -> dict[str, Any]:
    return {
        "_type": "DataAxis", "name": "w", "units": units, "navigate": False, "is_binned": False, "axis": positions,
    }  # fmt: skip


def functional_axis(expression: str, **parameters: float) -> dict[str, Any]:
    x = {"_type": "UniformDataAxis", "name": "x", "units": "eV", "scale": 0.25, "offset": 1.5, "size": 6}
    return {
        "_type": "FunctionalDataAxis", "name": "w", "units": "nm", "navigate": False, "is_binned": False,
        "expression": expression, "size": 6, "x": {**x, "navigate": False, "is_binned": False}, **parameters,
    }  # fmt: skip


@pytest.mark.parametrize(
    "axis", [data_axis(WAVELENGTHS), functional_axis("a / x", a=1239.8)], ids=["listed", "formula"]
)
def test_each_sample_of_hyperspy_keeps_its_place(tmp_path: Path, axis: dict[str, Any]) -> None:
    with open_hspy(write(tmp_path / "s.hspy", axis)) as opened:
        (signal,) = opened.signals
        assert signal.title == "glow"
        found = signal.axes[1]
        assert (found.name, found.unit, found.scale) == ("wavelength", "nm", None)
        assert found.positions == pytest.approx(WAVELENGTHS, rel=1e-12)
        assert [finding.code for finding in opened.findings] == []
        fields = map_vendor_header("hspy", opened.header, [signal.describe()]).document
        described = describe_signal(signal)
        again = take_axes(signal, {"data": described.axes})
    assert again.axes == signal.axes
    assert fields["wavelength_axis"]["start"]["value"] == pytest.approx(WAVELENGTHS.min(), rel=1e-6)
    assert "bin_width" not in fields["wavelength_axis"]


@pytest.mark.parametrize(
    "axis", [data_axis(WAVELENGTHS), functional_axis("a / x", a=1239.8)], ids=["listed", "formula"]
)
def test_each_sample_of_a_store_of_hyperspy_keeps_its_place(tmp_path: Path, axis: dict[str, Any]) -> None:
    leading = {"_type": "UniformDataAxis", "units": "nm", "scale": 2.0, "offset": 0.0, "navigate": True}
    signal_type = {"Signal": {"signal_type": "CL"}}
    values = np.arange(12.0).reshape(2, 6)
    folder = write_zspy(tmp_path / "s", values, (leading, axis), title="glow", metadata=signal_type)
    path = pack(folder, tmp_path / "glow.zspy")
    with open_measurement("zspy", {path.name: path}) as opened:
        (signal,) = opened.signals
        assert (signal.title, signal.axes[1].unit, signal.axes[1].scale) == ("glow", "nm", None)
        assert signal.axes[1].positions == pytest.approx(WAVELENGTHS, rel=1e-12)


def test_a_linear_list_is_a_step_and_a_straight_formula_too(tmp_path: Path) -> None:
    for number, axis in enumerate((data_axis(400 + 2 * X), functional_axis("10 * x + 5"))):
        with open_hspy(write(tmp_path / f"{number}.hspy", axis)) as opened:
            found = opened.signals[0].axes[1]
            assert (found.positions, found.scale, found.offset) == (
                (None, 2.0, 400.0),
                (None, 2.5, 20.0),
            )[number]


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os').getpid()", "x.real", "[x]", "x if x else 1", "open(x)", "lambda: x", "x @ x", "log(-x)",
        "1 / (x - 1.5)", "y", "sqrt(x, x)", "9 ** 9 ** 9 ** 9 ** x", "(" * 60 + "x" + ")" * 60 + "+", "-" * 99 + "x",
        "x" * 500, "", "x; x",
    ],
)  # fmt: skip
def test_what_is_no_arithmetic_is_not_worked_out(tmp_path: Path, expression: str) -> None:
    assert evaluate(expression, X + 0.5, {"a": 1.0}) is None or "1.5" in expression
    with open_hspy(write(tmp_path / "s.hspy", functional_axis(expression))) as opened:
        found = opened.signals[0].axes[1]
        assert (found.scale, found.positions) == (None, None)
        assert [finding.code for finding in opened.findings] == ["axis_not_linear"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("a * x ** 2 + b", 2.0 * X**2 + 1.0), ("-x", -X), ("sqrt(x) + pi", np.sqrt(X) + np.pi), ("3", np.full(6, 3.0)),
        ("exp(-x / 2)", np.exp(-X / 2)), ("2 ** x", 2.0**X),
    ],
)  # fmt: skip
def test_arithmetic_is_worked_out(expression: str, expected: npt.NDArray[np.float64]) -> None:
    found = evaluate(expression, X, {"a": 2.0, "b": 1, "flag": True})
    np.testing.assert_allclose(found, expected, rtol=1e-14)  # type: ignore[arg-type]  # it is no None


@pytest.mark.parametrize(
    ("positions", "unit"),
    [
        ([1.0, 2.0, 2.0], "nm"), ([1.0, 3.0, 2.0], "nm"), ([1.0, np.nan, 2.0], "nm"), ([1.0, np.inf], "nm"),
        ([1.0], "nm"), ([1.0, 2.0, 4.0], "furlong"), (np.arange(MOST_POSITIONS + 1.0) ** 2, "nm"),
    ],
)  # fmt: skip
def test_what_is_no_axis_is_none(positions: Any, unit: str) -> None:
    assert listed_axis("energy", np.asarray(positions, np.float64), unit=unit) is None


def test_a_list_is_kept_in_units_of_this_house() -> None:
    axis = listed_axis("energy", np.array([0.1, 0.2, 0.4]), unit="keV")
    assert axis == Axis("energy", 3, "eV", positions=(100.0, 200.0, 400.0))
    assert Axis.from_dict(axis.as_dict()) == axis
    with pytest.raises(ValueError, match="2 positions of 3 samples"):
        Axis("energy", 3, "eV", positions=(1.0, 2.0))


def test_positions_that_reach_beyond_all_instruments_are_dropped(tmp_path: Path) -> None:
    with open_hspy(write(tmp_path / "s.hspy", data_axis(10.0 ** (4 * X), "eV"))) as opened:
        assert opened.signals[0].axes[1].positions is None
        assert "header_implausible" in {finding.code for finding in opened.findings}


def shape_of(positions: npt.NDArray[np.float64]) -> SignalShape:
    axis = Axis("energy", len(positions), "eV", positions=tuple(positions))
    return SignalShape.from_dict({"name": "data", "axes": [axis.as_dict()], "n_signal_axes": 1})


def test_the_record_keeps_a_list_unless_it_says_another_step() -> None:
    shape = shape_of(np.array([10.0, 11.0, 13.0, 16.0]))
    ends = {"energy_axis": {"start": {"value": 10, "unit": "eV"}, "end": {"value": 16, "unit": "eV"}}}
    (kept,) = calibrate_signals([shape], ends)
    assert kept.axes[0].positions == (10.0, 11.0, 13.0, 16.0)
    said = {"energy_axis": {"start": {"value": 10, "unit": "eV"}, "bin_width": {"value": 3, "unit": "eV"}}}
    (other,) = calibrate_signals([shape], said)
    assert (other.axes[0].positions, other.axes[0].scale) == (None, 3.0)
    (shown,) = describe_axes(shape, other)
    assert shown["in_file"] == {
        "unit": "eV",
        "scale": None,
        "offset": 0.0,
        "positions": [10.0, 11.0, 13.0, 16.0],
    }


def test_exports_write_each_position() -> None:
    (axis,) = list_coordinates([shape_of(np.array([10.0, 11.0, 13.0])).axes[0].as_dict()], {})
    assert (axis.unit, axis.positions) == ("eV", (10.0, 11.0, 13.0))
