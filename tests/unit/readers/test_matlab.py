"""MATLAB's variables: version 5 equals scipy, version 7.3 equals what was laid out; damaged files are refused."""

import struct
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.random import default_rng
from scipy.io import loadmat, savemat

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.reader_contract import ReaderContract, ReadInPython, WrittenFile
from tests.vendor_files.matlab import write_mat73

FORGIVING = settings(
    max_examples=50,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TYPES = ("?", "<i1", "<u1", "<i2", ">u2", "<u4", "<i8", "<u8", ">f4", "<f8", "<c8", "<c16")
AXES = ("scan_y", "scan_x", "detector_y", "detector_x")


def open_mat(path: Path, **array: Any) -> OpenedFile:
    return open_measurement("matlab", {path.name: path}, ReadHints.from_dict({"array": array}))


def refuse_mat(path: Path) -> str:
    with pytest.raises(ReadRefusedError) as caught:
        open_mat(path)
    return caught.value.finding.code


class TestMatlab5(ReadInPython):
    format = "matlab"
    cut_codes = frozenset({"mat_unreadable"})
    is_packed = False

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(8).integers(0, 60_000, (3, 4, 16, 20)).astype("<u2")
        savemat(folder / "a.mat", {"voltage_kv": 200.0, "cube": values}, do_compression=self.is_packed)
        return WrittenFile(
            files={"a.mat": folder / "a.mat"},
            values=values,
            axes=AXES,
            header_value=(("matlab", "values", "voltage_kv"), 200.0),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        savemat(path, {"cube": written.values})
        raw = path.read_bytes()
        path.write_bytes(
            raw.replace(struct.pack("<4i", 3, 4, 16, 20), struct.pack("<4i", 3, 4, 16, 10**9), 1)
        )
        return "mat_unreadable"


class TestPackedMatlab5(TestMatlab5):
    cut_codes = frozenset({"mat_unreadable", "zip_member_damaged"})
    is_packed = True


class TestMatlab73(ReaderContract):
    format = "matlab"
    cut_codes = frozenset({"hdf5_unreadable", "mat_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(8).integers(0, 60_000, (3, 4, 16, 20)).astype("<u2")
        path = write_mat73(folder / "a.mat", {"cube": values, "run": {"voltage_kv": 200.0}, "who": "Müller"})
        return WrittenFile(
            files={"a.mat": path},
            values=values,
            axes=AXES,
            header_value=(("matlab", "values"), {"run/voltage_kv": 200.0, "who": "Müller"}),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        with path.open("rb+") as handle:
            handle.truncate(path.stat().st_size - 100)
        return "file_truncated"


@given(
    data=st.data(),
    dtype=st.sampled_from(TYPES),
    shape=arrays.array_shapes(min_dims=2, max_dims=4, min_side=1, max_side=9),
    is_packed=st.booleans(),
)
@FORGIVING
def test_version_5_equals_scipy(
    tmp_path: Path, data: st.DataObject, dtype: str, shape: tuple[int, ...], is_packed: bool
) -> None:
    shape = (9, *shape[1:]) if shape[0] * shape[1] < 65 else shape
    values = data.draw(
        arrays.arrays(dtype, (8, 9, *shape[1:]), elements=arrays.from_dtype(np.dtype(dtype), allow_nan=False))
    )
    path = tmp_path / "a.mat"
    savemat(path, {"x": values}, do_compression=is_packed)
    expected = loadmat(path)["x"]
    names = data.draw(st.permutations(["time", *AXES][: values.ndim]))
    with open_mat(path, axes=names) as opened:
        signal = opened.signals[0]
        order = [names.index(axis.name) for axis in signal.axes]
        np.testing.assert_array_equal(signal.read(), expected.transpose(order))
        region = tuple(slice(0, max(1, size // 2)) for size in signal.leading_shape)
        np.testing.assert_array_equal(signal.read(region), expected.transpose(order)[region])


@pytest.mark.parametrize("dtype", ["?", "<u1", "<i4", "<f4", "<f8", "<c8", "<c16"])
def test_version_7_3_has_the_shape_that_matlab_shows(tmp_path: Path, dtype: str) -> None:
    values = (default_rng(1).normal(size=(6, 7, 18, 5)) * 50).astype(dtype)
    path = write_mat73(
        tmp_path / "a.mat", {"x": values, "line": np.arange(100.0), "s": {"y": np.ones((9, 9))}}
    )
    with open_mat(path, axes=("scan_x", "scan_y", "detector_y", "detector_x")) as opened:
        by_name = {one.name: one for one in opened.signals}
        assert by_name["data"].shape == (7, 6, 18, 5)
        np.testing.assert_array_equal(by_name["data"].read(), values.transpose(1, 0, 2, 3))
        np.testing.assert_array_equal(
            by_name["data"].read((slice(2, 4), slice(1, 3))), values.transpose(1, 0, 2, 3)[2:4, 1:3]
        )
        np.testing.assert_array_equal(by_name["line"].read(), np.arange(100.0))
        assert by_name["s_y"].shape == (9, 9)


def test_values_texts_and_what_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(
        path,
        {
            "x": np.ones((9, 9)),
            "who": "Ångström",
            "steps": [0.1, 0.2],
            "s": {"a": 1},
            "c": np.array([1, "a"], object),
        },
    )
    with open_mat(path) as opened:
        header = opened.header["matlab"]
        assert header["values"] == {"who": "Ångström", "steps": [0.1, 0.2]}
        assert header["others"] == ["s (struct)", "c (cell)"]
        (told,) = [one for one in opened.findings if one.code == "array_not_read"]
        assert "s (struct), c (cell)" in told.message
    savemat(path, {"only": {"a": 1}})
    assert refuse_mat(path) == "no_array_found"


def test_a_line_of_matlab_is_one_axis(tmp_path: Path) -> None:
    for shape in ((1, 100), (100, 1)):
        savemat(tmp_path / "a.mat", {"x": np.arange(100.0).reshape(shape)})
        with open_mat(tmp_path / "a.mat", axes=["energy"]) as opened:
            assert opened.signals[0].shape == (100,)
            np.testing.assert_array_equal(opened.signals[0].read(), np.arange(100))


def test_bytes_behind_the_last_variable_are_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"x": np.ones((9, 9))})
    with path.open("ab") as handle:
        handle.write(b"\x17" * 1001)
    with open_mat(path) as opened:
        (finding,) = [one for one in opened.findings if one.code == "bytes_left_over"]
        assert " 1001 bytes" in finding.message
        np.testing.assert_array_equal(opened.signals[0].read(), np.ones((9, 9)))


def test_big_endian_files_are_read(tmp_path: Path) -> None:
    def tag(kind: int, raw: bytes) -> bytes:
        return struct.pack(">II", kind, len(raw)) + raw.ljust(-(-len(raw) // 8) * 8, b"\0")

    values = np.arange(120, dtype=">i2").reshape(10, 12)
    body = tag(6, struct.pack(">II", 10, 0)) + tag(5, struct.pack(">2i", 10, 12)) + tag(1, b"image")
    body += tag(3, values.tobytes("F"))
    path = tmp_path / "a.mat"
    path.write_bytes(
        b"MATLAB 5.0 MAT-file".ljust(124) + b"\x01\x00MI" + struct.pack(">II", 14, len(body)) + body
    )
    np.testing.assert_array_equal(loadmat(path)["image"], values)
    with open_mat(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)


def test_a_packed_variable_that_claims_more_than_it_can_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.mat"
    packed = zlib.compress(struct.pack("<II", 14, 2**31) + bytes(1000))
    path.write_bytes(b"MATLAB 5.0".ljust(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(packed)) + packed)
    assert refuse_mat(path) == "declared_size_implausible"


@pytest.mark.parametrize("is_packed", [True, False])
def test_damage_never_crashes(tmp_path: Path, is_packed: bool) -> None:
    path = tmp_path / "a.mat"
    savemat(path, {"x": np.ones((9, 10)), "s": "text", "z": np.ones((9, 9)) * 1j}, do_compression=is_packed)
    whole = path.read_bytes()
    for at in range(0, len(whole), 3):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x81]) + whole[at + 1 :])
        recognize(path, "a.mat")
        with suppress(ReadRefusedError), open_mat(path) as opened:
            opened.signals[0].read()
