"""NumPy's npy: every type, order and version equals what NumPy itself reads; what is no array of numbers is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.lib import format as npy_format
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile

TYPES = ("?", "i1", "u1", "<i2", ">u2", "<u4", ">i8", "<u8", "<f2", ">f4", "<f8", "<c8", ">c16")
FORGIVING = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def hints(**array: Any) -> ReadHints:
    return ReadHints.from_dict({"array": array})


class TestNpy(SaysWhereItEnds, ReadInPython):
    format = "numpy_npy"
    cut_codes = frozenset({"npy_header_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(4).integers(0, 60_000, (3, 4, 16, 20)).astype(">u2")
        np.save(folder / "scan.npy", values)
        return WrittenFile(
            files={"scan.npy": folder / "scan.npy"},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("npy", "descr"), ">u2"),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        path.write_bytes(path.read_bytes().replace(b"(3, 4, 16, 20)", b"(3, 4, 16, 2000)", 1))
        return "file_truncated"


@given(
    data=st.data(),
    dtype=st.sampled_from(TYPES),
    shape=arrays.array_shapes(min_dims=1, max_dims=5, max_side=5),
    is_fortran=st.booleans(),
    version=st.sampled_from([(1, 0), (2, 0), (3, 0)]),
)
@FORGIVING
def test_equals_numpy(
    tmp_path: Path,
    data: st.DataObject,
    dtype: str,
    shape: tuple[int, ...],
    is_fortran: bool,
    version: tuple[int, int],
) -> None:
    values = data.draw(
        arrays.arrays(dtype, shape, elements=arrays.from_dtype(np.dtype(dtype), allow_nan=False))
    )
    path = tmp_path / "a.npy"
    with path.open("wb") as handle:
        npy_format.write_array(handle, np.asarray(values, order="F" if is_fortran else "C"), version)
    expected = np.load(path)
    names = data.draw(st.permutations(["time", "scan_y", "scan_x", "detector_y", "detector_x"][: len(shape)]))
    with open_measurement("numpy_npy", {"a.npy": path}) as opened:
        read = opened.signals[0].read()
        assert read.dtype == (np.uint8 if dtype == "?" else np.dtype(dtype).newbyteorder("="))
        np.testing.assert_array_equal(read, expected)
    with open_measurement("numpy_npy", {"a.npy": path}, hints(axes=names)) as opened:
        signal = opened.signals[0]
        order = [names.index(axis.name) for axis in signal.axes]
        np.testing.assert_array_equal(signal.read(), expected.transpose(order))
        assert (signal.orientation == "as stored in the file") == (order == sorted(order))
        cut = tuple(slice(0, max(1, size - 1)) for size in signal.shape[-signal.n_signal_axes :])
        whole = (slice(None),) * len(signal.leading_shape)
        np.testing.assert_array_equal(signal.read_channels(cut), expected.transpose(order)[(*whole, *cut)])


@pytest.mark.parametrize("names", [("detector_x", "scan_x", "scan_y", "detector_y"), ()])
def test_large_fortran_arrays_are_read_by_regions(tmp_path: Path, names: tuple[str, ...]) -> None:
    values = default_rng(1).integers(0, 255, (40, 50, 60, 30)).astype(np.uint8)
    np.save(tmp_path / "a.npy", np.asfortranarray(values))
    with open_measurement("numpy_npy", {"a.npy": tmp_path / "a.npy"}, hints(axes=names)) as opened:
        signal = opened.signals[0]
        order = [names.index(axis.name) for axis in signal.axes] if names else [0, 1, 2, 3]
        region = (slice(3, 9), slice(7, 8))
        np.testing.assert_array_equal(signal.read(region), values.transpose(order)[region])
        assert signal.shape_origin == ("depositor" if names else "guessed")
        assert max(signal.stored_block[: 4 - signal.n_signal_axes]) > 1


def _pickled() -> npt.NDArray[Any]:
    return np.array([{"a": 1}, None], dtype=object)


@pytest.mark.parametrize(
    ("make", "code", "word"),
    [
        (_pickled, "dataset_not_numeric", "Python objects"),
        (lambda: np.array(["a", "b"]), "dataset_not_numeric", "text"),
        (lambda: np.array([b"a"]), "dataset_not_numeric", "text"),
        (lambda: np.zeros(3, [("x", "<f4"), ("y", "<i2")]), "dataset_not_numeric", "records"),
        (lambda: np.zeros(3, np.longdouble), "dataset_not_numeric", "8 bytes"),
        (lambda: np.zeros(3, "M8[s]"), "dataset_not_numeric", "dates"),
        (lambda: np.float64(3.0), "dataset_empty", "no array"),
        (lambda: np.zeros((3, 0)), "dataset_empty", "no array"),
        (lambda: np.zeros((1,) * 9), "array_too_deep", "9 axes"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused_in_words(
    tmp_path: Path, make: Callable[[], Any], code: str, word: str
) -> None:
    path = tmp_path / "a.npy"
    np.save(path, make(), allow_pickle=True)
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("numpy_npy", {"a.npy": path})
    assert (caught.value.finding.code, caught.value.finding.severity) == (code, "warning")
    assert word in caught.value.finding.message
    assert recognize(path, "a.npy").format == "numpy_npy"


@pytest.mark.parametrize(
    "header",
    [
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000, 1000000000)}",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, -1)}",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, True)}",
        b"{'descr': '<f8', 'fortran_order': False, 'shape': 3}",
        b"{'descr': '<f8', 'fortran_order': 0, 'shape': (3,)}",
        b"{'descr': '<q9', 'fortran_order': False, 'shape': (3,)}",
        b"{'descr': 'f8,f8', 'fortran_order': False, 'shape': (3,)}",
        b"{'descr': '<f8', 'shape': (3,)}",
        b"__import__('os').system('true')",
        b"(" * 5000,
        b"[" * 200 + b"1",
        b"\xff\xfe",
    ],
)
def test_odd_headers_are_refused(tmp_path: Path, header: bytes) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + bytes(64))
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("numpy_npy", {"a.npy": path})
    assert caught.value.finding.code in {"npy_header_unreadable", "file_truncated"}
    assert caught.value.finding.hint


def test_a_header_of_four_gigabytes_and_a_later_version_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    for head, code in (
        (b"\x02\x00\xff\xff\xff\xff", "npy_header_unreadable"),
        (b"\x04\x00\x10\x00", "npy_version_not_read"),
    ):
        path.write_bytes(b"\x93NUMPY" + head + bytes(64))
        with pytest.raises(ReadRefusedError) as caught:
            open_measurement("numpy_npy", {"a.npy": path})
        assert caught.value.finding.code == code


def test_headers_of_python_2_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    header = b"{'descr': '<i2', 'fortran_order': False, 'shape': (2L, 3L)}"
    path.write_bytes(
        b"\x93NUMPY\x01\x00"
        + len(header).to_bytes(2, "little")
        + header
        + np.arange(6, dtype="<i2").tobytes()
    )
    with open_measurement("numpy_npy", {"a.npy": path}) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), [[0, 1, 2], [3, 4, 5]])
