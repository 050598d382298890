"""Headers that cannot be true: absurd calibrations, lengths that lie, bytes that moved; values kept, nothing silent."""

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import Axis, ReadRefusedError
from ingest.readers.implausible_scales import find_fault
from tests.vendor_files.blockfile import write_blockfile
from tests.vendor_files.dm import write_dm

STEM = {"Microscope Info": {"Illumination Mode": "STEM"}}


@pytest.mark.parametrize(
    ("unit", "scale", "offset", "is_true"),
    [
        ("nm", 0.2, 0.0, True),
        ("nm", -3.9e-177, 0.0, False),
        ("nm", 18_325.0, 0.0, True),
        ("nm", 1e12, 0.0, False),
        ("nm", float("nan"), 0.0, False),
        ("nm", float("inf"), 0.0, False),
        ("nm", 0.2, float("nan"), False),
        ("mrad", 8.9e-7, 0.0, False),
        ("mrad", 0.4, -50.0, True),
        ("mrad", 0.4, 1e9, False),
        ("mrad", 100.0, 6200.0, False),
        ("nm-1", 0.05, 0.0, True),
        ("nm-1", 1e-40, 0.0, False),
        ("eV", -0.25, 800.0, True),
        ("eV", 0.25, 1e30, False),
        ("s", 1e-6, 0.0, True),
    ],
)
def test_only_what_some_instrument_gives_is_a_calibration(
    unit: str, scale: float, offset: float, *, is_true: bool
) -> None:
    assert (find_fault(Axis("scan_y", 8, unit, scale, offset)) is None) == is_true


@settings(max_examples=200, deadline=None)
@given(
    scale=st.floats(), offset=st.floats(), unit=st.sampled_from(["nm", "1/nm", "mrad", "eV", "s", "furlong"])
)
def test_any_calibration_in_a_header_is_believable_told_or_absent(
    tmp_path_factory: pytest.TempPathFactory, scale: float, offset: float, unit: str
) -> None:
    path = write_dm(
        tmp_path_factory.mktemp("dm") / "i.dm4",
        np.ones((4, 5), np.uint16),
        calibrations=((offset, scale, unit),) * 2,
        tags=STEM,
    )
    with open_measurement("dm4", {"i.dm4": path}) as opened:
        axes = opened.signals[0].axes
        assert not [axis for axis in axes if find_fault(axis)]
        if axes[0].scale is None and scale != 0:
            assert {f.code for f in opened.findings} & {"header_implausible", "axis_unit_unknown"}
        np.testing.assert_array_equal(opened.signals[0].read(), np.ones((4, 5), np.uint16))


def test_absurd_step_is_told_kept_in_the_header_and_not_used(tmp_path: Path) -> None:
    calibrations = ((0.0, -3.9e-177, "nm"), (0.0, 0.5, "nm"))
    path = write_dm(tmp_path / "i.dm4", np.ones((4, 5), np.uint16), calibrations=calibrations, tags=STEM)
    with open_measurement("dm4", {"i.dm4": path}) as opened:
        assert [axis.scale for axis in opened.signals[0].axes] == [None, 0.5]
        (finding,) = opened.findings
        assert (finding.code, finding.severity, finding.pointer) == (
            "header_implausible",
            "warning",
            "/scan_step",
        )
        assert "-3.9e-177 nm" in finding.message
        image = opened.header["ImageList"]["TagGroup0"]["ImageData"]
        assert image["Calibrations"]["Dimension"]["TagGroup1"]["Scale"] == -3.9e-177


def _two_images(path: Path) -> bytes:
    """Write a DM file whose one image stands twice in its list."""
    write_dm(path, np.arange(20, dtype=np.uint16).reshape(4, 5), thumbnail=True, tags=STEM)
    return path.read_bytes()


@pytest.mark.parametrize("version", [3, 4])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_any_byte_of_a_dm_file(
    tmp_path_factory: pytest.TempPathFactory, version: int, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("dm") / f"i.dm{version}"
    write_dm(path, np.arange(20, dtype=np.uint16).reshape(4, 5), version=version, tags=STEM)
    raw = bytearray(path.read_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(raw))
    with suppress(ReadRefusedError), open_measurement(f"dm{version}", {path.name: path}) as opened:
        assert opened.signals
        is_whole = [signal.shape for signal in opened.signals] == [
            (4, 5)
        ]  # a thumbnail may be called an image
        assert is_whole or opened.findings
        assert not [axis for axis in opened.signals[0].axes if find_fault(axis)]


def test_image_that_is_called_a_thumbnail_is_read_all_the_same(tmp_path: Path) -> None:
    path = tmp_path / "i.dm4"
    raw = _two_images(path)
    at = raw.rindex(b"ImageIndex") + len(b"ImageIndex") + 8 + 4 + 8 + 8  # size, mark, words, type
    assert raw[at : at + 4] == bytes(4)
    path.write_bytes(raw[:at] + (1).to_bytes(4, "little") + raw[at + 4 :])
    with open_measurement("dm4", {"i.dm4": path}) as opened:
        assert opened.signals[0].shape == (4, 5)
        assert "dm_thumbnail_holds_values" in [finding.code for finding in opened.findings]


def test_tags_whose_sizes_deny_each_other_are_told(tmp_path: Path) -> None:
    path = tmp_path / "i.dm4"
    raw = _two_images(path)
    at = raw.index(b"ImageTags") + len(b"ImageTags") + 7
    path.write_bytes(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :])
    with open_measurement("dm4", {"i.dm4": path}) as opened:
        assert [finding.code for finding in opened.findings] == ["dm_tags_disagree"]
        assert opened.signals[0].shape == (4, 5)


@pytest.mark.parametrize(("field", "at"), [("Data_offset_2", 12), ("NX", 24), ("DP_SZ", 20)])
def test_offset_that_moved_is_refused_and_never_shears_the_patterns(
    tmp_path: Path, field: str, at: int
) -> None:
    path = write_blockfile(tmp_path / "s.blo", np.ones((3, 4, 16, 16), np.uint8))
    raw = bytearray(path.read_bytes())
    raw[at] -= 1
    path.write_bytes(bytes(raw))
    if field == "NX":  # the first patterns are where they were; those left over are counted
        with open_measurement("blockfile", {"s.blo": path}) as opened:
            assert "bytes_left_over" in [finding.code for finding in opened.findings]
        return
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("blockfile", {"s.blo": path})
    assert caught.value.finding.code == "blockfile_header_unreadable"


def test_a_sign_that_flipped_makes_no_step(tmp_path: Path) -> None:
    """The step of a Blockfile is a size; a negative one neither calibrates an axis nor fills a field."""
    for place in (30, 38):  # SX, SY
        path = write_blockfile(tmp_path / "s.blo", np.ones((3, 4, 16, 16), np.uint8))
        raw = bytearray(path.read_bytes())
        raw[place + 7] |= 0x80
        path.write_bytes(bytes(raw))
        with open_measurement("blockfile", {"s.blo": path}) as opened:
            assert [axis.scale for axis in opened.signals[0].axes[:2]] == [None, None]
            assert [axis.scale for axis in opened.signals[1].axes] == [None, None]
            (told,) = [finding for finding in opened.findings if finding.code == "header_implausible"]
            assert (told.pointer, told.severity) == ("/scan_step", "warning")
            assert "-12.8" in told.message


def test_bright_field_that_an_offset_moved_is_told(tmp_path: Path) -> None:
    path = write_blockfile(tmp_path / "s.blo", np.ones((3, 4, 16, 16), np.uint8))
    raw = bytearray(path.read_bytes())
    raw[9] |= 0x80  # Data_offset_1
    path.write_bytes(bytes(raw))
    with open_measurement("blockfile", {"s.blo": path}) as opened:
        assert [signal.name for signal in opened.signals] == ["data"]
        assert "header_implausible" in [finding.code for finding in opened.findings]


@pytest.mark.parametrize("name", ["scan.emd", "scan.hspy"])
def test_whole_hdf5_of_another_layout_is_no_web_page(tmp_path: Path, name: str) -> None:
    import h5py

    path = tmp_path / "stored"
    with h5py.File(path, "w") as file:
        file.create_dataset("measurement/counts", data=np.ones((4, 4)))
    match = recognize(path, name)
    (finding,) = match.findings
    assert (match.format, finding.code) == ("hdf5", "content_is_not_extension")
    assert "web page" not in finding.hint
    assert "whole HDF5" in finding.hint


def test_other_content_is_no_web_page_either(tmp_path: Path) -> None:
    for content, is_page in ((b"\n<!DOCTYPE html>\n<html></html>", True), (b"notes on the session", False)):
        path = tmp_path / "stored"
        path.write_bytes(content)
        (finding,) = recognize(path, "scan.dm4").findings
        assert ("web page" in finding.hint) == is_page
