"""sha256 of local files, in blocks."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

BLOCK_SIZE = 1 << 20


class Digest(Protocol):
    """The part of hashlib's objects that is used."""

    def update(self, data: bytes, /) -> None: ...
    def hexdigest(self) -> str: ...


class Readable(Protocol):
    """The part of open files that is used."""

    def read(self, count: int, /) -> bytes: ...


def hash_file(
    path: Path, digest: Digest | None = None, *, on_block: Callable[[int], None] | None = None
) -> str:
    """Return the sha256 of a file as lower-case hex; a given digest is continued instead."""
    with path.open("rb", buffering=0) as stream:
        return hash_stream(stream, digest, on_block=on_block)


def hash_stream(
    stream: Readable, digest: Digest | None = None, *, on_block: Callable[[int], None] | None = None
) -> str:
    """Return the sha256 of what is left of a stream, as `hash_file`."""
    digest = digest or hashlib.sha256()
    while block := stream.read(BLOCK_SIZE):
        digest.update(block)
        if on_block is not None:
            on_block(len(block))
    return digest.hexdigest()
