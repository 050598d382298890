"""What a pass over a signal accumulates, block by block, and how bands that were gathered apart become one."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.declarations.recipe import Merge
from processing.reductions.fused import sum_type

AnyArray = npt.NDArray[Any]
Region = tuple[slice, ...]


class Gathered:
    """What one band of a signal gave; bands merge in any order.

    Integer sums are kept in 64 bits, so the result does not depend on how the signal was cut; sums of floats agree
    within rounding (a relative 1e-12 of the sum of magnitudes).

    Parameters
    ----------
    leading
        Sizes of the axes over patterns of the whole signal.
    merges
        How each accumulator merges, by name.
    shared
        Where names are looked up that it does not have itself.
    """

    def __init__(
        self, leading: tuple[int, ...], merges: Mapping[str, Merge], shared: "Gathered | None" = None
    ) -> None:
        self._leading = leading
        self._shared = shared
        self._merges = dict(merges)
        self._whole: dict[str, AnyArray] = {}
        self._placed: dict[str, list[tuple[Region, AnyArray]]] = {
            name: [] for name, merge in merges.items() if merge == "place"
        }

    def add(self, region: Region, parts: Iterable[Mapping[str, AnyArray]]) -> None:
        """Take what the parts of one block gave, in the order of the block."""
        known = list(parts)
        for name, merge in self._merges.items():
            values = [part[name] for part in known]
            if merge == "place":
                extent = tuple(size.stop - size.start for size in region)
                joined = values[0] if len(values) == 1 else np.concatenate(values)
                self._placed[name].append((region, joined.reshape(*extent, *joined.shape[1:])))
            else:
                for value in values:
                    self._accumulate(name, merge, value)

    def merge(self, other: "Gathered") -> None:
        """Take what another band of the same signal gave."""
        for name, pieces in other._placed.items():  # noqa: SLF001 - its own kind
            self._placed[name].extend(pieces)
        for name, value in other._whole.items():  # noqa: SLF001
            self._accumulate(name, self._merges[name], value)

    def _accumulate(self, name: str, merge: Merge, value: AnyArray) -> None:
        former = self._whole.get(name)
        if former is None:
            wide = sum_type(value.dtype) if merge == "sum" else value.dtype
            self._whole[name] = value.astype(wide)
        elif merge == "sum":
            former += value
        else:
            np.maximum(former, value, out=former)

    def __getitem__(self, name: str) -> AnyArray:
        """Return an accumulator over the whole signal.

        Raises
        ------
        KeyError
            Nothing of that name was gathered.
        """
        if name not in self._merges and self._shared is not None:
            return self._shared[name]
        if name not in self._placed:
            return self._whole[name]
        pieces = self._placed[name]
        if not pieces:
            raise KeyError(name)
        rest = pieces[0][1].shape[len(self._leading) :]
        whole = np.zeros((*self._leading, *rest), pieces[0][1].dtype)
        for region, values in pieces:
            whole[region] = values
        self._placed[name] = [(tuple(slice(0, size) for size in self._leading), whole)]
        return whole
