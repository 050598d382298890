import errno
import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repository.integrations import object_store
from repository.integrations.object_store import (
    DigestMismatchError,
    LocalObjectStore,
    ObjectStoreUnavailableError,
    hash_file,
)
from tests.object_store_contract import ObjectStoreContract, sha256


@pytest.fixture
def store(tmp_path: Path) -> LocalObjectStore:
    return LocalObjectStore(tmp_path / "objects")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(b"electrons")
    return path


class TestLocalObjectStore(ObjectStoreContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> LocalObjectStore:
        return LocalObjectStore(tmp_path / "objects")

    @pytest.fixture
    def spoil(self, store: LocalObjectStore) -> Callable[[str, bytes], None]:
        def spoil(digest: str, rot: bytes) -> None:
            store.path_of(digest).chmod(0o644)
            store.path_of(digest).write_bytes(rot)

        return spoil


def test_an_adopted_file_has_the_address_of_its_digest(store: LocalObjectStore, source: Path) -> None:
    digest = sha256(b"electrons")
    stored = store.adopt(source, digest, verify=True)
    assert (stored.digest, stored.size, stored.created) == (digest, 9, True)
    assert store.path_of(digest) == store.root / "sha256" / digest[:2] / digest
    assert store.path_of(digest).read_bytes() == b"electrons"
    assert not source.exists()
    assert store.size(digest) == 9


def test_objects_are_stored_read_only(store: LocalObjectStore, source: Path) -> None:
    digest = sha256(b"electrons")
    store.adopt(source, digest)
    assert store.path_of(digest).stat().st_mode & 0o777 == 0o444


def test_adopting_the_same_bytes_twice_keeps_one_object(store: LocalObjectStore, source: Path) -> None:
    digest = sha256(b"electrons")
    store.adopt(source, digest)
    inode = store.path_of(digest).stat().st_ino
    source.write_bytes(b"electrons")
    assert store.adopt(source, digest).created is False
    assert store.path_of(digest).stat().st_ino == inode, "a confined reader may open this file and no other"
    assert [path for path in store.root.rglob("*") if path.is_file()] == [store.path_of(digest)]
    assert not source.exists()


def test_a_truncated_twin_of_a_stored_object_is_refused(store: LocalObjectStore, source: Path) -> None:
    digest = sha256(b"electrons")
    store.adopt(source, digest)
    source.write_bytes(b"elec")
    with pytest.raises(DigestMismatchError, match="'upload' has"):
        store.adopt(source, digest)
    assert store.path_of(digest).read_bytes() == b"electrons"


def test_a_crash_before_the_rename_leaves_no_half_object(
    store: LocalObjectStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = sha256(b"electrons")

    def power_cut(self: Path, target: Path) -> Path:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", power_cut)
        with pytest.raises(KeyboardInterrupt):
            store.adopt(source, digest)
    assert not store.exists(digest)
    assert source.read_bytes() == b"electrons"
    assert store.adopt(source, digest).created


def test_a_file_from_another_file_system_is_copied_and_checked(
    store: LocalObjectStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if self == source:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return inside(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(DigestMismatchError):
        store.adopt(source, sha256(b"positrons"))
    assert source.exists()
    digest = sha256(b"electrons")
    assert store.adopt(source, digest).created
    assert store.path_of(digest).read_bytes() == b"electrons"
    assert not source.exists()
    assert list((store.root / "incoming").iterdir()) == []


def test_a_full_disk_is_reported_as_itself(
    store: LocalObjectStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def replace(self: Path, target: Path) -> Path:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match="No space left"):
        store.adopt(source, sha256(b"electrons"))


def test_a_rotten_byte_is_found_by_verify(store: LocalObjectStore, source: Path) -> None:
    digest = sha256(b"electrons")
    store.adopt(source, digest)
    store.verify(digest)
    path = store.path_of(digest)
    path.chmod(0o644)
    path.write_bytes(b"electronz")
    with pytest.raises(DigestMismatchError, match="9 bytes"):
        store.verify(digest)


def test_a_medium_that_gives_bytes_up_has_damaged_them(
    store: LocalObjectStore, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = sha256(b"electrons")
    store.adopt(source, digest)

    class BadSector:
        def __enter__(self) -> Self:
            return self

        def __exit__(self, *_: object) -> None: ...

        def seek(self, _: int) -> None: ...

        def read(self, _: int) -> bytes:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(Path, "open", lambda *_: BadSector())
    with pytest.raises(DigestMismatchError, match="Input/output error"):
        store.verify(digest)


def test_put_checks_a_promised_digest(store: LocalObjectStore) -> None:
    with pytest.raises(DigestMismatchError):
        store.put([b"elec", b"trons"], digest=sha256(b"positrons"))
    assert list((store.root / "incoming").iterdir()) == []
    assert store.put([b"elec", b"trons"], digest=sha256(b"electrons")).size == 9


def test_put_that_breaks_off_leaves_nothing(store: LocalObjectStore) -> None:
    def broken_off() -> object:
        yield b"elec"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put(broken_off())  # type: ignore[arg-type]
    assert list((store.root / "incoming").iterdir()) == []


def test_only_old_leftovers_are_removed(store: LocalObjectStore) -> None:
    incoming = store.root / "incoming"
    assert store.remove_leftovers(older_than=1.0) == 0
    incoming.mkdir(parents=True)
    for name, age in (("old", 100.0), ("young", 2000.0)):
        (incoming / name).write_bytes(b"half")
        os.utime(incoming / name, (age, age))
    assert store.remove_leftovers(older_than=1000.0) == 1
    assert [path.name for path in incoming.iterdir()] == ["young"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(content=st.binary(max_size=4000), data=st.data())
def test_any_range_of_any_object_is_what_slicing_gives(
    tmp_path: Path, content: bytes, data: st.DataObject
) -> None:
    store = LocalObjectStore(tmp_path / "objects")
    digest = store.put([content]).digest
    assert digest == sha256(content)
    start = data.draw(st.integers(0, len(content)))
    stop = data.draw(st.integers(start, len(content)))
    assert b"".join(store.open_range(digest, start, stop)) == content[start:stop]
    assert b"".join(store.open_range(digest)) == content
    assert hash_file(store.path_of(digest)) == (digest, len(content))


def test_ranges_come_in_bounded_blocks(store: LocalObjectStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(object_store, "BLOCK_BYTES", 4)
    digest = store.put([b"electrons"]).digest
    assert list(store.open_range(digest, 1, 8)) == [b"lect", b"ron"]


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ObjectStoreUnavailableError, match="Not a directory"):
        LocalObjectStore(tmp_path / "file" / "objects").check()


def test_something_else_in_the_place_of_an_object_is_damage(store: LocalObjectStore) -> None:
    digest = store.put([b"electrons"]).digest
    store.path_of(digest).unlink()
    store.path_of(digest).mkdir()
    with pytest.raises(DigestMismatchError):
        store.verify(digest)


def test_a_file_that_may_not_be_read_is_neither_missing_nor_damaged(
    store: LocalObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = store.put([b"electrons"]).digest

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ObjectStoreUnavailableError, match="Permission denied"):
        store.verify(digest)


def test_what_was_hashed_on_its_way_is_not_read_again(
    store: LocalObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who writes terabytes pays for every reading: the digest of what is put is taken while it is written."""
    hashed: list[int] = []
    sha = hashlib.sha256

    def count(*given: Any) -> Any:
        hashed.append(len(hashed))
        return sha(*given)

    monkeypatch.setattr(hashlib, "sha256", count)
    assert store.put([b"elec", b"trons"]).created
    assert len(hashed) == 1
