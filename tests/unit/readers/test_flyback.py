"""Merlin frames that were taken while the beam flew back: found by their exposure, left out, counted, never sheared."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.headers import map_vendor_header
from ingest.formats.mib.flyback import find_flyback
from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadHints, ReadRefusedError
from tests.realdata import need_trial
from tests.vendor_files.mib import frame_header, write_hdr

MS = 1_000_000


def write_lines(path: Path, rows: int, columns: int, *, is_first: bool = False) -> Path:
    """Write lines of `columns` positions and one flyback frame of twice the exposure; frame (r, c) is 10 + 3r + c."""
    with path.open("wb") as handle:
        for number in range(rows * (columns + 1)):
            row, place = divmod(number, columns + 1)
            is_flyback = place == (0 if is_first else columns)
            value = 63 if is_flyback else 10 + 3 * row + place - is_first
            head = frame_header(number + 1, (8, 8), "U08", 6)
            exposure = b"200000000ns" if is_flyback else b"100000000ns"
            handle.write(head.replace(b"100000000ns", exposure) + np.full((8, 8), value, np.uint8).tobytes())
    return path


@pytest.mark.parametrize("is_first", [False, True])
def test_flyback_frames_are_left_out_and_counted(tmp_path: Path, *, is_first: bool) -> None:
    path = write_lines(tmp_path / "s.mib", 4, 3, is_first=is_first)
    hdr = write_hdr(tmp_path / "s.hdr", frames=16, per_trigger=4)
    files = {"s.mib": path, "s.hdr": hdr}
    expected = 10 + 3 * np.arange(4)[:, None] + np.arange(3)
    for hints, origin in ((ReadHints(), "guessed"), (ReadHints(scan_shape=(4, 3)), "depositor")):
        with open_measurement("mib", files, hints) as opened:
            signal = opened.signals[0]
            assert (signal.shape, signal.shape_origin) == ((4, 3, 8, 8), origin)
            np.testing.assert_array_equal(signal.read()[:, :, 0, 0], expected)
            np.testing.assert_array_equal(
                signal.read((slice(1, 3), slice(1, 3)))[:, :, 0, 0], expected[1:3, 1:3]
            )
            (finding,) = [f for f in opened.findings if f.code == "flyback_frames_left_out"]
            assert "4 of the 16 frames" in finding.message
            assert "4 × 3" in finding.message
            draft = map_vendor_header("mib", opened.header, [signal.describe()])
            assert draft.document["flyback_pixels"]["value"] == 1


def test_hdr_that_counts_without_flyback_says_the_shape(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "s.mib", 4, 3)
    hdr = write_hdr(tmp_path / "s.hdr", frames=16, per_trigger=4, scan_shape=(4, 3))
    with open_measurement("mib", {"s.mib": path, "s.hdr": hdr}) as opened:
        assert (opened.signals[0].shape, opened.signals[0].shape_origin) == ((4, 3, 8, 8), "file")


def test_every_frame_is_kept_where_the_depositor_says_so_with_a_word_about_the_column(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "s.mib", 4, 3)
    for hints, shape in (
        (ReadHints(scan_shape=(4, 4)), (4, 4, 8, 8)),
        (ReadHints(frame_axis="time"), (16, 8, 8)),
    ):
        with open_measurement("mib", {"s.mib": path}, hints) as opened:
            assert opened.signals[0].shape == shape
            assert "flyback_frames_kept" in [finding.code for finding in opened.findings]
    with pytest.raises(ReadRefusedError):
        open_measurement("mib", {"s.mib": path}, ReadHints(scan_shape=(5, 3)))


def cut(path: Path, frames: int) -> Path:
    """Keep the first frames of a run."""
    raw = path.read_bytes()
    path.write_bytes(raw[: frames * (384 + 64)])
    return path


def test_last_line_needs_no_flyback(tmp_path: Path) -> None:
    path = cut(write_lines(tmp_path / "s.mib", 4, 3), 15)
    for hints in (ReadHints(), ReadHints(scan_shape=(4, 3))):
        with open_measurement("mib", {"s.mib": path}, hints) as opened:
            signal = opened.signals[0]
            np.testing.assert_array_equal(
                signal.read()[..., 0, 0], 10 + 3 * np.arange(4)[:, None] + np.arange(3)
            )
            (finding,) = [f for f in opened.findings if f.code == "flyback_frames_left_out"]
            assert "3 of the 15 frames" in finding.message
            assert "[4, 4]" not in (finding.hint or "")


@pytest.mark.parametrize(("is_first", "frames", "rows"), [(False, 14, 3), (True, 15, 3), (True, 10, 2)])
def test_flyback_of_a_scan_that_was_stopped_is_told_and_can_be_left_out(
    tmp_path: Path, frames: int, rows: int, *, is_first: bool
) -> None:
    path = cut(write_lines(tmp_path / "s.mib", 4, 3, is_first=is_first), frames)
    hdr = write_hdr(tmp_path / "s.hdr", frames=16, per_trigger=4)
    with open_measurement("mib", {"s.mib": path}) as opened:
        assert opened.signals[0].shape == (frames, 8, 8)
        (finding,) = [f for f in opened.findings if f.code == "flyback_frames_kept"]
        assert f"Give the scan shape as {rows} × 3" in (finding.hint or "")
    with open_measurement("mib", {"s.mib": path, "s.hdr": hdr}, ReadHints(scan_shape=(rows, 3))) as opened:
        expected = 10 + 3 * np.arange(rows)[:, None] + np.arange(3)
        np.testing.assert_array_equal(opened.signals[0].read()[..., 0, 0], expected)
        (finding,) = [f for f in opened.findings if f.code == "flyback_frames_left_out"]
        n_flyback = -(-frames // 4) if is_first else frames // 4
        assert f"{n_flyback} of the {frames} frames" in finding.message
        assert f"{frames - n_flyback - 3 * rows} positions of a last line" in finding.message


@given(
    rows=st.integers(2, 6),
    columns=st.integers(1, 8),
    usual=st.integers(1, 10 * MS),
    is_first=st.booleans(),
)
def test_regular_longer_frames_are_flyback(rows: int, columns: int, usual: int, *, is_first: bool) -> None:
    line = [usual] * columns
    exposures = ([usual * 2, *line] if is_first else [*line, usual * 2]) * rows
    found = find_flyback(exposures, len(exposures))
    if columns == 1:  # every second frame: no frame is the usual one
        return
    assert found is not None
    assert (found.line, found.is_first, found.columns) == (columns + 1, is_first, columns)


@pytest.mark.parametrize(
    "exposures",
    [
        [MS] * 16,
        [MS] * 15 + [2 * MS],
        [MS, 2 * MS, MS, MS, MS, 2 * MS, MS, MS] * 2,
        [MS, MS, MS, 2 * MS, MS, MS, 2 * MS, MS],
        [MS, MS, MS, 2 * MS, MS, MS, MS, 2 * MS, MS, 2 * MS, MS, MS],
        [2 * MS, MS, MS, MS, 2 * MS, MS, MS, MS, MS, MS, MS, MS],
        [MS, MS, MS, None] * 4,
        [0] * 16,
        [],
    ],
)
def test_other_exposures_are_not(exposures: list[int | None]) -> None:
    assert find_flyback(exposures, len(exposures)) is None


def test_trial() -> None:
    files = {name: need_trial("A01", name) for name in ("lineskip.mib", "lineskip.hdr")}
    with open_measurement("mib", files) as opened:
        signal = opened.signals[0]
        assert signal.shape == (4, 3, 64, 64)
        assert signal.read()[:, :, 30, 30].tolist() == [[10 + 3 * r + c for c in range(3)] for r in range(4)]
        assert "flyback_frames_left_out" in [finding.code for finding in opened.findings]
