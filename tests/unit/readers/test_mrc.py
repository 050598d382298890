"""MRC: modes, byte orders, signs, and what its sections are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.realdata import list_realdata, need_realdata
from tests.vendor_files.mrc import Order, build_blocks, write_mrc


class TestMrc(SaysWhereItEnds, ReadInPython):
    format = "mrc"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 60_000, (12, 5, 7)).astype(np.uint16)
        path = write_mrc(folder / "scan.mrc", values)
        return WrittenFile(
            files={path.name: path},
            values=values.reshape(3, 4, 5, 7),
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("mrc", "shape"), [12, 5, 7]),
            hints=ReadHints(scan_shape=(3, 4)),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        raw = bytearray(path.read_bytes())
        raw[0:4] = (9000).to_bytes(4, "little")  # NX
        path.write_bytes(bytes(raw))
        return "file_truncated"


class TestBigEndianMrcOfThermoFisher(TestMrc):
    """The same promises for the other byte order, floats and a long extended header."""

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(6).normal(size=(6, 4, 4)).astype(np.float32)
        blocks = build_blocks("FEI1", [{"HT": 200_000.0}] * 6, ">")
        path = write_mrc(folder / "scan.mrc", values, order=">", extended=blocks, kind=b"FEI1")
        return WrittenFile(
            files={path.name: path},
            values=values.reshape(2, 3, 4, 4),
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("extended", "HT"), 200_000.0),
            hints=ReadHints(scan_shape=(2, 3)),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        raw = bytearray(path.read_bytes())
        raw[0:4] = (9000).to_bytes(4, "big")  # NX
        path.write_bytes(bytes(raw))
        return "file_truncated"


def open_mrc(path: Path, **hints: Any) -> OpenedFile:
    return open_measurement("mrc", {path.name: path}, ReadHints(**hints))


def map_opened(opened: OpenedFile) -> dict[str, Any]:
    return map_vendor_header("mrc", opened.header, [signal.describe() for signal in opened.signals]).document


@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "u2", "f2"])
@pytest.mark.parametrize("order", ["<", ">"])
def test_every_mode_in_both_byte_orders(tmp_path: Path, dtype: str, order: Order) -> None:
    values = default_rng(1).integers(0, 100, (1, 6, 5)).astype(dtype)
    path = write_mrc(tmp_path / "a.mrc", values, order=order, imod_flags=1)
    with open_mrc(path) as opened:
        signal = opened.signals[0]
        assert signal.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(signal.read(), values[0])
        np.testing.assert_array_equal(signal.read_channels((slice(1, 3), slice(2, 5))), values[0, 1:3, 2:5])


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("mode", [3, 4])
def test_transforms_are_complex_and_have_no_step(tmp_path: Path, mode: int, order: Order) -> None:
    parts = default_rng(2).integers(-30_000, 30_000, (2, 4, 3, 2)).astype(np.float32)
    values = parts.view(np.complex64)[..., 0]
    stored = parts.astype(np.int16 if mode == 3 else np.float32).reshape(2, 4, 6)
    path = write_mrc(tmp_path / "a.mrc", stored, order=order, cell=(8.0, 8.0, 0.0), mode=mode)
    raw = bytearray(path.read_bytes())
    raw[0:4] = (3).to_bytes(4, "little" if order == "<" else "big")  # columns are of complex numbers
    path.write_bytes(bytes(raw))
    with open_mrc(path) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), values)
        np.testing.assert_array_equal(signal.read((slice(1, 2),)), values[1:])
        assert [(axis.name, axis.unit) for axis in signal.axes[1:]] == [("y", None), ("x", None)]
        assert [one.code for one in opened.findings] == ["mrc_is_transform"]


@pytest.mark.parametrize(
    ("imod_flags", "value_range", "dtype", "codes"),
    [
        (1, (0.0, -1.0), "i1", []),
        (0, (0.0, -1.0), "u1", []),
        (None, (3.0, 250.0), "u1", []),
        (None, (-9.0, 100.0), "i1", []),
        (None, (0.0, 100.0), "i1", ["mrc_sign_assumed"]),
        (None, (0.0, -1.0), "i1", ["mrc_sign_assumed"]),
    ],
)
def test_sign_of_bytes_is_told_by_imod_or_by_the_values(
    tmp_path: Path, imod_flags: int | None, value_range: tuple[float, float], dtype: str, codes: list[str]
) -> None:
    stored = np.array([[[1, 2], [3, 200]]], np.uint8)
    path = write_mrc(tmp_path / "a.mrc", stored, imod_flags=imod_flags, value_range=value_range)
    with open_mrc(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), stored[0].view(dtype))
        assert [finding.code for finding in opened.findings] == codes


@pytest.mark.parametrize(
    ("mode", "imod_flags", "said"),
    [(101, None, "four bits"), (0, 16, "four bits"), (16, None, "colors"), (17, None, "colors")],
)
def test_what_is_not_read_says_what_it_is(
    tmp_path: Path, mode: int, imod_flags: int | None, said: str
) -> None:
    path = write_mrc(tmp_path / "a.mrc", np.zeros((2, 8, 8), np.float32), mode=mode, imod_flags=imod_flags)
    with pytest.raises(ReadRefusedError) as caught:
        open_mrc(path)
    assert caught.value.finding.code == "mrc_mode_not_read"
    assert said in caught.value.finding.message
    assert caught.value.finding.severity == "warning"  # a sound file: it may be published unread


def test_bytes_left_over_are_told(tmp_path: Path) -> None:
    path = write_mrc(tmp_path / "a.mrc", np.zeros((1, 8, 8), np.float32))
    path.write_bytes(path.read_bytes() + b"1234")
    with open_mrc(path) as opened:
        assert [finding.code for finding in opened.findings] == ["bytes_left_over"]


@pytest.mark.parametrize(
    ("how", "label"),
    [
        ({"extended": build_blocks("FEI2", [{}]), "kind": b"FEI2"}, "MRC of Thermo Fisher (FEI2)"),
        ({"extended": build_blocks("FEI1", [{}]), "kind": b"FEI1"}, "MRC of Thermo Fisher (FEI1)"),
        ({"imod_flags": 0}, "MRC of IMOD"),
        ({}, "MRC"),
    ],
)
def test_file_is_called_by_the_program_that_left_its_mark(tmp_path: Path, how: Any, label: str) -> None:
    path = write_mrc(tmp_path / "a.mrc", np.zeros((1, 8, 8), np.int16), **how)
    assert recognize(path, path.name).label == label


def test_file_without_the_mark_is_told_by_its_sizes(tmp_path: Path) -> None:
    path = write_mrc(tmp_path / "old", np.zeros((1, 8, 8), np.int16), mark=bytes(4))
    match = recognize(path, "old")
    assert (match.format, match.label, match.readable) == ("mrc", "MRC without MAP mark", True)
    path.write_bytes(path.read_bytes() + b"1")
    assert recognize(path, "old").format is None


def test_stack_is_a_series_until_somebody_says_more(tmp_path: Path) -> None:
    path = write_mrc(tmp_path / "a.mrc", np.zeros((6, 4, 4), np.uint16), cell=(8.0, 8.0, 0.0))
    with open_mrc(path) as opened:
        axes = opened.signals[0].axes
        assert [axis.name for axis in axes] == ["series", "y", "x"]
        assert axes[1].unit == "nm"
        assert axes[1].scale == pytest.approx(0.2)
    with open_mrc(path, frame_axis="time") as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["time", "y", "x"]
    with open_mrc(path, scan_shape=(2, 3)) as opened:  # a pattern has no step in nm
        assert [axis.unit for axis in opened.signals[0].axes] == [None] * 4


def test_volume_says_that_it_is_read_as_one(tmp_path: Path) -> None:
    values = np.zeros((6, 4, 4), np.float32)
    path = write_mrc(tmp_path / "a.mrc", values, cell=(40.0, 40.0, 60.0), space_group=1)
    with open_mrc(path) as opened:
        depth = opened.signals[0].axes[0]
        assert (depth.name, depth.unit) == ("z", "nm")
        assert depth.scale == pytest.approx(1.0)
        assert [finding.code for finding in opened.findings] == ["mrc_read_as_volume"]
        assert map_opened(opened)["level"] == "derived"


def test_tilts_of_the_sections_make_a_tilt_series(tmp_path: Path) -> None:
    blocks = build_blocks("FEI2", [{"Alpha tilt": -40.0 + 20 * number} for number in range(5)])
    values = np.zeros((5, 4, 4), np.int16)
    path = write_mrc(tmp_path / "a.mrc", values, extended=blocks, kind=b"FEI2")
    with open_mrc(path) as opened:
        tilt = opened.signals[0].axes[0]
        assert (tilt.name, tilt.unit, tilt.scale, tilt.offset) == ("tilt", "deg", 20.0, -40.0)
        document = map_opened(opened)
        assert document["series"] == "tilt"
        assert "stage_tilt_x" not in document


def test_extended_header_describes_a_stem_image(tmp_path: Path) -> None:
    fields = {
        "HT": 300_000.0, "Pixel size X": 2e-11, "Pixel size Y": 3e-11, "Instrument mode": 2, "Projection mode": 1,
        "Convergence angle": 0.025, "Camera length": 0.09, "STEM Detector name": b"HAADF", "Dwell time": 2e-6,
    }  # fmt: skip
    path = write_mrc(
        tmp_path / "a.mrc",
        np.ones((1, 4, 6), np.uint16),
        extended=build_blocks("FEI2", [fields]),
        kind=b"FEI2",
    )
    with open_mrc(path) as opened:
        axes = opened.signals[0].axes
        assert [(axis.name, axis.unit) for axis in axes] == [("scan_y", "nm"), ("scan_x", "nm")]
        assert [axis.scale for axis in axes] == [pytest.approx(0.03), pytest.approx(0.02)]
        document = map_opened(opened)
    assert document["technique"] == ["annular"]
    found = {
        name: document[name]["value"]
        for name in ("acceleration_voltage", "semi_convergence_angle", "dwell_time")
    }
    assert found == {"acceleration_voltage": 300.0, "semi_convergence_angle": 25.0, "dwell_time": 2.0}


def test_picture_of_a_camera_in_diffraction_stays_without_a_step(tmp_path: Path) -> None:
    fields = {"Pixel size X": 2e-11, "Pixel size Y": 2e-11, "Instrument mode": 1, "Projection mode": 1}
    path = write_mrc(
        tmp_path / "a.mrc",
        np.ones((1, 4, 4), np.uint16),
        extended=build_blocks("FEI1", [fields]),
        kind=b"FEI1",
    )
    with open_mrc(path) as opened:
        assert [axis.unit for axis in opened.signals[0].axes] == [None, None]
        assert map_opened(opened)["technique"] == ["diffraction_pattern"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list_realdata("mrc/**/*.mrc"))
def test_equal_to_an_independent_reader_on_real_files(name: str) -> None:
    path = need_realdata(name)
    import mrcfile

    with mrcfile.open(path, permissive=True) as theirs, open_mrc(path) as opened:
        ours = opened.signals[0].read()
        np.testing.assert_array_equal(ours.reshape(theirs.data.shape), theirs.data)
        if opened.header["extended"]:
            blocks = theirs.indexed_extended_header
            shown = {name: value for name, value in opened.header["extended"].items() if name != "sections"}
            assert len(shown) > 20
            for field, value in shown.items():
                given = blocks[0][field]
                assert value == (given.decode("latin-1") if isinstance(given, bytes) else given.item())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("dtype", ["i1", "i2", "f4", "c8", "u2", "f2"])
def test_equal_to_what_an_independent_program_wrote(tmp_path: Path, dtype: str) -> None:
    import mrcfile

    values = default_rng(7).integers(-50 if dtype != "u2" else 0, 50, (3, 4, 5)).astype(dtype)
    values = values * np.dtype(dtype).type(1j) if dtype == "c8" else values
    with mrcfile.new(tmp_path / "a.mrc") as written:
        written.set_data(values)
        written.set_image_stack()
    with open_mrc(tmp_path / "a.mrc") as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert opened.signals[0].dtype == values.dtype
