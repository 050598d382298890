"""HyperSpy, NCEM EMD and py4DSTEM: axes, several arrays, calibrations."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadHints, ReadRefusedError
from tests.reader_contract import SaysWhereItEnds, WrittenFile
from tests.realdata import need_realdata
from tests.vendor_files.hdf5 import write_hspy, write_ncem_emd, write_py4dstem

NM, PX = {"units": "nm", "scale": 0.5, "navigate": True}, {"units": "1/nm", "scale": 0.1, "navigate": False}
SCAN = ("scan_y", "scan_x", "detector_y", "detector_x")


class _Hdf5Contract(SaysWhereItEnds):
    # A cut within the first bytes leaves no superblock to ask.
    cut_codes = frozenset({"hdf5_unreadable"})
    array: str

    def spoil_size(self, written: WrittenFile) -> str:
        """Claim terabytes in a few kilobytes."""
        with h5py.File(written.files[written.primary], "r+") as file:
            del file[self.array]
            file.create_dataset(self.array, shape=(1000, 1000, 500, 500), dtype="f4", chunks=(1, 1, 500, 500))
        return "declared_size_implausible"


class TestHspy(_Hdf5Contract):
    format = "hspy"
    array = "Experiments/scan/data"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 9, (3, 4, 32, 16)).astype(">u2")
        path = write_hspy(folder / "s.hspy", {"scan": (values, (NM, NM, PX, PX))}, chunks=(1, 2, 32, 16))
        header = ("metadata", "Acquisition_instrument", "TEM", "beam_energy")
        return WrittenFile({path.name: path}, values, SCAN, (header, 200.0))


class TestNcemEmd(_Hdf5Contract):
    format = "ncem_emd"
    array = "data/scan/data"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(6).random((3, 4, 20, 24), np.float32)
        dims = [
            ("scanY", "[n_m]", 0.5),
            ("scanX", "[n_m]", 0.5),
            ("detY", "1/n_m", 0.1),
            ("detX", "1/n_m", 0.1),
        ]
        path = write_ncem_emd(folder / "s.emd", values, dims)
        return WrittenFile({path.name: path}, values, SCAN, (("microscope", "high tension"), 200_000.0))


class TestPy4dstem(_Hdf5Contract):
    format = "py4dstem_emd"
    array = "datacube_root/datacube/data"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(7).random((3, 4, 20, 24), np.float32)
        path = write_py4dstem(folder / "s.h5", values, step_nm=0.3, pixel=0.02)
        return WrittenFile({path.name: path}, values, SCAN, (("calibration", "Q_pixel_size"), 0.02))


def test_py4dstem_is_calibrated_in_our_units(tmp_path: Path) -> None:
    path = write_py4dstem(tmp_path / "s.h5", np.zeros((2, 3, 4, 5), np.float32), step_nm=0.3, pixel=0.02)
    with open_measurement("py4dstem_emd", {"s.h5": path}) as opened:
        axes = opened.signals[0].axes
        assert [axis.unit for axis in axes] == ["nm", "nm", "nm-1", "nm-1"]
        assert [axis.scale for axis in axes] == pytest.approx([0.3, 0.3, 0.2, 0.2])


def test_experiments_are_signals_and_the_largest_is_data(tmp_path: Path) -> None:
    small, large = np.zeros((4, 5), np.uint8), np.ones((2, 3, 4, 5), np.uint8)
    experiments = {"Survey (HAADF)": (small, (NM, NM)), "4D scan": (large, (NM, NM, PX, PX))}
    path = write_hspy(tmp_path / "s.hspy", experiments)
    with open_measurement("hspy", {"s.hspy": path}) as opened:
        assert [signal.name for signal in opened.signals] == ["data", "survey_haadf"]
        assert opened.signals[0].shape == (2, 3, 4, 5)
        assert opened.header["signals"]["survey_haadf"]["experiment"] == "Survey (HAADF)"
        assert opened.header["metadata"]["General"]["title"] == "4D scan"


@pytest.mark.parametrize(
    ("axes", "shape", "names"),
    [
        ([NM, NM, {"units": "eV", "navigate": False}], (2, 3, 9), ("scan_y", "scan_x", "energy")),
        ([NM, {"units": "keV", "navigate": False}], (3, 9), ("scan_x", "energy")),
        ([{"units": "eV", "navigate": False}], (9,), ("energy",)),
        ([{"units": "s", "navigate": True}, PX, PX], (3, 4, 5), ("time", "detector_y", "detector_x")),
        ([PX, PX], (4, 5), ("detector_y", "detector_x")),
        ([NM, NM, NM, PX, PX], (2, 2, 3, 4, 5), ("series", *SCAN)),
    ],
)
def test_hspy_axes_get_their_roles(
    tmp_path: Path, axes: list[dict[str, Any]], shape: tuple[int, ...], names: tuple[str, ...]
) -> None:
    path = write_hspy(tmp_path / "s.hspy", {"a": (np.zeros(shape), axes)})
    with open_measurement("hspy", {"s.hspy": path}) as opened:
        assert tuple(axis.name for axis in opened.signals[0].axes) == names
        energy = opened.signals[0].axes[-1]
        if axes[-1].get("units") == "keV":
            assert (energy.unit, energy.scale) == ("eV", 1000.0)


def test_run_of_patterns_in_hspy_takes_the_scan_shape(tmp_path: Path) -> None:
    values = default_rng(8).random((6, 4, 5))
    run = {"navigate": True}
    path = write_hspy(tmp_path / "s.hspy", {"a": (values, (run, PX, PX))})
    with open_measurement("hspy", {"s.hspy": path}) as opened:
        assert [finding.code for finding in opened.findings] == ["scan_shape_missing"]
    with open_measurement("hspy", {"s.hspy": path}, ReadHints(scan_shape=(2, 3))) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), values.reshape(2, 3, 4, 5))
        np.testing.assert_array_equal(signal.read((slice(1, 2), slice(1, 3))), values[None, 4:6])


def test_chunks_never_written_are_told(tmp_path: Path) -> None:
    path = write_hspy(tmp_path / "s.hspy", {"a": (np.ones((2, 2)), (PX, PX))})
    with h5py.File(path, "r+") as file:
        del file["Experiments/a/data"]
        data = file.create_dataset("Experiments/a/data", shape=(4, 4), chunks=(2, 2), dtype="f4")
        data[:2] = 1
    with open_measurement("hspy", {"s.hspy": path}) as opened:
        finding = opened.findings[0]
        assert (finding.code, finding.severity) == ("hdf5_chunks_missing", "warning")
        assert "2 of 4" in finding.message


@pytest.mark.parametrize("value", [np.float32(1.0), np.zeros((0, 4)), np.array([b"text"])])
def test_data_that_is_no_array_is_refused(tmp_path: Path, value: Any) -> None:
    path = write_hspy(tmp_path / "s.hspy", {"a": (np.ones((2, 2)), (PX, PX))})
    with h5py.File(path, "r+") as file:
        del file["Experiments/a/data"]
        file["Experiments/a/data"] = value
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("hspy", {"s.hspy": path})
    assert caught.value.finding.code in {"dataset_empty", "dataset_not_numeric"}


def test_dimension_vector_that_is_not_linear_calibrates_nothing(tmp_path: Path) -> None:
    path = write_ncem_emd(tmp_path / "s.emd", np.zeros((4, 4)), [("Y", "n_m", 1.0), ("X", "n_m", 1.0)])
    with h5py.File(path, "r+") as file:
        file["data/scan/dim1"][...] = [0, 1, 4, 9]
    with open_measurement("ncem_emd", {"s.emd": path}) as opened:
        slow, fast = opened.signals[0].axes
        assert (slow.name, slow.unit) == ("scan_y", None)
        assert (fast.unit, fast.scale) == ("nm", 1.0)


def test_equal_to_ncempy_in_file_order() -> None:
    path = need_realdata("emd", "openncem", "Acquisition_18.emd")
    from ncempy.io.emd import fileEMD

    with fileEMD(str(path)) as theirs:
        data, dims = theirs.get_emdgroup(theirs.list_emds[0])
    with open_measurement("ncem_emd", {path.name: path}) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), data)
        step = float(np.diff(dims[0][0]).mean())
        assert opened.signals[0].axes[0].scale == pytest.approx(step, rel=1e-3)
        assert opened.signals[0].axes[0].unit == "nm"


@pytest.mark.filterwarnings("ignore")
def test_file_that_emdfile_wrote_is_read(tmp_path: Path) -> None:
    import emdfile

    data = default_rng(9).random((3, 4, 5, 6))
    array = emdfile.Array(
        data=data,
        dims=[0.5, 0.5, 0.1, 0.1],
        dim_names=["Rx", "Ry", "Qx", "Qy"],
        dim_units=["nm", "nm", "A^-1", "A^-1"],
        name="cube",
    )
    path = tmp_path / "s.h5"
    # It walks sys.modules while its own look at them loads more; a later time all are loaded.
    for _ in range(5):
        with suppress(RuntimeError):
            emdfile.save(str(path), array, mode="o")
    with open_measurement("py4dstem_emd", {"s.h5": path}) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), data)
        assert [axis.unit for axis in signal.axes] == ["nm", "nm", "nm-1", "nm-1"]
        assert [axis.scale for axis in signal.axes] == pytest.approx([0.5, 0.5, 1.0, 1.0])


def test_fpd_singleton_color_axis_does_not_stand_between_scan_and_detector() -> None:
    path = need_realdata("hspy", "pyxem", "fpd_file_test.hdf5")
    with (
        open_measurement("ncem_emd", {path.name: path}) as opened,
        h5py.File(path, "r", locking=False) as file,
    ):
        signal = opened.signals[0]
        assert (signal.shape, tuple(axis.name for axis in signal.axes)) == ((2, 2, 256, 256), SCAN)
        stored = file["fpd_expt/fpd_data/data"][:, :, 0]
        np.testing.assert_array_equal(signal.read(), stored)
        np.testing.assert_array_equal(signal.read((slice(1, 2),)), stored[1:2])


def _write_positions(path: Path, positions: Any) -> Path:
    """Write a spectrum whose axis is stored as positions, as HyperSpy's DataAxis is."""
    write_hspy(path, {"spectrum": (np.arange(len(positions), dtype=np.float32), ({"units": "eV"},))})
    with h5py.File(path, "r+") as file:
        axis = file["Experiments/spectrum/axis-0"]
        for name in ("scale", "offset", "size"):
            del axis.attrs[name]
        axis.attrs["_type"] = "DataAxis"
        axis["axis"] = positions
    return path


def test_axis_of_positions_has_its_own_step(tmp_path: Path) -> None:
    path = _write_positions(tmp_path / "even.hspy", 400 + 0.5 * np.arange(100))
    with open_measurement("hspy", {path.name: path}) as opened:
        (axis,) = opened.signals[0].axes
        assert (axis.unit, axis.offset) == ("eV", 400.0)
        assert axis.scale == pytest.approx(0.5)
        assert not opened.findings


def test_an_axis_that_goes_back_and_forth_is_not_given_a_step(tmp_path: Path) -> None:
    path = _write_positions(tmp_path / "uneven.hspy", np.sin(np.linspace(0, 9, 100)))
    with open_measurement("hspy", {path.name: path}) as opened:
        (axis,) = opened.signals[0].axes
        assert (axis.unit, axis.scale, axis.positions) == (None, None, None)
        assert [finding.code for finding in opened.findings] == ["axis_not_linear"]


def test_axes_stored_the_other_way_round_are_pointed_out(tmp_path: Path) -> None:
    values = np.zeros((8, 9, 3, 4), np.uint8)
    reciprocal, length = {"units": "1/nm", "navigate": True}, {"units": "nm"}
    path = write_hspy(tmp_path / "t.hspy", {"scan": (values, (reciprocal, reciprocal, length, length))})
    with open_measurement("hspy", {path.name: path}) as opened:
        assert "axes_look_swapped" in {finding.code for finding in opened.findings}


def test_slices_with_names_are_channels(tmp_path: Path) -> None:
    dims = [("Rx", "nm", 0.5), ("Ry", "nm", 0.5), ("", "", 1.0)]
    path = write_ncem_emd(tmp_path / "stack.emd", np.zeros((6, 5, 3), np.float32), dims)
    with h5py.File(path, "r+") as file:
        del file["data/scan/dim3"]
        file["data/scan"]["dim3"] = np.array([b"a", b"b", b"c"])
    with open_measurement("ncem_emd", {path.name: path}) as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["scan_y", "scan_x", "channel"]


def test_volume_is_no_scan(tmp_path: Path) -> None:
    values = default_rng(9).random((6, 5, 3), np.float32)
    dims = [("R_x", "[n_m]", 0.3), ("R_y", "[n_m]", 0.3), ("R_z", "[n_m]", 1.3)]
    path = write_ncem_emd(tmp_path / "potential.emd", values, dims)
    with open_measurement("ncem_emd", {path.name: path}) as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["y", "x", "z"]


def test_prismatic_lengths_are_angstrom_whatever_the_label_says() -> None:
    path = need_realdata("emd", "rsciio", "Si100_3D.emd")
    with open_measurement("ncem_emd", {path.name: path}) as opened:
        scan, angle = opened.signals[0].axes[0], opened.signals[0].axes[2]
        # 22 positions cover one silicon cell of 0.543 nm; bins are 1 mrad wide
        assert scan.scale == pytest.approx(0.025)
        assert (angle.name, angle.unit) == ("scattering_angle", "mrad")
        assert angle.scale == pytest.approx(1.0)
        assert "prismatic_units_corrected" in {finding.code for finding in opened.findings}


def test_axis_that_hyperspy_would_have_written_is_missed(tmp_path: Path) -> None:
    named = [{"name": name, "units": "nm", "navigate": False} for name in ("y", "x")]
    path = write_hspy(tmp_path / "i.hspy", {"t": (np.ones((4, 5), np.float32), named)})
    with h5py.File(path, "a") as file:
        del file["Experiments/t/axis-1"]
    with open_measurement("hspy", {"i.hspy": path}) as opened:
        (finding,) = [one for one in opened.findings if one.code == "axis_missing"]
        assert "no axis-1:" in finding.message
        np.testing.assert_array_equal(opened.signals[0].read(), np.ones((4, 5), np.float32))
