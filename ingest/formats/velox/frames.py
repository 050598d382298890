"""Images and spectra of Velox: frames stored with their number last, EELS maps with the columns first."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.hdf5.access import refuse_damage

_COMPLEX_PARTS = 2


def find_dtype(data: h5py.Dataset) -> np.dtype[Any]:
    """Return the native type of the values; two floats called real and imaginary are one complex number."""
    stored = np.dtype(data.dtype)
    if is_complex_pair(stored):
        return find_complex(stored)
    native: np.dtype[Any] = stored.newbyteorder("=")
    return native


def is_complex_pair(stored: np.dtype[Any]) -> bool:
    """Whether a compound type is a complex number in two floats."""
    names = stored.names or ()
    return (
        len(names) == _COMPLEX_PARTS
        and names[0].startswith("real")
        and names[1].startswith("imag")
        and all(stored[name].kind == "f" for name in names)
        and stored[0] == stored[1]
    )


def is_half_plane(stored: np.dtype[Any]) -> bool:
    """Whether the values are half of a Fourier transform: of real data, the other half is its conjugate."""
    return any("Half" in name for name in stored.names or ())


@dataclass(frozen=True, slots=True)
class FrameStack:
    """Frames stored as (y, x, frame), given as (frame, y, x), or as (y, x) where there is one."""

    data: h5py.Dataset
    path: Path

    @property
    def frames(self) -> int:
        """How many there are."""
        return int(self.data.shape[2])

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape that is given."""
        rows, columns, frames = self.data.shape
        return (rows, columns) if frames == 1 else (frames, rows, columns)

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What is read as a whole; empty where the values lie in a run, frame number fastest."""
        chunk = self.data.chunks or self.data.shape
        return (chunk[2], chunk[0], chunk[1])[1 if self.frames == 1 else 0 :]

    def load(self, region: Region) -> npt.NDArray[Any]:
        """Return the frames of a region, or the only one."""
        frames = region[0] if self.frames > 1 else slice(0, 1)
        with refuse_damage(self.path):
            values = join_parts(np.asarray(self.data[:, :, frames]))
        return np.moveaxis(values, 2, 0) if self.frames > 1 else values[:, :, 0]


def join_parts(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return complex numbers of pairs of floats; other values as they are."""
    names = values.dtype.names
    if names is None:
        return values
    joined = np.empty(values.shape, find_complex(values.dtype))
    joined.real, joined.imag = values[names[0]], values[names[1]]
    return joined


def find_complex(stored: np.dtype[Any]) -> np.dtype[Any]:
    """Return the native complex type that holds two such floats."""
    return np.result_type(stored[0].newbyteorder("="), np.complex64)


@dataclass(frozen=True, slots=True)
class ColumnsFirst:
    """A spectrum image stored as (x, energy, y), given as (y, x, energy)."""

    data: h5py.Dataset
    path: Path

    @property
    def shape(self) -> tuple[int, int, int]:
        """The shape that is given."""
        columns, channels, rows = self.data.shape
        return rows, columns, channels

    @property
    def stored_block(self) -> tuple[int, int, int]:
        """What is read as a whole."""
        columns, channels, rows = self.data.chunks or self.data.shape
        return rows, columns, channels

    def load(self, region: Region) -> npt.NDArray[Any]:
        """Return the spectra of a region."""
        rows, columns = region
        with refuse_damage(self.path):
            return np.asarray(self.data[columns, :, rows]).transpose(2, 0, 1)
