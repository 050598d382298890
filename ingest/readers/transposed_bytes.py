"""Arrays that a file stores signal first (all energies of … slowest), given out scan first."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.framed_bytes import RUN_BYTES, FramePart, read_bytes


@dataclass(frozen=True, slots=True)
class TransposedBytes:
    """Values stored as (*signal, *leading) at `part.offset`; given as (*leading, *signal)."""

    part: FramePart
    leading: tuple[int, ...]
    signal: tuple[int, ...]
    stored: np.dtype[Any]

    def load(self, region: Region) -> npt.NDArray[Any]:
        """Return the region, reading a few signal channels at a time.

        From each channel the rows between the first and the last wanted one are read, so memory is the
        result and `RUN_BYTES`, whatever the file's size.
        """
        sizes = tuple(part.stop - part.start for part in region)
        channels = math.prod(self.signal)
        out = np.empty((*sizes, channels), self.stored.newbyteorder("="))
        item = self.stored.itemsize
        plane = math.prod(self.leading)
        rows = self.leading[1:]
        row = math.prod(rows)
        first, count = region[0].start * row, sizes[0] * row
        at_once = max(1, RUN_BYTES // max(count * item, 1))
        for start in range(0, channels, at_once):
            stop = min(start + at_once, channels)
            block = np.empty((stop - start, count), self.stored)
            if count == plane:
                raw = read_bytes(self.part, self.part.offset + start * plane * item, block.nbytes)
                block = raw.view(self.stored).reshape(block.shape)
            else:
                for channel in range(start, stop):
                    offset = self.part.offset + (channel * plane + first) * item
                    block[channel - start] = read_bytes(self.part, offset, count * item).view(self.stored)
            wanted = block.reshape(stop - start, sizes[0], *rows)[(slice(None), slice(None), *region[1:])]
            out[..., start:stop] = np.moveaxis(wanted, 0, -1)
        return out.reshape(*sizes, *self.signal)

    def load_channels(self, region: Region) -> npt.NDArray[Any]:
        """Return slices of the signal axes at every position: each channel is one run of bytes in the file."""
        sizes = tuple(part.stop - part.start for part in region)
        plane = math.prod(self.leading)
        out = np.empty((plane, math.prod(sizes)), self.stored.newbyteorder("="))
        for number, index in enumerate(np.ndindex(*sizes)):
            channel = 0
            for axis, offset in enumerate(index):
                channel = channel * self.signal[axis] + region[axis].start + offset
            start = self.part.offset + channel * plane * self.stored.itemsize
            out[:, number] = read_bytes(self.part, start, plane * self.stored.itemsize).view(self.stored)
        return out.reshape(*self.leading, *sizes)

    @property
    def stored_block(self) -> tuple[int, ...]:
        """One channel at every position lies together."""
        return (*self.leading, *(1 for _ in self.signal))
