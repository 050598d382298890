"""Reads a detector-major copy as programs of users may: the image of any mask, from what the conversion has written."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from processing.engine.verify_zarr import open_array
from processing.reductions.binning import bin_patterns


class MaskShapeError(ValueError):
    """A mask does not have the shape of the detector that the detector-major copy was binned from."""


class DetectorMajorCopy:
    """Reads a finished detector-major copy and answers masks.

    Parameters
    ----------
    array
        An open tensorstore array of a detector-major copy.
    attributes
        Its `stemma_companion` attribute: bin_factor and detector_shape.
    """

    def __init__(self, array: Any, attributes: Mapping[str, Any]) -> None:
        self._array = array
        self.factor = int(attributes["bin_factor"])
        self.detector_shape = (int(attributes["detector_shape"][0]), int(attributes["detector_shape"][1]))

    @classmethod
    def open(cls, folder: Path) -> "DetectorMajorCopy":
        """Open a local detector-major copy."""
        array = open_array(folder)
        return cls(array, array.spec().to_json()["metadata"]["attributes"]["stemma_companion"])

    def virtual_image(self, mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
        """Return the image of a detector mask.

        Parameters
        ----------
        mask
            Boolean (detector_y, detector_x).

        Returns
        -------
        (leading…) float64: the sum over the mask, bins on its border weighted with the share of their
        pixels inside.

        Raises
        ------
        MaskShapeError
            If the mask has another shape than the detector.
        """
        if mask.shape != self.detector_shape:
            raise MaskShapeError(f"The mask is {mask.shape}, the detector {self.detector_shape}.")
        weights = weigh_bins(mask, self.factor)
        image = np.zeros(self._array.shape[2:])
        rows = np.flatnonzero(weights.any(axis=1))
        reads = []
        for row in rows:
            at = int(row)
            for first, last in _runs(weights[at] != 0):
                reads.append((at, first, last, self._array[at, first:last].read()))
        for at, first, last, reading in reads:
            images = reading.result()
            _add_weighted(images.reshape(last - first, -1), weights[at, first:last], image.reshape(-1))
        return image


def weigh_bins(mask: npt.NDArray[np.bool_], factor: int) -> npt.NDArray[np.float64]:
    """Return for each bin the share of its pixels that lie in the mask."""
    inside = bin_patterns(mask[None], factor)[0].astype(np.float64)
    pixels = bin_patterns(np.ones((1, *mask.shape), dtype=bool), factor)[0]
    shares: npt.NDArray[np.float64] = inside / pixels
    return shares


def _runs(wanted: npt.NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate(([0], wanted.astype(np.int8), [0]))))
    return [(int(first), int(last)) for first, last in edges.reshape(-1, 2)]


@numba.njit
def _add_weighted(images: Any, shares: Any, total: Any) -> None:
    """Add ``shares[i] * images[i]`` to `total`: (n, pixels) of any type, (n,) and (pixels,) float64."""
    for number in range(images.shape[0]):
        for pixel in range(total.size):
            total[pixel] += shares[number] * images[number, pixel]
