"""Velox EMD: images, stacks, transforms, spectra and maps against what was written and against another reader."""

import warnings
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.random import default_rng
from rsciio.emd import file_reader

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.formats.velox import events
from ingest.readers.contract import OpenedFile, ReadRefusedError
from tests.reader_contract import ReaderContract, WrittenFile
from tests.realdata import list_realdata, need_realdata
from tests.vendor_files import velox

STREAM = velox.describe(
    BinaryResult={"Detector": "SuperX1", "DetectorIndex": "1"},
    Scan={
        "ScanSize": {"width": "8", "height": "8"},
        "ScanArea": {"left": "0.25", "right": "0.75", "top": "0", "bottom": "0.375"},
    },
)


class TestVelox(ReaderContract):
    format = "velox_emd"
    cut_codes = frozenset({"hdf5_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(1).integers(0, 900, (5, 6, 40)).astype(np.uint16)
        with velox.start(folder / "map.emd") as file:
            velox.add_eels_map(file, values, velox.describe(), {"dispersion": 0.25, "offset": 480})
            velox.add_images(file, np.arange(30, dtype=np.int16).reshape(1, 5, 6), velox.describe())
        return WrittenFile(
            files={"map.emd": folder / "map.emd"},
            values=values,
            axes=("scan_y", "scan_x", "energy"),
            header_value=(("velox", "Optics", "AccelerationVoltage"), "300000"),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        with h5py.File(path, "r+") as file:
            for kind in ("EelsSpectrumImage", "Image"):
                group = next(iter(file[f"Data/{kind}"].values()))
                del group["Data"]
                group.create_dataset("Data", (40_000, 40_000, 40), "u2")
        return "declared_size_implausible"


def open_velox(path: Path) -> OpenedFile:
    return open_measurement("velox_emd", {path.name: path})


def map_opened(opened: OpenedFile) -> dict[str, Any]:
    return map_vendor_header("velox_emd", opened.header, [one.describe() for one in opened.signals]).document


def codes(opened: OpenedFile) -> set[str]:
    return {finding.code for finding in opened.findings}


def test_images_of_all_detectors_come_by_name_with_their_steps_and_angles(tmp_path: Path) -> None:
    with velox.start(tmp_path / "a.emd") as file:
        image = np.arange(12, dtype=np.uint16).reshape(1, 3, 4)
        velox.add_images(file, image, velox.describe())
        velox.add_images(file, image[:, :2] + 5, velox.describe(BinaryResult={"Detector": "BF-S"}), number=2)
    assert recognize(tmp_path / "a.emd", "any").reason == "/Version says Velox"
    with open_velox(tmp_path / "a.emd") as opened:
        main, other = opened.signals
        document = map_opened(opened)
        assert (main.name, other.name) == ("data", "bf_s")
        np.testing.assert_array_equal(main.read(), image[0])
        np.testing.assert_array_equal(other.read(), image[0, :2] + 5)
    assert [(axis.name, axis.unit, axis.scale, axis.offset) for axis in main.axes] == [
        ("scan_y", "nm", 0.1, 0.0),
        ("scan_x", "nm", 0.2, -1.0),
    ]
    (detector,) = document["annular_detectors"]
    assert (detector["name"], detector["signal"]) == ("HAADF", "data")
    assert [detector[f"{end}_angle"]["value"] for end in ("inner", "outer")] == [50, 200]
    assert document["technique"] == ["annular"]
    assert document["semi_convergence_angle"]["value"] == pytest.approx(21.4)
    assert document["acquired_at"]["value"] == "2020-07-29T16:49:51Z"


@pytest.mark.parametrize(
    ("parts", "names", "technique"),
    [
        ({"Optics": {"OperatingMode": "1"}, "Scan": {"ScanSize": {"width": "0"}}}, ("y", "x"), ["tem_image"]),
        ({"BinaryResult": {"PixelUnitX": "1/m", "PixelUnitY": "1/m"}}, ("detector_y", "detector_x"), None),
        ({}, ("scan_y", "scan_x"), ["annular"]),
    ],
)
def test_a_frame_is_named_by_mode_and_unit(
    tmp_path: Path, parts: dict[str, Any], names: tuple[str, str], technique: list[str] | None
) -> None:
    with velox.start(tmp_path / "a.emd") as file:
        velox.add_images(file, np.ones((1, 3, 4), np.uint16), velox.describe(**parts))
    with open_velox(tmp_path / "a.emd") as opened:
        assert tuple(axis.name for axis in opened.signals[0].axes) == names
        document = map_opened(opened)
    assert document.get("technique") == technique
    assert ("semi_convergence_angle" in document) == (parts.get("Optics") is None)


def test_a_stack_has_time_first_and_regions_read_their_frames(tmp_path: Path) -> None:
    images = default_rng(2).integers(-9, 9, (5, 3, 4)).astype(np.int16)
    with velox.start(tmp_path / "a.emd") as file:
        velox.add_images(file, images, velox.describe())
    with open_velox(tmp_path / "a.emd") as opened:
        (signal,) = opened.signals
        np.testing.assert_array_equal(signal.read((slice(1, 4),)), images[1:4])
        assert (signal.axes[0].name, signal.axes[0].unit, signal.axes[0].scale) == ("time", "s", 0.5)


@pytest.mark.parametrize("names", [("realFloatHalfEven", "imagFloatHalfEven"), ("realFloat", "imagFloat")])
def test_pairs_of_floats_are_complex_numbers(tmp_path: Path, names: tuple[str, str]) -> None:
    values = default_rng(3).normal(size=(2, 1, 4, 3)).astype(np.float32)
    pairs = np.empty((1, 4, 3), [(name, "<f4") for name in names])
    pairs[names[0]], pairs[names[1]] = values
    with velox.start(tmp_path / "a.emd") as file:
        group = velox.add_images(
            file, pairs, velox.describe(BinaryResult={"PixelUnitX": "1/m", "PixelUnitY": "1/m"})
        )
        velox.show(file, f"{group.name}", "FFT%231")
    with open_velox(tmp_path / "a.emd") as opened:
        (signal,) = opened.signals
        assert signal.dtype == np.complex64
        np.testing.assert_array_equal(signal.read(), values[0, 0] + 1j * values[1, 0])
        assert signal.orientation.startswith("as stored: the half") == ("Half" in names[0])
        assert opened.header["signals"]["data"]["label"] == "FFT#1"


def write_map(path: Path, counts: list[Any], *, is_last_mark_written: bool = True) -> None:
    with velox.start(path) as file:
        velox.add_stream(file, counts[:2], STREAM, is_last_mark_written=is_last_mark_written)
        velox.add_stream(file, counts[2:], STREAM, number=2)


@given(
    counts=arrays(np.uint8, (4, 3, 4, 16), elements=st.integers(0, 3), fill=st.just(0)),
    is_last_mark_written=st.booleans(),
    rows=st.sampled_from([(0, 3), (1, 2), (2, 3)]),
    columns=st.sampled_from([(0, 4), (1, 3)]),
    run=st.sampled_from([1, 7, 10_000]),
)
def test_an_eds_map_is_the_sum_of_all_events(
    tmp_path_factory: pytest.TempPathFactory,
    counts: Any,
    is_last_mark_written: bool,
    rows: tuple[int, int],
    columns: tuple[int, int],
    run: int,
) -> None:
    path = tmp_path_factory.mktemp("velox") / "a.emd"
    write_map(path, list(counts), is_last_mark_written=is_last_mark_written)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_RUN", run)
        with open_velox(path) as opened:
            signal = opened.signals[0]
            assert signal.dtype == np.uint32
            whole = counts.sum(axis=0, dtype=np.uint32)
            np.testing.assert_array_equal(signal.read(), whole)
            region = (slice(*rows), slice(*columns))
            np.testing.assert_array_equal(signal.read(region), whole[region])
            assert codes(opened) == {"eds_events_summed"}


def test_the_part_that_was_scanned_gives_a_map_its_shape_and_the_detector_its_energies(
    tmp_path: Path,
) -> None:
    """The raster keeps the size of the whole frame: who believes it shears the map."""
    counts = [np.ones((3, 4, 16), np.uint8)] * 4
    write_map(tmp_path / "a.emd", counts)
    with open_velox(tmp_path / "a.emd") as opened:
        (signal,) = opened.signals
        assert [(axis.name, axis.size, axis.unit, axis.scale, axis.offset) for axis in signal.axes] == [
            ("scan_y", 3, "nm", 0.1, 0.0),
            ("scan_x", 4, "nm", 0.2, -1.0),
            ("energy", 16, "eV", 10.0, -200.0),
        ]
        document = map_opened(opened)
    assert document["technique"] == ["eds"]
    assert document["live_time"]["value"] == 12.5
    assert document["eds"]["detector"]["value"] == "SuperX1"


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (-1, {"eds_events_summed"}),
        (-30, {"eds_events_summed", "frame_not_finished", "scan_shape_conflict"}),
    ],
)
def test_a_frame_that_was_not_finished_is_told_and_what_there_is_is_read(
    tmp_path: Path, kept: int, said: set[str]
) -> None:
    counts = np.ones((3, 4, 16), np.uint8)
    with velox.start(tmp_path / "a.emd") as file:
        stream = velox.add_stream(file, [counts, counts], STREAM)
        group = next(iter(file["Data/SpectrumStream"].values()))
        del group["Data"]
        group["Data"] = stream[:kept]
    with open_velox(tmp_path / "a.emd") as opened:
        assert codes(opened) == said
        assert int(opened.signals[0].read().sum()) == int((stream[:kept] != velox.MARK).sum())


def test_what_is_wrong_is_refused_and_the_rest_is_read(tmp_path: Path) -> None:
    with velox.start(tmp_path / "a.emd") as file:
        velox.add_images(file, np.ones((1, 3, 4), np.uint16), None)
        velox.add_stream(file, [np.ones((3, 4, 16), np.uint8)], STREAM, settings={"bincount": "8"})
        velox.add(file, "Spectrum", 1, np.ones((16, 2), np.uint32), STREAM)
        velox.add(file, "SpectrumImage", 1, np.ones((16, 1), np.uint8), STREAM)
    with open_velox(tmp_path / "a.emd") as opened:
        assert [signal.name for signal in opened.signals] == ["data"]
        assert codes(opened) == {
            "header_unreadable",
            "velox_stream_unreadable",
            "velox_array_unexpected",
            "velox_map_pruned",
        }
        assert "channel 15" in " ".join(finding.message for finding in opened.findings)


def test_a_file_without_arrays_is_declined(tmp_path: Path) -> None:
    velox.start(tmp_path / "a.emd").close()
    with pytest.raises(ReadRefusedError) as caught:
        open_velox(tmp_path / "a.emd")
    assert caught.value.finding.code == "no_array_found"


@pytest.mark.parametrize("name", list_realdata("emd/**/*.emd"))
def test_real_files_equal_another_reader(name: str) -> None:
    """All arrays, but the map whose shape that reader takes from the raster: its sum is that of its spectra."""
    path = need_realdata(name)
    if recognize(path, path.name).format != "velox_emd":
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs: list[dict[str, Any]] = file_reader(str(path))
    with open_velox(path) as opened:
        assert len(opened.signals) == len(theirs)
        spectra = 0
        for signal in opened.signals:
            values = signal.read()
            spectra += int(values.sum()) if signal.name.startswith("spectrum_") else 0
            equal = [
                one
                for one in theirs
                if one["data"].shape == values.shape and np.array_equal(one["data"], values)
            ]
            if not equal:
                assert (signal.name, values.shape, int(values.sum())) == ("data", (16, 20, 4096), 11093)
        if opened.signals[0].shape == (16, 20, 4096):
            assert int(opened.signals[0].read().sum()) == spectra
