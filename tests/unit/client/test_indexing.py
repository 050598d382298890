from typing import Any

import hypothesis.extra.numpy as arrays
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from stemma.indexing import plan_points, plan_selection


def read_as_store(array: np.ndarray[Any, Any], key: Any) -> Any:
    """Apply a plan the way a chunked array would: one axis at a time, increasing slices only."""
    plan = plan_selection(key, array.shape)
    part = array
    for axis, wanted in enumerate(plan.read):
        if isinstance(wanted, slice):
            assert wanted.step > 0
            assert 0 <= wanted.start <= wanted.stop <= array.shape[axis]
            part = part[(slice(None),) * axis + (wanted,)]
        else:
            part = np.take(part, wanted, axis=axis)
    return part[plan.finish]


@given(data=some.data(), shape=arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6))
def test_basic_indexing_is_numpys(data: some.DataObject, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape)
    key = data.draw(arrays.basic_indices(shape, allow_newaxis=True, max_dims=6))
    np.testing.assert_array_equal(read_as_store(array, key), array[key])


@pytest.mark.parametrize(
    "key",
    [
        [2, 0, -1],
        (slice(None, None, -1), [1, 1]),
        (Ellipsis, np.array([True, False, True, False, True])),
        (slice(1, 3), np.array([], dtype=int)),
        np.int64(-2),
    ],
)
def test_one_list_of_indices_is_numpys(key: Any) -> None:
    array = np.arange(3 * 4 * 5).reshape(3, 4, 5)
    np.testing.assert_array_equal(read_as_store(array, key), array[key])


@pytest.mark.parametrize(
    "key",
    [
        3,
        -4,
        (0, 0, 0, 0),
        (Ellipsis, Ellipsis),
        1.5,
        "x",
        True,
        [[0]],
        [3],
        [True],
        [0.5],
    ],
)
def test_what_cannot_be_read_is_an_index_error(key: Any) -> None:
    with pytest.raises(IndexError):
        plan_selection(key, (3, 4, 5))


@pytest.mark.parametrize(
    "key",
    [
        ([0, 2, -1], [1, 1, 3]),
        (np.array([2, 0]), 3),
        (1, [0, 3]),
        ([0, 1], [1, 2], slice(1, 4)),
        ([0, 1], [1, 2], [4, -5]),
        ([0, 1], 2, Ellipsis),
        (np.array([], dtype=int), np.array([], dtype=int)),
    ],
)
def test_lists_that_name_positions_together_are_numpys(key: Any) -> None:
    array = np.arange(3 * 4 * 5).reshape(3, 4, 5)
    points = plan_points(key, array.shape)
    assert points is not None
    parts = [array[tuple(position)][points.rest] for position in points.positions]
    expected = array[key]
    np.testing.assert_array_equal(np.reshape(parts, expected.shape), expected)


@pytest.mark.parametrize(
    "key", [3, (1, 2), ([0, 1],), (slice(None), [0]), (Ellipsis, [0]), ([0], slice(None), [1])]
)
def test_other_indices_name_no_positions(key: Any) -> None:
    assert plan_points(key, (3, 4, 5)) is None


@pytest.mark.parametrize("key", [([0, 3], [0, 0]), ([0, 1], [0, 1, 2]), ([0], [-5])])
def test_positions_that_are_not_there_are_an_index_error(key: Any) -> None:
    with pytest.raises(IndexError):
        plan_points(key, (3, 4, 5))
