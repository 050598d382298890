"""TIA, the format that RosettaSciIO reads for us: the same promises as our own readers make."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

from ingest.formats.grouping import group_files
from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, WrittenFile
from tests.realdata import list_realdata, need_realdata
from tests.vendor_files.tia import Dimension, write_emi, write_ser

MAP: tuple[Dimension, Dimension] = ((4, 2e-9, "Position", "meters"), (3, -2e-9, "Position", "meters"))
NUMBER: Dimension = (5, 1.0, "Number", "")


def raster(rows: int, columns: int, *, y_first: bool = False) -> list[tuple[float, float]]:
    """Return (x, y) of each element in the order of the beam."""
    if y_first:
        return [(x * 2e-9, y * -2e-9) for x in range(columns) for y in range(rows)]
    return [(x * 2e-9, y * -2e-9) for y in range(rows) for x in range(columns)]


class TestTia(ReadInPython):
    format = "tia"
    cut_codes = frozenset({"ser_header_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(8).integers(0, 60_000, (12, 6, 5)).astype(np.uint16)
        path = write_ser(folder / "scan_1.ser", values, MAP, step=5e7, positions=raster(3, 4))
        return WrittenFile(
            files={path.name: path},
            values=values.reshape(3, 4, 6, 5),
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("ser", "NumberDimensions"), 2),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        raw = bytearray(path.read_bytes())
        raw[30:34] = (9000).to_bytes(4, "little")  # size of the first dimension
        path.write_bytes(bytes(raw))
        return "ser_header_unreadable"


def open_tia(*paths: Path, **hints: Any) -> OpenedFile:
    return open_measurement("tia", {path.name: path for path in paths}, ReadHints(**hints))


def map_opened(opened: OpenedFile) -> dict[str, Any]:
    return map_vendor_header("tia", opened.header, [signal.describe() for signal in opened.signals]).document


def test_map_that_went_along_y_first_is_given_scan_y_first(tmp_path: Path) -> None:
    values = np.arange(12 * 8, dtype=np.int32).reshape(12, 8)
    dimensions: tuple[Dimension, Dimension] = (
        (4, 2e-9, "Position", "meters"),
        (3, -2e-9, "Position", "meters"),
    )
    path = write_ser(tmp_path / "a.ser", values, dimensions, step=0.2, positions=raster(3, 4, y_first=True))
    with open_tia(path) as opened:
        signal = opened.signals[0]
        assert [axis.name for axis in signal.axes] == ["scan_y", "scan_x", "energy"]
        np.testing.assert_array_equal(signal.read(), values.reshape(4, 3, 8).swapaxes(0, 1))


def test_step_tells_a_pattern_from_an_image_without_emi(tmp_path: Path) -> None:
    image = np.ones((1, 4, 4), np.float32)
    one: tuple[Dimension] = ((1, 1.0, "Number", ""),)
    with open_tia(write_ser(tmp_path / "a.ser", image, one, step=2e-10)) as opened:
        axes = opened.signals[0].axes
        assert [(axis.name, axis.unit) for axis in axes] == [("y", "nm"), ("x", "nm")]
        assert [axis.scale for axis in axes] == pytest.approx([0.2, 0.2])
    with open_tia(write_ser(tmp_path / "b.ser", image, one, step=1e8)) as opened:
        axes = opened.signals[0].axes
        assert axes[1].unit == "nm-1"
        assert axes[1].scale == pytest.approx(0.1)


def test_description_joins_its_series_and_tells_of_the_microscope(tmp_path: Path) -> None:
    images = default_rng(2).integers(0, 9, (5, 4, 4)).astype(np.uint16)
    series = [write_ser(tmp_path / f"x_{number}.ser", images + number, (NUMBER,)) for number in (1, 2)]
    emi = write_emi(tmp_path / "x.emi", {"DwellTimePath": "0.000002"}, {"DwellTimePath": "0.000002"})
    matches = {path.name: recognize(path, path.name) for path in (*series, emi)}
    (measurement,) = group_files(matches).measurements
    assert measurement.files == ("x_1.ser", "x_2.ser", "x.emi")
    with open_tia(*series, emi) as opened:
        assert [(signal.name, signal.shape) for signal in opened.signals] == [
            ("data", (5, 4, 4)), ("series_2", (5, 4, 4)),
        ]  # fmt: skip
        assert [axis.name for axis in opened.signals[0].axes] == ["series", "scan_y", "scan_x"]
        np.testing.assert_array_equal(opened.signals[1].read(), images + 2)
        document = map_opened(opened)
    found = {key: document[key]["value"] for key in ("acceleration_voltage", "dwell_time", "stage_tilt_x")}
    assert found == {"acceleration_voltage": 300.0, "dwell_time": 2.0, "stage_tilt_x": -1.5}
    assert document["acquired_at"]["value"] == "2016-02-22T19:21:01"


def test_what_pieces_disagree_in_is_not_said_of_a_series(tmp_path: Path) -> None:
    path = write_ser(tmp_path / "x_1.ser", np.ones((1, 4, 4), np.uint16), ((1, 1.0, "Number", ""),))
    emi = write_emi(
        tmp_path / "x.emi", {"DwellTimePath": "0.000002"}, {"DwellTimePath": "0.5", "CameraNamePath": "C"}
    )
    with open_tia(path, emi) as opened:
        document = map_opened(opened)
    assert document["acceleration_voltage"]["value"] == 300.0
    assert "dwell_time" not in document
    assert "exposure_time" not in document


def test_description_without_series_and_series_without_description(tmp_path: Path) -> None:
    path = write_ser(tmp_path / "a_1.ser", np.ones((1, 4, 4), np.uint16), ((1, 1.0, "Number", ""),))
    emi = write_emi(tmp_path / "b.emi", {"DwellTimePath": "1"})
    grouping = group_files({file.name: recognize(file, file.name) for file in (path, emi)})
    severities = {
        name: [found.severity for found in findings] for name, findings in grouping.findings.items()
    }
    assert severities == {"a_1.ser": ["warning"], "b.emi": ["error"]}
    assert grouping.leftovers == ("b.emi",)


def test_series_that_was_stopped_gives_what_was_recorded(tmp_path: Path) -> None:
    images = default_rng(3).integers(0, 9, (3, 4, 4)).astype(np.uint16)
    path = write_ser(tmp_path / "a.ser", images, ((200, 1.0, "Number", ""),), promised=200)
    with open_tia(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), images)
        assert [finding.code for finding in opened.findings] == ["series_stopped_early"]
        assert "3 of 200" in opened.findings[0].message


def test_header_that_promises_more_than_the_file_can_give_is_refused(tmp_path: Path) -> None:
    dimensions: tuple[Dimension, Dimension] = (
        (4000, 1e-9, "Position", "meters"),
        (5000, 1e-9, "Position", "meters"),
    )
    spectra = np.ones((2, 1000), np.uint32)
    path = write_ser(tmp_path / "a.ser", spectra, dimensions, promised=20_000_000)
    with pytest.raises(ReadRefusedError) as caught:
        open_tia(path)
    assert caught.value.finding.code == "declared_size_implausible"


def test_elements_that_share_bytes_are_refused(tmp_path: Path) -> None:
    """Else a small file would make the library allocate the square of its size."""
    path = write_ser(tmp_path / "a.ser", np.ones((500, 64), np.uint32), ((500, 1.0, "Number", ""),))
    raw = bytearray(path.read_bytes())
    start = raw.index((30 + 24 + 8 + len("Number")).to_bytes(4, "little"))
    table = int.from_bytes(raw[start : start + 4], "little")
    first = raw[table : table + 4]
    raw[table : table + 4 * 500] = first * 500
    path.write_bytes(bytes(raw[: len(raw) // 2]))
    with pytest.raises(ReadRefusedError) as caught:
        open_tia(path)
    assert caught.value.finding.code == "file_truncated"


def test_elements_of_different_sizes_are_declined(tmp_path: Path) -> None:
    path = write_ser(tmp_path / "a.ser", np.ones((2, 8), np.uint32), ((2, 1.0, "Number", ""),))
    raw = bytearray(path.read_bytes())
    at = raw.rindex((8).to_bytes(4, "little"))  # the length of the second spectrum
    raw[at : at + 4] = (4).to_bytes(4, "little")
    path.write_bytes(bytes(raw))
    with pytest.raises(ReadRefusedError) as caught:
        open_tia(path)
    assert caught.value.finding.code == "ser_elements_differ"


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list_realdata("tia/**/*.ser"))
def test_equal_to_an_independent_reader_on_real_files(name: str) -> None:
    """The first element, with the reader of openNCEM; RosettaSciIO, which reads for us, is no second opinion."""
    path = need_realdata(name)
    from ncempy.io.ser import fileSER

    with fileSER(str(path)) as theirs, open_tia(path) as opened:
        given, _ = theirs.getDataset(0)
        signal = opened.signals[0]
        ours = signal.read((slice(0, 1),) * len(signal.leading_shape)).reshape(
            signal.shape[-signal.n_signal_axes :]
        )
        image = np.asarray(given)
        assert np.array_equal(ours, image) or np.array_equal(ours, image[::-1])
        assert ours.dtype == image.dtype.newbyteorder("=")
