"""Frames in one or more HDF5 files, numbered through all of them; few files are open at a time.

A scan of 1024 × 1024 positions is a thousand data files: each is checked once, and opened again when it is read.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.hdf5.access import refuse_damage
from ingest.readers.refusals import refuse_truncated

MOST_OPEN = 4


@dataclass(frozen=True, slots=True)
class Part:
    """`count` frames of one dataset.

    Attributes
    ----------
    chunk
        Frames that are compressed together.
    numbers
        What the detector called the first and the last of them; None where it did not say.
    """

    path: Path
    where: str
    count: int
    frame_shape: tuple[int, int]
    dtype: np.dtype[Any]
    chunk: int
    numbers: tuple[int, int] | None = None


@dataclass(slots=True)
class OpenFiles:
    """The last few files that were read; closing `resources` closes them."""

    resources: ExitStack
    _open: OrderedDict[Path, h5py.File] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.resources.callback(self._close)

    def read(self, part: Part, start: int, stop: int) -> npt.NDArray[Any]:
        """Return the frames `start` to `stop` of a part.

        Raises
        ------
        ReadRefusedError
            `hdf5_unreadable`, or `file_truncated` where there are fewer than when the file was checked.
        """
        with self._lock, refuse_damage(part.path):
            dataset = self._get(part.path)[part.where]
            if dataset.shape[0] < stop:
                raise refuse_truncated(part.path, expected=stop, actual=dataset.shape[0], what="frames")
            return np.asarray(dataset[start:stop])

    def _get(self, path: Path) -> h5py.File:
        file = self._open.pop(path, None) or h5py.File(path, "r", locking=False)
        self._open[path] = file
        while len(self._open) > MOST_OPEN:
            self._open.popitem(last=False)[1].close()
        return file

    def _close(self) -> None:
        while self._open:
            self._open.popitem()[1].close()


@dataclass(frozen=True, slots=True)
class LinkedFrames:
    """Frames of all parts over leading axes that number them in C order."""

    parts: Sequence[Part]
    files: OpenFiles
    leading: tuple[int, ...]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Native-endian type of the values."""
        return self.parts[0].dtype.newbyteorder("=")

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What is decompressed as a whole, over all axes; empty where that is one frame."""
        frames = max(part.chunk for part in self.parts)
        if frames == 1 or not self.leading:
            return ()
        run = min(frames, self.leading[-1])
        return (*(1 for _ in self.leading[:-1]), run, *self.parts[0].frame_shape)

    def load(self, region: Region) -> npt.NDArray[Any]:
        """Return the frames of a region; memory is that of the result and of one decompressed chunk."""
        sizes = tuple(part.stop - part.start for part in region)
        out = np.empty((*sizes, *self.parts[0].frame_shape), self.dtype)
        flat, done = out.reshape(-1, *self.parts[0].frame_shape), 0
        for start, stop in _list_runs(region, self.leading):
            self._read_run(start, stop, flat[done : done + stop - start])
            done += stop - start
        return out

    def _read_run(self, start: int, stop: int, out: npt.NDArray[Any]) -> None:
        first = 0
        for part in self.parts:
            begin, end = max(start, first), min(stop, first + part.count)
            if begin < end:
                out[begin - start : end - start] = self.files.read(part, begin - first, end - first)
            first += part.count


def _list_runs(region: Region, leading: tuple[int, ...]) -> Iterator[tuple[int, int]]:
    """Yield first and stop of frames that follow each other, as few runs as there are."""
    if not leading:
        yield 0, 1
        return
    run: tuple[int, int] | None = None
    for index in np.ndindex(*(part.stop - part.start for part in region[:-1])):
        position = 0
        for axis, offset in enumerate(index):
            position = position * leading[axis] + region[axis].start + offset
        start, stop = (position * leading[-1] + edge for edge in (region[-1].start, region[-1].stop))
        if run is not None and run[1] == start:
            run = run[0], stop
            continue
        if run is not None:
            yield run
        run = start, stop
    if run is not None:
        yield run
