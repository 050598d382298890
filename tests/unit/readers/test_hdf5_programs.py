"""HDF5 of several programs: what HyperSpy, py4DSTEM, Prismatic and fpd write is taken as it is meant."""

from pathlib import Path

import h5py
import numpy as np
import pytest

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadRefusedError
from tests.realdata import need_realdata, need_trial
from tests.vendor_files.hdf5 import write_hspy, write_ncem_emd, write_py4dstem

NM = {"units": "nm", "scale": 0.5, "navigate": True}


def codes_of(opened: OpenedFile) -> list[str]:
    return [finding.code for finding in opened.findings]


def test_slash_of_a_title_made_groups_in_each_other(tmp_path: Path) -> None:
    values = np.arange(320, dtype=np.float32).reshape(16, 20)
    path = write_hspy(tmp_path / "s.hspy", {"HAADF 1/2 scan": (values, ({**NM, "navigate": False},) * 2)})
    with open_measurement("hspy", {"s.hspy": path}) as opened:
        assert opened.header["metadata"]["General"]["title"] == "HAADF 1/2 scan"
        assert opened.header["experiment"] == "HAADF 1/2 scan"
        assert [axis.scale for axis in opened.signals[0].axes] == [0.5, 0.5]
        np.testing.assert_array_equal(opened.signals[0].read(), values)
    assert recognize(path, "s.hspy").format == "hspy"


def test_file_without_an_experiment_names_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "s.hspy"
    with h5py.File(path, "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        file.create_group("Experiments/HAADF/metadata")
    with pytest.raises(ReadRefusedError, match="below Experiments stands Experiments/HAADF"):
        open_measurement("hspy", {"s.hspy": path})


@pytest.mark.parametrize(
    ("dims", "is_wrong"),
    [(("A^-1", 0.02), False), (("A^-1", 0.0116), True), (("nm^-1", 0.2), False), (("mrad", 0.02), True)],
)
def test_calibration_of_py4dstem_wins_over_its_vectors(
    tmp_path: Path, dims: tuple[str, float], *, is_wrong: bool
) -> None:
    path = write_py4dstem(tmp_path / "s.h5", np.zeros((2, 3, 4, 5), np.float32), step_nm=0.3, pixel=0.02)
    with h5py.File(path, "r+") as file:
        for number, size in ((2, 4), (3, 5)):
            del file[f"datacube_root/datacube/dim{number}"]
            vector = file.create_dataset(
                f"datacube_root/datacube/dim{number}", data=-95 * dims[1] + np.arange(size) * dims[1]
            )
            vector.attrs.update({"name": "Q", "units": dims[0]})
    with open_measurement("py4dstem_emd", {"s.h5": path}) as opened:
        for axis in opened.signals[0].axes[2:]:
            assert axis.unit == "nm-1"
            assert axis.scale == pytest.approx(0.2)
            assert axis.offset == (0.0 if is_wrong else pytest.approx(-95 * 0.2))
        found = [f for f in opened.findings if f.code == "calibration_wins_over_vectors"]
        assert len(found) == is_wrong
        if is_wrong:
            assert "0.02 A^-1" in found[0].message
            assert f"{dims[1]:g} {dims[0]}" in found[0].message


def test_prismatic_holds_reciprocal_angstrom(tmp_path: Path) -> None:
    path = tmp_path / "p.emd"
    with h5py.File(path, "w") as file:
        group = file.create_group("4DSTEM_simulation/data/datacubes/CBED_array_depth0000")
        group.attrs["emd_group_type"] = 1
        group.create_dataset("data", data=np.zeros((3, 4, 8, 8), np.float32))
        for number, (name, unit, step) in enumerate(
            [
                ("R_x", "[n_m]", 0.25),
                ("R_y", "[n_m]", 0.25),
                ("Q_x", "[n_m^-1]", 0.05),
                ("Q_y", "[n_m^-1]", 0.05),
            ]
        ):
            vector = group.create_dataset(f"dim{number + 1}", data=np.arange((3, 4, 8, 8)[number]) * step)
            vector.attrs.update({"name": name, "units": unit})
    with open_measurement("ncem_emd", {"p.emd": path}) as opened:
        axes = opened.signals[0].axes
        assert [(axis.name, axis.unit) for axis in axes] == [
            ("scan_y", "nm"), ("scan_x", "nm"), ("detector_y", "nm-1"), ("detector_x", "nm-1"),
        ]  # fmt: skip
        assert [axis.scale for axis in axes] == pytest.approx([0.025, 0.025, 0.5, 0.5])


@pytest.mark.parametrize(
    ("name", "unit", "roles"),
    [
        ("Threshold", "keV", ("scan_y", "scan_x", "threshold")),
        ("energy", "keV", ("scan_y", "scan_x", "energy")),
        ("colour", "", ("scan_y", "scan_x", "colour")),
    ],
)
def test_thresholds_of_a_counting_camera_are_no_spectrum(
    tmp_path: Path, name: str, unit: str, roles: tuple[str, ...]
) -> None:
    dims = [("scanY", "nm", 0.5), ("scanX", "nm", 0.5), (name, unit, 1.0)]
    path = write_ncem_emd(tmp_path / "f.emd", np.zeros((3, 4, 8), np.float32), dims)
    with open_measurement("ncem_emd", {"f.emd": path}) as opened:
        axes = opened.signals[0].axes
        assert tuple(axis.name for axis in axes) == roles
        assert axes[2].unit == ("eV" if roles[2] == "energy" else None)


def test_array_that_lists_values_of_its_own_axis_is_no_spectrum(tmp_path: Path) -> None:
    """As fpd keeps the DAC settings of each frame, and their energies."""
    dims = [("scanY", "nm", 0.5), ("scanX", "nm", 0.5), ("energy", "keV", 1.0)]
    path = write_ncem_emd(tmp_path / "f.emd", np.zeros((3, 4, 8), np.float32), dims)
    with h5py.File(path, "r+") as file:
        file["data/scan/data"].attrs.update({"name": "energy", "units": "keV"})
    with open_measurement("ncem_emd", {"f.emd": path}) as opened:
        assert opened.signals[0].axes[2].unit is None


def test_settings_of_a_real_fpd_file_are_no_spectra() -> None:
    path = need_realdata("hspy", "pyxem", "fpd_file_test.hdf5")
    with open_measurement("ncem_emd", {path.name: path}) as opened:
        named = {signal.name: signal for signal in opened.signals}
        assert named["data"].shape == (2, 2, 256, 256)
        for name in ("threshold", "dac"):
            assert [axis.name for axis in named[name].axes] == ["scan_y", "scan_x", name]
            assert named[name].axes[2].unit is None
        assert "energy" not in {axis.name for signal in opened.signals for axis in signal.axes}


def test_colors_between_scan_and_detector_keep_the_scan(tmp_path: Path) -> None:
    dims = [
        ("scanY", "nm", 0.5),
        ("scanX", "nm", 0.5),
        ("colour", "", 1.0),
        ("detY", "", 1.0),
        ("detX", "", 1.0),
    ]
    path = write_ncem_emd(tmp_path / "f.emd", np.zeros((3, 4, 2, 8, 8), np.float32), dims)
    with open_measurement("ncem_emd", {"f.emd": path}) as opened:
        names = tuple(axis.name for axis in opened.signals[0].axes)
        assert names == ("scan_y", "scan_x", "threshold", "detector_y", "detector_x")


@pytest.mark.parametrize("form", ["ncem_emd", "hspy"])
def test_unknown_unit_of_an_axis_is_told(tmp_path: Path, form: str) -> None:
    values = np.zeros((4, 5), np.float32)
    if form == "hspy":
        axes = ({"units": "furlong", "scale": 2.0}, {"units": "nm", "scale": 2.0})
        path = write_hspy(tmp_path / "s", {"scan": (values, axes)})
    else:
        path = write_ncem_emd(tmp_path / "s", values, [("y", "furlong", 2.0), ("x", "nm", 2.0)])
    with open_measurement(form, {"s": path}) as opened:
        assert "axis_unit_unknown" in codes_of(opened)
        assert opened.signals[0].axes[0].unit is None


def test_array_whose_group_lost_its_mark_is_told(tmp_path: Path) -> None:
    path = write_ncem_emd(
        tmp_path / "s.emd", np.zeros((4, 5), np.float32), [("y", "nm", 1.0), ("x", "nm", 1.0)]
    )
    with h5py.File(path, "r+") as file:
        lost = file.create_group("data/other")
        lost.attrs["emd_group_tyqe"] = 1
        lost.create_dataset("data", data=np.ones((20, 30), np.float32))
    with open_measurement("ncem_emd", {"s.emd": path}) as opened:
        (finding,) = [one for one in opened.findings if one.code == "array_not_read"]
        assert "/data/other/data (20, 30)" in finding.message


@pytest.mark.parametrize(
    ("folder", "name", "form", "unit", "scale"),
    [
        ("A14", "slash_title.hspy", "hspy", "nm", 0.2),
        ("A17", "q_disagrees.h5", "py4dstem_emd", "nm-1", 0.116324),
    ],
)
def test_trials(folder: str, name: str, form: str, unit: str, scale: float) -> None:
    path = need_trial(folder, name)
    assert recognize(path, name).format == form
    with open_measurement(form, {name: path}) as opened:
        for axis in opened.signals[0].axes[-2:]:
            assert (axis.unit, axis.offset) == (unit, 0.0)
            assert axis.scale == pytest.approx(scale)
        told = [f for f in opened.findings if f.code == "calibration_wins_over_vectors"]
        assert len(told) == (folder == "A17")
        if told:
            assert "0.0116324 A^-1" in told[0].message
            assert "0.0116 A^-1, from -95.18" in told[0].message
