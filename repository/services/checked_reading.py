"""Stored bytes on their way out: what was asked for as a whole is given out as a whole only with its digest."""

import hashlib
from collections.abc import Iterator

from repository.integrations.object_store import (
    DigestMismatchError,
    ObjectMissingError,
    RangeRefusedError,
)
from repository.services.storage import get_object_store

WINDOW_BYTES = 4 << 20
"""What is asked of the store at once: few requests to a bucket, and each over in time for the slowest visitor."""


class BrokenObjectError(Exception):
    """The store does not hold these bytes: the object is missing, cut off, unreadable or changed."""


def require_size(sha256: str, size: int) -> None:
    """Look whether an object is there with its size; its bytes are not read.

    Raises
    ------
    BrokenObjectError
        It is not.
    """
    try:
        found = get_object_store().size(sha256)
    except ObjectMissingError as error:
        raise BrokenObjectError("it is missing") from error
    if found != size:
        raise BrokenObjectError(f"it has {found} bytes instead of {size}")


class CheckedReading:
    """The bytes `[start, stop)` of an object, block by block.

    Over a whole object the digest is taken on the way, and the last block is given out only where it fits: who counts
    what arrived notices. For a part there is no digest; that it is there at all is checked.

    Parameters
    ----------
    size
        As recorded when the object was stored.
    """

    def __init__(self, sha256: str, *, size: int, start: int = 0, stop: int | None = None) -> None:
        self._sha256 = sha256
        self._size = size
        self._position = start
        self._stop = size if stop is None else stop
        self._digest = hashlib.sha256() if (start, self._stop) == (0, size) else None
        self._is_begun = False
        self._window: Iterator[bytes] = iter(())

    def next_block(self) -> bytes:
        """Return the next block; an empty one is the end.

        Raises
        ------
        BrokenObjectError
            The bytes are not those that were stored; none of this block is to be given out.
        """
        if self._digest is not None and not self._is_begun:
            require_size(self._sha256, self._size)
        self._is_begun = True
        if self._position == self._stop:
            return b""
        block = self._read()
        self._position += len(block)
        if self._digest is not None:
            self._digest.update(block)
            if self._position == self._stop and self._digest.hexdigest() != self._sha256:
                raise BrokenObjectError(f"its bytes have the sha256 {self._digest.hexdigest()}")
        return block

    def __iter__(self) -> Iterator[bytes]:
        while block := self.next_block():
            yield block

    def _read(self) -> bytes:
        try:
            block = next(self._window, b"")
            if not block:
                end = min(self._position + WINDOW_BYTES, self._stop)
                self._window = get_object_store().open_range(self._sha256, self._position, end)
                block = next(self._window, b"")
        except ObjectMissingError as error:
            raise BrokenObjectError("it is missing") from error
        except (RangeRefusedError, DigestMismatchError) as error:
            raise BrokenObjectError(str(error)) from error
        if not block:
            raise BrokenObjectError(f"it ended at byte {self._position} of {self._size}")
        return block
