"""HyperSpy's zspy: arrays, axes and words equal what RosettaSciIO reads; pickled and ragged values are left aside."""

import shutil
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from numpy.random import default_rng
from rsciio.zspy import file_reader

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from ingest.readers.units import calibrated_axis
from tests.reader_contract import ReadInPython, WrittenFile
from tests.realdata import need_realdata
from tests.vendor_files.zarr import SCAN_AXES, pack, write_zspy

METADATA: dict[str, dict[str, Any]] = {
    "General": {"title": "a scan", "date": "2024-05-01", "time": "12:00:00"},
    "Acquisition_instrument/TEM": {"beam_energy": 200.0, "convergence_angle": 21.5},
}
REAL = ["signal1d_10x10-ZipStore.zspy", "signal1d_10x100-model.zspy"]


def open_zspy(path: Path, **hints: Any) -> OpenedFile:
    return open_measurement("zspy", {path.name: path}, ReadHints.from_dict(hints))


class TestZspy(ReadInPython):
    format = "zspy"
    cut_codes = frozenset({"zip_unreadable"})
    method = zipfile.ZIP_STORED

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 60_000, (3, 4, 16, 20)).astype("<u2")
        store = write_zspy(folder / "s", values, metadata=METADATA, chunks=(2, 2, 16, 20))
        return WrittenFile(
            files={"scan.zspy": pack(store, folder / "scan.zspy", method=self.method)},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("metadata", "Acquisition_instrument", "TEM", "beam_energy"), 200.0),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        shutil.rmtree(path.parent / "s" / "Experiments" / "a scan" / "data")
        write_zspy(path.parent / "t", written.values)
        data = path.parent / "t" / "Experiments" / "a scan" / "data"
        text = (data / ".zarray").read_text()
        (data / ".zarray").write_text(text.replace("3,", f"{10**9},", 1))
        pack(path.parent / "t", path)
        return "zarr_chunk_too_large" if "1000000000" in text else "declared_size_implausible"


class TestDeflatedZspy(TestZspy):
    method = zipfile.ZIP_DEFLATED


@pytest.mark.parametrize("name", REAL)
def test_real_stores_equal_rosettasciio(name: str) -> None:
    path = need_realdata("zspy", "rsciio", name)
    match = recognize(path, path.name)
    assert (match.format, match.readable) == ("zspy", True)
    (theirs,) = [one for one in file_reader(str(path)) if "data" in one]
    with open_zspy(path) as opened:
        (signal,) = opened.signals
        values = signal.read()
        assert (values.dtype, values.shape) == (theirs["data"].dtype, theirs["data"].shape)
        np.testing.assert_array_equal(values, theirs["data"])
        assert not [one for one in opened.findings if one.severity != "info"]
        assert (
            opened.header["metadata"]["Signal"]["signal_type"] == theirs["metadata"]["Signal"]["signal_type"]
        )
        for axis, said in zip(signal.axes, theirs["axes"], strict=True):
            assert axis == calibrated_axis(axis.name, said["size"], unit=said["units"], scale=said["scale"])


def test_ragged_markers_beside_the_data_are_left_aside(tmp_path: Path) -> None:
    path = need_realdata("zspy", "rsciio", "signal2d_20x10x10-ragged_markers.zspy")
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path)
    theirs = zarr.open_array(tmp_path / "Experiments" / "__unnamed__" / "data", mode="r")[...]
    with open_zspy(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), theirs)
        assert not opened.findings


def test_a_folder_in_a_zip_is_the_same_store(tmp_path: Path) -> None:
    folder = need_realdata("zspy", "rsciio", "signal1d_10x10-DirectoryStore.zspy")
    (theirs,) = file_reader(str(folder))
    path = pack(folder, tmp_path / "x.zip", inside=f"{folder.name}/")
    assert recognize(path, path.name).format == "zspy"
    with open_zspy(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), theirs["data"])


def test_axes_are_calibrated_and_a_run_of_patterns_takes_the_scan_that_is_known(tmp_path: Path) -> None:
    values = default_rng(1).random((6, 4, 5), np.float32)
    axes = ({"units": "_None_", "scale": 1.0, "offset": 0.0, "navigate": True}, *SCAN_AXES[2:])
    path = pack(write_zspy(tmp_path / "s", values, axes, chunks=(2, 4, 5)), tmp_path / "a.zspy")
    with open_zspy(path) as opened:
        (asked,) = [one for one in opened.findings if one.severity == "error"]
        assert asked.code == "scan_shape_missing"
        assert [axis.name for axis in opened.signals[0].axes] == ["position", "detector_y", "detector_x"]
    with open_zspy(path, scan_shape=[2, 3]) as opened:
        assert not [one for one in opened.findings if one.severity != "info"]
        signal = opened.signals[0]
        assert [(axis.name, axis.unit, axis.scale) for axis in signal.axes] == [
            ("scan_y", None, None), ("scan_x", None, None), ("detector_y", "nm-1", 0.1), ("detector_x", "nm-1", 0.1),
        ]  # fmt: skip
        np.testing.assert_array_equal(signal.read(), values.reshape(2, 3, 4, 5))
        np.testing.assert_array_equal(
            signal.read((slice(1, 2), slice(1, 3))), values.reshape(2, 3, 4, 5)[1:, 1:]
        )


def test_positions_give_a_step_where_they_have_one(tmp_path: Path) -> None:
    values = default_rng(1).random((4, 8), np.float32)
    axes = (
        {"units": "nm", "navigate": True, "_type": "DataAxis", "axis": [0.0, 1.0, 4.0, 9.0]},
        {"units": "eV", "navigate": False, "_type": "DataAxis", "axis": np.arange(8) * 0.25 + 100.0},
    )
    path = pack(write_zspy(tmp_path / "s", values, axes), tmp_path / "a.zspy")
    with open_zspy(path) as opened:
        scan, energy = opened.signals[0].axes
        assert (scan.name, scan.unit, scan.scale, scan.positions) == (
            "scan_x",
            "nm",
            None,
            (0.0, 1.0, 4.0, 9.0),
        )
        assert (energy.name, energy.unit, energy.scale, energy.offset) == ("energy", "eV", 0.25, 100.0)
        assert opened.findings == ()


def test_several_experiments_are_signals_and_objects_are_refused_in_words(tmp_path: Path) -> None:
    values = default_rng(1).random((3, 4, 5, 6), np.float32)
    store = write_zspy(tmp_path / "s", values, title="4D")
    write_zspy(tmp_path / "s", values[..., 0, 0], SCAN_AXES[:2], title="HAADF/sum")
    write_zspy(tmp_path / "s", values[..., 0, 0], SCAN_AXES[:2], title="ragged")
    ragged = store / "Experiments" / "ragged" / "data" / ".zarray"
    ragged.write_text(ragged.read_text().replace('"<f4"', '"|O"'))
    with open_zspy(pack(store, tmp_path / "a.zspy")) as opened:
        assert {one.name: one.shape for one in opened.signals} == {"data": (3, 4, 5, 6), "haadf_sum": (3, 4)}
        (refused,) = opened.findings
        assert (refused.code, "Python objects" in refused.message) == ("dataset_not_numeric", True)
    shutil.rmtree(store / "Experiments" / "4D")
    shutil.rmtree(store / "Experiments" / "HAADF")
    with pytest.raises(ReadRefusedError) as caught:
        open_zspy(pack(store, tmp_path / "b.zspy"))
    assert caught.value.finding.code == "dataset_not_numeric"
