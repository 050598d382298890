"""Signals of arrays that carry no names of axes and no calibration: NumPy's, MATLAB's, raw numbers, plain HDF5."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ingest.readers.axis_answers import MOST_AXES, AxisMeaning, decide_axes, guess_axes
from ingest.readers.contract import Axis, ReadHints, Region, ShapeOrigin, SignalSource
from ingest.readers.refusals import decline, tell
from ingest.readers.scan_shape import decide_scan_layout
from ingest.readers.signal_names import name_signals
from ingest.readers.strided_bytes import StridedBytes
from repository.schema.findings import Finding

SHORT = 64  # values; a longer line is a signal, a shorter one belongs to the header
MOST_SIGNALS = 64
_NUMBERS = "biufc"
_MOST_NAMED = 20
_LONGEST_ITEM = {"b": 1, "i": 8, "u": 8, "f": 8, "c": 16}


class Numbers(Protocol):
    """Numbers of a file that are read by boxes."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the axes, in the order that the file, or the program that wrote it, gives them."""

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native-endian type of what is read."""

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What lies together and costs one access."""

    def read_into(self, box: Region, out: npt.NDArray[Any]) -> None:
        """Write the values of a box over all axes into an array of its shape."""

    def fold_first(self, rows: int, columns: int) -> "Numbers":
        """Return the same numbers with the first axis as rows of columns."""


@dataclass(frozen=True, slots=True)
class BareArray:
    """An array of a file, under the name that it has there."""

    title: str
    numbers: Numbers

    @property
    def size(self) -> tuple[int, int]:
        """Number of axes and bytes: by these the main array is chosen."""
        shape = self.numbers.shape
        return sum(length > 1 for length in shape), math.prod(shape) * self.numbers.dtype.itemsize


@dataclass(frozen=True, slots=True)
class _Permuted:
    """Numbers with their axes in another order."""

    numbers: Numbers
    order: tuple[int, ...]
    n_leading: int

    def load(self, region: Region) -> npt.NDArray[Any]:
        """Return a region over the leading axes."""
        return self._read((*region, *self._whole(self.order[self.n_leading :])))

    def load_channels(self, region: Region) -> npt.NDArray[Any]:
        """Return slices of the signal axes at every position."""
        return self._read((*self._whole(self.order[: self.n_leading]), *region))

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What lies together, over the given axes."""
        block = self.numbers.stored_block
        return tuple(block[axis] for axis in self.order) if block else ()

    def _whole(self, axes: Sequence[int]) -> Region:
        return tuple(slice(0, self.numbers.shape[axis]) for axis in axes)

    def _read(self, given: Region) -> npt.NDArray[Any]:
        out = np.empty([part.stop - part.start for part in given], self.numbers.dtype)
        places = [self.order.index(axis) for axis in range(len(self.order))]
        self.numbers.read_into(tuple(given[place] for place in places), out.transpose(places))
        return out


def check_numbers(dtype: np.dtype[Any], shape: Sequence[int], *, what: str) -> None:
    """Refuse what is no array of numbers that other programs can hold.

    Raises
    ------
    ReadRefusedError
        `dataset_not_numeric` or `dataset_empty`.
    """
    if dtype.kind not in _NUMBERS or dtype.itemsize > _LONGEST_ITEM[dtype.kind] or dtype.names:
        kinds = {"O": "Python objects", "V": "records", "U": "text", "S": "text", "M": "dates", "m": "times"}
        held = kinds.get(dtype.kind, f"numbers of the type {dtype.name}")
        raise decline(
            "dataset_not_numeric",
            f"{what} holds {held}: only whole, real and complex numbers of at most 8 bytes each are read.",
            "Save the numbers alone, as one array.",
        )
    if not shape or math.prod(shape) == 0:
        raise decline("dataset_empty", f"{what} has the shape {tuple(shape)}: no array.")
    if len(shape) > MOST_AXES:
        raise decline("array_too_deep", f"{what} has {len(shape)} axes; at most {MOST_AXES} are read.")


def find_main(
    arrays: Sequence[BareArray], *, name: str, hints: ReadHints
) -> tuple[int | None, list[Finding]]:
    """Return the array that a person named under `array.dataset`, and a fault where the file has none so named."""
    wanted = hints.array.dataset.strip("/")
    if not wanted:
        return None, []
    for number, array in enumerate(arrays):
        if array.title.strip("/") == wanted:
            return number, []
    return None, [
        Finding(
            "error",
            "array_dataset_unknown",
            f"{name} holds no array {hints.array.dataset}.",
            pointer="/array/dataset",
            hint=f"Readers see the largest. Name one of these: {list_arrays(arrays)}.",
            layer="reading",
        )
    ]


def find_largest(arrays: Sequence[BareArray]) -> int:
    """Return the array with the most axes, among these the largest, among these the first."""
    return max(range(len(arrays)), key=lambda at: (arrays[at].size, -at))


def ask_which(arrays: Sequence[BareArray], main: int, *, name: str) -> list[Finding]:
    """Ask which array was measured where several could be; name what lies beside the one that could."""
    if len(arrays) == 1:
        return []
    n_axes = arrays[main].size[0]
    rivals = [one for one in arrays if one.size[0] >= n_axes]
    choices = list_arrays(arrays)
    if len(rivals) == 1:
        hint = "They are kept in the file. If another one was measured, give its path as array.dataset."
        return [
            tell(
                "array_not_read",
                f"{name} holds several arrays, of which {arrays[main].title} is read: {choices}.",
                hint,
            )
        ]
    return [
        Finding(
            "error",
            "array_dataset_missing",
            f"{name} holds {len(arrays)} arrays and does not say which was measured; {arrays[main].title} is shown.",
            pointer="/array/dataset",
            hint=f"Give the path of the measured one: {choices}.",
            layer="reading",
        )
    ]


def list_arrays(arrays: Sequence[BareArray]) -> str:
    """Return the arrays with shape and type, the largest first, as a person chooses among them."""
    ranked = sorted(arrays, key=lambda array: array.size, reverse=True)
    named = [
        f"{array.title} ({' × '.join(map(str, array.numbers.shape))}, {array.numbers.dtype.name})"
        for array in ranked[:_MOST_NAMED]
    ]
    more = [f"and {len(ranked) - _MOST_NAMED} smaller ones"] if len(ranked) > _MOST_NAMED else []
    return ", ".join([*named, *more])


def build_signals(
    arrays: Sequence[BareArray],
    *,
    name: str,
    hints: ReadHints,
    main: int | None = None,
    meaning: AxisMeaning | None = None,
) -> tuple[list[SignalSource], list[Finding]]:
    """Return the signals of a file, the main one first, with what is asked about them.

    Parameters
    ----------
    arrays
        At least one.
    name
        Of the file, for sentences.
    main
        Which array is the main one; the largest without it.
    meaning
        What the file itself says of the main array's axes; an answer of a person goes before it.
    """
    sizes = [array.size for array in arrays]
    if main is not None:
        sizes[main] = (MOST_AXES + 1, 0)
    names = name_signals([array.title for array in arrays], sizes)
    first = names.index("data")
    chosen = arrays[first].numbers
    numbers, meaning, origin, findings = _lay_out_main(chosen, name=name, hints=hints, said=meaning)
    signals = [build_signal("data", numbers, meaning, origin, title=arrays[first].title)]
    for number, array in enumerate(arrays):
        if number != first:
            guess = _name_beside(array.numbers.shape, chosen.shape, meaning)
            signals.append(build_signal(names[number], array.numbers, guess, guess.origin, title=array.title))
    return signals, findings


def _lay_out_main(
    numbers: Numbers, *, name: str, hints: ReadHints, said: AxisMeaning | None
) -> tuple[Numbers, AxisMeaning, ShapeOrigin, list[Finding]]:
    """Return the main array with the meaning of its axes; a run of frames gets the scan shape that a person knows."""
    is_said = said is not None and not hints.array.axes
    meaning = said if said and is_said else decide_axes(numbers.shape, name=name, hints=hints)
    findings = list(meaning.findings)
    is_run = meaning.order[0] == 0 and meaning.names[0] in {"series", "position"}
    if len(numbers.shape) != 3 or meaning.n_signal_axes != 2 or not is_run:  # noqa: PLR2004 - frames along one axis
        return numbers, meaning, meaning.origin, findings
    if not hints.scan_shape and not hints.frame_axis:
        return numbers, meaning, meaning.origin, findings
    layout = decide_scan_layout(frames=numbers.shape[0], name=name, hints=hints)
    findings += layout.findings
    leading = tuple(axis.name for axis in layout.axes)
    if len(leading) == 1:
        return numbers, replace(meaning, names=(*leading, *meaning.names[1:])), layout.origin, findings
    folded = numbers.fold_first(*layout.shape) if leading else numbers
    if not leading:
        return numbers, meaning, meaning.origin, findings
    order = (0, 1, *(axis + 1 for axis in meaning.order[1:]))
    folded_meaning = replace(meaning, names=(*leading, *meaning.names[1:]), order=order)
    return folded, folded_meaning, layout.origin, findings


def _name_beside(shape: tuple[int, ...], main: tuple[int, ...], meaning: AxisMeaning) -> AxisMeaning:
    """Return what an array beside the main one is: one that was answered speaks for others of the same shape."""
    n_leading = len(meaning.names) - meaning.n_signal_axes
    if shape == main and len(shape) == len(meaning.names):
        return meaning
    if meaning.origin == "depositor" and len(main) == len(meaning.names):
        leading = tuple(main[axis] for axis in meaning.order[:n_leading])
        if len(shape) == 2 and shape == leading and meaning.names[:n_leading] == ("scan_y", "scan_x"):  # noqa: PLR2004
            return AxisMeaning(("scan_y", "scan_x"), (0, 1), 2, "file")
    return guess_axes(shape)


def build_signal(
    name: str,
    numbers: Numbers,
    meaning: AxisMeaning,
    origin: ShapeOrigin,
    *,
    title: str = "",
    axes: tuple[Axis, ...] = (),
    intensity_unit: str | None = None,
) -> SignalSource:
    """Return the signal of an array whose axes are known; `axes` are these in our order, where they are calibrated."""
    shape = tuple(numbers.shape[axis] for axis in meaning.order)
    permuted = _Permuted(numbers, meaning.order, len(shape) - meaning.n_signal_axes)
    return SignalSource(
        name=name,
        shape=shape,
        dtype=numbers.dtype,
        axes=axes or tuple(Axis(axis, size) for axis, size in zip(meaning.names, shape, strict=True)),
        n_signal_axes=meaning.n_signal_axes,
        load=permuted.load,
        title=title,
        intensity_unit=intensity_unit,
        shape_origin=origin,
        orientation=meaning.orientation,
        stored_block=() if _is_whole_frame(permuted) else permuted.stored_block,
        load_channels=permuted.load_channels,
    )


def _is_whole_frame(permuted: _Permuted) -> bool:
    """Whether one element at a time lies together in plain bytes, as in a run of frames: then no block is told."""
    signal = permuted.order[permuted.n_leading :]
    numbers = permuted.numbers
    return permuted.n_leading > 0 and isinstance(numbers, StridedBytes) and numbers.lie_together(signal)
