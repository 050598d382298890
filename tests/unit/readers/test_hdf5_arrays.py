"""HDF5 of any layout: the last to claim a file, it lists the arrays, shows the largest and asks which was measured."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.reader_contract import SaysWhereItEnds, WrittenFile
from tests.realdata import need_realdata
from tests.vendor_files.hdf5 import write_hspy

FORGIVING = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def open_arrays(path: Path, **array: Any) -> OpenedFile:
    return open_measurement("hdf5_arrays", {path.name: path}, ReadHints.from_dict({"array": array}))


class TestHdf5Arrays(SaysWhereItEnds):
    format = "hdf5_arrays"
    cut_codes = frozenset({"hdf5_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(7).integers(0, 60_000, (3, 4, 16, 20)).astype(">u2")
        with h5py.File(folder / "scan.h5", "w") as file:
            file.create_dataset("run/cube", data=values, chunks=(1, 2, 16, 20), compression="gzip")
            file["run"].attrs["voltage_kv"] = 200.0
        return WrittenFile(
            files={"scan.h5": folder / "scan.h5"},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("hdf5", "run", "voltage_kv"), 200.0),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        with h5py.File(written.files[written.primary], "w") as file:
            file.create_dataset("cube", (10_000, 10_000, 100), "<u2", chunks=(1, 100, 100))
        return "declared_size_implausible"


def test_which_array_was_measured_is_asked_where_several_could_be(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["first"], file["deep/second"] = np.ones((3, 4, 5, 6)), np.zeros((3, 4, 5, 5), "u1")
        file["haadf"], file["steps"] = np.ones((3, 4), "f4"), [0.1, 0.2]
    with open_arrays(path) as opened:
        asked = next(one for one in opened.findings if one.pointer == "/array/dataset")
        assert (asked.code, asked.severity) == ("array_dataset_missing", "error")
        assert (
            "first (3 × 4 × 5 × 6, float64), deep/second (3 × 4 × 5 × 5, uint8), haadf (3 × 4" in asked.hint
        )
        assert [one.shape for one in opened.signals] == [(3, 4, 5, 6)]
        assert opened.header["hdf5"]["steps"] == [0.1, 0.2]
    names = ["scan_y", "scan_x", "detector_y", "detector_x"]
    for dataset in ("/deep/second", "deep/second"):
        with open_arrays(path, dataset=dataset, axes=names) as opened:
            assert opened.findings == ()
            np.testing.assert_array_equal(opened.signals[0].read(), np.zeros((3, 4, 5, 5)))
    with open_arrays(path, dataset="/third") as opened:
        (fault,) = [one for one in opened.findings if one.pointer == "/array/dataset"]
        assert (fault.code, fault.severity) == ("array_dataset_unknown", "error")


def test_one_array_among_smaller_ones_is_read_and_the_others_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["cube"], file["haadf"] = np.ones((3, 4, 5, 6)), np.ones((3, 4), "f4")
    with open_arrays(path) as opened:
        codes = {one.code: one.severity for one in opened.findings}
        assert codes == {"array_not_read": "info", "array_axes_guessed": "warning"}


@given(data=st.data(), is_chunked=st.booleans())
@FORGIVING
def test_regions_equal_h5py_in_any_order_of_axes(
    tmp_path: Path, data: st.DataObject, is_chunked: bool
) -> None:
    path = tmp_path / "a.h5"
    values = default_rng(1).integers(0, 99, (6, 5, 7, 4)).astype("<i4")
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, chunks=(2, 2, 3, 4) if is_chunked else None)
    names = data.draw(st.permutations(["scan_y", "scan_x", "detector_y", "detector_x"]))
    with h5py.File(path, locking=False) as file, open_arrays(path, axes=names) as opened:
        signal = opened.signals[0]
        expected = file["x"][()].transpose([names.index(axis.name) for axis in signal.axes])
        start = data.draw(st.integers(0, signal.shape[0] - 1))
        region = (slice(start, signal.shape[0]), slice(0, 1))
        np.testing.assert_array_equal(signal.read(region), expected[region])
        np.testing.assert_array_equal(signal.read_channels((slice(1, 3),)), expected[:, :, 1:3])


@pytest.mark.parametrize("is_chunked", [True, False])
def test_a_scan_shape_folds_a_run_of_frames(tmp_path: Path, is_chunked: bool) -> None:
    path = tmp_path / "a.h5"
    values = np.arange(12 * 4 * 5).reshape(12, 4, 5)
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=values, chunks=(5, 4, 5) if is_chunked else None)
    with open_measurement("hdf5_arrays", {"a.h5": path}, ReadHints(scan_shape=(3, 4))) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(
            signal.read((slice(1, 3), slice(1, 4))), values.reshape(3, 4, 4, 5)[1:3, 1:4]
        )
        assert signal.shape_origin == "depositor"


def test_known_layouts_keep_their_names(tmp_path: Path) -> None:
    axes = [{"name": name, "units": "", "scale": 1, "navigate": False} for name in ("y", "x")]
    path = write_hspy(tmp_path / "a.h5", {"image": (np.ones((9, 9)), axes)})
    assert recognize(path, "a.h5").format == "hspy"
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file.attrs["NX_class"] = "NXroot"
        file["image"] = np.ones((99, 99))
    match = recognize(tmp_path / "b.h5", "b.h5")
    assert (match.format, match.readable) == ("nexus", False)
    with h5py.File(tmp_path / "c.h5", "w") as file:
        file["words"], file["numbers"] = "only text", [1, 2, 3]
    match = recognize(tmp_path / "c.h5", "c.h5")
    assert (match.format, match.readable) == ("hdf5", False)


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ("external", "hdf5_external_link"),
        ("storage", "hdf5_external_storage"),
        ("virtual", "hdf5_virtual_dataset"),
    ],
)
def test_what_lies_in_other_files_is_refused(tmp_path: Path, link: str, code: str) -> None:
    path = tmp_path / "a.h5"
    (tmp_path / "secret").write_bytes(bytes(10_000))
    with h5py.File(path, "w") as file:
        file["own"] = np.ones((20, 20))
        if link == "external":
            file["other"] = h5py.ExternalLink("/etc/passwd", "/x")
        elif link == "storage":
            file.create_dataset("other", (100, 100), "u1", external=[(str(tmp_path / "secret"), 0, 10_000)])
        else:
            layout = h5py.VirtualLayout((20, 20), "f8")
            layout[:] = h5py.VirtualSource("b.h5", "own", (20, 20))
            file.create_virtual_dataset("other", layout)
    with pytest.raises(ReadRefusedError) as caught:
        open_arrays(path)
    assert caught.value.finding.code == code


def test_a_group_that_holds_itself_is_walked_once(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        group = file.create_group("a")
        group["a"], group["x"] = group, np.ones((9, 9))
    assert recognize(tmp_path / "a.h5", "a.h5").readable
    with open_arrays(tmp_path / "a.h5") as opened:
        assert opened.signals[0].shape == (9, 9)


def test_the_real_file_equals_h5py() -> None:
    path = need_realdata("hdf5_generic", "libertem", "hdf5_sample.h5")
    with h5py.File(path, locking=False) as file, open_arrays(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), file["dataset"][()])
        assert [axis.name for axis in opened.signals[0].axes][:2] == ["scan_y", "scan_x"]
