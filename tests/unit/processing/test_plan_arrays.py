"""Chunks, shards and blocks for every shape."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.engine.plan_arrays import KIB, MIB, EmptyArrayError, list_blocks, plan_array


@pytest.mark.parametrize(
    ("shape", "itemsize", "n_signal_axes", "chunk", "shard"),
    [
        ((256, 256, 128, 128), 2, 2, (1, 2), (45, 46)),
        ((512, 512, 256, 256), 2, 2, (1, 1), (23, 23)),
        ((48, 48, 128, 128), 4, 2, (1, 1), (32, 32)),
        ((4096, 4, 128, 128), 2, 2, (1, 2), (512, 4)),
        ((10_000, 128, 128), 4, 2, (1,), (1024,)),
        ((5, 64, 64, 128, 128), 2, 2, (1, 1, 2), (1, 45, 46)),
        ((100, 100, 2048), 2, 1, (4, 4), (100, 100)),
    ],
)
def test_plans(
    shape: tuple[int, ...], itemsize: int, n_signal_axes: int, chunk: tuple[int, ...], shard: tuple[int, ...]
) -> None:
    plan = plan_array(shape, itemsize, n_signal_axes)
    assert plan.chunk == chunk + shape[len(chunk) :]
    assert plan.shard == shard + shape[len(shard) :]


def test_large_images_are_tiled() -> None:
    plan = plan_array((4096, 4096), 4, 2)
    assert plan.chunk == (256, 256)
    assert plan.shard == (4096, 4096)


@pytest.mark.parametrize("shape", [(), (0, 4, 8), (4, 4, 0)])
def test_nothing_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(EmptyArrayError):
        plan_array(shape, 2, 1)


@given(
    leading=st.lists(st.integers(1, 300), min_size=1, max_size=4),
    pattern=st.lists(st.integers(1, 600), min_size=1, max_size=2),
    itemsize=st.sampled_from([1, 2, 4, 8]),
)
def test_bounds_of_every_plan(leading: list[int], pattern: list[int], itemsize: int) -> None:
    plan = plan_array((*leading, *pattern), itemsize, len(pattern))
    pattern_bytes = math.prod(pattern) * itemsize
    chunk_bytes = math.prod(plan.chunk) * itemsize
    assert plan.chunk[len(leading) :] == tuple(pattern)
    assert chunk_bytes < max(128 * KIB, 2 * pattern_bytes)
    assert math.prod(plan.shard) * itemsize <= max(144 * MIB, chunk_bytes)
    assert all(shard % chunk == 0 for shard, chunk in zip(plan.shard, plan.chunk, strict=True))
    if all(chunk < size for chunk, size in zip(plan.chunk, leading, strict=False)):
        assert chunk_bytes >= 64 * KIB


@given(
    leading=st.lists(st.integers(1, 20), min_size=1, max_size=3),
    block_bytes=st.integers(1, 200_000),
)
def test_blocks_cover_every_position_once_in_file_order(leading: list[int], block_bytes: int) -> None:
    plan = plan_array((*leading, 16, 16), 2, 2)
    seen = np.zeros(leading, int)
    last = -1
    for region in list_blocks(plan, block_bytes):
        seen[region] += 1
        first = int(np.ravel_multi_index([part.start for part in region], leading))
        assert first > last
        last = first
        for part, chunk, size in zip(region, plan.chunk, leading, strict=False):
            assert part.start % chunk == 0
            assert part.stop % chunk == 0 or part.stop == size
    assert (seen == 1).all()
