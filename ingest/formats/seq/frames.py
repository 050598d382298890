"""Frames of one sequence, or of the two halves of a detector, and the times at which they were stored.

A Celeritas reads both halves of its detector from the middle outwards, each into a file of its own, and puts several
frames below each other into one stored image. The rows of the upper half come last row first: turned, they continue
those of the lower half, as the dark reference of the whole detector shows (correlation 0.98, unturned 0.13).
"""

import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.seq.header import SeqHeader
from ingest.readers.contract import Region
from ingest.readers.framed_bytes import RUN_BYTES, FramedBytes, FramePart, read_bytes

_STAMP = {8: "<IHH", 6: "<IH"}
_PARTS_US = (1_000_000, 1_000, 1)


@dataclass(frozen=True, slots=True)
class SequenceFrames(FramedBytes):
    """Frames that lie `per_image` to a stored image; of two parts the first is the upper half, upside down.

    `frame_shape` is that of a whole frame, `parts` are counted in stored images.
    """

    per_image: int = 1

    @property
    def count(self) -> int:
        """Number of frames."""
        return self.parts[0].count * self.per_image

    @property
    def half_shape(self) -> tuple[int, int]:
        """Rows and columns that one file holds of a frame."""
        return self.frame_shape[0] // len(self.parts), self.frame_shape[1]

    def read_run(self, start: int, stop: int, out: npt.NDArray[Any]) -> None:
        """Read frames `start` to `stop` into `out`, at most `RUN_BYTES` of raw bytes at a time."""
        rows = self.half_shape[0]
        for number, part in enumerate(self.parts):
            of_part = out[:, number * rows : (number + 1) * rows]
            if len(self.parts) > 1 and number == 0:
                of_part = of_part[:, ::-1]
            if self.per_image == 1:
                self._read_images(part, start, stop, of_part)
            else:
                self._read_pieces(part, start, stop, of_part)

    def _read_images(self, part: FramePart, start: int, stop: int, out: npt.NDArray[Any]) -> None:
        """Read images that hold one frame each, many at once."""
        per_run = max(1, RUN_BYTES // self.stride)
        used = self._half_bytes
        for at in range(start, stop, per_run):
            number = min(per_run, stop - at)
            length = (number - 1) * self.stride + used
            raw = read_bytes(part, part.offset + at * self.stride, length)
            images = np.lib.stride_tricks.as_strided(raw, (number, used), (self.stride, 1), writeable=False)
            out[at - start : at - start + number] = self._decode(np.ascontiguousarray(images))

    def _read_pieces(self, part: FramePart, start: int, stop: int, out: npt.NDArray[Any]) -> None:
        """Read frames out of images that hold several."""
        per_run = max(1, RUN_BYTES // self._half_bytes)
        at = start
        while at < stop:
            image, inside = divmod(at, self.per_image)
            number = min(stop - at, self.per_image - inside, per_run)
            begin = part.offset + image * self.stride + inside * self._half_bytes
            raw = read_bytes(part, begin, number * self._half_bytes)
            out[at - start : at - start + number] = self._decode(raw)
            at += number

    @property
    def _half_bytes(self) -> int:
        rows, columns = self.half_shape
        return rows * columns * self.dtype.itemsize

    def _decode(self, raw: npt.NDArray[np.uint8]) -> npt.NDArray[Any]:
        return self.decode(raw.reshape(-1, self._half_bytes)).reshape(-1, *self.half_shape)


@dataclass(frozen=True, slots=True)
class FrameTimes:
    """Seconds from the first stored image of a file to each frame's."""

    part: FramePart
    header: SeqHeader
    per_image: int

    def read_stamp(self, image: int) -> int:
        """Return the time of a stored image in microseconds since 1970; 0 where nothing was stored."""
        begin = self.part.offset + image * self.header.stride + self.header.image_bytes
        raw = read_bytes(self.part, begin, self.header.stamp_bytes).tobytes()
        parts: tuple[int, ...] = struct.unpack(_STAMP[self.header.stamp_bytes], raw)
        return sum(part * unit for part, unit in zip(parts, _PARTS_US, strict=False))

    def load(self, region: Region, leading: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Return the times of all frames in the shape of the leading axes, in s; `region` cuts nothing here."""
        if region:
            raise ValueError(f"{region} of frame times, which are read whole")
        frames = int(np.prod(leading))
        images = -(-frames // self.per_image)
        stamps = np.fromiter((self.read_stamp(image) for image in range(images)), np.int64, images)
        of_each = np.repeat((stamps - stamps[0]) / _PARTS_US[0], self.per_image)[:frames]
        return np.ascontiguousarray(of_each.reshape(leading))
