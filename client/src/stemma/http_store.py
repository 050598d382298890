"""A read-only Zarr store on the client's own HTTP connection.

fsspec would bring aiohttp, a second pool and a second way to fail. Here chunks share the token, the
retries and the error texts of every other request.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterable

import httpx
from zarr.abc.store import ByteRequest, OffsetByteRequest, RangeByteRequest, Store, SuffixByteRequest
from zarr.core.buffer import Buffer, BufferPrototype

from stemma.connection import Connection, describe_fault, is_hopeless
from stemma.errors import NotFoundError, NotReadyError
from stemma.problems import build_error
from stemma.retrying import AWAY_STATUSES, read_retry_after

MOST_KEPT = 256
LARGEST_KEPT_BYTES = 1 << 18


class ReadOnlyStoreError(NotImplementedError):
    """Published arrays are never written through the client."""


class HttpStore(Store):
    """The keys below one address."""

    supports_writes = False
    supports_deletes = False
    supports_listing = False

    def __init__(self, connection: Connection, root: str) -> None:
        super().__init__(read_only=True)
        self._connection = connection
        self.root = root.rstrip("/")
        self._shard_indices: OrderedDict[tuple[str, int], bytes] = OrderedDict()

    def __eq__(self, value: object) -> bool:
        return (
            isinstance(value, HttpStore) and value.root == self.root and value._connection is self._connection
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"HttpStore({self.root!r})"

    def with_read_only(self, read_only: bool = False) -> "HttpStore":
        if not read_only:
            raise ReadOnlyStoreError("Arrays on a server are read-only.")
        return self

    async def get(
        self, key: str, prototype: BufferPrototype, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        # A blocking pool in threads: zarr runs up to ten of these at once, on the pool that all else uses.
        body = await asyncio.to_thread(self._fetch_or_recall, key, byte_range)
        return None if body is None else prototype.buffer.from_bytes(body)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        return list(
            await asyncio.gather(*(self.get(key, prototype, byte_range) for key, byte_range in key_ranges))
        )

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(self._fetch, key, RangeByteRequest(0, 1)) is not None

    async def set(self, key: str, value: Buffer) -> None:
        del value
        raise ReadOnlyStoreError(f"{key} cannot be written: arrays on a server are read-only.")

    async def delete(self, key: str) -> None:
        raise ReadOnlyStoreError(f"{key} cannot be deleted: arrays on a server are read-only.")

    def list(self) -> AsyncIterator[str]:
        raise ReadOnlyStoreError("Keys cannot be listed over HTTP.")

    def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        raise ReadOnlyStoreError(f"Keys below {prefix} cannot be listed over HTTP.")

    def list_dir(self, prefix: str) -> AsyncIterator[str]:
        raise ReadOnlyStoreError(f"Keys below {prefix} cannot be listed over HTTP.")

    def _fetch_or_recall(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        """Fetch; a shard's index, which stands at its end, is asked for again with every chunk and kept."""
        if not isinstance(byte_range, SuffixByteRequest):
            return self._fetch(key, byte_range)
        wanted = (key, byte_range.suffix)
        known = self._shard_indices.get(wanted)
        if known is not None:
            return known
        body = self._fetch(key, byte_range)
        if body is not None and len(body) <= LARGEST_KEPT_BYTES:
            self._shard_indices[wanted] = body
            while len(self._shard_indices) > MOST_KEPT:
                self._shard_indices.popitem(last=False)
        return body

    def _fetch(self, key: str, byte_range: ByteRequest | None) -> bytes | None:
        headers = {"Accept-Encoding": "identity"}
        if byte_range is not None:
            headers["Range"] = _write_range(byte_range)
        patience = self._connection.new_patience()
        while True:
            try:
                response = self._connection.send("GET", f"{self.root}/{key}", headers=headers)
            except httpx.TransportError as fault:
                if not is_hopeless(fault) and patience.wait(describe_fault(fault)):
                    continue
                raise self._connection.unreachable(fault) from fault
            if response.is_success:
                return _cut(response, byte_range)
            if response.status_code == httpx.codes.REQUESTED_RANGE_NOT_SATISFIABLE:
                return b""
            advised = read_retry_after(response)
            if response.status_code in AWAY_STATUSES and patience.wait(
                response.reason_phrase, advised_s=advised
            ):
                continue
            error = build_error(response)
            if isinstance(error, NotReadyError) and patience.wait(error.message, advised_s=advised):
                continue
            if isinstance(error, NotFoundError):
                return None  # a chunk of nothing but fill values has no object
            raise error


def _write_range(byte_range: ByteRequest) -> str:
    match byte_range:
        case RangeByteRequest(start=start, end=end):
            return f"bytes={start}-{end - 1}"
        case OffsetByteRequest(offset=offset):
            return f"bytes={offset}-"
        case SuffixByteRequest(suffix=suffix):
            return f"bytes=-{suffix}"


def _cut(response: httpx.Response, byte_range: ByteRequest | None) -> bytes:
    """Return the bytes asked for, also from a proxy that ignores Range and sends the whole object."""
    body = response.content
    if byte_range is None or response.status_code == httpx.codes.PARTIAL_CONTENT:
        return body
    match byte_range:
        case RangeByteRequest(start=start, end=end):
            return body[start:end]
        case OffsetByteRequest(offset=offset):
            return body[offset:]
        case SuffixByteRequest(suffix=suffix):
            return body[-suffix:]
