"""EMPAD beyond the plain scan: the block that was used, series without a scan, positions in service rows, EMPAD-G2."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.empad.positions import find_scanned_shape
from ingest.formats.empad.words import G2_FRAME_BYTES, is_g2
from ingest.formats.grouping import group_files
from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.vendor_files.empad import write_empad, write_raw

FRAME = 130 * 128 * 4


def codes(opened: OpenedFile) -> list[str]:
    return [finding.code for finding in opened.findings]


def write_xml(path: Path, raw: str, body: str) -> Path:
    path.write_text(f'<root name="a"><timestamp timestamp="0"/><raw_file filename="{raw}"/>{body}</root>')
    return path


def block(mode: str, columns: int, rows: int, size: float) -> str:
    return (
        f'<scan_parameters mode="{mode}"><scan_resolution_x>{columns}</scan_resolution_x>'
        f"<scan_resolution_y>{rows}</scan_resolution_y><scan_size>{size}</scan_size></scan_parameters>"
    )


VIEW = (
    "<iom_measurements><full_scan_field_of_view><scale_factor>0.5</scale_factor><x>2e-08</x></full_scan_field_of_view>"
    "</iom_measurements>"
)


@pytest.mark.parametrize(
    ("raw", "frames", "shape", "step_nm"),
    [
        ("data.raw", 6, (2, 3), 40 * 0.5 / 3),  # only acquire fits
        ("data.raw", 8, (2, 4), 40 * 0.8 / 4),  # only search fits
        ("search.raw", 8, (2, 4), 40 * 0.8 / 4),
    ],
)
def test_the_block_that_fits_is_the_one_that_was_used(
    tmp_path: Path, raw: str, frames: int, shape: tuple[int, int], step_nm: float
) -> None:
    body = block("search", 4, 2, 0.8) + block("acquire", 3, 2, 0.5) + VIEW
    xml = write_xml(tmp_path / "s.xml", raw, body)
    data = write_raw(tmp_path / raw, np.zeros((1, frames, 128, 128), np.float32))
    with open_measurement("empad", {"s.xml": xml, raw: data}) as opened:
        signal = opened.signals[0]
        assert (signal.shape[:2], signal.shape_origin) == (shape, "file")
        assert signal.axes[0].scale == pytest.approx(step_nm)


@pytest.mark.parametrize(("raw", "size"), [("scan_x3_y2.raw", 0.5), ("search_x3_y2.raw", 0.8)])
def test_where_both_blocks_fit_the_name_of_the_raw_file_decides(
    tmp_path: Path, raw: str, size: float
) -> None:
    xml = write_xml(tmp_path / "s.xml", raw, block("search", 3, 2, 0.8) + block("acquire", 3, 2, 0.5) + VIEW)
    data = write_raw(tmp_path / raw, np.zeros((2, 3, 128, 128), np.float32))
    with open_measurement("empad", {"s.xml": xml, raw: data}) as opened:
        assert opened.signals[0].axes[0].scale == pytest.approx(40 * size / 3)


@pytest.mark.parametrize(
    "body",
    [
        "<type>series</type><count>6</count>",
        '<type>series</type><scan_parameters mode="acquire"><series_count>6</series_count></scan_parameters>',
        "<scan_parameters><series_count>6</series_count></scan_parameters>",
        "<type>series</type>",
    ],
)
def test_series_has_no_scan_whatever_blocks_stand_beside_it(tmp_path: Path, body: str) -> None:
    values = default_rng(2).random((1, 6, 128, 128), np.float32)
    xml = write_xml(tmp_path / "s.xml", "series.raw", body + block("search", 3, 2, 0.8))
    raw = write_raw(tmp_path / "series.raw", values)
    with open_measurement("empad", {"s.xml": xml, "series.raw": raw}) as opened:
        signal = opened.signals[0]
        assert [axis.name for axis in signal.axes] == ["time", "detector_y", "detector_x"]
        assert (signal.shape_origin, codes(opened)) == ("file", [])
        np.testing.assert_array_equal(signal.read(), values[0])
        document = map_vendor_header("empad", opened.header, [signal.describe()]).document
    assert (document["series"], "scan" in document) == ("time", False)


def test_series_of_another_number_of_frames_is_told_and_a_short_one_refused(tmp_path: Path) -> None:
    raw = write_raw(tmp_path / "s.raw", np.zeros((1, 6, 128, 128), np.float32))
    files = {
        "s.xml": write_xml(tmp_path / "s.xml", "s.raw", "<type>series</type><count>4</count>"),
        "s.raw": raw,
    }
    with open_measurement("empad", files) as opened:
        assert (opened.signals[0].shape[0], codes(opened)) == (6, ["frame_count_differs"])
    write_xml(tmp_path / "s.xml", "s.raw", "<type>series</type><count>9</count>")
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("empad", files)
    assert (caught.value.finding.code, str(9 * FRAME) in caught.value.finding.message) == (
        "file_truncated",
        True,
    )


def test_scan_that_counts_a_series_too_is_a_scan(tmp_path: Path) -> None:
    body = '<type>scan</type><scan_parameters mode="acquire"><series_count>6</series_count></scan_parameters>'
    xml = write_xml(tmp_path / "s.xml", "scan_x3_y2.raw", body)
    raw = write_raw(tmp_path / "scan_x3_y2.raw", np.zeros((2, 3, 128, 128), np.float32))
    with open_measurement("empad", {"s.xml": xml, raw.name: raw}) as opened:
        assert opened.signals[0].shape == (2, 3, 128, 128)


def write_positions(path: Path, rows: int, columns: int, *, is_swapped: bool = False) -> Path:
    """Write a raw file whose service rows hold the position of each frame, counted from 5 and 9."""
    frames = np.zeros((rows * columns, 130, 128), "<f4")
    for number in range(len(frames)):
        place = (5 + number // columns, 9 + number % columns)
        frames[number, 129, 12:14] = place[::-1] if is_swapped else place
    frames.tofile(path)
    return path


@given(rows=st.integers(1, 5), columns=st.integers(2, 6), is_swapped=st.booleans())
def test_positions_in_the_service_rows_give_the_shape(
    tmp_path_factory: pytest.TempPathFactory, rows: int, columns: int, *, is_swapped: bool
) -> None:
    path = write_positions(tmp_path_factory.mktemp("p") / "x.raw", rows, columns, is_swapped=is_swapped)
    assert find_scanned_shape(path, rows * columns, FRAME) == (rows, columns)


def test_raw_alone_takes_positions_or_its_name_for_a_guess(tmp_path: Path) -> None:
    path = write_positions(tmp_path / "x.raw", 2, 3)
    with open_measurement("empad", {"x.raw": path}) as opened:
        assert (opened.signals[0].shape[:2], opened.signals[0].shape_origin) == ((2, 3), "guessed")
        assert "service rows" in opened.findings[0].message
    named = write_raw(tmp_path / "scan_x2_y3.raw", np.zeros((3, 2, 128, 128), np.float32))
    with open_measurement("empad", {named.name: named}) as opened:
        assert (opened.signals[0].shape[:2], codes(opened)) == ((3, 2), ["scan_shape_guessed"])
        assert "its name" in opened.findings[0].message
    with open_measurement("empad", {"x.raw": path}, ReadHints(scan_shape=(3, 2))) as opened:
        assert (opened.signals[0].shape[:2], opened.signals[0].shape_origin) == ((3, 2), "depositor")


def test_words_of_empad_g2_are_kept_bit_for_bit_and_called_so(tmp_path: Path) -> None:
    words = default_rng(4).integers(0, 2**32, (2, 3, 128, 128), dtype=np.uint32)
    raw = tmp_path / "scan_x3_y2.raw"
    words.astype("<u4").tofile(raw)
    xml = write_xml(tmp_path / "s.xml", raw.name, block("acquire", 3, 2, 0.5))
    for files in ({"s.xml": xml, raw.name: raw}, {raw.name: raw}):
        with open_measurement("empad", files) as opened:
            signal = opened.signals[0]
            assert (signal.shape, signal.dtype.name) == ((2, 3, 128, 128), "uint32")
            assert signal.intensity_unit is None
            np.testing.assert_array_equal(signal.read(), words)
            assert "packed_words" in codes(opened)
            document = map_vendor_header("empad", opened.header, [signal.describe()]).document
        assert (document["camera"]["name"]["value"], "intensity_unit" in document) == ("EMPAD-G2", False)
    grouping = group_files({raw.name: recognize(raw, raw.name)}, {raw.name: raw.stat().st_size})
    assert "(6 frames)" in grouping.findings[raw.name][0].message


def test_where_both_kinds_fit_it_is_the_first_generation() -> None:
    """64 frames with service rows are as long as 65 without: one block says the one, the other the other."""
    size = 64 * FRAME
    assert size == 65 * G2_FRAME_BYTES
    assert not is_g2(size, [64, 65])
    assert not is_g2(size, [65, 64])
    assert is_g2(size, [65])
    assert not is_g2(size, [])


def test_file_of_the_first_generation_is_never_taken_for_words(tmp_path: Path) -> None:
    xml, raw = write_empad(tmp_path, np.ones((2, 3, 128, 128), np.float32))
    with open_measurement("empad", {xml.name: xml, raw.name: raw}) as opened:
        assert opened.signals[0].dtype == np.float32
        assert "packed_words" not in codes(opened)
