"""StreamPix SEQ: what every reader promises, halves of a detector, and what lies beside a sequence."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.vendor_files.seq import (
    as_files,
    build_header,
    write_config,
    write_halves,
    write_records,
    write_reference,
    write_seq,
)

AXES = ("scan_y", "scan_x", "detector_y", "detector_x")


class TestSeq(SaysWhereItEnds, ReadInPython):
    format = "seq"
    cut_codes = frozenset({"seq_header_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 4000, (12, 5, 7)).astype(np.uint16)
        path = write_seq(folder / "scan.seq", values)
        return WrittenFile(
            files=as_files([path]),
            values=values.reshape(3, 4, 5, 7),
            axes=AXES,
            header_value=(("seq", "shape"), [5, 7]),
            hints=ReadHints(scan_shape=(3, 4)),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        raw = bytearray(path.read_bytes())
        raw[572:576] = (10**9).to_bytes(4, "little")
        path.write_bytes(bytes(raw))
        return "file_truncated"


class TestCeleritas(SaysWhereItEnds):
    """Two halves, four frames to a stored image, with all that lies beside them."""

    format = "seq"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(6).integers(0, 4000, (24, 6, 8)).astype(np.uint16)
        halves = write_halves(folder, values, per_image=4)
        beside = [
            write_records(folder / f"{halves[0].name}.metadata", 6, camera=False),
            write_config(folder / "scan.seq.Config.Metadata.xml", (6, 8), SegmentPreBuffer=4),
            write_reference(folder / "scan.seq.dark.mrc", np.ones((6, 8), np.float32)),
        ]
        return WrittenFile(
            files=as_files([*halves, *beside]),
            values=values.reshape(4, 6, 6, 8),
            axes=AXES,
            header_value=(("seq", "frames_per_image"), 4),
            hints=ReadHints(scan_shape=(4, 6)),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        raw = bytearray(path.read_bytes())
        raw[552:556] = (10**6).to_bytes(4, "little")  # rows
        path.write_bytes(bytes(raw))
        return "seq_header_unreadable"


def open_seq(*paths: Path, **hints: Any) -> OpenedFile:
    return open_measurement("seq", as_files(paths), ReadHints(**hints))


def map_opened(opened: OpenedFile) -> dict[str, Any]:
    return map_vendor_header("seq", opened.header, [signal.describe() for signal in opened.signals]).document


def refusal(*paths: Path) -> tuple[str, str]:
    with pytest.raises(ReadRefusedError) as caught:
        open_seq(*paths)
    assert caught.value.finding.hint
    return caught.value.finding.code, caught.value.finding.message


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
@pytest.mark.parametrize("version", [4, 5])
@pytest.mark.parametrize("stride", [None, 400])
def test_every_depth_version_and_distance(
    tmp_path: Path, dtype: Any, version: int, stride: int | None
) -> None:
    values = default_rng(1).integers(0, 200, (5, 6, 7)).astype(dtype)
    path = write_seq(tmp_path / "a.seq", values, version=version, stride=stride)
    with open_seq(path) as opened:
        signal = opened.signals[0]
        assert (signal.dtype, signal.axes[0].name, signal.shape_origin) == (dtype, "position", "guessed")
        np.testing.assert_array_equal(signal.read(), values)
        assert [finding.code for finding in opened.findings] == ["scan_shape_missing"]
        assert opened.findings[0].pointer == "/scan_shape"


def test_one_frame_is_a_frame(tmp_path: Path) -> None:
    with open_seq(write_seq(tmp_path / "a.seq", np.ones((1, 4, 4), np.uint16))) as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["detector_y", "detector_x"]
        assert not opened.findings
        assert len(opened.signals) == 1


def test_times_of_frames_are_an_array_beside_them(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "a.seq", np.zeros((6, 4, 4), np.uint16), interval_us=700_123)
    with open_seq(path, scan_shape=(2, 3)) as opened:
        times = opened.signals[1]
        assert (times.name, times.shape, times.intensity_unit) == ("frame_time", (2, 3), "s")
        expected = np.arange(6).reshape(2, 3) * 700_123 / 1e6
        np.testing.assert_array_equal(times.read(), expected)
        document = map_opened(opened)
    assert document["acquired_at"]["value"] == "2022-08-11T18:49:10Z"
    assert document["acquisition_duration"]["value"] == pytest.approx(5 * 0.700123)
    old = write_seq(tmp_path / "old.seq", np.zeros((2, 4, 4), np.uint16), interval_us=700_123, version=4)
    with open_seq(old) as opened:  # milliseconds were all that it stored
        assert opened.signals[1].read().tolist() == [0.0, 0.7]
    same = write_seq(tmp_path / "same.seq", np.zeros((2, 4, 4), np.uint16), interval_us=0)
    with open_seq(same) as opened:
        assert [signal.name for signal in opened.signals] == ["data"]


def test_frames_of_a_buffer_share_its_time(tmp_path: Path) -> None:
    halves = write_halves(tmp_path, np.zeros((6, 4, 4), np.uint16), per_image=2)
    config = write_config(tmp_path / "scan.seq.Config.Metadata.xml", (4, 4), SegmentPreBuffer=2)
    with open_seq(*halves, config) as opened:
        assert opened.signals[1].read().tolist() == [0.0, 0.0, 0.001, 0.001, 0.002, 0.002]


def test_series_in_time_is_as_fast_as_the_camera_says_and_not_as_it_is_replayed(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "a.seq", np.zeros((6, 4, 4), np.uint16))
    config = write_config(tmp_path / "a.seq.Config.Metadata.xml", (4, 4), FrameRate=250.0)
    with open_seq(path, config, frame_axis="time") as opened:
        axis = opened.signals[0].axes[0]
        assert (axis.name, axis.unit, axis.scale) == ("time", "s", 0.004)


def test_references_lie_beside_the_frames_and_change_nothing(tmp_path: Path) -> None:
    values = np.full((4, 4, 6), 300, np.uint16)
    dark = default_rng(2).normal(200, 9, (4, 6)).astype(np.float32)
    paths = [
        write_seq(tmp_path / "a.seq", values),
        write_reference(tmp_path / "a.seq.dark.mrc", dark),
        write_reference(tmp_path / "a.seq.gain.mrc", np.full((4, 6), 1.5, np.float32)),
    ]
    with open_seq(*paths, scan_shape=(2, 2)) as opened:
        found = {signal.name: signal.read() for signal in opened.signals}
    assert set(found) == {"data", "dark_reference", "gain_reference", "frame_time"}
    np.testing.assert_array_equal(found["data"], values.reshape(2, 2, 4, 6))
    np.testing.assert_array_equal(found["dark_reference"], dark)
    assert (found["gain_reference"] == 1.5).all()


def test_what_lies_beside_and_cannot_be_read_is_told_and_done_without(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "a.seq", np.zeros((2, 4, 4), np.uint16))
    dark = write_reference(tmp_path / "a.seq.dark.mrc", np.ones((4, 4), np.float32))
    dark.write_bytes(dark.read_bytes()[:-4])
    config = write_config(tmp_path / "a.seq.Config.Metadata.xml", (4, 4))
    config.write_text(config.read_text()[:-40])
    records = write_records(tmp_path / "a.seq.metadata", 2)
    records.write_bytes(records.read_bytes()[:-1])
    with open_seq(path, dark, config, records) as opened:
        told = [(one.code, one.severity) for one in opened.findings if one.code != "scan_shape_missing"]
        assert sorted(told) == [
            ("file_truncated", "warning"),
            ("seq_records_unreadable", "warning"),
            ("xml_unreadable", "warning"),
        ]
        assert opened.signals[0].shape == (2, 4, 4)


def test_settings_that_define_entities_are_not_read(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "a.seq", np.zeros((1, 4, 4), np.uint16))
    config = tmp_path / "a.seq.Config.Metadata.xml"
    config.write_text('<!DOCTYPE x [<!ENTITY a "b">]><Configuration><FileInfo/></Configuration>')
    with open_seq(path, config) as opened:
        assert "entities" in opened.findings[0].message


def test_halves_need_each_other_and_the_height_of_a_frame(tmp_path: Path) -> None:
    top, bottom = write_halves(tmp_path, np.zeros((6, 4, 4), np.uint16))
    assert refusal(top) == (
        "companion_missing",
        f"{top.name} is half of a detector: of each frame it holds every row of one side.",
    )
    code, message = refusal(top, bottom)
    assert code == "seq_frame_height_unknown"
    assert "2 × 4" in message
    dark = write_reference(tmp_path / "scan.seq.dark.mrc", np.ones((4, 4), np.float32))
    with open_seq(top, bottom, dark) as opened:
        assert opened.signals[0].shape == (6, 4, 4)
    other = write_seq(tmp_path / "scan_Bottom_2.seq", np.zeros((6, 3, 4), np.uint16))
    assert refusal(top, other, dark)[0] == "seq_halves_differ"
    assert (
        refusal(top, write_seq(tmp_path / "x.seq", np.zeros((6, 2, 4), np.uint16)))[0] == "seq_halves_differ"
    )
    narrow = write_config(tmp_path / "scan.seq.Config.Metadata.xml", (4, 5))
    assert refusal(top, bottom, narrow)[0] == "seq_halves_differ"


def test_halves_of_unequal_length_are_read_as_far_as_both_go(tmp_path: Path) -> None:
    values = default_rng(3).integers(0, 99, (6, 4, 4)).astype(np.uint16)
    top, bottom = write_halves(tmp_path, values)
    write_seq(bottom, values[:5, 2:])
    config = write_config(tmp_path / "scan.seq.Config.Metadata.xml", (4, 4))
    with open_seq(top, bottom, config) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values[:5])
        (finding,) = [one for one in opened.findings if one.code == "seq_halves_differ"]
        assert finding.severity == "warning"
        assert "6 images" in finding.message


@pytest.mark.parametrize(
    ("shape", "buffered", "frames", "codes"),
    [
        ((4, 4), 256, (2, 4, 4), []),  # merged of halves that had several frames to an image
        ((2, 4), 2, (4, 2, 4), []),
        ((2, 4), 1, (2, 4, 4), ["seq_settings_differ"]),
        ((3, 4), 1, (2, 4, 4), ["seq_settings_differ"]),
        ((4, 5), 1, (2, 4, 4), ["seq_settings_differ"]),
    ],
)
def test_settings_of_another_scan_are_told(
    tmp_path: Path, shape: tuple[int, int], buffered: int, frames: tuple[int, ...], codes: list[str]
) -> None:
    values = np.arange(32, dtype=np.uint16).reshape(2, 4, 4)
    path = write_seq(tmp_path / "a.seq", values)
    config = write_config(tmp_path / "a.seq.Config.Metadata.xml", shape, SegmentPreBuffer=buffered)
    with open_seq(path, config) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values.reshape(frames))
        assert [one.code for one in opened.findings] == [*codes, "scan_shape_missing"]


def test_halves_whose_settings_deny_each_other_are_told(tmp_path: Path) -> None:
    halves = write_halves(tmp_path, np.zeros((6, 4, 4), np.uint16), per_image=2)
    config = write_config(tmp_path / "scan.seq.Config.Metadata.xml", (4, 4), SegmentPreBuffer=3)
    with open_seq(*halves, config) as opened:
        (finding,) = [one for one in opened.findings if one.code == "seq_settings_differ"]
        assert "2 lie in each" in finding.message
        assert opened.signals[0].shape == (6, 4, 4)


def test_reference_of_another_size_is_told_and_changes_no_frame(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "a.seq", np.zeros((2, 4, 4), np.uint16))
    dark = write_reference(tmp_path / "a.seq.dark.mrc", np.ones((2, 4), np.float32))
    with open_seq(path, dark, scan_shape=(1, 2)) as opened:
        assert opened.signals[0].shape == (1, 2, 4, 4)
        assert [(one.code, one.severity) for one in opened.findings] == [
            ("reference_size_differs", "warning")
        ]


def test_places_that_were_reserved_and_not_filled_are_no_frames(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "a.seq", np.ones((2, 4, 4), np.uint16))
    path.write_bytes(path.read_bytes() + bytes(3 * 512))
    with open_seq(path, scan_shape=(1, 2)) as opened:
        assert [(one.code, one.severity) for one in opened.findings] == [("seq_places_empty", "info")]
        assert opened.signals[0].shape == (1, 2, 4, 4)
    path.write_bytes(path.read_bytes()[: -3 * 512] + b"\x01" * (3 * 512))
    with open_seq(path, scan_shape=(1, 2)) as opened:
        assert [one.code for one in opened.findings] == ["bytes_left_over"]


@pytest.mark.parametrize(
    ("header", "code", "said"),
    [
        ({"compression": 1}, "seq_pixels_not_read", "compressed"),
        ({"kind": 200}, "seq_pixels_not_read", "format 200"),
    ],
)
def test_what_is_not_read_says_what_it_is(tmp_path: Path, header: Any, code: str, said: str) -> None:
    found, message = refusal(write_seq(tmp_path / "a.seq", np.zeros((2, 4, 4), np.uint16), **header))
    assert (found, said in message) == (code, True)


@pytest.mark.parametrize(
    ("offset", "number", "code"),
    [
        (548, 10**9, "seq_header_unreadable"),
        (552, 0, "seq_header_unreadable"),
        (556, 12, "seq_pixels_not_read"),
        (564, 2**31, "seq_header_unreadable"),
        (572, 0, "seq_frames_not_counted"),
        (572, 10**9, "file_truncated"),
        (580, 0, "seq_header_unreadable"),
        (580, 39, "seq_header_unreadable"),
        (580, 2**31, "file_truncated"),
    ],
)
def test_sizes_that_a_header_claims_are_checked_before_anything_is_made(
    tmp_path: Path, offset: int, number: int, code: str
) -> None:
    path = write_seq(tmp_path / "a.seq", np.zeros((2, 4, 4), np.uint16))
    raw = bytearray(path.read_bytes())
    raw[offset : offset + 4] = number.to_bytes(4, "little")
    path.write_bytes(bytes(raw))
    assert refusal(path)[0] == code


def test_a_record_is_believed_where_it_says_that_it_describes_the_camera(tmp_path: Path) -> None:
    """A Celeritas writes a counter, and what the memory held behind it: bytes that look like a camera length."""
    path = write_seq(tmp_path / "a.seq", np.zeros((2, 4, 4), np.uint16))
    records = write_records(tmp_path / "a.seq.metadata", 2, camera_length=0.25)
    whole = records.read_bytes()
    with open_seq(path, records) as opened:
        assert opened.header["record"]["CameraLength"] == 0.25
        assert opened.header["record"]["Date"] == "2022-08-11 14:21:27.69"
        assert map_opened(opened)["camera_length"]["value"] == 250.0
    for at, number in ((256, 24), (264, 10), (268, 8)):  # bytes in use, kind, bytes of the content
        records.write_bytes(whole[:at] + number.to_bytes(4, "little") + whole[at + 4 :])
        with open_seq(path, records) as opened:
            assert opened.header["record"] == {}
    write_records(records, 2, camera=False)
    with open_seq(path, records) as opened:
        assert opened.header["record"] == {}


def test_image_that_no_camera_gives_is_refused_however_large_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "a.seq"
    side, stride = 2**15, 2**31 + 8
    path.write_bytes(build_header((side, side), 1, stride))
    with path.open("rb+") as file:
        file.truncate(8192 + stride)
    code, message = refusal(path)
    assert (code, "more than any camera gives" in message) == ("seq_header_unreadable", True)
