"""EDS maps of Velox: a stream of X-ray events for each detector, in which a mark ends every position of the beam.

A stream is a run of uint16: the channel of each event, and 65535 when the beam goes on to the next position. Frames
follow one another. One pass notes where every row begins; after that a region reads its own rows only, so a map of
any size is read in bounded memory and nothing dense is kept.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Region
from ingest.readers.hdf5.access import refuse_damage
from ingest.readers.refusals import decline, warn
from repository.schema.findings import Finding

NEXT_POSITION = 65535
_RUN = 4 * 2**20  # numbers read at once


@dataclass(frozen=True, slots=True)
class EventStream:
    """The events of one detector.

    Attributes
    ----------
    data
        Dataset of shape (numbers, 1).
    row_starts
        Place in the stream at which each row begins, through all frames; one more for the end.
    frames
        How many frames are whole or begun.
    """

    data: h5py.Dataset
    path: Path
    row_starts: npt.NDArray[np.int64]
    frames: int

    def read(self, frame: int, rows: slice, height: int) -> npt.NDArray[np.uint16]:
        """Return the stream of some rows of a frame."""
        first, last = (
            self.row_starts[min(frame * height + row, self.row_starts.size - 1)]
            for row in (rows.start, rows.stop)
        )
        with refuse_damage(self.path):
            return np.asarray(self.data[int(first) : int(last)], np.uint16).reshape(-1)


def count_positions(data: h5py.Dataset, path: Path) -> tuple[int, int]:
    """Return the fewest and the most positions through which a stream may go, in all frames.

    Events behind the last mark are a position of their own. A mark at the very end may end the last position, or lie
    before a last one without events and without a mark.
    """
    marks, is_open = 0, False
    for _, run in _read_runs(data, path):
        marks += int(np.count_nonzero(run == NEXT_POSITION))
        is_open = bool(run[-1] != NEXT_POSITION)
    return marks + is_open, marks + 1


def index_stream(
    data: h5py.Dataset, path: Path, shape: tuple[int, int], channels: int, name: str
) -> tuple[EventStream, list[Finding]]:
    """Go through a stream once, and note where its rows begin.

    Parameters
    ----------
    shape
        (rows, columns) of a frame.
    channels
        How many channels a spectrum has.

    Raises
    ------
    ReadRefusedError
        `velox_stream_unreadable`, where an event has a channel that no spectrum has.
    """
    height, width = shape
    starts = [np.zeros(1, np.int64)]
    marks, is_open = 0, False
    for begin, run in _read_runs(data, path):
        is_mark = run == NEXT_POSITION
        largest = int(run[~is_mark].max(initial=0))
        if largest >= channels:
            raise decline(
                "velox_stream_unreadable",
                f"The events of {name} name channel {largest}, and its spectra have {channels} channels.",
                "The file may be damaged.",
            )
        places = np.flatnonzero(is_mark)
        number = marks + 1 + np.arange(places.size)
        starts.append(begin + 1 + places[number % width == 0])
        marks += places.size
        is_open = bool(run[-1] != NEXT_POSITION)
    frames = -(-(marks + is_open) // (height * width))
    rows = np.concatenate(starts)
    rows = rows[: frames * height]
    row_starts = np.append(rows, np.int64(data.shape[0]))
    missing = frames * height * width - (marks + 1)
    return EventStream(data, path, row_starts, frames), _tell_missing(missing, frames, name)


def _tell_missing(missing: int, frames: int, name: str) -> list[Finding]:
    """Tell of a last frame that was not finished."""
    if missing <= 0:
        return []
    return [
        warn(
            "frame_not_finished",
            f"The last of {frames} frames of {name} ends {missing} positions early; they count as without events.",
            "The acquisition may have been stopped, or the file cut. Say so in the notes, if it matters.",
        )
    ]


def _read_runs(data: h5py.Dataset, path: Path) -> Iterator[tuple[int, npt.NDArray[Any]]]:
    for begin in range(0, data.shape[0], _RUN):
        with refuse_damage(path):
            yield begin, np.asarray(data[begin : begin + _RUN]).reshape(-1)


@dataclass(frozen=True, slots=True)
class EventMap:
    """The sum of several streams over all frames, given as (scan_y, scan_x, energy), uint32."""

    streams: Sequence[EventStream]
    shape: tuple[int, int, int]

    def load(self, region: Region) -> npt.NDArray[np.uint32]:
        """Return the spectra of a region, reading only the rows that it needs."""
        rows, columns = region
        height, width, channels = self.shape
        sizes = (rows.stop - rows.start, columns.stop - columns.start, channels)
        out = np.zeros(sizes, np.uint32)
        flat = out.reshape(-1)
        for stream in self.streams:
            for frame in range(stream.frames):
                run = stream.read(frame, rows, height)
                is_mark = run == NEXT_POSITION
                position = np.cumsum(is_mark)[~is_mark]
                row, column = np.divmod(position, width)
                wanted = (columns.start <= column) & (column < columns.stop) & (row < sizes[0])
                cell = row[wanted] * sizes[1] + (column[wanted] - columns.start)
                np.add.at(flat, cell * channels + run[~is_mark][wanted], np.uint32(1))
        return out
