import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from urllib.request import urlopen

import obstore
import pytest

from repository.integrations import s3_object_store
from repository.integrations.local_copies import LocalCopies
from repository.integrations.object_store import (
    DigestMismatchError,
    ObjectStoreUnavailableError,
)
from repository.integrations.s3_object_store import S3Bucket, S3ObjectStore
from tests.object_store_contract import CONTENT, DIGEST, ObjectStoreContract, sha256


def count_parts_left(store: S3ObjectStore) -> int:
    address = f"{store.bucket.endpoint_url}/{store.bucket.bucket}?uploads"
    with urlopen(address) as answer:  # noqa: S310  # our own server
        content: bytes = answer.read()
    return content.count(b"<UploadId>")


class TestS3ObjectStore(ObjectStoreContract):
    @pytest.fixture
    def store(self, s3_bucket: S3Bucket, tmp_path: Path) -> S3ObjectStore:
        return S3ObjectStore(s3_bucket, copies=LocalCopies(tmp_path / "copies", limit_bytes=1 << 30))

    @pytest.fixture
    def spoil(self, store: S3ObjectStore) -> Callable[[str, bytes], None]:
        def spoil(digest: str, rot: bytes) -> None:
            obstore.put(store._store, f"sha256/{digest[:2]}/{digest}", rot)

        return spoil

    @pytest.fixture
    def large(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return a file that is sent in three parts."""
        monkeypatch.setattr(s3_object_store, "SINGLE_PUT_BYTES", 1 << 20)
        monkeypatch.setattr(s3_object_store, "_LEAST_PART_BYTES", 5 << 20)
        path = tmp_path / "large"
        path.write_bytes(os.urandom(12 << 20))
        return path

    def test_keys_are_those_of_the_local_store(self, store: S3ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        keys = [item["path"] for batch in obstore.list(store._store) for item in batch]
        assert keys == [f"sha256/{DIGEST[:2]}/{DIGEST}"]

    def test_a_large_file_goes_in_parts_and_comes_back(self, store: S3ObjectStore, large: Path) -> None:
        content = large.read_bytes()
        digest = sha256(content)
        assert store.adopt(large, digest).created is True
        assert not large.exists()
        assert obstore.head(store._store, f"sha256/{digest[:2]}/{digest}")["e_tag"].endswith('-3"')  # type: ignore[union-attr]
        store.verify(digest)
        assert b"".join(store.open_range(digest, 5_000_000, 6_000_000)) == content[5_000_000:6_000_000]
        large.write_bytes(content)
        assert store.adopt(large, digest).created is False
        assert not large.exists()

    def test_a_large_file_with_wrong_bytes_is_never_completed(
        self, store: S3ObjectStore, large: Path
    ) -> None:
        wrong = sha256(b"positrons")
        with pytest.raises(DigestMismatchError):
            store.adopt(large, wrong)
        assert large.exists()
        assert not store.exists(wrong)
        assert count_parts_left(store) == 0

    def test_a_large_twin_with_wrong_bytes_is_kept(self, store: S3ObjectStore, large: Path) -> None:
        content = large.read_bytes()
        digest = sha256(content)
        store.adopt(large, digest)
        large.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(DigestMismatchError):
            store.adopt(large, digest)
        assert large.exists()
        store.verify(digest)

    def test_a_rotten_object_is_found_and_never_given_to_a_reader(
        self, store: S3ObjectStore, source: Path
    ) -> None:
        store.adopt(source, DIGEST)
        key = f"sha256/{DIGEST[:2]}/{DIGEST}"
        obstore.put(store._store, key, b"electronz")
        with pytest.raises(DigestMismatchError, match="9 bytes"):
            store.verify(DIGEST)
        with pytest.raises(DigestMismatchError):
            store.path_of(DIGEST)
        obstore.put(store._store, key, CONTENT)
        assert store.path_of(DIGEST).read_bytes() == CONTENT

    def test_a_large_damaged_object_is_mended(
        self, store: S3ObjectStore, large: Path, spoil: Callable[[str, bytes], None]
    ) -> None:
        content = large.read_bytes()
        digest = sha256(content)
        store.adopt(large, digest)
        spoil(digest, content[:-1] + bytes([content[-1] ^ 1]))
        large.write_bytes(content)
        assert store.adopt(large, digest).created is False
        store.verify(digest)

    def test_verifying_drops_a_damaged_copy_and_leaves_a_good_object(
        self, store: S3ObjectStore, source: Path
    ) -> None:
        store.adopt(source, DIGEST)
        copy = store.path_of(DIGEST)
        store.verify(DIGEST)
        assert copy.exists()
        copy.chmod(0o644)
        copy.write_bytes(b"electronz")
        store.verify(DIGEST)
        assert not copy.exists()
        assert store.path_of(DIGEST).read_bytes() == CONTENT

    def test_an_object_is_fetched_once(self, store: S3ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        first = store.path_of(DIGEST).stat().st_ino
        obstore.delete(store._store, f"sha256/{DIGEST[:2]}/{DIGEST}")
        assert store.path_of(DIGEST).stat().st_ino == first

    def test_nothing_is_left_in_the_folder_of_drafts(self, store: S3ObjectStore, tmp_path: Path) -> None:
        store.put([CONTENT])
        store.path_of(DIGEST)
        with pytest.raises(DigestMismatchError):
            store.put([b"positrons"], digest=DIGEST)
        assert list((tmp_path / "copies" / "incoming").iterdir()) == []

    def test_a_bucket_that_is_not_there_is_named(self, store: S3ObjectStore, tmp_path: Path) -> None:
        copies = LocalCopies(tmp_path / "other", limit_bytes=1)
        absent = S3ObjectStore(replace(store.bucket, bucket="no-such-bucket"), copies=copies)
        with pytest.raises(ObjectStoreUnavailableError, match="no-such-bucket"):
            absent.check()

    def test_a_server_that_is_away_is_said_to_be_away(
        self, store: S3ObjectStore, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(s3_object_store, "RETRIES", 0)
        copies = LocalCopies(tmp_path / "other", limit_bytes=1)
        away = S3ObjectStore(replace(store.bucket, endpoint_url="http://127.0.0.1:9"), copies=copies)
        with pytest.raises(ObjectStoreUnavailableError) as refusal:
            away.adopt(source, DIGEST)
        said, _, reason = str(refusal.value).partition(f"{DIGEST}: ")
        assert said == "the object store failed at "
        # What the client says goes on for pages of its own settings; its first line has the reason.
        assert "127.0.0.1:9" in reason
        assert len(reason.splitlines()) == 1
        assert len(reason) <= 300
        assert source.exists()
        for call in (away.exists, away.verify, away.path_of):
            with pytest.raises(ObjectStoreUnavailableError):
                call(DIGEST)


def test_the_copies_used_least_recently_go_first(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, limit_bytes=250, rest_s=60.0)
    contents = [bytes([number]) * 100 for number in range(4)]
    paths = [copies.provide(sha256(content), lambda: [content]) for content in contents[:3]]  # noqa: B023
    for age, path in zip((500, 400, 300), paths, strict=True):
        os.utime(path, (time.time() - age,) * 2)
    assert [path.exists() for path in paths] == [True, True, True]  # a copy in use is kept beyond the limit
    copies.provide(sha256(contents[0]), lambda: pytest.fail("fetched again"))
    copies.provide(sha256(contents[3]), lambda: [contents[3]])
    assert [path.exists() for path in paths] == [True, False, False]


def test_drafts_of_killed_processes_are_removed(tmp_path: Path) -> None:
    copies = LocalCopies(tmp_path, limit_bytes=250, rest_s=60.0)
    old, young = copies.draft_path(), copies.draft_path()
    for draft, age in ((old, 1000), (young, 10)):
        draft.write_bytes(b"half")
        os.utime(draft, (time.time() - age,) * 2)
    copies.provide(DIGEST, lambda: [CONTENT])
    assert (old.exists(), young.exists()) == (False, True)
