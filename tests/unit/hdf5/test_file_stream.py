"""What is streamed is HDF5 that h5py reads: every type and tiling, texts and numbers, and never half of it."""

import io
import json
import math
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import hdf5plugin  # noqa: F401 - its import registers Blosc
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from processing.engine.plan_arrays import ArrayPlan
from repository.exports.subjects import ArrayPart
from repository.hdf5.checksum import compute_lookup3
from repository.hdf5.file_stream import stream_file
from repository.hdf5.messages import describe_numpy_type
from repository.hdf5.stored_arrays import UnknownLayoutError
from repository.hdf5.tree import Field, Group, Node, StoredArray, Unsigned, list_positions
from tests.exported_arrays import BLOCK, Store

WHOLE = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
DTYPES = ("bool", *WHOLE, "float16", "float32", "float64", "complex64", "complex128")


def read_back(content: bytes, path: str = "data") -> Any:
    with h5py.File(io.BytesIO(content), "r") as file:
        return file[path][...]


def write(store: Store, values: npt.NDArray[Any], n_signal_axes: int, plan: ArrayPlan | None = None) -> bytes:
    parts = store.add("data", values, n_signal_axes, plan)
    return b"".join(stream_file(Group({"data": StoredArray(parts)}), store.read))


@st.composite
def arrays(draw: st.DrawFn) -> tuple[npt.NDArray[Any], int]:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=5, max_side=7))
    values = draw(hnp.arrays(dtype, shape, fill=st.nothing() if math.prod(shape) < 20 else None))
    return values, draw(st.integers(1, min(2, len(shape))))


@settings(max_examples=150, deadline=None)
@given(drawn=arrays())
def test_values_of_every_type_and_shape_come_back_bit_for_bit(drawn: tuple[npt.NDArray[Any], int]) -> None:
    values, n_signal_axes = drawn
    with tempfile.TemporaryDirectory() as folder:
        found = read_back(write(Store(Path(folder)), values, n_signal_axes))
    assert (found.shape, found.dtype) == (values.shape, values.dtype)
    assert found.tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("shape", "chunk", "shard"),
    [
        ((70, 90), (1, 1), (7, 9)),  # 6300 chunks: three levels of the tree
        ((9, 10, 11), (2, 3, 4), (4, 6, 8)),  # ragged everywhere
        ((65, 3), (1, 3), (1, 3)),  # one chunk more than a node holds
        ((64, 3), (1, 3), (64, 3)),
        ((5,), (8,), (16,)),  # a chunk larger than the array
    ],
)
def test_chunks_are_found_however_they_are_tiled(
    tmp_path: Path, shape: tuple[int, ...], chunk: tuple[int, ...], shard: tuple[int, ...]
) -> None:
    values = np.arange(math.prod(shape), dtype="uint32").reshape(shape)
    content = write(Store(tmp_path), values, 1, ArrayPlan(shape, 4, 1, chunk, shard))
    with h5py.File(io.BytesIO(content), "r") as file:
        data = file["data"]
        assert (data.chunks, data.id.get_num_chunks()) == (
            chunk,
            math.prod(math.ceil(size / part) for size, part in zip(shape, chunk, strict=True)),
        )
        # The header of blosc says how many bytes a chunk has: none of the checksum behind it is told to be its own.
        chunks = [
            data.id.read_direct_chunk(data.id.get_chunk_info(at).chunk_offset)[1]
            for at in range(min(3, data.id.get_num_chunks()))
        ]
        assert [struct.unpack("<I", one[12:16])[0] for one in chunks] == [len(one) for one in chunks]
        np.testing.assert_array_equal(data[...], values)
        np.testing.assert_array_equal(data[-1:], values[-1:])


def test_small_values_and_texts_come_back(tmp_path: Path) -> None:
    line = "µ" * 300
    attributes: dict[str, Any] = {
        "text": "Å, 電子, \N{SMILING FACE WITH OPEN MOUTH}",
        "none": "",
        "lines": ["a", "", line],
        "whole": -3,
        "large": 2**64 - 1,
        "unsigned": Unsigned(2),
        "number": 2.5,
        "numbers": [1.5, float("inf")],
        "truth": True,
        "truths": [True, False],
    }
    long = list_positions(100_000, offset=-2.0, scale=0.25)
    tree: dict[str, Node] = {
        "attributed": Group({}, attributes),
        "long": Field(long),
        "cut": Field("a\0b"),
        "half": Field("\ud800x"),
    }
    tree |= {"many": Group({f"n{number}": Field(number) for number in range(3000)})}
    content = b"".join(stream_file(Group(tree), Store(tmp_path).read))
    with h5py.File(io.BytesIO(content), "r") as file:
        found = dict(file["attributed"].attrs)
        assert {
            key: value.tolist() if hasattr(value, "tolist") else value for key, value in found.items()
        } == attributes
        assert found["unsigned"].dtype == np.uint64
        np.testing.assert_array_equal(file["long"][...], -2.0 + 0.25 * np.arange(100_000))
        assert (file["cut"].asstr()[()], file["half"].asstr()[()]) == ("ab", "?x")
        assert [file[f"many/n{number}"][()] for number in range(3000)] == list(range(3000))


def test_texts_beyond_one_collection_come_back(tmp_path: Path) -> None:
    texts = [f"text {number}" for number in range(65_000)]
    content = b"".join(stream_file(Group({"texts": Field(texts)}), Store(tmp_path).read))
    assert read_back(content, "texts").astype(str).tolist() == texts


def test_no_part_of_a_file_is_taken_for_a_whole_one(tmp_path: Path) -> None:
    content = write(Store(tmp_path), np.arange(6000.0).reshape(20, 300), 1)
    for cut in {0, 1, 47, 48, 100, len(content) // 2, len(content) - 1}:
        with pytest.raises(OSError, match=r"truncated|signature not found|Unable to"):
            h5py.File(io.BytesIO(content[:cut]), "r")
    assert read_back(content).sum() == np.arange(6000.0).sum()


def test_each_object_is_read_once_and_passed_on_in_its_blocks(tmp_path: Path) -> None:
    """Memory holds headers, the index and a block: nothing that is yielded but those is larger than what was read."""
    values = np.random.default_rng(1).integers(0, 2**16, (40, 40, 32, 32), dtype="uint16")
    store = Store(tmp_path)
    plan = ArrayPlan(values.shape, 2, 2, (4, 4, 32, 32), (20, 40, 32, 32))
    parts = store.add("data", values, 2, plan)
    blocks = [len(block) for block in stream_file(Group({"data": StoredArray(parts)}), store.read)]
    assert sorted(store.taken) == sorted(part.key for part in parts)
    stored = sum(part.size for part in parts if part.key != "zarr.json")
    assert sum(blocks) - stored < 20_000
    assert max(blocks) < values.nbytes / 200, "the tree of the chunks"
    assert store.largest_block == BLOCK


def test_chunks_without_checksums_are_read_too(tmp_path: Path) -> None:
    """Arrays that were converted earlier have none."""
    store = Store(tmp_path)
    values = np.arange(24, dtype="int16").reshape(4, 6)
    parts = {part.key: part for part in store.add("data", values, 1)}
    document = json.loads(b"".join(store.read(parts["zarr.json"])))
    document["codecs"][0]["configuration"]["codecs"].pop()
    shard = b"".join(store.read(parts["c/0/0"]))
    offset, size = struct.unpack("<QQ", shard[-20:-4])
    bare = shard[offset : offset + size - 4] + struct.pack("<QQ", 0, size - 4) + bytes(4)
    contents = {"zarr.json": json.dumps(document).encode(), "c/0/0": bare}
    read, listed = serve(contents)
    np.testing.assert_array_equal(
        read_back(b"".join(stream_file(Group({"data": StoredArray(listed)}), read))), values
    )


def serve(contents: dict[str, bytes]) -> tuple[Any, list[ArrayPart]]:
    def read(part: ArrayPart) -> Iterator[bytes]:
        yield contents[part.key]

    return read, [ArrayPart(key, len(content), key) for key, content in contents.items()]


def test_a_chunk_that_is_not_stored_is_zero(tmp_path: Path) -> None:
    store = Store(tmp_path)
    values = np.ones((2, 4), "float32")
    parts = {part.key: part for part in store.add("data", values, 1, ArrayPlan((2, 4), 4, 1, (1, 4), (2, 4)))}
    shard = bytearray(b"".join(store.read(parts["c/0/0"])))
    shard[-36:-20] = b"\xff" * 16  # the first of two
    contents = {"zarr.json": b"".join(store.read(parts["zarr.json"])), "c/0/0": bytes(shard)}
    read, listed = serve(contents)
    found = read_back(b"".join(stream_file(Group({"data": StoredArray(listed)}), read)))
    np.testing.assert_array_equal(found, [[0] * 4, [1] * 4])


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("data_type", "string", "string"),
        ("codecs", [{"name": "gzip"}], "not ours"),
        ("shape", None, "not ours"),
    ],
)
def test_an_array_stored_otherwise_is_refused_before_the_first_byte(
    tmp_path: Path, key: str, value: Any, says: str
) -> None:
    store = Store(tmp_path)
    parts = {part.key: part for part in store.add("data", np.ones((2, 4)), 1)}
    document = {**json.loads(b"".join(store.read(parts["zarr.json"]))), key: value}
    read, listed = serve({"zarr.json": json.dumps(document).encode(), "c/0/0": b""})
    with pytest.raises(UnknownLayoutError, match=says):
        next(stream_file(Group({"data": StoredArray(listed)}), read))
    with pytest.raises(UnknownLayoutError, match=r"no zarr\.json"):
        next(stream_file(Group({"data": StoredArray([])}), read))


def test_a_shard_that_is_too_short_for_its_index_breaks_off(tmp_path: Path) -> None:
    store = Store(tmp_path)
    parts = {part.key: part for part in store.add("data", np.ones((2, 4)), 1)}
    read, listed = serve({"zarr.json": b"".join(store.read(parts["zarr.json"])), "c/0/0": b"short"})
    with pytest.raises(UnknownLayoutError, match="no index"):
        list(stream_file(Group({"data": StoredArray(listed)}), read))


def test_the_checksum_is_that_of_its_author() -> None:
    """The driver of lookup3.c prints these: an empty key, and a sentence of 30 characters."""
    assert compute_lookup3(b"") == 0xDEADBEEF
    assert compute_lookup3(b"Four score and seven years ago") == 0x17770551


def test_every_stored_type_has_its_own_in_hdf5() -> None:
    assert len({describe_numpy_type(name)[0] for name in DTYPES}) == len(DTYPES)
