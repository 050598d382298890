"""Merlin frames beyond the plain run: gaps between chips, time per frame, frames that are no part of the scan."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.headers import map_vendor_header
from ingest.formats.mib.clock import find_frame_time
from ingest.formats.mib.flyback import find_flyback
from ingest.formats.mib.gaps import find_gaps
from ingest.formats.mib.header import read_frame_header
from ingest.formats.opening import open_measurement
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from ingest.readers.dead_pixels import draw_mask
from tests.realdata import need_realdata
from tests.vendor_files.mib import frame_header, write_hdr, write_mib, write_with_gap

MS = 1_000_000


def images(frames: int) -> npt.NDArray[Any]:
    return default_rng(3).integers(1, 4096, (frames, 512, 512)).astype(np.uint16)


def codes(opened: OpenedFile) -> list[str]:
    return [finding.code for finding in opened.findings]


@pytest.mark.parametrize(("gap", "layout"), [(2, "2x2G"), (3, "2x2G"), (2, "2x2")])
def test_gap_between_chips_is_named_dead_and_kept(tmp_path: Path, gap: int, layout: str) -> None:
    chips = images(2)
    path = write_with_gap(tmp_path / "g.mib", chips, gap, layout=layout)
    with open_measurement("mib", {"g.mib": path}, ReadHints(scan_shape=(1, 2))) as opened:
        signal = opened.signals[0]
        assert signal.shape == (1, 2, 512 + gap, 512 + gap)
        dead = draw_mask(signal.dead_pixels, signal.shape[-2:])
        values = signal.read()[0]
        np.testing.assert_array_equal(dead, values[0] == 0)
        assert dead.sum() == 2 * gap * (512 + gap) - gap**2
        np.testing.assert_array_equal(values[:, ~dead].reshape(2, 512, 512), chips)
        assert codes(opened) == ["pixels_named_dead"]
        assert f"gaps of {gap} pixels" in opened.findings[0].message


@pytest.mark.parametrize(
    ("gap_fill", "fill", "is_dead"), [("Distribute", 7, False), ("Distribute", 0, True), ("None", 7, True)]
)
def test_gap_that_the_detector_filled_is_told_and_not_dead(
    tmp_path: Path, gap_fill: str, fill: int, *, is_dead: bool
) -> None:
    path = write_with_gap(tmp_path / "g.mib", images(1), 2, fill)
    hdr = write_hdr(tmp_path / "g.hdr", frames=1, gap_fill=gap_fill)
    with open_measurement("mib", {"g.mib": path, "g.hdr": hdr}) as opened:
        assert bool(opened.signals[0].dead_pixels) == is_dead
        assert codes(opened) == ["pixels_named_dead" if is_dead else "gap_pixels_filled"]


@pytest.mark.parametrize(
    ("shape", "layout", "chips", "dead"),
    [
        ((512, 512), "2x2", 4, 0),
        ((256, 256), "1x1", 1, 0),
        ((256, 772), "3x1G", 3, 2 * 2 * 256),
        ((128, 512), "2x2", 4, 0),  # a region of interest does not say where it lies
        ((514, 512), "2x2G", 4, 2 * 512),
        ((600, 600), "2x2G", 4, 0),  # no gap is so wide
    ],
)
def test_gaps_are_told_by_layout_and_size(
    tmp_path: Path, shape: tuple[int, int], layout: str, chips: int, dead: int
) -> None:
    path = tmp_path / "h.mib"
    path.write_bytes(
        frame_header(1, shape, "U16", 12, chips=chips, layout=layout) + bytes(2 * shape[0] * shape[1])
    )
    gaps = find_gaps(read_frame_header(path), shape)
    assert draw_mask(gaps, shape).sum() == dead


def test_gaps_of_three_chips_in_a_row_lie_between_them(tmp_path: Path) -> None:
    path = tmp_path / "h.mib"
    path.write_bytes(frame_header(1, (256, 772), "U16", 12, chips=3, layout="3x1G") + bytes(2 * 256 * 772))
    assert find_gaps(read_frame_header(path), (256, 772)) == ((0, 256, 256, 258), (0, 256, 514, 516))


def write_timed(path: Path, stamps_ns: list[int]) -> Path:
    with path.open("wb") as handle:
        for number, stamp in enumerate(stamps_ns, 1):
            head = frame_header(number, (8, 8), "U08", 6).decode()
            given = f"2021-05-07T16:51:10.{number:06d}928Z"
            text = head.replace(given, f"2021-05-07T16:51:{10 + stamp // 10**9:02d}.{stamp % 10**9:09d}Z")
            handle.write(text.encode() + bytes(64))
    return path


def test_time_per_frame_is_the_usual_one_between_stamps(tmp_path: Path) -> None:
    steps = [1_100_000] * 9 + [50 * MS, 1_100_000]  # a pause after a line
    stamps = [sum(steps[:count]) for count in range(12)]
    path = write_timed(tmp_path / "t.mib", stamps)
    with open_measurement("mib", {"t.mib": path}, ReadHints(scan_shape=(3, 4))) as opened:
        assert opened.header["mib"]["frame_time_ns"] == 1_100_000
        described = [signal.describe() for signal in opened.signals]
        document = map_vendor_header("mib", opened.header, described).document
    assert document["camera"]["frame_time"] == {
        "value": 1.1,
        "unit": "ms",
        "source": "header",
        "basis": "measured",
        "origin_key": "mib.frame_time_ns",
    }


@pytest.mark.parametrize(
    "stamps",
    [
        [],
        ["2021-05-07T16:51:10.1Z"] * 2,
        ["2021-05-07T16:51:10.1Z"] * 4,
        ["", "", ""],
        ["nonsense", "x", "y"],
    ],
)
def test_stamps_that_tell_nothing_give_no_time(stamps: list[str]) -> None:
    assert find_frame_time([(stamp, MS) for stamp in stamps]) is None


def test_stray_frames_of_less_than_a_line_are_left_out_and_told(tmp_path: Path) -> None:
    frames = np.arange(14 * 64, dtype=np.uint16).reshape(14, 8, 8)
    path = write_mib(tmp_path / "s.mib", frames)
    hdr = write_hdr(tmp_path / "s.hdr", frames=12, scan_shape=(3, 4))
    for files, hints, origin in (
        ({"s.mib": path, "s.hdr": hdr}, ReadHints(), "file"),
        ({"s.mib": path}, ReadHints(scan_shape=(3, 4)), "depositor"),
    ):
        with open_measurement("mib", files, hints) as opened:
            signal = opened.signals[0]
            assert (signal.shape, signal.shape_origin) == ((3, 4, 8, 8), origin)
            np.testing.assert_array_equal(signal.read(), frames[:12].reshape(3, 4, 8, 8))
            assert codes(opened) == ["stray_frames_left_out"]
            assert "2 frames more" in opened.findings[0].message
    with open_measurement("mib", {"s.mib": path, "s.hdr": hdr}, ReadHints(frame_axis="time")) as opened:
        assert opened.signals[0].shape == (14, 8, 8)
        assert codes(opened) == ["frame_count_differs", "scan_shape_conflict"]
    with pytest.raises(ReadRefusedError) as caught:  # a whole line too many is another scan
        open_measurement("mib", {"s.mib": path}, ReadHints(scan_shape=(5, 2)))
    assert caught.value.finding.code == "scan_shape_mismatch"


def write_scan_with_stray(path: Path, stray: int, rows: int, columns: int) -> Path:
    """Write stray frames, then lines that each begin with a longer flyback frame; frame (r, c) is 10 + r + c."""
    with path.open("wb") as handle:
        for number in range(stray + rows * (columns + 1)):
            row, place = divmod(number - stray, columns + 1)
            is_flyback = number >= stray and place == 0
            value = 1 if number < stray else 63 if is_flyback else 9 + row + place
            exposure = b"200000000ns" if is_flyback else b"100000000ns"
            head = frame_header(number + 1, (8, 8), "U08", 6).replace(b"100000000ns", exposure)
            handle.write(head + np.full((8, 8), value, np.uint8).tobytes())
    return path


def test_stray_frames_before_the_first_line_are_left_out_by_the_exposures(tmp_path: Path) -> None:
    path = write_scan_with_stray(tmp_path / "s.mib", 2, 9, 4)
    expected = 10 + np.arange(9)[:, None] + np.arange(4)
    with open_measurement("mib", {"s.mib": path}) as opened:
        signal = opened.signals[0]
        assert (signal.shape, signal.shape_origin) == ((9, 4, 8, 8), "guessed")
        np.testing.assert_array_equal(signal.read()[..., 0, 0], expected)
        np.testing.assert_array_equal(signal.read((slice(2, 4), slice(1, 2)))[..., 0, 0], expected[2:4, 1:2])
        (finding,) = [one for one in opened.findings if one.code == "flyback_frames_left_out"]
        assert "2 stray frames before the first line" in finding.message
        assert "9 of the 47 frames" in finding.message


@given(stray=st.integers(1, 5), rows=st.integers(8, 20), columns=st.integers(7, 12))
def test_every_frame_is_counted_once(stray: int, rows: int, columns: int) -> None:
    exposures = [MS] * stray + ([2 * MS] + [MS] * columns) * rows
    flyback = find_flyback(exposures, len(exposures))
    assert flyback is not None
    assert (flyback.stray, flyback.columns, flyback.rows(len(exposures))) == (stray, columns, rows)
    parts = (
        flyback.stray,
        flyback.count(len(exposures)),
        flyback.count_unfinished(len(exposures)),
        rows * columns,
    )
    assert sum(parts) == len(exposures)


def test_real_24_bit_raw_of_a_quad_has_its_one_count_in_the_lower_bits() -> None:
    """Ten milliseconds without beam: one pixel counted once. Taken the other way round it would be 4096."""
    path = need_realdata("mib", "epsic", "test_24bit_RAW_1frame.mib")
    with open_measurement("mib", {path.name: path}) as opened:
        values = opened.signals[0].read()
    assert (values.shape, values.dtype.name, values.max(), values.sum()) == ((512, 512), "uint32", 1, 1)


def test_raw_of_chips_in_a_row_is_declined_in_words(tmp_path: Path) -> None:
    path = tmp_path / "row.mib"
    path.write_bytes(frame_header(1, (256, 512), "R64", 12, chips=2, layout="2x1") + bytes(256 * 512 * 2))
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("mib", {"row.mib": path})
    finding = caught.value.finding
    assert (finding.code, finding.severity) == ("mib_layout_not_read", "warning")
    assert "Save it as counts" in (finding.hint or "")
