"""MRC of Direct Electron's server: its text, images of its detectors, places of its scans, and references."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

from ingest.formats.grouping import group_files
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import Grouping, OpenedFile, ReadHints, ReadRefusedError
from tests.realdata import need_realdata
from tests.vendor_files.mrc import write_mrc
from tests.vendor_files.seq import write_reference

INFO = {
    "Server Software Version": "2.7.4",
    "Timestamp (seconds since Epoch)": 1729539410,
    "Scan - Enable": "Enable",
    "Scan - Type": "Raster",
    "Scan - Size X": 3,
    "Scan - Size Y": 2,
    "Specimen Pixel Size X (nanometers)": 0.1,
    "Specimen Pixel Size Y (nanometers)": 0.2,
}
PLACES = [(0, 0), (4, 1), (2, 1), (2, 3), (1, 0), (4, 1)]  # x, y


def write_info(path: Path, **changed: Any) -> Path:
    said = {**INFO, **{key: value for key, value in changed.items() if value is not None}}
    path.write_text("".join(f"{name:<60} = {value}\n" for name, value in said.items()))
    return path


def write_movie(folder: Path, name: str = "s_movie.mrc", frames: int = 6) -> Path:
    values = default_rng(4).integers(0, 99, (frames, 4, 5)).astype(np.uint16)
    return write_mrc(folder / name, values, cell=(-40.0, -40.0, 0.0))


def write_places(path: Path, places: Any = PLACES) -> Path:
    path.write_text("".join(f"{x},{y}\n" for x, y in places))
    return path


def open_movie(*paths: Path, **hints: Any) -> OpenedFile:
    return open_measurement("mrc", {path.name: path for path in paths}, ReadHints(**hints))


def group(*paths: Path) -> Grouping:
    return group_files({path.name: recognize(path, path.name) for path in paths})


def name_axes(opened: OpenedFile) -> list[tuple[str, str | None, float | None]]:
    return [(axis.name, axis.unit, axis.scale) for axis in opened.signals[0].axes]


def test_description_gives_its_movie_the_scan(tmp_path: Path) -> None:
    movie, info = write_movie(tmp_path), write_info(tmp_path / "s_info.txt")
    lone = write_info(tmp_path / "t_info.txt")
    grouping = group(movie, info, lone)
    assert [measurement.files for measurement in grouping.measurements] == [("s_movie.mrc", "s_info.txt")]
    assert [finding.code for finding in grouping.findings["t_info.txt"]] == ["companion_unused"]
    with open_movie(movie, info) as opened:
        signal = opened.signals[0]
        assert signal.shape == (2, 3, 4, 5)
        assert signal.shape_origin == "file"
        assert [axis.scale for axis in signal.axes] == [0.2, 0.1, None, None]


def test_what_the_server_saved_of_an_acquisition_is_one_measurement(tmp_path: Path) -> None:
    movie, info = (
        write_movie(tmp_path, "20241021_5_0_movie.mrc"),
        write_info(tmp_path / "20241021_5_info.txt"),
    )
    scan, frame = np.ones((1, 2, 3), np.float32), np.ones((1, 4, 5), np.float32)
    images = {
        "20241021_5_0_Virt 0_sum.mrc": ("virt_0_sum", scan, ["scan_y", "scan_x"]),
        "20241021_5_suffix_virt1_BF_difference_x.mrc": ("bf_difference_x", scan, ["scan_y", "scan_x"]),
        "20241021_5_ext1_HAADF.mrc": ("haadf", scan, ["scan_y", "scan_x"]),
        "20241021_5_ext2.mrc": ("external_2", 2 * scan, ["scan_y", "scan_x"]),
        "20241021_5_final.mrc": ("final", frame, ["detector_y", "detector_x"]),
        "20241021_5_0_Virt 0_sum_.mrc": ("virt_0_sum_2", np.ones((1, 7, 7), np.float32), ["y", "x"]),
    }
    paths = [write_mrc(tmp_path / name, values) for name, (_, values, _) in images.items()]
    dark = write_reference(tmp_path / "20241021_5_dark.mrc", np.full((4, 5), 7, np.float32))
    others = [write_mrc(tmp_path / name, frame) for name in ("20241021_50_final.mrc", "20241021_5.mrc")]
    grouping = group(movie, info, *paths, dark, *others)
    found = {one.primary: set(one.companions) for one in grouping.measurements}
    assert found == {
        movie.name: {info.name, dark.name, *images},
        others[0].name: set(),
        others[1].name: set(),
    }
    with open_movie(movie, info, *paths, dark) as opened:
        signals = {signal.name: signal for signal in opened.signals}
        assert set(signals) == {"data", "dark_reference", *(name for name, _, _ in images.values())}
        for name, values, axes in images.values():
            assert [axis.name for axis in signals[name].axes] == axes
            np.testing.assert_array_equal(signals[name].read(), values[0])
        assert [axis.scale for axis in signals["haadf"].axes] == [0.2, 0.1]
        assert (signals["dark_reference"].read() == 7).all()


def test_sum_of_frames_is_no_image_of_a_scan_of_their_size(tmp_path: Path) -> None:
    size = {
        "Scan - Size X": 5,
        "Scan - Size Y": 4,
        "Diffraction Pixel Size X": 0.3,
        "Diffraction Pixel Size Y": 0.3,
    }
    info = write_info(tmp_path / "s_info.txt", **size)
    both = np.ones((1, 4, 5), np.float32)
    names = ("s_final.mrc", "s_dark.mrc", "s_0_V_sum.mrc")
    images = [write_mrc(tmp_path / name, both) for name in names]
    with open_movie(write_movie(tmp_path, frames=20), info, *images) as opened:
        axes = {
            signal.name: [(axis.name, axis.unit) for axis in signal.axes] for signal in opened.signals[1:]
        }
    detector = [("detector_y", "nm-1"), ("detector_x", "nm-1")]
    assert axes == {
        "final": detector,
        "dark_reference": detector,
        "v_sum": [("scan_y", "nm"), ("scan_x", "nm")],
    }


def test_names_alone_make_nothing_part_of_an_acquisition(tmp_path: Path) -> None:
    paths = [write_movie(tmp_path), write_mrc(tmp_path / "s_final.mrc", np.ones((1, 4, 5), np.float32))]
    assert [one.companions for one in group(*paths).measurements] == [(), ()]


def test_two_movies_do_not_share_one_description(tmp_path: Path) -> None:
    info = write_info(tmp_path / "s_info.txt")
    grouping = group(write_movie(tmp_path, "s_0_movie.mrc"), write_movie(tmp_path, "s_1_movie.mrc"), info)
    assert [one.files for one in grouping.measurements] == [
        ("s_0_movie.mrc", "s_info.txt"),
        ("s_1_movie.mrc",),
    ]
    assert [finding.code for finding in grouping.findings["s_1_movie.mrc"]] == ["companion_shared"]


def test_image_that_is_cut_is_told_and_done_without(tmp_path: Path) -> None:
    movie, info = write_movie(tmp_path), write_info(tmp_path / "s_info.txt")
    image = write_mrc(tmp_path / "s_0_V_sum.mrc", np.ones((1, 2, 3), np.float32))
    image.write_bytes(image.read_bytes()[:-1])
    with open_movie(movie, info, image) as opened:
        assert [signal.name for signal in opened.signals] == ["data"]
        assert [(one.code, one.severity) for one in opened.findings] == [("file_truncated", "warning")]


def test_places_of_a_scan_are_an_array_beside_its_frames(tmp_path: Path) -> None:
    movie = write_movie(tmp_path)
    info = write_info(tmp_path / "s_info.txt", **{"Scan - Type": "XY File"})
    places = write_places(tmp_path / "s_scan_coordinates.csv")
    (measurement,) = group(movie, info, places).measurements
    assert measurement.companions == (info.name, places.name)
    with open_movie(movie, info, places) as opened:
        assert not opened.findings
        assert [axis.name for axis in opened.signals[0].axes] == ["position", "detector_y", "detector_x"]
        assert opened.signals[0].shape_origin == "file"
        found = opened.signals[1]
        assert (found.name, found.shape) == ("scan_coordinates", (6, 2))
        assert found.read().tolist() == [[y, x] for x, y in PLACES]
        assert found.read((slice(1, 3),)).tolist() == [[1, 4], [1, 2]]
    with open_movie(movie, info, places, scan_shape=(3, 2)) as opened:  # the depositor knows better
        assert opened.signals[0].shape == (3, 2, 4, 5)


@pytest.mark.parametrize(
    "changed",
    [
        {"Scan - Type": "XY File"},
        {"Scan - ROI Enable": "Enable", "Scan - ROI Type": "Random"},
        {"Scan - Subsampling Is Random": "Enable"},
        {"Scan - ROI Enable": "Enable", "Scan - ROI Subsampling Is Random": "Enable"},
    ],
)
def test_scan_at_random_places_is_not_folded(tmp_path: Path, changed: dict[str, str]) -> None:
    info = write_info(tmp_path / "s_info.txt", **changed)
    with open_movie(write_movie(tmp_path), info) as opened:
        assert opened.signals[0].axes[0].name == "position"
        assert {one.code for one in opened.findings} == {"scan_shape_missing", "mrc_positions_elsewhere"}


@pytest.mark.parametrize(
    "text",
    [
        "0,0\n1,1\n",
        "0,0\n" * 7,
        "1,2\n" * 5 + "1,x\n",
        "1,2\n" * 5 + "-1,2\n",
        "9" * 40 + ",1\n1,1\n1,1\n1,1\n1,1\n1,1\n",
    ],
)
def test_list_of_places_that_does_not_fit_is_told_and_the_shape_asked(tmp_path: Path, text: str) -> None:
    movie = write_movie(tmp_path)
    info = write_info(tmp_path / "s_info.txt", **{"Scan - Type": "XY File"})
    places = tmp_path / "s_scan_coordinates.csv"
    places.write_text(text)
    with open_movie(movie, info, places) as opened:
        codes = {one.code: one.severity for one in opened.findings}
        assert codes["scan_coordinates_unreadable"] == "warning"
        assert codes["scan_shape_missing"] == "error"
        assert len(opened.signals) == 1


def test_pairs_of_numbers_of_another_name_are_no_places(tmp_path: Path) -> None:
    assert recognize(write_places(tmp_path / "data.csv"), "data.csv").format != "mrc"
    prose = tmp_path / "s_scan_coordinates.csv"
    prose.write_text("x,y\n1,2\n")
    assert recognize(prose, prose.name).format != "mrc"


def test_part_of_a_scan_has_its_own_size(tmp_path: Path) -> None:
    part = {"Scan - ROI Enable": "Enable", "Scan - ROI Size X": 2, "Scan - ROI Size Y": 3}
    with open_movie(write_movie(tmp_path), write_info(tmp_path / "s_info.txt", **part)) as opened:
        assert opened.signals[0].shape == (3, 2, 4, 5)


def test_repeated_scan_is_a_series_of_scans(tmp_path: Path) -> None:
    info = write_info(tmp_path / "s_info.txt", **{"Scan - Repeats": 2})
    movie = write_movie(tmp_path, frames=12)
    with open_movie(movie, info) as opened:
        assert [axis.name for axis in opened.signals[0].axes][:3] == ["series", "scan_y", "scan_x"]
        stored = np.fromfile(movie, "<u2", offset=1024).reshape(2, 2, 3, 4, 5)
        np.testing.assert_array_equal(opened.signals[0].read(), stored)
        np.testing.assert_array_equal(opened.signals[0].read((slice(1, 2), slice(0, 1))), stored[1:2, :1])


@pytest.mark.parametrize(
    ("changed", "frame"),
    [
        ({"Instrument Project TEMorSTEM Mode": 0}, [("y", "nm", 0.2), ("x", "nm", 0.1)]),
        (
            {"Instrument Project Camera Length (centimeters)": 10},
            [("detector_y", None, None), ("detector_x", None, None)],
        ),
        (
            {
                "Instrument Project TEMorSTEM Mode": 1,
                "Diffraction Pixel Size X": 0.3,
                "Diffraction Pixel Size Y": 0.3,
            },
            [("detector_y", "nm-1", 0.3), ("detector_x", "nm-1", 0.3)],
        ),
        (
            {
                "Instrument Project TEMorSTEM Mode": 1,
                "Diffraction Pixel Size X": 0.3,
                "Diffraction Pixel Size Y": -1,
            },
            [("detector_y", None, None), ("detector_x", None, None)],
        ),
    ],
)
def test_movie_without_a_scan_is_a_series_in_time(tmp_path: Path, changed: Any, frame: Any) -> None:
    settings = {"Scan - Enable": "Disable", "Frames Per Second": 40, "Autosave Movie Sum Count": 2, **changed}
    with open_movie(write_movie(tmp_path), write_info(tmp_path / "s_info.txt", **settings)) as opened:
        assert name_axes(opened) == [("time", "s", 0.05), *frame]
        assert not opened.findings


def test_scan_size_that_does_not_fit_is_told_and_asked(tmp_path: Path) -> None:
    with open_movie(write_movie(tmp_path, frames=5), write_info(tmp_path / "s_info.txt")) as opened:
        assert [one.code for one in opened.findings] == ["scan_shape_conflict", "scan_shape_missing"]


def test_reference_has_the_sections_that_its_grid_counts(tmp_path: Path) -> None:
    image = default_rng(5).normal(300, 9, (6, 8)).astype(np.float32)
    path = write_reference(tmp_path / "x.seq.dark.mrc", image)
    match = recognize(path, path.name)
    assert (match.format, match.readable, match.label) == ("mrc", True, "MRC, reference of a DE camera")
    with open_movie(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), image)
        assert opened.header["mrc"]["shape"] == [1, 6, 8]
        # Whole numbers in the place of lengths are no implausible step.
        assert [(one.code, one.severity) for one in opened.findings] == [("mrc_is_reference", "info")]
    whole = path.read_bytes()
    path.write_bytes(whole + whole[1024:])
    with open_movie(path) as opened:
        assert [one.code for one in opened.findings] == ["bytes_left_over", "mrc_is_reference"]
    path.write_bytes(whole[:-1])
    with pytest.raises(ReadRefusedError) as caught:
        open_movie(path)
    assert caught.value.finding.code == "file_truncated"


def test_reference_whose_grid_counts_nothing_goes_by_its_size(tmp_path: Path) -> None:
    image = default_rng(5).normal(300, 9, (6, 8)).astype(np.float32)
    path = write_reference(tmp_path / "x.mrc", image)
    raw = bytearray(path.read_bytes() + image.tobytes())
    raw[36:40] = bytes(4)
    path.write_bytes(bytes(raw))
    with open_movie(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), np.stack([image, image]))


@pytest.mark.filterwarnings("ignore")
def test_rosettasciio_gives_the_same_of_the_real_acquisition() -> None:
    from rsciio.mrc import file_reader

    folder = need_realdata("mrc/rsciio")
    movie = folder / "20241021_00405_movie.mrc"
    (theirs,) = file_reader(str(movie))
    paths = sorted(path for path in folder.glob("20241021_00405_*") if path != movie)
    with open_movie(movie, *paths) as opened:
        found = {signal.name: signal.read() for signal in opened.signals}
    np.testing.assert_array_equal(found["data"], theirs["data"])
    navigators = theirs["metadata"]["_HyperSpy"]["navigators"]
    for name, key in (("virt_0_sum", "_sig_Virt 0"), ("virt_1_sum", "_sig_Virt 1"), ("ext_1", "_sig_Ext 1")):
        np.testing.assert_array_equal(found[name], navigators[key]["data"])
    np.testing.assert_array_equal(found["final"], theirs["data"].astype(float).sum(axis=(0, 1)))


@pytest.mark.filterwarnings("ignore")
def test_rosettasciio_puts_frames_at_the_same_places() -> None:
    """It fills a grid of y, x and repeats, which it names time, y and x; here each frame stays, with its place."""
    from rsciio.mrc import file_reader

    movie = need_realdata("mrc/rsciio/Custom_movie.mrc")
    beside = [movie.with_name("Custom_info.txt"), movie.with_name("Custom_scan_coordinates.csv")]
    (theirs,) = file_reader(str(movie), metadata_file=str(beside[0]), scan_file=str(beside[1]))
    with open_movie(movie, *beside) as opened:
        frames, places = (signal.read() for signal in opened.signals)
    assert theirs["data"].shape == (5, 5, 2, 16, 16)
    for number, (y, x) in enumerate(places):
        np.testing.assert_array_equal(frames[number], theirs["data"][y, x, number // 15])
