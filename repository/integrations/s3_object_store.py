"""The object store on S3 or anything that speaks its protocol.

Keys are ``sha256/ab/<digest>``, as in the local store, so a bucket and a folder can be copied into each other.
An object appears when its upload is completed, never before; the same digest twice is the same bytes twice.
Uploads that were killed leave invisible parts: let the bucket's lifecycle rule remove them after some days.
"""

import hashlib
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from repository.integrations.local_copies import LocalCopies
from repository.integrations.object_store import (
    BLOCK_BYTES,
    MARK_BYTES,
    MARK_NAME,
    DigestMismatchError,
    ListedObject,
    ObjectMissingError,
    ObjectStoreUnavailableError,
    RangeRefusedError,
    StoredBytes,
    UnfitSourceError,
    require_bytes_of,
    require_digest,
)

if TYPE_CHECKING:  # a name of the stubs alone
    from obstore import GetResult

SINGLE_PUT_BYTES = 16 << 20
"""Up to this size one conditional request stores an object; larger ones go in parts."""

RETRIES = 5
"""How often a request that failed for the server's sake is repeated, with growing pauses."""

_LEAST_PART_BYTES = 16 << 20
_MOST_PARTS = 9000  # S3 allows 10 000
_BYTES_IN_FLIGHT = 128 << 20
_NAMED = re.compile(r"sha256/[0-9a-f]{2}/([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """Where the bucket is, and who may write to it. Without `endpoint_url` it is one of Amazon's."""

    bucket: str
    region: str
    access_key_id: str
    secret_access_key: str
    endpoint_url: str | None = None


class S3ObjectStore:
    """Objects in a bucket; `copies` keeps those that readers need as files."""

    def __init__(self, bucket: S3Bucket, *, copies: LocalCopies) -> None:
        self.bucket = bucket
        self._copies = copies
        self._store = _connect(bucket, retries=RETRIES, timeout_s=300)

    def adopt(self, path: Path, digest: str, *, verify: bool = False) -> StoredBytes:
        """Take over the file at `path` as the object `digest`; the file is gone afterwards.

        The bytes are read to be sent, so their digest is always checked: `verify` changes nothing here. They take the
        place of an object that is there already: it may have been damaged since.
        """
        del verify
        key = _key(digest)
        if not path.exists() and (known := self._find_size(digest)) is not None:
            # The same adoption was killed after its upload and is run again.
            return StoredBytes(digest, known, created=False)
        size = _require_regular_file(path)
        created = (
            self._put_whole(path, key, digest)
            if size <= SINGLE_PUT_BYTES
            else self._put_in_parts(path, key, digest, size)
        )
        found = self.size(digest)
        if found != size:
            raise DigestMismatchError(f"{digest} is stored with {found} bytes, {path.name!r} has {size}")
        path.unlink()
        return StoredBytes(digest, size, created=created)

    def put(self, blocks: Iterable[bytes], *, digest: str | None = None) -> StoredBytes:
        """Store bytes that exist only in memory or on the wire; `digest` is checked where it is given."""
        draft = self._copies.draft_path()
        hasher = hashlib.sha256()
        try:
            with draft.open("xb") as sink:
                for block in blocks:
                    hasher.update(block)
                    sink.write(block)
            found = hasher.hexdigest()
            if digest is not None and digest != found:
                raise DigestMismatchError(f"expected sha256 {digest}, the bytes have {found}")
            return self.adopt(draft, found)
        finally:
            draft.unlink(missing_ok=True)

    def exists(self, digest: str) -> bool:
        return self._find_size(digest) is not None

    def size(self, digest: str) -> int:
        size = self._find_size(digest)
        if size is None:
            raise ObjectMissingError(f"no object has the digest {digest}")
        return size

    def open_range(self, digest: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Return the bytes ``[start, stop)`` in blocks, from one request where `stop` is given."""
        key = _key(digest)
        if stop is None or not 0 <= start < stop:
            size = self.size(digest)
            stop = size if stop is None else stop
            if not 0 <= start <= stop <= size:
                raise _range_refused(digest, start, stop, size)
            if start == stop:
                return iter(())
        try:
            with _translating_errors(digest):
                result = obstore.get(self._store, key, options={"range": (start, stop)})
        except ObjectStoreUnavailableError as error:
            # A range beyond the end is refused by the server, in words of its own.
            if start >= (size := self.size(digest)):
                raise _range_refused(digest, start, stop, size) from error
            raise
        if tuple(result.range) != (start, stop):
            raise _range_refused(digest, start, stop, result.meta["size"])
        return _read(result, digest, stop - start)

    def path_of(self, digest: str) -> Path:
        """Name a verified local copy: never to be written to. It is fetched unless it is there."""
        _key(digest)
        return self._copies.provide(digest, lambda: self.open_range(digest))

    def verify(self, digest: str) -> None:
        require_bytes_of(digest, self.open_range(digest))
        self._copies.discard_damaged(digest)

    def list_objects(self, *, after: str = "") -> Iterator[ListedObject]:
        """Yield every object in the order of the digests, which is the order in which a bucket lists its keys."""
        offset = _key(after) if after else None
        with _translating_errors(after or "the first object"):
            for page in obstore.list(self._store, prefix="sha256/", offset=offset):
                for item in page:
                    if named := _NAMED.fullmatch(item["path"]):
                        yield ListedObject(named.group(1), item["size"])

    def remove(self, digest: str) -> None:
        key = _key(digest)
        with suppress(ObjectMissingError), _translating_errors(digest):
            obstore.delete(self._store, key)
        self._copies.forget(digest)

    def remove_leftovers(self, *, older_than: float) -> int:
        """Delete half-written files on this machine; what is incomplete in the bucket goes by its lifecycle rule."""
        return self._copies.remove_leftovers(older_than=older_than)

    def read_mark(self) -> str:
        """Return the line by which this bucket is known again; empty where it bears none."""
        try:
            with _translating_errors(MARK_NAME):
                found = obstore.get(self._store, MARK_NAME)
                return bytes(found.bytes())[:MARK_BYTES].decode(errors="replace").strip()
        except ObjectMissingError:
            return ""

    def write_mark(self, mark: str) -> None:
        """Leave a line in the bucket by which it is known again."""
        with _translating_errors(MARK_NAME):
            obstore.put(self._store, MARK_NAME, f"{mark}\n".encode(), use_multipart=False)

    def check(self) -> None:
        """Ask for the first object: address, bucket and rights are then known to be good."""
        name = f"the bucket {self.bucket.bucket!r} at {self.bucket.endpoint_url or 'Amazon S3'}"
        quick = _connect(self.bucket, retries=0, timeout_s=5)
        try:
            next(iter(obstore.list(quick, prefix="sha256/", chunk_size=1)), None)
        except (BaseError, FileNotFoundError) as error:
            raise ObjectStoreUnavailableError(f"{name} does not answer: {_first_line(error)}") from error

    def _find_size(self, digest: str) -> int | None:
        key = _key(digest)
        try:
            with _translating_errors(digest):
                return obstore.head(self._store, key)["size"]
        except ObjectMissingError:
            return None

    def _put_whole(self, path: Path, key: str, digest: str) -> bool:
        """Store a small file; tell whether the object was not there yet (If-None-Match)."""
        content = b"".join(_hash_on_the_way(path, digest))
        try:
            with _translating_errors(digest):
                obstore.put(self._store, key, content, mode="create", use_multipart=False)
        except AlreadyExistsError:
            with _translating_errors(digest):
                obstore.put(self._store, key, content, use_multipart=False)
            return False
        return True

    def _put_in_parts(self, path: Path, key: str, digest: str, size: int) -> bool:
        """Store a large file in parts; bytes that turn out wrong at the end are never completed."""
        blocks = _hash_on_the_way(path, digest)
        created = self._find_size(digest) is None
        part = max(_LEAST_PART_BYTES, -(-size // _MOST_PARTS))
        with _translating_errors(digest):
            obstore.put(
                self._store,
                key,
                blocks,
                use_multipart=True,
                chunk_size=part,
                max_concurrency=max(1, _BYTES_IN_FLIGHT // part),
            )
        return created


def _connect(bucket: S3Bucket, *, retries: int, timeout_s: int) -> S3Store:
    return S3Store(
        bucket.bucket,
        endpoint=bucket.endpoint_url,
        region=bucket.region,
        access_key_id=bucket.access_key_id,
        secret_access_key=bucket.secret_access_key,
        checksum_algorithm="SHA256",  # the server checks every part that it receives
        client_options={"allow_http": True, "connect_timeout": "5s", "timeout": f"{timeout_s}s"},
        retry_config={"max_retries": retries, "retry_timeout": timedelta(seconds=60)},
    )


def _key(digest: str) -> str:
    return f"sha256/{require_digest(digest)[:2]}/{digest}"


def _require_regular_file(path: Path) -> int:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise UnfitSourceError(f"{path.name!r} is not a regular file and cannot become an object")
    return status.st_size


def _hash_on_the_way(path: Path, digest: str) -> Iterator[bytes]:
    """Yield the file in blocks; where its bytes have another digest, the end is an error, not an end."""
    hasher = hashlib.sha256()
    with path.open("rb") as source:
        while block := source.read(BLOCK_BYTES):
            hasher.update(block)
            yield block
    if hasher.hexdigest() != digest:
        raise DigestMismatchError(f"expected sha256 {digest}, {path.name!r} has {hasher.hexdigest()}")


def _read(result: "GetResult", digest: str, left: int) -> Iterator[bytes]:
    with _translating_errors(digest):
        for block in result.stream(min_chunk_size=BLOCK_BYTES):
            left -= len(block)
            yield bytes(block)
    if left:
        raise DigestMismatchError(f"{digest} ended {left} bytes before its recorded size")


def _range_refused(digest: str, start: int, stop: int, size: int) -> RangeRefusedError:
    return RangeRefusedError(f"bytes {start} to {stop} do not lie within the {size} bytes of {digest}")


@contextmanager
def _translating_errors(digest: str) -> Iterator[None]:
    """Translate the client's errors into those of the protocol."""
    try:
        yield
    except FileNotFoundError as error:
        raise ObjectMissingError(f"no object has the digest {digest}") from error
    except AlreadyExistsError:
        raise
    except BaseError as error:
        raise ObjectStoreUnavailableError(
            f"the object store failed at {digest}: {_first_line(error)}"
        ) from error


def _first_line(error: Exception) -> str:
    return str(error).split("\n", maxsplit=1)[0][:300]
