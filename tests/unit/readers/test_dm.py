"""DigitalMicrograph: the order of scan and signal, several images, pictures that are no data."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy.lib.recfunctions import structured_to_unstructured
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadHints, ReadRefusedError
from repository.schema.documents.signal_kind import decide_signal_kind
from repository.schema.quantities.signals import SignalAxis
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.realdata import list_realdata, need_realdata
from tests.vendor_files.dm import write_dm

STEP, PIXEL, ENERGY = (0.0, 0.5, "nm"), (4.0, 0.25, "1/nm"), (-100.0, 0.5, "eV")
STEM_TAGS = {
    "Microscope Info": {"Voltage": 80_000.0, "Illumination Mode": "STEM"},
    "DigiScan": {"Sample Time": 10.0},
}


def values_of(shape: tuple[int, ...], dtype: Any = np.uint16) -> npt.NDArray[Any]:
    return default_rng(4).integers(0, 4000, shape).astype(dtype)


class TestScanInDm4(SaysWhereItEnds, ReadInPython):
    """4D, scan slowest: what newer software writes."""

    format = "dm4"
    version = 4

    def write(self, folder: Path) -> WrittenFile:
        values = values_of((3, 4, 16, 12))
        tags = {**STEM_TAGS, "Meta Data": {"Data Order Swapped": True}}
        path = write_dm(
            folder / f"scan.dm{self.version}",
            values,
            version=self.version,
            calibrations=(STEP, STEP, PIXEL, PIXEL),
            tags=tags,
        )
        return WrittenFile(
            files={path.name: path},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("ImageList", "TagGroup0", "ImageTags", "Microscope Info", "Voltage"), 80_000.0),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        write_dm(written.files[written.primary], values_of((2, 3)), version=4, declared=(2**20, 2**15))
        return "declared_size_implausible"


class TestSpectrumImageInDm3(SaysWhereItEnds, ReadInPython):
    """3D, energy slowest: given out as whole spectra."""

    format = "dm3"

    def write(self, folder: Path) -> WrittenFile:
        stored = values_of((64, 3, 5), np.float32)
        tags = {**STEM_TAGS, "Meta Data": {"Format": "Spectrum image", "Signal": "EELS"}}
        path = write_dm(folder / "si.dm3", stored, version=3, calibrations=(ENERGY, STEP, STEP), tags=tags)
        return WrittenFile(
            files={path.name: path},
            values=np.moveaxis(stored, 0, -1),
            axes=("scan_y", "scan_x", "energy"),
            header_value=(("ImageList", "TagGroup0", "ImageTags", "Meta Data", "Signal"), "EELS"),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        write_dm(written.files[written.primary], values_of((2, 3)), version=3, declared=(2, 2))
        return "declared_size_implausible"


class TestOldScanInDm4(TestScanInDm4):
    """4D, detector slowest: what older software writes."""

    def write(self, folder: Path) -> WrittenFile:
        stored = values_of((16, 12, 3, 4))
        path = write_dm(folder / "old.dm4", stored, calibrations=(PIXEL, PIXEL, STEP, STEP), tags=STEM_TAGS)
        return WrittenFile(
            files={path.name: path},
            values=np.moveaxis(stored, (0, 1), (2, 3)),
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("signals", "data"), "TagGroup0"),
        )


def test_axes_are_calibrated_from_their_origin(tmp_path: Path) -> None:
    tags = {"Meta Data": {"Format": "Spectrum", "Signal": "EELS"}}
    path = write_dm(tmp_path / "s.dm4", values_of((1, 256)), calibrations=((0.0, 1.0, ""), ENERGY), tags=tags)
    with open_measurement("dm4", {"s.dm4": path}) as opened:
        signal = opened.signals[0]
        axis = signal.axes[0]
        assert (signal.shape, axis.name, axis.unit, axis.scale, axis.offset) == (
            (256,),
            "energy",
            "eV",
            0.5,
            50.0,
        )
        assert signal.intensity_unit == "1"


@pytest.mark.parametrize(
    ("tags", "units", "names"),
    [
        (STEM_TAGS, "µm", ["scan_y", "scan_x"]),
        (STEM_TAGS, "1/nm", ["detector_y", "detector_x"]),
        ({"Microscope Info": {"Illumination Mode": "TEM"}}, "nm", ["y", "x"]),
        ({}, "", ["detector_y", "detector_x"]),
    ],
)
def test_plane_is_scan_image_or_detector(
    tmp_path: Path, tags: dict[str, Any], units: str, names: list[str]
) -> None:
    path = write_dm(tmp_path / "i.dm4", values_of((6, 8)), calibrations=((0.0, 2.0, units),) * 2, tags=tags)
    with open_measurement("dm4", {"i.dm4": path}) as opened:
        assert [axis.name for axis in opened.signals[0].axes] == names
        if units == "µm":
            assert opened.signals[0].axes[0].scale == 2000.0


def test_run_of_patterns_takes_the_scan_shape_of_the_depositor(tmp_path: Path) -> None:
    values = values_of((6, 8, 8))
    path = write_dm(tmp_path / "p.dm4", values, calibrations=((0.0, 1.0, ""), PIXEL, PIXEL))
    with open_measurement("dm4", {"p.dm4": path}) as opened:
        assert opened.signals[0].axes[0].name == "position"
        assert [finding.code for finding in opened.findings] == ["scan_shape_missing"]
    with open_measurement("dm4", {"p.dm4": path}, ReadHints(scan_shape=(2, 3))) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values.reshape(2, 3, 8, 8))


def test_unknown_unit_leaves_the_axis_uncalibrated_and_says_so(tmp_path: Path) -> None:
    path = write_dm(tmp_path / "i.dm4", values_of((6, 8)), calibrations=((0.0, 2.0, "furlong"),) * 2)
    with open_measurement("dm4", {"i.dm4": path}) as opened:
        assert opened.signals[0].axes[0].unit is None
        assert opened.findings[0].code == "axis_unit_unknown"
        assert "furlong" in opened.findings[0].message


def test_big_array_costs_the_region_only(tmp_path: Path) -> None:
    import tracemalloc

    stored = np.zeros((1024, 64, 256), np.float32)  # 64 MiB
    tags = {"Meta Data": {"Format": "Spectrum image", "Signal": "EELS"}}
    path = write_dm(tmp_path / "si.dm4", stored, calibrations=(ENERGY, STEP, STEP), tags=tags)
    del stored
    with open_measurement("dm4", {"si.dm4": path}) as opened:
        tracemalloc.start()
        block = opened.signals[0].read((slice(10, 12),))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < block.nbytes + 40 * 2**20


def test_html_named_dm3_is_refused() -> None:
    path = need_realdata("dm", "pytemlib", "spectrum.dm3")
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("dm3", {"spectrum.dm3": path})
    assert caught.value.finding.code == "dm_unreadable"


REFUSED = {"1D/test-8.dm3": "color_image_not_read", "1D/test-8.dm4": "color_image_not_read"}


def list_theirs(path: Path) -> list[npt.NDArray[Any]]:
    """Return the arrays as RosettaSciIO reads them, the colors of a pixel as a last axis."""
    from rsciio.digitalmicrograph import file_reader

    found = [np.asarray(signal["data"]) for signal in file_reader(str(path))]
    return [structured_to_unstructured(one) if one.dtype.names else one for one in found]


@pytest.mark.filterwarnings("ignore")
def test_colors_are_read_and_stand_behind_what_was_measured(tmp_path: Path) -> None:
    packed = default_rng(3).integers(0, 2**32, (5, 7), dtype=np.uint64).astype(np.uint32)
    path = write_dm(tmp_path / "screen.dm4", packed, calibrations=(STEP, STEP), data_type=23)
    with open_measurement("dm4", {path.name: path}) as opened:
        (signal,) = opened.signals
        assert ([axis.name for axis in signal.axes], signal.n_signal_axes) == (["y", "x", "color"], 3)
        assert (signal.axes[1].scale, signal.axes[1].unit, signal.axes[2].unit) == (0.5, "nm", None)
        assert [finding.code for finding in opened.findings] == ["color_picture"]
        np.testing.assert_array_equal(signal.read()[..., 0], packed >> 16 & 255)  # red
        np.testing.assert_array_equal(signal.read()[..., 2], packed & 255)  # blue
        np.testing.assert_array_equal(signal.read(), list_theirs(path)[0])
        decided = decide_signal_kind(
            [SignalAxis(axis.name, axis.size, axis.unit, axis.scale) for axis in signal.axes], 3, {}
        )
    assert (decided.kind, decided.sure, decided.contradiction) == ("color_image", False, "")


@pytest.mark.parametrize("columns", [6, 7])
def test_of_a_fourier_transform_the_half_is_given_that_the_file_keeps(tmp_path: Path, columns: int) -> None:
    image = default_rng(4).random((5, columns))
    half = np.fft.fftshift(np.fft.rfft2(image).conj(), axes=0).astype(np.complex64)
    path = write_dm(
        tmp_path / "fft.dm4",
        half.view(np.float32),
        calibrations=((2.5, 0.2, "1/nm"), (columns / 2, 0.2, "1/nm")),
        data_type=27,
        declared=(5, columns),
    )
    with open_measurement("dm4", {path.name: path}) as opened:
        (signal,) = opened.signals
        assert "half of a Fourier transform" in signal.orientation
        assert [(axis.name, axis.scale, axis.offset) for axis in signal.axes] == [
            ("detector_y", 0.2, -0.5),
            ("detector_x", 0.2, 0.0),
        ]
        given = np.fft.ifftshift(signal.read(), axes=0).conj()
        np.testing.assert_array_equal(signal.read(), half)
        np.testing.assert_allclose(np.fft.irfft2(given, s=image.shape), image, atol=1e-5)
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("dm4", {path.name: write_dm(path, half.view(np.float32), data_type=5)})
    assert caught.value.finding.code == "packed_fft_not_read"


SWAPPED = {"Meta Data": {"Data Order Swapped": True}}
SPECTRA = {"Meta Data": {"Format": "Spectrum image"}}
SAMPLED = {"SI": {"Acquisition": {"Spatial Sampling": {"Height (pixels)": 3, "Width (pixels)": 4}}}}


@pytest.mark.parametrize(
    ("calibrations", "shape", "tags", "is_told"),
    [
        ((STEP, STEP, PIXEL, PIXEL), (3, 4, 16, 12), SWAPPED, False),
        ((STEP, STEP, PIXEL, PIXEL), (3, 4, 16, 12), {}, False),
        ((PIXEL, PIXEL, STEP, STEP), (16, 12, 3, 4), SAMPLED, False),
        ((STEP, STEP, PIXEL, PIXEL), (3, 4, 16, 12), {"Meta Data": {"Data Order Swapped": False}}, True),
        ((PIXEL, PIXEL, STEP, STEP), (3, 4, 16, 12), SWAPPED, True),
        ((STEP, STEP, STEP, PIXEL), (3, 4, 16, 12), SWAPPED, True),
        ((PIXEL, PIXEL, STEP, STEP), (3, 4, 16, 12), SAMPLED, True),
        ((STEP, STEP, ENERGY), (3, 4, 9), {**SPECTRA, **SAMPLED}, False),
        ((STEP, STEP, ENERGY), (4, 3, 9), {**SPECTRA, **SAMPLED}, True),
        ((STEP, STEP), (4, 3), {"DigiScan": {"Image Height": 3, "Image Width": 4}}, True),
        ((STEP, STEP), (3, 4), {"DigiScan": {"Image Height": 3, "Image Width": 4}}, False),
    ],
)  # fmt: skip
def test_units_order_and_size_of_a_scan_are_held_against_each_other(
    tmp_path: Path, calibrations: Any, shape: tuple[int, ...], tags: Any, is_told: bool
) -> None:
    path = write_dm(
        tmp_path / "x.dm4", values_of(shape), calibrations=calibrations, tags={**STEM_TAGS, **tags}
    )
    with open_measurement("dm4", {path.name: path}) as opened:
        told = [finding for finding in opened.findings if finding.code == "dm_axes_contradicted"]
    assert bool(told) == is_told, opened.findings
    assert all(finding.severity == "warning" and finding.hint for finding in told)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list_realdata("dm/**/*.dm[34]", without=("pytemlib/spectrum.dm3",)))
def test_equal_to_an_independent_reader_on_real_files(name: str) -> None:
    path = need_realdata(name)
    refused = f"{path.parent.name}/{path.name}"
    if refused in REFUSED:
        with pytest.raises(ReadRefusedError) as caught:
            open_measurement(path.suffix[1:], {path.name: path})
        assert caught.value.finding.code == REFUSED[refused]
        return
    theirs = list_theirs(path)
    with open_measurement(path.suffix[1:], {path.name: path}) as opened:
        assert len(opened.signals) == len(theirs)
        for signal in opened.signals:
            ours = signal.read()
            if signal.orientation.startswith("stored signal first"):
                ours = np.moveaxis(ours, -1, 0)
            if "half of a Fourier transform" in signal.orientation:
                # It turns the half around and puts conjugates behind it, of which a transform of odd size lacks one.
                ours, theirs = ours[:, ::-1], [other[:, : ours.shape[1]] for other in theirs]
            assert any(
                ours.squeeze().shape == other.squeeze().shape
                and np.array_equal(ours.squeeze(), other.squeeze())
                for other in theirs
            )


@pytest.mark.filterwarnings("ignore")
def test_equal_to_ncempy_on_a_real_spectrum() -> None:
    path = need_realdata("dm", "rsciio", "1D", "test-EELS_spectrum.dm3")
    from ncempy.io.dm import dmReader

    with open_measurement("dm3", {path.name: path}) as opened:
        ours = opened.signals[0]
        np.testing.assert_array_equal(ours.read(), np.squeeze(dmReader(str(path))["data"]))
        tags = opened.header["ImageList"]["TagGroup0"]["ImageTags"]
    assert tags["EELS"]["Experimental Conditions"]["Convergence semi-angle (mrad)"] == 21.0
    assert ours.axes[0].offset == pytest.approx(-100.0)
