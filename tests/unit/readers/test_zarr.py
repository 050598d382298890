"""Zarr of any program: arrays equal what zarr-python and xarray read, axes come named and calibrated where they are."""

import json
import zipfile
from pathlib import Path
from typing import Any, Literal

import numcodecs
import numpy as np
import pytest
import xarray
import zarr
from numpy.random import default_rng
from zarr.codecs import (
    BloscCodec,
    BytesCodec,
    Crc32cCodec,
    GzipCodec,
    ShardingCodec,
    TransposeCodec,
    ZstdCodec,
)

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints
from tests.reader_contract import ReadInPython, WrittenFile
from tests.vendor_files.zarr import pack

FOUR_D = ("scan_y", "scan_x", "detector_y", "detector_x")


def open_zarr(path: Path, **array: Any) -> OpenedFile:
    return open_measurement("zarr_store", {path.name: path}, ReadHints.from_dict({"array": array}))


def asked(opened: OpenedFile) -> list[str]:
    return [one.code for one in opened.findings if one.severity == "error"]


class TestZarr2(ReadInPython):
    format = "zarr_store"
    cut_codes = frozenset({"zip_unreadable"})
    version: Literal[2, 3] = 2
    method = zipfile.ZIP_STORED

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 60_000, (3, 4, 16, 20)).astype("<u2")
        group = zarr.open_group(folder / "s", mode="w", zarr_format=self.version)
        array = group.create_array("cube", shape=values.shape, dtype="<u2", chunks=(2, 3, 16, 20))
        array[...] = values
        group.attrs["voltage_kv"] = 200.0
        array.attrs["_ARRAY_DIMENSIONS"] = FOUR_D
        return WrittenFile(
            files={"scan.zarr.zip": pack(folder / "s", folder / "scan.zarr.zip", method=self.method)},
            values=values,
            axes=FOUR_D,
            header_value=(("zarr", "voltage_kv"), 200.0),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        name = "zarr.json" if self.version == 3 else ".zarray"
        document = path.parent / "s" / "cube" / name
        said = json.loads(document.read_text())
        said["shape"] = [10**9, 10**9, 16, 20]
        document.write_text(json.dumps(said))
        pack(path.parent / "s", path)
        return "declared_size_implausible"


class TestZarr3(TestZarr2):
    version = 3


class TestDeflatedZarr3(TestZarr3):
    method = zipfile.ZIP_DEFLATED


CODECS: dict[str, dict[str, Any]] = {
    "plain": {"compressors": None},
    "gzip": {"compressors": [GzipCodec(level=1)]},
    "zstd with checksum": {"compressors": [ZstdCodec(level=3, checksum=True), Crc32cCodec()]},
    "blosc": {"compressors": [BloscCodec(cname="lz4", shuffle="bitshuffle")]},
    "big-endian": {"serializer": BytesCodec(endian="big")},
    "transposed": {"filters": [TransposeCodec(order=(2, 0, 1))], "compressors": [ZstdCodec()]},
    "shards": {"shards": (4, 6, 10), "compressors": [ZstdCodec()]},
    "shards, table first": {
        "serializer": ShardingCodec(chunk_shape=(2, 3, 5), index_location="start"),
        "chunks": (4, 6, 10), "filters": None, "compressors": None,
    },
    "keys of version 2": {"chunk_key_encoding": {"name": "v2", "separator": "."}},
    "keys with points": {"chunk_key_encoding": {"name": "default", "separator": "."}},
}  # fmt: skip


@pytest.mark.parametrize("name", CODECS)
@pytest.mark.parametrize("dtype", ["int16", "float32", "complex64", "bool"])
def test_version_3_equals_zarr_python(tmp_path: Path, name: str, dtype: str) -> None:
    values = default_rng(1).integers(0, 2 if dtype == "bool" else 99, (7, 11, 13)).astype(dtype)
    settings = {"chunks": (2, 3, 5), "fill_value": 1, **CODECS[name]}
    array = zarr.create_array(tmp_path / "s", shape=values.shape, dtype=dtype, zarr_format=3, **settings)
    array[:5] = values[:5]  # the rest is never written
    path = pack(tmp_path / "s", tmp_path / "a.zip", inside="my scan.zarr/")
    assert recognize(path, path.name).format == "zarr_store"
    with open_zarr(path, axes=["scan_y", "scan_x", "energy"]) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), array[...])
        np.testing.assert_array_equal(signal.read((slice(3, 7), slice(2, 9))), array[3:7, 2:9])
        np.testing.assert_array_equal(signal.read_channels((slice(4, 11),)), array[:, :, 4:11])
        assert [one.code for one in opened.findings] == ["zarr_chunks_missing"]
        assert opened.findings[0].severity == "warning"


def test_chunks_that_are_left_out_are_counted_within_the_array_alone(tmp_path: Path) -> None:
    array = zarr.create_array(
        tmp_path / "s", shape=(7, 10), dtype="u2", chunks=(2, 5), shards=(4, 10), fill_value=3
    )
    array[...] = 1
    path = pack(tmp_path / "s", tmp_path / "a.zip")
    with open_zarr(path) as opened:
        assert not opened.findings
    array[:2, :5] = 3  # becomes a chunk of nothing but the fill value, which is left out
    with open_zarr(pack(tmp_path / "s", path)) as opened:
        assert "1 chunks within shards of the array in a.zip are not stored" in opened.findings[0].message
    array[:4] = 3
    with open_zarr(pack(tmp_path / "s", path)) as opened:
        assert "1 of 2 shards of the array in a.zip are not stored" in opened.findings[0].message
        np.testing.assert_array_equal(opened.signals[0].read(), array[...])
    array = zarr.create_array(tmp_path / "t", shape=(5, 10), dtype="u2", chunks=(2, 5), shards=(4, 10))
    array[...] = 1
    with open_zarr(pack(tmp_path / "t", path)) as opened:
        assert not opened.findings  # the last shard has a row of chunks that lies outside


@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(
    ("compressor", "filters"),
    [
        (None, None),
        ({"id": "zlib", "level": 1}, None),
        ({"id": "gzip", "level": 1}, None),
        ({"id": "bz2", "level": 1}, None),
        ({"id": "lzma", "preset": 1}, None),
        ({"id": "lz4", "acceleration": 1}, None),
        ({"id": "zstd", "level": 1}, [{"id": "delta", "dtype": "<i4"}]),
        ({"id": "blosc", "cname": "zstd", "clevel": 1, "shuffle": 2}, [{"id": "shuffle", "elementsize": 4}]),
        (None, [{"id": "crc32"}]),
    ],
)
def test_version_2_equals_zarr_python(
    tmp_path: Path, compressor: Any, filters: Any, order: Any, separator: Any
) -> None:
    values = default_rng(2).integers(-9, 9, (9, 8, 7)).astype("<i4")
    array = zarr.create(
        shape=values.shape, dtype="<i4", chunks=(4, 3, 7), store=tmp_path / "s", zarr_format=2, order=order,
        fill_value=-5,
        dimension_separator=separator, compressor=compressor and numcodecs.get_codec(dict(compressor)),
        filters=[numcodecs.get_codec(dict(one)) for one in filters or []] or None,
    )  # fmt: skip
    array[:, :6] = values[:, :6]
    with open_zarr(pack(tmp_path / "s", tmp_path / "a.zip"), axes=["series", "y", "x"]) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), array[...])
        assert "3 of 9 chunks of the array" in opened.findings[0].message
        assert "-5" in opened.findings[0].message


@pytest.mark.parametrize("version", [2, 3])
def test_datasets_of_xarray_name_and_calibrate_their_axes(tmp_path: Path, version: Any) -> None:
    values = default_rng(1).random((4, 5, 6)).astype("f4")
    coordinates: dict[str, Any] = {
        "y": ("y", np.arange(4) * 0.5, {"units": "nm"}),
        "x": ("x", np.arange(5) * 0.25 + 2, {"units": "µm"}),
        "energy": ("energy", np.arange(6) * 0.1 + 500, {"units": "eV"}),
        "run": ((), 7),
    }
    data = {
        "eels": (("energy", "y", "x"), values.transpose(2, 0, 1), {"units": "counts"}),
        "haadf": (("y", "x"), values[..., 0]),
    }
    written = xarray.Dataset(data, coordinates)
    written.to_zarr(tmp_path / "s", zarr_format=version, consolidated=False)
    with open_zarr(pack(tmp_path / "s", tmp_path / "a.zarr.zip")) as opened:
        signal = opened.signals[0]
        np.testing.assert_array_equal(signal.read(), written["eels"].transpose("y", "x", "energy").values)
        assert [(one.name, one.unit, one.scale, one.offset) for one in signal.axes] == [
            ("scan_y", "nm", 0.5, 0.0), ("scan_x", "nm", 250.0, 2000.0), ("energy", "eV", pytest.approx(0.1), 500.0),
        ]  # fmt: skip
        assert (signal.intensity_unit, signal.shape_origin) == ("1", "file")
        assert "axes transposed" in signal.orientation
        assert [one.code for one in opened.findings] == ["array_not_read"]
        assert "haadf (4 × 5, float32)" in opened.findings[0].message
    with open_zarr(tmp_path / "a.zarr.zip", dataset="haadf", axes=["scan_y", "scan_x"]) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), written["haadf"].values)
        assert not opened.findings


def test_arrays_without_names_are_asked_for_as_those_of_hdf5_are(tmp_path: Path) -> None:
    group = zarr.open_group(tmp_path / "s", mode="w")
    group.create_array("a/raw", data=np.ones((2, 3, 4, 5), "u2"))
    group.create_array("a/dark", data=np.ones((2, 3, 4, 5), "u1"))
    group.create_array("steps", data=np.arange(7) * 0.5)
    path = pack(tmp_path / "s", tmp_path / "a.zip")
    with open_zarr(path) as opened:
        assert asked(opened) == ["array_dataset_missing"]
        assert opened.findings[0].pointer == "/array/dataset"
        assert "a/raw (2 × 3 × 4 × 5, uint16), a/dark (2 × 3 × 4 × 5, uint8)" in opened.findings[0].hint
        assert opened.signals[0].dtype == np.uint16
        assert opened.header["zarr"]["steps"] == [0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0]
    with open_zarr(path, dataset="a/dark") as opened:
        assert not asked(opened)
        assert opened.signals[0].dtype == np.uint8
    with open_zarr(path, dataset="nothing") as opened:
        assert asked(opened) == ["array_dataset_unknown"]


def test_names_that_say_nothing_are_told_and_asked_for(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "s", data=np.ones((2, 3, 4)), dimension_names=["p", "q", "r"])
    path = pack(tmp_path / "s", tmp_path / "a.zip")
    with open_zarr(path) as opened:
        assert asked(opened) == ["array_axes_missing"]
        assert "p, q, r" in next(one.message for one in opened.findings if one.code == "array_axes_named")
    with open_zarr(path, axes=["time", "y", "x"]) as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["time", "y", "x"]
        assert asked(opened) == []


def test_positions_without_one_step_calibrate_nothing(tmp_path: Path) -> None:
    energies = [1.0, 2.0, 4.0, 8.0]
    written = xarray.Dataset(
        {"s": (("scan_x", "energy"), np.ones((2, 4)))}, {"energy": ("energy", energies, {"units": "eV"})}
    )
    written.to_zarr(tmp_path / "s", zarr_format=3, consolidated=False)
    with open_zarr(pack(tmp_path / "s", tmp_path / "a.zip")) as opened:
        assert [one.code for one in opened.findings] == ["axis_not_linear"]
        assert opened.signals[0].axes[1].scale is None


def test_a_run_of_frames_takes_the_scan_shape(tmp_path: Path) -> None:
    values = default_rng(1).random((6, 4, 5))
    zarr.create_array(tmp_path / "s", data=values, chunks=(4, 4, 5), dimension_names=["frame", "ky", "kx"])
    path = pack(tmp_path / "s", tmp_path / "a.zip")
    with open_measurement("zarr_store", {"a.zip": path}, ReadHints(scan_shape=(2, 3))) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values.reshape(2, 3, 4, 5))
        assert tuple(axis.name for axis in opened.signals[0].axes) == FOUR_D
        assert opened.signals[0].shape_origin == "depositor"
