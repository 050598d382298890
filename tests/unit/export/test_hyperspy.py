"""HyperSpy's file: RosettaSciIO and our own reader find the values, axes, units and words that went in."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from rsciio.hspy import file_reader

from ingest.formats.hspy.reader import open_hspy
from ingest.readers.contract import OpenedFile, ReadHints
from repository.exports.hyperspy import find_signal_type, write_hyperspy
from repository.exports.subjects import ExportedMeasurement
from repository.schema.quantities.units import UNITS, convert
from tests.exported_arrays import Store, axis, make_measurement, make_scan, make_signal


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Return a folder for arrays."""
    return Store(tmp_path / "store")


def save(measurement: ExportedMeasurement, store: Store) -> Path:
    path = store.folder / "export.hspy"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"".join(write_hyperspy(measurement, store.read)))
    return path


@contextmanager
def read_ours(path: Path) -> Iterator[OpenedFile]:
    opened = open_hspy({path.name: path}, ReadHints())
    with opened.resources:
        yield opened


def load(opened: OpenedFile, name: str = "data") -> npt.NDArray[Any]:
    signal = next(one for one in opened.signals if one.name == name)
    n_leading = len(signal.shape) - signal.n_signal_axes
    return np.asarray(signal.load(tuple(slice(0, size) for size in signal.shape[:n_leading])))


def test_rosettasciio_reads_values_axes_and_words(store: Store) -> None:
    signal = make_scan(store)
    [found] = file_reader(str(save(make_measurement(signal), store)))
    expected = np.random.default_rng(4).poisson(9.0, (3, 4, 8, 6)).astype("uint16")
    np.testing.assert_array_equal(found["data"], expected)
    assert found["data"].dtype == np.uint16
    for number, (own, read) in enumerate(zip(signal.axes, found["axes"], strict=True)):
        assert {key: read[key] for key in ("name", "size", "scale", "offset")} == {
            key: own[key] for key in ("name", "size", "scale", "offset")
        }
        assert (read["units"], read["navigate"]) == (own["unit"], number < 2)
    tem = found["metadata"]["Acquisition_instrument"]["TEM"]
    assert pytest.approx({**tem, "Stage": pytest.approx(tem["Stage"])}) == {
        "beam_energy": 80, "convergence_angle": 21.4, "beam_current": 0.0315, "camera_length": 115,
        "dwell_time": 0.0012, "microscope": "TEAM I", "acquisition_mode": "STEM",
        "Stage": {"tilt_alpha": 1.5, "x": 0.12},
    }  # fmt: skip
    assert found["metadata"]["Sample"]["thickness"] == pytest.approx(6.5e-10)
    assert found["metadata"]["Sample"]["elements"].tolist() == ["Mo", "S"]
    general = found["metadata"]["General"]
    assert (general["title"], general["doi"]) == ("MoS₂ bei 80 kV – Überblick", "10.5072/k3f9-2xq7.v1")
    assert (general["date"], general["time"]) == ("2025-03-01", "14:20:00+01:00")
    assert found["metadata"]["Signal"]["signal_type"] == "electron_diffraction"


def test_the_record_stands_in_the_original_metadata(store: Store) -> None:
    measurement = make_measurement(
        make_scan(store), extensions={"org.example:a/b": [{"x": 1}, 2], "big": 2**70}
    )
    [found] = file_reader(str(save(measurement, store)))
    ours = found["original_metadata"]["stemma"]
    assert ours["dataset"]["license_url"] == "https://spdx.org/licenses/CC-BY-4.0"
    assert ours["measurement"]["defocus"]["range"].tolist() == [-5, 5]
    assert ours["measurement"]["acceleration_voltage"]["basis"] == "nominal"
    assert ours["measurement"]["extensions"] == {"org.example:a_b": '[{"x": 1}, 2]', "big": str(2**70)}
    assert ours["files"]["file_0"] == {"path": "scan/scan.raw", "sha256": "1" * 64}


@st.composite
def signals(draw: st.DrawFn) -> tuple[npt.NDArray[Any], list[dict[str, Any]], int, str]:
    kinds = "bool i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16"
    dtype = np.dtype(draw(st.sampled_from(kinds.split())))
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=5, max_side=5))
    values = draw(hnp.arrays(dtype, shape))
    n_signal_axes = draw(st.integers(1, min(2, len(shape))))
    number = st.floats(1e-6, 1e6, allow_nan=False)
    axes = [
        axis(
            f"axis_{at}",
            size,
            draw(st.sampled_from(["nm", "mrad", "eV", "nm-1", "s"])),
            draw(number),
            draw(number),
        )
        for at, size in enumerate(shape)
    ]
    return values, axes, n_signal_axes, draw(st.text(min_size=1, max_size=30))


@settings(max_examples=100, deadline=None)
@given(drawn=signals())
def test_any_signal_comes_back_from_rosettasciio(drawn: Any) -> None:
    """All types, one to five axes, any title."""
    values, axes, n_signal_axes, title = drawn
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        signal = make_signal(store, "data", values, axes, n_signal_axes)
        [found] = file_reader(str(save(make_measurement(signal, title=title), store)))
    assert (found["data"].dtype, found["data"].shape) == (values.dtype, values.shape)
    assert found["data"].tobytes() == values.tobytes()
    assert [(one["scale"], one["offset"]) for one in found["axes"]] == [
        (one["scale"], one["offset"]) for one in axes
    ]
    assert [one["navigate"] for one in found["axes"]].count(False) == n_signal_axes
    assert (
        found["metadata"]["General"]["title"] == title.replace("\0", "").encode("utf-8", "replace").decode()
    )


def test_our_reader_finds_what_went_out(store: Store) -> None:
    signal = make_scan(store)
    with read_ours(save(make_measurement(signal), store)) as opened:
        [read] = opened.signals
        assert [one.name for one in read.axes] == ["scan_y", "scan_x", "detector_y", "detector_x"]
        assert [(one.unit, one.scale, one.offset) for one in read.axes] == [
            (one["unit"], one["scale"], one["offset"]) for one in signal.axes
        ]
        expected = np.random.default_rng(4).poisson(9.0, (3, 4, 8, 6)).astype("uint16")
        np.testing.assert_array_equal(load(opened), expected)
        assert (read.dtype, read.n_signal_axes, read.intensity_unit) == (np.dtype(np.uint16), 2, "1")


AXIS_UNITS = sorted(
    code
    for code in UNITS
    # No axis of a spectrum is in joules or megaelectronvolts, and readers take MeV for meV.
    if UNITS[code].dimension in {"length", "angle", "reciprocal_length", "time", "energy"}
    and code not in {"J", "MeV"}
)


@pytest.mark.parametrize("unit", AXIS_UNITS)
def test_our_reader_finds_every_unit_of_an_axis(store: Store, unit: str) -> None:
    name = {"energy": "energy", "time": "time"}.get(UNITS[unit].dimension, "x")
    axes = [axis("y", 3, unit, 0.5, 2.0), axis(name, 4, unit, 0.25, -1.0)]
    path = save(make_measurement(make_signal(store, "data", np.ones((3, 4)), axes, 1)), store)
    with read_ours(path) as opened:
        [read] = opened.signals
        for own, found in zip(axes, read.axes, strict=True):
            # A reader brings units to one for each kind of quantity: 500 nm for 0.5 um.
            assert found.unit is not None
            assert found.scale is not None
            assert convert(found.scale, found.unit, unit) == pytest.approx(own["scale"])
            assert convert(found.offset, found.unit, unit) == pytest.approx(own["offset"])


def test_several_signals_are_several_experiments(store: Store) -> None:
    survey = [axis("scan_y", 5, "nm", 2.0), axis("scan_x", 6, "nm", 2.0)]
    spectra = [
        axis("scan_y", 3, "nm", 0.05),
        axis("scan_x", 4, "nm", 0.05),
        axis("energy", 10, "eV", 0.5, 400.0),
    ]
    measurement = make_measurement(
        make_scan(store),
        make_signal(store, "survey", np.arange(30.0).reshape(5, 6), survey, 2),
        make_signal(store, "spectra", np.ones((3, 4, 10), "uint32"), spectra, 1),
        technique=["four_d_stem", "eels"],
    )
    path = save(measurement, store)
    titled = {one["metadata"]["General"]["title"]: one for one in file_reader(str(path))}
    title = "MoS₂ bei 80 kV – Überblick"
    assert set(titled) == {title, f"{title}, survey", f"{title}, spectra"}
    assert [one["data"].shape for one in titled.values()].count((5, 6)) == 1
    types = {name: one["metadata"]["Signal"]["signal_type"] for name, one in titled.items()}
    assert types == {title: "electron_diffraction", f"{title}, survey": "", f"{title}, spectra": "EELS"}
    with read_ours(path) as opened:
        assert sorted(one.shape for one in opened.signals) == [(3, 4, 8, 6), (3, 4, 10), (5, 6)]


def test_an_axis_of_listed_positions_is_not_uniform(store: Store) -> None:
    axes = [axis("tilt", 3), axis("y", 4, "nm", 0.1), axis("x", 5, "nm", 0.1)]
    signal = make_signal(store, "data", np.ones((3, 4, 5), "int16"), axes, 2)
    tilts = {"values": [-60, -10.5, 40], "unit": "deg"}
    [found] = file_reader(str(save(make_measurement(signal, series_tilts=tilts), store)))
    tilt = found["axes"][0]
    assert (tilt["_type"], tilt["units"], tilt["axis"].tolist()) == ("DataAxis", "deg", [-60, -10.5, 40])
    assert not {"scale", "size"} & set(tilt)


def test_without_calibration_axes_are_counted(store: Store) -> None:
    signal = make_signal(store, "data", np.ones((4, 5)), [axis("y", 4), axis("x", 5)], 2)
    path = save(make_measurement(signal, technique=None, scan=None), store)
    [found] = file_reader(str(path))
    assert [(one["units"], one["scale"], one["offset"]) for one in found["axes"]] == [("", 1.0, 0.0)] * 2
    with read_ours(path) as opened:
        assert [one.unit for one in opened.signals[0].axes] == [None, None]


def test_a_withheld_value_is_nowhere(store: Store) -> None:
    voltage = {"missing": "withheld"}
    [found] = file_reader(str(save(make_measurement(make_scan(store), acceleration_voltage=voltage), store)))
    assert "beam_energy" not in found["metadata"]["Acquisition_instrument"]["TEM"]
    ours = found["original_metadata"]["stemma"]["measurement"]
    assert ours["acceleration_voltage"] == ours["instrument"]["serial_number"] == {"missing": "withheld"}


@pytest.mark.parametrize(
    ("technique", "last", "unit", "n_signal_axes", "expected"),
    [
        ("eels", "energy", "eV", 1, "EELS"),
        ("eds", "energy", "keV", 1, "EDS_TEM"),
        ("other", "energy", "eV", 1, ""),
        ("cathodoluminescence", "wavelength", "nm", 1, "CL"),
        ("diffraction_pattern", "detector_x", "nm-1", 2, "electron_diffraction"),
        ("annular", "scan_x", "nm", 2, ""),
        ("four_d_stem", "detector_x", None, 2, ""),
    ],
)
def test_the_signal_type_is_hyperspys(
    store: Store, technique: str, last: str, unit: str | None, n_signal_axes: int, expected: str
) -> None:
    axes = [axis("y", 3, unit, 1.0), axis(last, 4, unit, 1.0)]
    signal = make_signal(store, "data", np.ones((3, 4)), axes, n_signal_axes)
    assert find_signal_type(make_measurement(signal, technique=[technique]), signal) == expected


@pytest.mark.parametrize(
    ("scale", "offset", "size", "expected"),
    [
        (10.0, -200.0, 4096, "EDS_TEM"),
        (0.1692, 480.0, 2048, "EELS"),
        (0.1692, -21.5, 2048, "EELS"),
        (3.0, 0.0, 64, ""),
    ],
)
def test_of_two_spectroscopies_the_range_tells_which_it_is(
    store: Store, scale: float, offset: float, size: int, expected: str
) -> None:
    """X-rays and losses of one scan stand in one measurement: HyperSpy would quantify one as the other."""
    axes = [axis("scan_x", 1, "nm", 1.0), {**axis("energy", size, "eV", scale), "offset": offset}]
    signal = make_signal(store, "data", np.ones((1, size)), axes, 1)
    assert find_signal_type(make_measurement(signal, technique=["eels", "eds"]), signal) == expected
