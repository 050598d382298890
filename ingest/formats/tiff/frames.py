"""The values of pages, read by rows of their pieces: memory is what was asked for and one piece."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.formats.tiff.page import NONE, Page
from ingest.formats.tiff.unpacking import DamagedPieceError, decode_rows, unpack_piece
from ingest.readers.contract import Region
from ingest.readers.framed_bytes import RUN_BYTES, FramePart, open_part, read_bytes
from ingest.readers.refusals import UPLOAD_AGAIN, refuse

_BITS_IN_MEMORY = 8  # of what packed numbers take while they are unpacked


@dataclass(frozen=True, slots=True)
class Frames:
    """Pages of one shape and type, numbered from 0.

    Attributes
    ----------
    pages
        The pages; or the first of them, where the others follow it in the file without directories.
    count
        How many frames there are.
    """

    pages: Sequence[Page]
    count: int

    @property
    def first(self) -> Page:
        """The first frame."""
        return self.pages[0]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values in memory."""
        return self.first.stored.newbyteorder("=")

    def page(self, number: int) -> Page:
        """Return a frame."""
        if number < len(self.pages):
            return self.pages[number]
        first = self.first
        step = np.uint64(number * first.shape[0] * first.row_bytes)
        return replace(first, starts=first.starts + step)

    def load(self, region: Region, leading: tuple[int, ...]) -> npt.NDArray[Any]:
        """Return whole frames of a region over the leading axes, which number the frames in C order."""
        sizes = tuple(part.stop - part.start for part in region)
        shape = self.first.array_shape
        out = np.empty((*sizes, *shape), self.dtype)
        flat = out.reshape(-1, *shape)
        numbers = np.arange(self.count).reshape(leading)[region] if leading else np.zeros(1, np.int64)
        whole = (slice(0, shape[0]), slice(0, shape[1]))
        with ExitStack() as open_file:
            part: FramePart | None = None
            order = numbers.reshape(-1).tolist()
            at = 0
            while at < len(order):
                page = self.page(order[at])
                if part is None or part.path != page.path:
                    open_file.close()
                    part = open_part(open_file, page.path, offset=0, count=1)
                count = self._count_run(order, at, page)
                if count:
                    raw = read_bytes(part, int(page.starts[0]), count * page.nbytes)
                    flat[at : at + count] = raw.view(page.stored).reshape(count, *shape)
                else:
                    read_window(page, part, *whole, flat[at])
                at += max(count, 1)
        return out

    def _count_run(self, order: Sequence[int], at: int, page: Page) -> int:
        """Return how many frames from one on lie in the file as in an array; 0 where this one does not."""
        if not page.is_plain or page.nbytes > RUN_BYTES:
            return 0
        start, most = int(page.starts[0]), RUN_BYTES // page.nbytes
        count = 1
        while count < most and at + count < len(order):
            following = self.page(order[at + count])
            is_next = following.path == page.path and following.is_plain
            if not is_next or int(following.starts[0]) != start + count * page.nbytes:
                break
            count += 1
        return count

    def load_channels(self, region: Region) -> npt.NDArray[Any]:
        """Return a window of the only frame, of which no more is read than the pieces that it touches."""
        rows, columns, *samples = region
        window = (rows.stop - rows.start, columns.stop - columns.start)
        out = np.empty((*window, *self.first.array_shape[2:]), self.dtype)
        with ExitStack() as open_file:
            part = open_part(open_file, self.first.path, offset=0, count=1)
            read_window(self.first, part, rows, columns, out)
        return out[..., samples[0]] if samples else out

    @property
    def stored_block(self) -> tuple[int, ...]:
        """What lies together: one piece, or one row where nothing is compressed."""
        page = self.first
        rows = 1 if page.compression == NONE and not page.is_tiled else page.piece[0]
        return (min(rows, page.shape[0]), min(page.piece[1], page.shape[1]), *page.array_shape[2:])


def read_window(page: Page, part: FramePart, rows: slice, columns: slice, out: npt.NDArray[Any]) -> None:
    """Fill `out` (rows, columns[, samples]) with a window of a page of an open file."""
    wanted = out.reshape(*out.shape[:2], page.samples)
    high, wide = page.piece
    down, across = page.grid
    for plane in range(page.planes):
        target = wanted[..., plane : plane + 1] if page.is_planar else wanted
        for row in range(rows.start // high, -(-rows.stop // high)):
            for column in range(columns.start // wide, -(-columns.stop // wide)):
                index = (plane * down + row) * across + column
                _fill(page, part, index, (row, column), (rows, columns), target)


def _fill(
    page: Page,
    part: FramePart,
    index: int,
    at: tuple[int, int],
    window: tuple[slice, slice],
    target: npt.NDArray[Any],
) -> None:
    """Copy what one piece holds of the window."""
    (top, left) = (at[0] * page.piece[0], at[1] * page.piece[1])
    rows, columns = window
    first, last = max(rows.start, top), min(rows.stop, top + page.piece[0])
    begin, end = max(columns.start, left), min(columns.stop, left + page.piece[1])
    start, length = int(page.starts[index]), int(page.lengths[index])
    if page.compression != NONE:
        total = page.piece_rows(at[0])
        raw = _unpack(page, read_bytes(part, start, length).tobytes(), total, index)
        block = decode_rows(page, raw, total)[first - top : last - top, begin - left : end - left]
        target[first - rows.start : last - rows.start, begin - columns.start : end - columns.start] = block
        return
    per_run = max(1, RUN_BYTES // (page.row_bytes * (_BITS_IN_MEMORY if page.is_packed else 1)))
    for row in range(first, last, per_run):
        count = min(per_run, last - row)
        offset = start + (row - top) * page.row_bytes
        raw = read_bytes(part, offset, count * page.row_bytes).tobytes()
        block = decode_rows(page, raw, count)[:, begin - left : end - left]
        target[row - rows.start : row - rows.start + count, begin - columns.start : end - columns.start] = (
            block
        )


def _unpack(page: Page, raw: bytes, rows: int, index: int) -> bytes:
    try:
        return unpack_piece(
            raw,
            page.compression,
            rows * page.row_bytes,
            may_be_longer=not page.is_tiled and rows < page.piece[0],
        )
    except DamagedPieceError as error:
        raise refuse(
            "tiff_piece_damaged",
            f"Piece {index + 1} of page {page.number} of {page.path.name} cannot be unpacked: {error}.",
            UPLOAD_AGAIN,
        ) from error
