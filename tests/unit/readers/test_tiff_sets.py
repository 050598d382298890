"""TIFF in several files: OME sets, and numbered runs of single frames in a folder."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.random import default_rng

from ingest.formats.grouping import group_files
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.formats.tiff.companions import LEAST_FRAMES
from ingest.readers.contract import Grouping, OpenedFile, ReadHints, ReadRefusedError
from tests.vendor_files.tiff import PageLayout, TiffWriter, write_tiff

OME = "http://www.openmicroscopy.org/Schemas/OME/2016-06"


def describe(
    sizes: dict[str, int], entries: str, *, order: str = "XYZCT", more: str = "", uuid: str = ""
) -> str:
    given = " ".join(f'Size{letter}="{sizes.get(letter, 1)}"' for letter in "XYZCT")
    return (
        f'<?xml version="1.0"?><OME xmlns="{OME}" UUID="{uuid}" Creator="test"><Image ID="Image:0" Name="a b">'
        f"<AcquisitionDate>2024-05-06T07:08:09</AcquisitionDate>"
        f'<Pixels DimensionOrder="{order}" Type="uint16" {given} {more}>{entries}</Pixels></Image></OME>'
    )


def open_files(*paths: Path, **hints: Any) -> OpenedFile:
    return open_measurement("tiff", {path.name: path for path in paths}, ReadHints(**hints))


def group(folder: Path) -> Grouping:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {path.relative_to(folder).as_posix(): path for path in paths}
    return group_files({name: recognize(path, name) for name, path in names.items()})


@pytest.mark.parametrize("axes", ["TZCYX", "ZYX", "CTYX"])
def test_ome_of_one_file_equals_tifffile(tmp_path: Path, axes: str) -> None:
    sizes = {"T": 3, "Z": 4, "C": 2, "Y": 5, "X": 6}
    values = default_rng(2).integers(0, 999, [sizes[letter] for letter in axes]).astype(np.uint16)
    path = tmp_path / "a.ome.tif"
    about = {
        "axes": axes, "PhysicalSizeX": 0.25, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 0.5, "PhysicalSizeYUnit": "nm",
        "PhysicalSizeZ": 2.0, "TimeIncrement": 0.1,
    }  # fmt: skip
    tifffile.imwrite(path, values, metadata=about)
    named = {
        "T": ("time", "s", 0.1), "Z": ("z", "nm", 2000.0), "C": ("channel", None, None), "Y": ("y", "nm", 0.5),
        "X": ("x", "nm", 0.25),
    }  # fmt: skip
    assert recognize(path, path.name).label == "OME-TIFF"
    with open_files(path) as opened, tifffile.TiffFile(path) as theirs:
        found = [(axis.name, axis.unit, axis.scale) for axis in opened.signals[0].axes]
        assert found == [named[letter] for letter in axes]
        np.testing.assert_array_equal(opened.signals[0].read(), theirs.series[0].asarray())
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert opened.findings == ()


def write_set(
    folder: Path, *, names: tuple[str, ...] = ("a_0.ome.tif", "a_1.ome.tif", "a_2.ome.tif")
) -> np.ndarray:
    """Write three files of two planes each; time runs over the files, the planes of a file are slices."""
    values = default_rng(4).integers(0, 999, (3, 2, 5, 6)).astype(np.uint16)
    entries = "".join(
        f'<TiffData FirstT="{time}" FirstZ="{z}" IFD="{z}" PlaneCount="1">'
        f'<UUID FileName="{name}">urn:{time}</UUID></TiffData>'
        for time, name in enumerate(names)
        for z in range(2)
    )
    for time, name in enumerate(names):
        text = describe({"X": 6, "Y": 5, "Z": 2, "T": 3}, entries, uuid=f"urn:{time}")
        writer = TiffWriter()
        for z in range(2):
            writer.add(values[time, z], PageLayout(tags={270: ("ascii", text)} if z == 0 else {}))
        writer.write(folder / name)
    return values


def test_files_of_an_ome_set_are_one_measurement(tmp_path: Path) -> None:
    values = write_set(tmp_path)
    grouping = group(tmp_path)
    (measurement,) = grouping.measurements
    assert measurement.files == ("a_0.ome.tif", "a_1.ome.tif", "a_2.ome.tif")
    assert grouping.findings == {}
    with open_files(*(tmp_path / name for name in measurement.files)) as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["time", "z", "y", "x"]
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert opened.header["ome"]["Image"]["AcquisitionDate"] == "2024-05-06T07:08:09"


def test_missing_file_of_a_set_is_named(tmp_path: Path) -> None:
    write_set(tmp_path)
    (tmp_path / "a_1.ome.tif").unlink()
    grouping = group(tmp_path)
    (finding,) = grouping.findings["a_0.ome.tif"]
    assert (finding.code, finding.severity) == ("companion_missing", "error")
    assert "a_1.ome.tif" in finding.message
    with pytest.raises(ReadRefusedError) as caught:
        open_files(tmp_path / "a_0.ome.tif", tmp_path / "a_2.ome.tif")
    assert caught.value.finding.code == "companion_missing"


@pytest.mark.parametrize("name", ["../secret.tif", "/etc/passwd", "..", "C:\\x.tif", "sub/x.tif"])
def test_paths_in_ome_are_not_followed(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret.tif").write_bytes(b"II*\0")
    folder = tmp_path / "deposit"
    folder.mkdir()
    entries = f'<TiffData IFD="0" PlaneCount="1"><UUID FileName="{name}">urn:other</UUID></TiffData>'
    text = describe({"X": 6, "Y": 5}, entries)
    path = write_tiff(
        folder / "a.ome.tif", [np.zeros((5, 6), np.uint16)], PageLayout(tags={270: ("ascii", text)})
    )
    assert recognize(path, path.name).refers_to == ()
    with pytest.raises(ReadRefusedError) as caught:
        open_files(path)
    assert caught.value.finding.code == "path_inside_file"


def test_renamed_file_of_ome_is_still_its_own(tmp_path: Path) -> None:
    entries = '<TiffData IFD="0" PlaneCount="1"><UUID FileName="old name.ome.tif">urn:1</UUID></TiffData>'
    values = np.arange(30, dtype=np.uint16).reshape(5, 6)
    for uuid in ("urn:1", ""):
        text = describe({"X": 6, "Y": 5}, entries, uuid=uuid)
        path = write_tiff(tmp_path / "new.ome.tif", [values], PageLayout(tags={270: ("ascii", text)}))
        assert group(tmp_path).findings == {}
        with open_files(path) as opened:
            np.testing.assert_array_equal(opened.signals[0].read(), values)


@pytest.mark.parametrize(
    ("sizes", "entries", "code"),
    [
        ({"X": 6, "Y": 5, "Z": 3}, '<TiffData IFD="0"/>', "ome_planes_missing"),
        ({"X": 6, "Y": 5, "Z": 9}, "<TiffData/>", "ome_planes_missing"),
        ({"X": 6, "Y": 4}, "<TiffData/>", "ome_planes_unreadable"),
        ({"X": 6, "Y": 5, "Z": 99_999, "T": 99_999}, "<TiffData/>", "ome_planes_unreadable"),
        ({"X": 6, "Y": 5}, '<TiffData FirstZ="7"/>', "ome_planes_unreadable"),
        ({"X": 6, "Y": 5}, '<TiffData IFD="-1"/>', "ome_planes_unreadable"),
        ({"X": 6, "Y": 5, "Z": 2}, '<TiffData IFD="0" PlaneCount="2"/>' * 9, "ome_planes_unreadable"),
    ],
)
def test_planes_that_cannot_be_are_refused(tmp_path: Path, sizes: Any, entries: str, code: str) -> None:
    text = describe(sizes, entries)
    pages = [np.zeros((5, 6), np.uint16)] * 2
    path = write_tiff(tmp_path / "a.ome.tif", pages, PageLayout(tags={270: ("ascii", text)}))
    with pytest.raises(ReadRefusedError) as caught:
        open_files(path)
    assert caught.value.finding.code == code


def test_pages_that_ome_does_not_tell_of_are_told(tmp_path: Path) -> None:
    text = describe({"X": 6, "Y": 5}, "<TiffData/>")
    writer = TiffWriter()
    writer.add(np.zeros((5, 6), np.uint16), PageLayout(tags={270: ("ascii", text)}))
    writer.add(np.zeros((5, 6), np.uint16))
    with open_files(writer.write(tmp_path / "a.ome.tif")) as opened:
        assert [finding.code for finding in opened.findings] == ["ome_pages_not_told"]


def write_run(folder: Path, count: int, *, start: int = 1, digits: int = 4) -> np.ndarray:
    folder.mkdir(exist_ok=True)
    values = default_rng(7).integers(0, 999, (count, 8, 9)).astype(np.uint16)
    for number, frame in enumerate(values, start):
        write_tiff(folder / f"frame_{number:0{digits}}.tif", [frame])
    return values


def test_three_thousand_single_frames_are_one_series(tmp_path: Path) -> None:
    values = write_run(tmp_path / "scan", 3000, digits=1)  # 10 stands behind 9, not behind 1
    grouping = group(tmp_path)
    (measurement,) = grouping.measurements
    assert measurement.files == tuple(f"scan/frame_{number}.tif" for number in range(1, 3001))
    assert [finding.code for finding in grouping.findings["scan/frame_1.tif"]] == ["frames_are_a_series"]
    files = {name: tmp_path / name for name in measurement.files}
    with open_measurement("tiff", files, ReadHints()) as opened:
        signal = opened.signals[0]
        assert [axis.name for axis in signal.axes] == ["series", "y", "x"]
        np.testing.assert_array_equal(signal.read(), values)
        np.testing.assert_array_equal(signal.read((slice(1000, 1003),)), values[1000:1003])
    with open_measurement("tiff", files, ReadHints(scan_shape=(50, 60))) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values.reshape(50, 60, 8, 9))


def test_frames_that_differ_stay_apart_with_a_warning(tmp_path: Path) -> None:
    write_run(tmp_path, 40)
    write_tiff(tmp_path / "frame_0017.tif", [np.zeros((4, 4), np.uint16)])
    write_tiff(tmp_path / "frame_0018.tif", list(np.zeros((2, 8, 9), np.uint16)))
    grouping = group(tmp_path)
    assert {measurement.primary: len(measurement.files) for measurement in grouping.measurements} == {
        "frame_0001.tif": 38, "frame_0017.tif": 1, "frame_0018.tif": 1,
    }  # fmt: skip
    assert [finding.code for finding in grouping.findings["frame_0017.tif"]] == ["frames_differ"]
    assert [finding.code for finding in grouping.findings["frame_0001.tif"]] == [
        "frames_are_a_series",
        "frames_missing",
    ]


def test_frame_that_changed_after_it_was_recognized_stays_apart(tmp_path: Path) -> None:
    values = write_run(tmp_path, 20)
    odd = default_rng(8).integers(0, 9, (3, 3)).astype(np.uint16)
    write_tiff(tmp_path / "frame_0005.tif", [odd])
    with open_files(*sorted(tmp_path.iterdir())) as opened:
        assert [signal.shape for signal in opened.signals] == [(19, 8, 9), (3, 3)]
        np.testing.assert_array_equal(opened.signals[0].read(), np.delete(values, 4, axis=0))
        np.testing.assert_array_equal(opened.signals[1].read(), odd)
        assert "frames_differ" in [finding.code for finding in opened.findings]


def test_pictures_of_a_session_are_no_series(tmp_path: Path) -> None:
    write_run(tmp_path / "few", LEAST_FRAMES - 1)
    for number in range(40):  # each with a magnification of its own
        tags: Any = {
            282: ("rational", (10**7 + number * 10**5, 1)),
            283: ("rational", (10**7, 1)),
            296: ("short", 3),
        }
        tags[270] = ("ascii", "ImageJ=1.53t\nunit=nm\n")
        write_tiff(tmp_path / f"image_{number:03}.tif", [np.zeros((8, 9), np.uint16)], PageLayout(tags=tags))
    for number in range(0, 400, 10):  # numbers with gaps
        write_tiff(tmp_path / f"far_{number:03}.tif", [np.zeros((8, 9), np.uint16)])
    grouping = group(tmp_path)
    assert {len(measurement.files) for measurement in grouping.measurements} == {1}
    assert grouping.findings == {}
