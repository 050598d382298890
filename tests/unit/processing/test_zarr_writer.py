"""The written array is read back equal by other people's Zarr implementations."""

import hashlib
import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from processing.engine.plan_arrays import ArrayPlan, list_blocks, plan_array
from processing.engine.shard_index import DamagedShardError, read_index
from processing.engine.value_summary import SummaryOfParts, summarize_values
from processing.engine.verify_zarr import ArrayDiffersError, ArrayVerifier, compare_ends, open_array
from processing.engine.zarr_metadata import (
    ARCHIVE,
    INTERACTIVE,
    Compression,
    UnsupportedDtypeError,
    has_checksums,
)
from processing.engine.zarr_writer import (
    IncompleteArrayError,
    MisalignedBlockError,
    WrittenObject,
    ZarrWriter,
)

DTYPES = st.sampled_from(["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f4", "f8", "bool", "c8"])


def write(
    folder: Path,
    data: npt.NDArray[Any],
    plan: ArrayPlan,
    block_bytes: int,
    threads: int = 2,
    compression: Compression = ARCHIVE,
) -> tuple[WrittenObject, ...]:
    names = tuple(f"axis_{index}" for index in range(data.ndim))
    with ThreadPoolExecutor(threads) as pool:
        writer = ZarrWriter(
            folder,
            plan=plan,
            dtype=data.dtype,
            dimension_names=names,
            attributes={"a": 1},
            executor=pool,
            compression=compression,
        )
        for region in list_blocks(plan, block_bytes):
            writer.write(region, data[region])
        return writer.finish()


@st.composite
def arrays(draw: st.DrawFn) -> tuple[npt.NDArray[Any], int]:
    n_signal_axes = draw(st.integers(1, 2))
    leading = draw(st.lists(st.integers(1, 7), min_size=0, max_size=3))
    pattern = draw(st.lists(st.integers(1, 9), min_size=n_signal_axes, max_size=n_signal_axes))
    seed = draw(st.integers(0, 99))
    dtype = np.dtype(draw(DTYPES))
    noise = np.random.default_rng(seed).integers(0, 255, (*leading, *pattern))
    return noise.astype(dtype), n_signal_axes


@settings(max_examples=60)
@given(array=arrays(), chunk_side=st.integers(1, 3), shard_side=st.integers(1, 3), block=st.integers(1, 4000))
def test_any_shape_type_and_tiling_reads_back_equal(
    array: tuple[npt.NDArray[Any], int], chunk_side: int, shard_side: int, block: int
) -> None:
    data, n_signal_axes = array
    n_leading = data.ndim - n_signal_axes
    chunk = (chunk_side,) * n_leading + data.shape[n_leading:]
    shard = (chunk_side * shard_side,) * n_leading + data.shape[n_leading:]
    plan = ArrayPlan(data.shape, data.dtype.itemsize, n_signal_axes, chunk, shard)
    with TemporaryDirectory() as folder:
        write(Path(folder), data, plan, block)
        np.testing.assert_array_equal(zarr.open_array(folder, mode="r")[...], data, strict=False)
        np.testing.assert_array_equal(open_array(Path(folder)).read().result(), data)


def test_nan_infinity_and_negative_zero_are_kept(tmp_path: Path) -> None:
    data = np.zeros((4, 4, 8, 8), np.float32)
    data[1, 2, 3, 4:8] = [np.nan, np.inf, -np.inf, -0.0]
    write(tmp_path, data, plan_array(data.shape, 4, 2), 1)
    back = open_array(tmp_path).read().result()
    assert back.tobytes() == data.tobytes()


def test_objects_carry_size_and_digest_and_do_not_depend_on_threads(tmp_path: Path) -> None:
    data = np.random.default_rng(0).poisson(3, (40, 50, 16, 16)).astype(np.uint16)
    plan = ArrayPlan(data.shape, 2, 2, (2, 2, 16, 16), (16, 16, 16, 16))
    one = write(tmp_path / "one", data, plan, 10_000, threads=1)
    four = write(tmp_path / "four", data, plan, 10_000, threads=4)
    assert one == four
    assert one[0].path == "zarr.json"
    assert len(one) == 1 + 3 * 4
    for item in one:
        stored = (tmp_path / "one" / item.path).read_bytes()
        assert len(stored) == item.size
        assert hashlib.sha256(stored).hexdigest() == item.sha256


def test_metadata_names_axes_and_attributes(tmp_path: Path) -> None:
    data = np.zeros((2, 2, 4, 4), np.uint8)
    write(tmp_path, data, plan_array(data.shape, 1, 2), 1)
    array = zarr.open_array(str(tmp_path), mode="r")
    assert array.metadata.zarr_format == 3
    assert array.metadata.dimension_names == ("axis_0", "axis_1", "axis_2", "axis_3")
    assert dict(array.attrs) == {"a": 1}


def test_a_missing_block_is_noticed(tmp_path: Path) -> None:
    data = np.ones((8, 8, 16, 16), np.uint16)
    plan = ArrayPlan(data.shape, 2, 2, (2, 2, 16, 16), (4, 4, 16, 16))
    with ThreadPoolExecutor(1) as pool:
        writer = ZarrWriter(
            tmp_path,
            plan=plan,
            dtype=data.dtype,
            dimension_names=("a", "b", "c", "d"),
            attributes={},
            executor=pool,
        )
        writer.write((slice(0, 2), slice(0, 8)), data[0:2])
        with pytest.raises(IncompleteArrayError):
            writer.finish()


@pytest.mark.parametrize("region", [(slice(1, 3), slice(0, 8)), (slice(0, 3), slice(0, 8))])
def test_blocks_across_chunks_are_refused(tmp_path: Path, region: tuple[slice, ...]) -> None:
    data = np.ones((8, 8, 4, 4), np.uint16)
    plan = ArrayPlan(data.shape, 2, 2, (2, 2, 4, 4), (4, 4, 4, 4))
    with ThreadPoolExecutor(1) as pool:
        writer = ZarrWriter(
            tmp_path,
            plan=plan,
            dtype=data.dtype,
            dimension_names=("a", "b", "c", "d"),
            attributes={},
            executor=pool,
        )
        with pytest.raises(MisalignedBlockError):
            writer.write(region, data[region])
        writer.abandon()


def test_types_without_a_zarr_name_are_refused(tmp_path: Path) -> None:
    structured = np.zeros((2, 2), [("a", "f4")])
    with pytest.raises(UnsupportedDtypeError):
        write(tmp_path, structured, plan_array((2, 2), 4, 2), 1)


def verify(folder: Path, data: npt.NDArray[Any], plan: ArrayPlan, writer: ZarrWriter) -> None:
    verifier = ArrayVerifier(folder, plan=plan, dtype=data.dtype, checks=writer.checks)
    with ThreadPoolExecutor(2) as pool:
        for check in verifier.checks:
            verifier.verify_shard(check, pool)
    verifier.finish(writer.summarize())


@pytest.mark.parametrize("dtype", [np.uint16, np.float32, np.complex64, bool])
def test_verification_accepts_what_was_written_and_notices_one_changed_chunk(
    tmp_path: Path, dtype: npt.DTypeLike
) -> None:
    data = np.random.default_rng(1).poisson(5, (7, 6, 16, 16)).astype(dtype)
    plan = ArrayPlan(data.shape, data.dtype.itemsize, 2, (2, 2, 16, 16), (4, 4, 16, 16))
    names = ("a", "b", "c", "d")
    writers = []
    changed = data.copy()
    changed[3, 3, 8, 8] = 0 if data[3, 3, 8, 8] else 1
    for name, values in (("right", data), ("wrong", changed)):
        with ThreadPoolExecutor(2) as pool:
            writer = ZarrWriter(
                tmp_path / name,
                plan=plan,
                dtype=data.dtype,
                dimension_names=names,
                attributes={},
                executor=pool,
            )
            writer.write((slice(0, 7), slice(0, 6)), values)
            writer.finish()
            writers.append(writer)
    verify(tmp_path / "right", data, plan, writers[0])
    with pytest.raises(ArrayDiffersError):
        verify(tmp_path / "wrong", data, plan, writers[0])
    compare_ends(tmp_path / "right", plan, (data, data))
    with pytest.raises(ArrayDiffersError):
        compare_ends(tmp_path / "wrong", plan, (data, data))


def test_verification_notices_bytes_changed_on_disk(tmp_path: Path) -> None:
    data = np.random.default_rng(1).poisson(5, (4, 4, 16, 16)).astype(np.uint16)
    plan = ArrayPlan(data.shape, 2, 2, (2, 2, 16, 16), (4, 4, 16, 16))
    with ThreadPoolExecutor(1) as pool:
        writer = ZarrWriter(
            tmp_path,
            plan=plan,
            dtype=data.dtype,
            dimension_names=("a", "b", "c", "d"),
            attributes={},
            executor=pool,
        )
        writer.write((slice(0, 4), slice(0, 4)), data)
        writer.finish()
    shard = tmp_path / "c/0/0/0/0"
    whole = bytearray(shard.read_bytes())
    whole[-10] ^= 1
    shard.write_bytes(whole)
    with pytest.raises(DamagedShardError):
        verify(tmp_path, data, plan, writer)


def locate_chunk(shard: Path, per_shard: tuple[int, ...]) -> tuple[int, int]:
    """Return offset and size of a shard's first chunk, checksum included."""
    index = read_index(shard, per_shard).reshape(-1, 2)
    return int(index[0, 0]), int(index[0, 1])


def flip_bit(path: Path, bit: int) -> None:
    whole = bytearray(path.read_bytes())
    whole[bit >> 3] ^= 1 << (bit & 7)
    path.write_bytes(whole)


@pytest.mark.parametrize("compression", [ARCHIVE, INTERACTIVE], ids=lambda one: one.name)
def test_a_flipped_bit_in_a_chunk_is_an_error_for_every_reader(
    tmp_path: Path, compression: Compression
) -> None:
    data = np.random.default_rng(1).poisson(5, (4, 4, 16, 16)).astype(np.uint16)
    plan = ArrayPlan(data.shape, 2, 2, (2, 2, 16, 16), (4, 4, 16, 16))
    write(tmp_path / "good", data, plan, 1, compression=compression)
    np.testing.assert_array_equal(open_array(tmp_path / "good").read().result(), data)
    offset, size = locate_chunk(tmp_path / "good/c/0/0/0/0", (2, 2, 1, 1))
    bits = np.random.default_rng(2).choice(size * 8, 60, replace=False)
    for bit in [*bits, size * 8 - 1]:  # the last ones are the checksum's own
        folder = tmp_path / f"bit-{bit}"
        shutil.copytree(tmp_path / "good", folder)
        flip_bit(folder / "c/0/0/0/0", offset * 8 + int(bit))
        with pytest.raises(ValueError, match=r"Digest mismatch|Blosc error"):
            open_array(folder)[0, 0].read().result()
        with pytest.raises(ValueError, match="checksum"):
            zarr.open_array(folder, mode="r")[0, 0]
        # The other chunks are as good as they were.
        np.testing.assert_array_equal(open_array(folder)[2:].read().result(), data[2:])
        np.testing.assert_array_equal(zarr.open_array(folder, mode="r")[2:], data[2:])


def test_verification_notices_a_flipped_bit_in_a_chunk(tmp_path: Path) -> None:
    data = np.random.default_rng(1).poisson(5, (4, 4, 16, 16)).astype(np.uint16)
    plan = ArrayPlan(data.shape, 2, 2, (2, 2, 16, 16), (4, 4, 16, 16))
    with ThreadPoolExecutor(1) as pool:
        writer = ZarrWriter(
            tmp_path,
            plan=plan,
            dtype=data.dtype,
            dimension_names=("a", "b", "c", "d"),
            attributes={},
            executor=pool,
        )
        writer.write((slice(0, 4), slice(0, 4)), data)
        writer.finish()
    verify(tmp_path, data, plan, writer)
    flip_bit(tmp_path / "c/0/0/0/0", 8 * 40)
    with pytest.raises(DamagedShardError):
        verify(tmp_path, data, plan, writer)


def test_the_checksum_stands_in_the_metadata_and_arrays_without_it_are_known(tmp_path: Path) -> None:
    data = np.zeros((2, 2, 4, 4), np.uint8)
    write(tmp_path, data, plan_array(data.shape, 1, 2), 1)
    metadata = json.loads((tmp_path / "zarr.json").read_text())
    assert has_checksums(metadata)
    inner = metadata["codecs"][0]["configuration"]["codecs"]
    assert [codec["name"] for codec in inner] == ["bytes", "blosc", "crc32c"]
    inner.pop()
    assert not has_checksums(metadata)


@settings(max_examples=50)
@given(
    data=hnp.arrays(st.sampled_from([np.uint64, np.int64]), st.integers(1, 50), elements={"min_value": 2**62})
)
def test_sums_of_huge_integers_do_not_wrap(data: npt.NDArray[Any]) -> None:
    assert summarize_values(data).total == sum(int(value) for value in data)


@settings(max_examples=40)
@given(order=st.permutations(range(12)), seed=st.integers(0, 99))
def test_float_sums_do_not_depend_on_the_order_of_parts(order: list[int], seed: int) -> None:
    values = np.random.default_rng(seed).normal(0, 1e6, (12, 50)).astype(np.float32)
    values[3, 7] = np.nan
    forward, shuffled = SummaryOfParts(), SummaryOfParts()
    for index in range(12):
        forward.add(summarize_values(values[index]))
        shuffled.add(summarize_values(values[order[index]]))
    assert forward.build() == shuffled.build()
    assert forward.build().n_nan == 1
    assert forward.build().total == pytest.approx(np.nansum(values, dtype=np.float64), rel=1e-12)
