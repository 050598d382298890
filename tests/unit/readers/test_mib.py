"""Merlin MIB: counts and RAW of every depth, parts, hdr, and who says the scan shape."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.mib.unpack import assemble_quad
from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.realdata import list_realdata, need_realdata
from tests.vendor_files.mib import quad_rows, write_hdr, write_mib, write_quad_raw

RAW_DEPTHS = {1: np.uint8, 6: np.uint8, 12: np.uint16, 24: np.uint32}


def counts(frames: int, shape: tuple[int, int], dtype: Any, bits: int) -> npt.NDArray[Any]:
    return default_rng(1).integers(0, 2**bits, (frames, *shape)).astype(dtype)


class TestMib(SaysWhereItEnds, ReadInPython):
    format = "mib"

    def write(self, folder: Path) -> WrittenFile:
        frames = counts(6, (32, 48), np.uint16, 12)
        data = write_mib(folder / "scan.mib", frames)
        hdr = write_hdr(folder / "scan.hdr", frames=6, scan_shape=(2, 3))
        return WrittenFile(
            files={data.name: data, hdr.name: hdr},
            values=frames.reshape(2, 3, 32, 48),
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("mib", "exposure_s"), 0.1),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        path.write_bytes(path.read_bytes() + b"MQ1,")
        return "file_truncated"


class TestRawMib(TestMib):
    def write(self, folder: Path) -> WrittenFile:
        frames = counts(6, (16, 64), np.uint32, 24)
        data = write_mib(folder / "raw.mib", frames, raw_depth=24)
        hdr = write_hdr(folder / "raw.hdr", frames=6, per_trigger=3, depth=24)
        return WrittenFile(
            files={data.name: data, hdr.name: hdr},
            values=frames.reshape(2, 3, 16, 64),
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("hdr", "Counter Depth (number)"), "24"),
        )


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_counts_are_big_endian_in_the_file_and_native_here(tmp_path: Path, dtype: Any) -> None:
    frames = counts(1, (8, 8), dtype, 8 * np.dtype(dtype).itemsize)
    path = write_mib(tmp_path / "one.mib", frames)
    with open_measurement("mib", {"one.mib": path}) as opened:
        assert opened.signals[0].shape == (8, 8)
        assert [axis.name for axis in opened.signals[0].axes] == ["detector_y", "detector_x"]
        np.testing.assert_array_equal(opened.signals[0].read(), frames[0])
        assert not opened.findings


@pytest.mark.parametrize("depth", RAW_DEPTHS)
def test_raw_is_unpacked(tmp_path: Path, depth: int) -> None:
    frames = counts(3, (64, 64), RAW_DEPTHS[depth], depth)
    path = write_mib(tmp_path / "raw.mib", frames, raw_depth=depth)
    with open_measurement("mib", {"raw.mib": path}) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), frames)


@pytest.mark.parametrize("depth", [1, 6, 12, 24])
def test_raw_of_four_chips_is_assembled(tmp_path: Path, depth: int) -> None:
    frames = counts(2, (128, 128), RAW_DEPTHS[depth], depth)
    path = write_quad_raw(tmp_path / "quad.mib", frames, depth)
    with open_measurement("mib", {"quad.mib": path}) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), frames)
        assert ("raw_order_inferred" in {finding.code for finding in opened.findings}) == (depth == 24)


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(1, 3))
def test_assembling_undoes_the_rows_of_a_quad(side: int, frames: int) -> None:
    images = np.arange(frames * 4 * side * side).reshape(frames, 2 * side, 2 * side)
    rows = np.stack([quad_rows(image) for image in images])
    np.testing.assert_array_equal(assemble_quad(rows), images)


def test_without_hdr_the_scan_shape_is_asked_for(tmp_path: Path) -> None:
    path = write_mib(tmp_path / "scan.mib", counts(6, (8, 8), np.uint8, 6))
    with open_measurement("mib", {"scan.mib": path}) as opened:
        assert opened.signals[0].axes[0].name == "position"
        assert opened.signals[0].shape_origin == "guessed"
        assert [(f.code, f.severity) for f in opened.findings] == [("scan_shape_missing", "error")]
        assert "6" in opened.findings[0].hint
    with open_measurement("mib", {"scan.mib": path}, ReadHints(scan_shape=(3, 2))) as opened:
        assert (opened.signals[0].shape, opened.signals[0].shape_origin) == ((3, 2, 8, 8), "depositor")


def test_frames_per_trigger_are_a_guess_and_marked_as_one(tmp_path: Path) -> None:
    path = write_mib(tmp_path / "scan.mib", counts(6, (8, 8), np.uint8, 6))
    hdr = write_hdr(tmp_path / "scan.hdr", frames=6, per_trigger=2)
    files = {"scan.mib": path, "scan.hdr": hdr}
    with open_measurement("mib", files) as opened:
        assert (opened.signals[0].shape, opened.signals[0].shape_origin) == ((3, 2, 8, 8), "guessed")
        assert [(f.code, f.severity) for f in opened.findings] == [("scan_shape_guessed", "warning")]
    with open_measurement("mib", files, ReadHints(scan_shape=(2, 3))) as opened:
        assert (opened.signals[0].shape, opened.signals[0].shape_origin) == ((2, 3, 8, 8), "depositor")


def test_one_trigger_for_all_frames_says_nothing(tmp_path: Path) -> None:
    path = write_mib(tmp_path / "scan.mib", counts(4, (8, 8), np.uint8, 6))
    hdr = write_hdr(tmp_path / "scan.hdr", frames=4, per_trigger=4)
    with open_measurement("mib", {"scan.mib": path, "scan.hdr": hdr}) as opened:
        assert opened.findings[0].code == "scan_shape_missing"


def test_fewer_frames_than_the_hdr_promises_are_a_cut_file_unless_confirmed(tmp_path: Path) -> None:
    path = write_mib(tmp_path / "scan.mib", counts(4, (8, 8), np.uint8, 6))
    hdr = write_hdr(tmp_path / "scan.hdr", frames=8, scan_shape=(2, 4))
    files = {"scan.mib": path, "scan.hdr": hdr}
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("mib", files)
    assert caught.value.finding.code == "file_truncated"
    with open_measurement("mib", files, ReadHints(scan_shape=(1, 4))) as opened:
        assert opened.signals[0].shape == (1, 4, 8, 8)
        assert "frame_count_differs" in {finding.code for finding in opened.findings}


def test_numbered_parts_are_one_run_in_the_order_of_their_frames(tmp_path: Path) -> None:
    frames = counts(6, (8, 8), np.uint16, 12)
    first = write_mib(tmp_path / "s_1.mib", frames[:2], first=1)
    second = write_mib(tmp_path / "s_2.mib", frames[2:], first=3)
    hdr = write_hdr(tmp_path / "s.hdr", frames=6, scan_shape=(2, 3))
    with open_measurement("mib", {"s_2.mib": second, "s_1.mib": first, "s.hdr": hdr}) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), frames.reshape(2, 3, 8, 8))
        np.testing.assert_array_equal(signal.read((slice(0, 1), slice(1, 3))), frames[None, 1:3])
        assert not opened.findings


def test_parts_of_other_frames_are_refused(tmp_path: Path) -> None:
    first = write_mib(tmp_path / "s_1.mib", counts(2, (8, 8), np.uint16, 12))
    second = write_mib(tmp_path / "s_2.mib", counts(2, (8, 16), np.uint16, 12))
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("mib", {"s_1.mib": first, "s_2.mib": second})
    assert caught.value.finding.code == "mib_parts_differ"


def test_jumping_frame_numbers_are_told(tmp_path: Path) -> None:
    frames = counts(4, (8, 8), np.uint8, 6)
    first = write_mib(tmp_path / "s_1.mib", frames[:2], first=1)
    second = write_mib(tmp_path / "s_2.mib", frames[2:], first=30)
    joined = tmp_path / "s.mib"
    joined.write_bytes(first.read_bytes() + second.read_bytes())
    with open_measurement("mib", {"s.mib": joined}, ReadHints(scan_shape=(2, 2))) as opened:
        assert [finding.code for finding in opened.findings] == ["frame_numbers_jump"]


@pytest.mark.parametrize(
    "head",
    [
        b"MQ1,000001,00384,01,0256,-256,U16,1x1",
        b"MQ1,a,b",
        b"MQ1," * 40,
        b"MQ1,1,384,1,9,9,X99,1x1,01,t,1,0,0,0,",
    ],
)
def test_header_of_nonsense_is_refused(tmp_path: Path, head: bytes) -> None:
    path = tmp_path / "bad.mib"
    path.write_bytes(head.ljust(4000, b" "))
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("mib", {"bad.mib": path})
    assert caught.value.finding.code in {"mib_header_unreadable", "file_truncated"}


def test_header_keeps_no_folders_of_the_detectors_computer(tmp_path: Path) -> None:
    path = write_mib(tmp_path / "scan.mib", counts(2, (8, 8), np.uint8, 6))
    hdr = write_hdr(tmp_path / "scan.hdr", frames=2, scan_shape=(1, 2))
    with open_measurement("mib", {"scan.mib": path, "scan.hdr": hdr}) as opened:
        assert opened.header["hdr"]["bpc File"] == "…W559_G11_SPM.bpc,,,"
        assert opened.header["mib"]["thresholds_keV"] == [40.0, 511.0]
        assert opened.header["mib"]["timestamp_utc"] == "2021-05-07T16:51:10.000001928Z"
        assert opened.header["mib"]["last_timestamp_utc"] == "2021-05-07T16:51:10.000002928Z"


# LiberTEM asserts on 1-bit RAW and cannot read 24-bit RAW of a quad.
NOT_BY_LIBERTEM = ("1bit_RAW", "Depth_1_Rows_256RAW", "24bit_RAW")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list_realdata("mib/**/*.mib", without=NOT_BY_LIBERTEM))
def test_equal_to_libertem_on_real_files(name: str) -> None:
    path = need_realdata(name)
    from libertem.api import Context
    from libertem.executor.inline import InlineJobExecutor
    from libertem.udf.raw import PickUDF

    with open_measurement("mib", {path.name: path}) as opened:
        ours = opened.signals[0].read()
    context = Context(executor=InlineJobExecutor())
    frames = ours.reshape(-1, *ours.shape[-2:])
    loaded = context.load("mib", path=str(path), nav_shape=(1, len(frames)), disable_glob=True)
    roi = np.ones((1, len(frames)), bool)
    theirs = context.run_udf(loaded, PickUDF(), roi=roi)["intensity"].data
    np.testing.assert_array_equal(theirs.reshape(frames.shape), frames)


def test_one_bit_raw_has_the_same_noisy_pixels_as_counts() -> None:
    """The same detector a minute apart: pixels that count without beam agree only if unpacked rightly."""
    folder = need_realdata("mib", "rsciio", "Merlin_Single_Quad")
    means = []
    for name in ("Quad_9_Frame_CounterDepth_1_Rows_256.mib", "Quad_9_Frame_CounterDepth_1_Rows_256RAW.mib"):
        with open_measurement("mib", {name: folder / name}) as opened:
            means.append(opened.signals[0].read().astype(float).mean(axis=0))
    plain, raw = means
    right = np.corrcoef(plain.ravel(), raw.ravel())[0, 1]
    wrong = max(np.corrcoef(plain.ravel(), np.flip(raw, axes).ravel())[0, 1] for axes in (0, 1, (0, 1)))
    assert right > 0.5
    assert right > wrong + 0.3
