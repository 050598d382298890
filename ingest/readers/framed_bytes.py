"""Frames of equal size in one or more files, read a bounded run at a time.

Plain positioned reads instead of a memory map: pages of a map count as memory of the process, and a
file that shrinks under a map kills the reader.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.refusals import refuse_truncated

RUN_BYTES = 16 * 2**20

Decode = Callable[[npt.NDArray[np.uint8]], npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class FramePart:
    """`count` frames of one open file, the first at byte `offset`."""

    descriptor: int
    path: Path
    offset: int
    count: int


def open_part(resources: ExitStack, path: Path, *, offset: int, count: int) -> FramePart:
    """Open a file for positioned reads; `resources` closes it."""
    handle = resources.enter_context(path.open("rb"))
    return FramePart(handle.fileno(), path, offset, count)


def read_bytes(part: FramePart, start: int, length: int) -> npt.NDArray[np.uint8]:
    """Return `length` bytes from byte `start` of the file.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, if the file ends before.
    """
    buffer = np.empty(length, np.uint8)
    view = buffer.data
    done = 0
    while done < length:
        got = os.preadv(part.descriptor, [view[done:]], start + done)
        if got == 0:
            raise refuse_truncated(part.path, expected=start + length, actual=start + done)
        done += got
    return buffer


@dataclass(frozen=True, slots=True)
class FramedBytes:
    """Frames of `stride` bytes, numbered through all parts.

    `decode` makes an array (n, *frame_shape) of raw bytes (n, stride).
    """

    parts: Sequence[FramePart]
    stride: int
    frame_shape: tuple[int, ...]
    dtype: np.dtype[Any]
    decode: Decode

    @property
    def count(self) -> int:
        """Number of frames in all parts."""
        return sum(part.count for part in self.parts)

    def read_run(self, start: int, stop: int, out: npt.NDArray[Any]) -> None:
        """Decode frames `start` to `stop` into `out`, at most `RUN_BYTES` of raw bytes at a time."""
        per_run = max(1, RUN_BYTES // self.stride)
        first = 0
        for part in self.parts:
            begin, end = max(start, first), min(stop, first + part.count)
            for at in range(begin, end, per_run):
                number = min(per_run, end - at)
                raw = read_bytes(part, part.offset + (at - first) * self.stride, number * self.stride)
                out[at - start : at - start + number] = self.decode(raw.reshape(number, self.stride))
            first += part.count

    def load(
        self, region: Region, leading: tuple[int, ...], *, line: int | None = None, first: int = 0
    ) -> npt.NDArray[Any]:
        """Return the frames of `region` over the leading axes, which number the frames in C order.

        Where a line along the last of them has more frames in the file, `line` is their number, and the wanted ones
        begin at `first`.
        """
        line = leading[-1] if line is None and leading else line or 0
        sizes = tuple(part.stop - part.start for part in region)
        out = np.empty((*sizes, *self.frame_shape), self.dtype)
        if not leading:
            self.read_run(0, 1, out.reshape(1, *self.frame_shape))
            return out
        run = region[-1]
        flat = out.reshape(-1, sizes[-1], *self.frame_shape)
        for row, index in enumerate(np.ndindex(*sizes[:-1])):
            position = 0
            for axis, offset in enumerate(index):
                position = position * leading[axis] + region[axis].start + offset
            base = position * line + first
            self.read_run(base + run.start, base + run.stop, flat[row])
        return out


@dataclass(frozen=True, slots=True)
class ImageRows:
    """One plain image as a run of rows, of which some are read."""

    part: FramePart
    shape: tuple[int, int]
    stored: np.dtype[Any]

    @property
    def stored_block(self) -> tuple[int, int]:
        """One row lies together."""
        return (1, self.shape[1])

    def load_channels(self, region: Region) -> npt.NDArray[Any]:
        """Return whole rows cut to the columns of the region."""
        rows, columns = region
        row_bytes = self.shape[1] * self.stored.itemsize
        raw = read_bytes(
            self.part, self.part.offset + rows.start * row_bytes, (rows.stop - rows.start) * row_bytes
        )
        values: npt.NDArray[Any] = raw.view(self.stored).reshape(-1, self.shape[1])[:, columns]
        return values
