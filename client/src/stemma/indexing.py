"""numpy's basic indexing on an array that can only be read in increasing slices."""

import operator
from dataclasses import dataclass
from types import EllipsisType
from typing import Any

import numpy as np
import numpy.typing as npt

Key = int | slice | EllipsisType | None | npt.NDArray[Any] | list[int]


@dataclass(frozen=True, slots=True)
class Selection:
    """A request in two steps: `read` goes to the store per axis, `finish` to the numpy array that comes back.

    Attributes
    ----------
    read : tuple of slice or ndarray
        One entry per axis: a slice with a positive step, or the indices along that axis.
    finish : tuple
        A basic numpy index: drops axes asked for by integer, turns axes round, adds new ones.
    """

    read: tuple[slice | npt.NDArray[np.intp], ...]
    finish: tuple[Any, ...]

    @property
    def is_orthogonal(self) -> bool:
        return any(isinstance(part, np.ndarray) for part in self.read)


@dataclass(frozen=True, slots=True)
class Points:
    """Positions over the leading axes, one after the other, and a basic index for the axes behind them.

    Attributes
    ----------
    positions : ndarray of int, shape (n_points, n_leading)
    rest : tuple of slice
    """

    positions: npt.NDArray[np.intp]
    rest: tuple[slice, ...]


def plan_points(key: object, shape: tuple[int, ...]) -> Points | None:
    """Translate ``[ys, xs]`` and ``[ys, 3]``: lists that name positions together, as a batch of patterns does.

    Returns None for every other index.

    Raises
    ------
    IndexError
        Out of bounds, or lists of lengths that do not go together.
    """
    parts = _expand(key if isinstance(key, tuple) else (key,), len(shape))
    n_leading = next((n for n, part in enumerate(parts) if isinstance(part, slice | None)), len(parts))
    leading, rest = parts[:n_leading], parts[n_leading:]
    if n_leading < 2 or not any(map(_is_list, leading)) or not all(isinstance(part, slice) for part in rest):  # noqa: PLR2004
        return None
    indices = [
        _plan_indices(np.atleast_1d(np.asarray(part)), shape[axis], axis) for axis, part in enumerate(leading)
    ]
    try:
        together = np.broadcast_arrays(*indices)
    except ValueError as fault:
        lengths = " and ".join(str(len(each)) for each in indices)
        raise IndexError(f"Lists of {lengths} indices do not name positions together.") from fault
    return Points(np.stack(together, axis=-1).reshape(-1, n_leading), tuple(rest))


def _is_list(part: object) -> bool:
    return isinstance(part, list | np.ndarray) and np.ndim(part) > 0


def plan_selection(key: object, shape: tuple[int, ...]) -> Selection:
    """Translate a numpy index for an array of `shape`.

    Integers (negative ones too), slices with any step, ``...``, ``None`` and one list or array of integers or
    booleans along one axis are understood; lists that name positions together are `plan_points`'.

    Raises
    ------
    IndexError
        Out of bounds, too many indices, or more fancy indexing than one axis.
    """
    parts = _expand(key if isinstance(key, tuple) else (key,), len(shape))
    read: list[slice | npt.NDArray[np.intp]] = []
    finish: list[Any] = []
    for part in parts:
        if part is None:
            finish.append(None)
            continue
        axis, size = len(read), shape[len(read)]
        wanted, left = _plan_axis(part, size, axis)
        read.append(wanted)
        finish.append(left)
    fancy = sum(isinstance(part, np.ndarray) for part in read)
    if fancy > 1 or (fancy and any(isinstance(part, int) for part in finish)):
        raise IndexError(
            "One list of indices at a time, and no integers beside it: index twice, or use `signal.zarr`."
        )
    return Selection(tuple(read), tuple(finish))


def _expand(key: tuple[Any, ...], ndim: int) -> list[Any]:
    if any(isinstance(part, bool | np.bool_) for part in key):
        raise IndexError("A single boolean is no index here.")
    used = sum(part is not None and part is not Ellipsis for part in key)
    if sum(part is Ellipsis for part in key) > 1:
        raise IndexError("An index can have only one ellipsis ('...').")
    if used > ndim:
        raise IndexError(f"Too many indices: the signal has {ndim} axes, {used} were given.")
    if not any(part is Ellipsis for part in key):
        key = (*key, Ellipsis)
    at = next(i for i, part in enumerate(key) if part is Ellipsis)
    return [*key[:at], *[slice(None)] * (ndim - used), *key[at + 1 :]]


def _plan_axis(part: Any, size: int, axis: int) -> tuple[slice | npt.NDArray[np.intp], Any]:
    if isinstance(part, slice):
        return _plan_slice(part, size)
    if _is_list(part):
        return _plan_indices(np.asarray(part), size, axis), slice(None)
    try:
        index = operator.index(part)
    except TypeError as fault:
        raise IndexError(
            f"{part!r} is no index: integers, slices, '...', None and one list of integers are."
        ) from fault
    if not -size <= index < size:
        raise IndexError(f"Index {index} is out of bounds for axis {axis} with size {size}.")
    index %= size
    return slice(index, index + 1, 1), 0


def _plan_slice(part: slice, size: int) -> tuple[slice, slice]:
    start, stop, step = part.indices(size)
    count = len(range(start, stop, step))
    if count == 0:
        return slice(0, 0, 1), slice(None)
    if step > 0:
        return slice(start, start + (count - 1) * step + 1, step), slice(None)
    # Read the same elements upwards, then turn them round.
    first = start + (count - 1) * step
    return slice(first, start + 1, -step), slice(None, None, -1)


def _plan_indices(indices: npt.NDArray[Any], size: int, axis: int) -> npt.NDArray[np.intp]:
    if indices.ndim != 1:
        raise IndexError("A list of indices must have one dimension.")
    if indices.dtype == np.bool_:
        if len(indices) != size:
            raise IndexError(f"The mask for axis {axis} has {len(indices)} entries, the axis {size}.")
        return np.flatnonzero(indices)
    if indices.size and indices.dtype.kind not in "iu":
        raise IndexError(f"Indices are integers, not {indices.dtype}.")
    positions = indices.astype(np.intp)
    if positions.size and (positions.min() < -size or positions.max() >= size):
        raise IndexError(f"An index is out of bounds for axis {axis} with size {size}.")
    return np.where(positions < 0, positions + size, positions)
