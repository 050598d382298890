"""EMPAD: pairs, lone raw files, names inside files, and scans of every shape."""

from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.realdata import need_realdata
from tests.vendor_files.empad import write_empad, write_raw

FRAME = 130 * 128 * 4


def patterns(scan_y: int, scan_x: int) -> np.ndarray:
    values = default_rng(0).random((scan_y, scan_x, 128, 128), np.float32)
    values[0, 0, 3, 5] = np.nan
    return values


class TestEmpad(SaysWhereItEnds, ReadInPython):
    format = "empad"

    def write(self, folder: Path) -> WrittenFile:
        values = patterns(2, 3)
        xml, raw = write_empad(folder, values)
        return WrittenFile(
            files={xml.name: xml, raw.name: raw},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("xml", "root.iom_measurements.high_voltage"), 300_000.0),
            cut=raw.name,
        )

    def spoil_size(self, written: WrittenFile) -> str:
        raw = list(written.files.values())[1]
        raw.write_bytes(raw.read_bytes()[:-5])
        return "file_truncated"


@pytest.mark.parametrize("version", ["0.51", "1.2"])
def test_scan_is_not_square_and_its_step_is_the_scanned_part_of_the_field(
    tmp_path: Path, version: str
) -> None:
    xml, raw = write_empad(tmp_path, patterns(2, 5), version=version)
    with open_measurement("empad", {"a/s.xml": xml, f"a/{raw.name}": raw}) as opened:
        signal = opened.signals[0]
        assert signal.shape == (2, 5, 128, 128)
        # 40 nm of full field, half of it scanned, over the 5 positions of the longer side
        assert signal.axes[0].unit == "nm"
        assert signal.axes[0].scale == pytest.approx(4.0)
        assert signal.axes[2].unit is None
        assert signal.shape_origin == "file"


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../scan.raw", "sub/scan.raw", "C:\\data\\scan.raw", "..", "c:scan.raw"]
)
def test_path_inside_the_xml_is_refused(tmp_path: Path, name: str) -> None:
    xml, raw = write_empad(tmp_path, patterns(1, 2), raw_name=name)
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("empad", {"scan.xml": xml, raw.name: raw})
    assert caught.value.finding.code == "path_inside_file"
    assert "passwd" not in caught.value.finding.message


def test_file_outside_the_upload_is_never_opened(tmp_path: Path) -> None:
    xml, raw = write_empad(tmp_path, patterns(1, 2))
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("empad", {"scan.xml": xml})
    assert caught.value.finding.code == "companion_missing"
    assert raw.name in caught.value.finding.message


def test_the_only_raw_file_is_taken_when_it_was_renamed(tmp_path: Path) -> None:
    xml, raw = write_empad(tmp_path, patterns(1, 2))
    renamed = raw.rename(tmp_path / "my data.raw")
    with open_measurement("empad", {"scan.xml": xml, "my data.raw": renamed}) as opened:
        assert opened.signals[0].shape == (1, 2, 128, 128)
        assert "companion_renamed" in {finding.code for finding in opened.findings}


def test_raw_alone_asks_for_the_scan_shape_and_takes_it(tmp_path: Path) -> None:
    values = patterns(2, 3)
    raw = write_raw(tmp_path / "x.raw", values)
    with open_measurement("empad", {"x.raw": raw}) as opened:
        signal = opened.signals[0]
        assert (signal.shape, signal.axes[0].name, signal.shape_origin) == (
            (6, 128, 128),
            "position",
            "guessed",
        )
        finding = opened.findings[0]
        assert (finding.code, finding.severity, finding.pointer) == (
            "scan_shape_missing",
            "error",
            "/scan_shape",
        )
    with open_measurement("empad", {"x.raw": raw}, ReadHints(scan_shape=(2, 3))) as opened:
        assert opened.signals[0].shape_origin == "depositor"
        assert not opened.findings
        np.testing.assert_array_equal(opened.signals[0].read(), values)
    with open_measurement("empad", {"x.raw": raw}, ReadHints(frame_axis="time")) as opened:
        assert opened.signals[0].axes[0].name == "time"
        assert not opened.findings
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("empad", {"x.raw": raw}, ReadHints(scan_shape=(2, 2)))
    assert caught.value.finding.code == "scan_shape_mismatch"


def test_missing_whole_frames_are_a_truncated_file(tmp_path: Path) -> None:
    xml, raw = write_empad(tmp_path, patterns(2, 2))
    with raw.open("rb+") as handle:
        handle.truncate(3 * FRAME)
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("empad", {"scan.xml": xml, raw.name: raw})
    assert caught.value.finding.code == "file_truncated"
    assert str(4 * FRAME) in caught.value.finding.message
    assert str(3 * FRAME) in caught.value.finding.message


@pytest.mark.parametrize(
    "text",
    [
        "<root><raw_file filename='a.raw'/>",
        "<!DOCTYPE r [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><root><raw_file filename='&e;'/></root>",
        "<root><nothing/></root>",
    ],
)
def test_xml_that_is_broken_or_clever_is_refused(tmp_path: Path, text: str) -> None:
    xml = tmp_path / "a.xml"
    xml.write_text(text)
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("empad", {"a.xml": xml})
    assert caught.value.finding.code == "xml_unreadable"


def test_huge_scan_is_read_in_bounded_memory(tmp_path: Path) -> None:
    """A sparse file of 4 GB: a row of patterns costs a row of patterns."""
    import tracemalloc

    raw = tmp_path / "big.raw"
    with raw.open("wb") as handle:
        handle.truncate(256 * 256 * FRAME)
    with open_measurement("empad", {"big.raw": raw}, ReadHints(scan_shape=(256, 256))) as opened:
        tracemalloc.start()
        block = opened.signals[0].read((slice(100, 101),))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert block.shape == (1, 256, 128, 128)
    assert peak < block.nbytes + 40 * 2**20


def test_equal_to_an_independent_reader_on_a_real_pair() -> None:
    folder = need_realdata("empad", "rsciio")
    from rsciio.empad import file_reader

    theirs = file_reader(str(folder / "map4x4.xml"))[0]["data"]
    files = {"m/map4x4.xml": folder / "map4x4.xml", "m/scan_x4_y4.raw": folder / "scan_x4_y4.raw"}
    with open_measurement("empad", files) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), theirs)
        assert opened.header["xml"]["root.iom_measurements.source.get_voltage"] == 300_000.0
