"""What every object store does, whatever is behind it: inherit the class and give it a `store`."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

from repository.integrations.object_store import (
    DigestMismatchError,
    InvalidDigestError,
    ListedObject,
    ObjectMissingError,
    ObjectStore,
    RangeRefusedError,
    UnfitSourceError,
)

CONTENT = b"electrons"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


DIGEST = sha256(CONTENT)


class ObjectStoreContract:
    """The tests that each kind of store inherits.

    The heir has two fixtures: `store`, and `spoil`, a function that puts other bytes behind the name of an object, as a
    failing medium does.
    """

    @pytest.fixture
    def source(self, tmp_path: Path) -> Path:
        path = tmp_path / "upload"
        path.write_bytes(CONTENT)
        return path

    def test_it_fulfils_the_protocol(self, store: ObjectStore) -> None:
        assert isinstance(store, ObjectStore)
        store.check()

    def test_an_adopted_file_is_the_object_of_its_digest(self, store: ObjectStore, source: Path) -> None:
        stored = store.adopt(source, DIGEST, verify=True)
        assert (stored.digest, stored.size, stored.created) == (DIGEST, 9, True)
        assert not source.exists()
        assert store.exists(DIGEST)
        assert store.size(DIGEST) == 9
        assert b"".join(store.open_range(DIGEST)) == CONTENT
        assert store.path_of(DIGEST).read_bytes() == CONTENT

    def test_a_file_for_readers_is_read_only(self, store: ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        assert store.path_of(DIGEST).stat().st_mode & 0o777 == 0o444

    def test_adopting_the_same_bytes_twice_keeps_one_object(self, store: ObjectStore, source: Path) -> None:
        assert store.adopt(source, DIGEST).created is True
        source.write_bytes(CONTENT)
        assert store.adopt(source, DIGEST).created is False
        assert not source.exists()
        assert b"".join(store.open_range(DIGEST)) == CONTENT

    def test_an_adoption_killed_before_its_answer_may_run_again(
        self, store: ObjectStore, source: Path
    ) -> None:
        store.adopt(source, DIGEST)
        again = store.adopt(source, DIGEST)
        assert (again.size, again.created) == (9, False)

    def test_a_wrong_digest_is_refused_and_the_file_is_kept(self, store: ObjectStore, source: Path) -> None:
        wrong = sha256(b"positrons")
        with pytest.raises(DigestMismatchError, match=DIGEST):
            store.adopt(source, wrong, verify=True)
        assert source.read_bytes() == CONTENT
        assert not store.exists(wrong)

    def test_a_truncated_twin_of_an_object_is_refused(self, store: ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        source.write_bytes(CONTENT[:4])
        with pytest.raises(DigestMismatchError):
            store.adopt(source, DIGEST)
        assert source.exists()
        assert b"".join(store.open_range(DIGEST)) == CONTENT

    @pytest.mark.parametrize("rot", [b"electronz", b"elec", b"electrons and more", b""])
    def test_bringing_the_bytes_again_mends_a_damaged_object(
        self, store: ObjectStore, source: Path, spoil: Callable[[str, bytes], None], rot: bytes
    ) -> None:
        store.adopt(source, DIGEST)
        spoil(DIGEST, rot)
        with pytest.raises(DigestMismatchError):
            store.verify(DIGEST)
        source.write_bytes(CONTENT)
        assert store.adopt(source, DIGEST).created is False
        assert not source.exists()
        store.verify(DIGEST)
        assert b"".join(store.open_range(DIGEST)) == CONTENT

    def test_wrong_bytes_never_take_the_place_of_an_object(self, store: ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        source.write_bytes(b"positrons")
        with pytest.raises(DigestMismatchError):
            store.adopt(source, DIGEST)
        store.verify(DIGEST)

    def test_links_and_folders_are_never_adopted(
        self, store: ObjectStore, source: Path, tmp_path: Path
    ) -> None:
        link = tmp_path / "link"
        link.symlink_to(source)
        for unfit in (link, tmp_path):
            with pytest.raises(UnfitSourceError):
                store.adopt(unfit, DIGEST)
        assert source.exists()
        assert not store.exists(DIGEST)

    def test_an_empty_object_is_an_object(self, store: ObjectStore) -> None:
        stored = store.put([])
        assert (stored.digest, stored.size) == (sha256(b""), 0)
        assert list(store.open_range(stored.digest)) == []
        assert store.path_of(stored.digest).read_bytes() == b""
        store.verify(stored.digest)

    @pytest.mark.parametrize("name", ["", "../../etc/passwd", "AB" * 32, "a" * 63, "a" * 65, "a" * 64 + "\n"])
    def test_a_name_that_is_no_digest_is_refused(self, store: ObjectStore, name: str, source: Path) -> None:
        for call in (store.path_of, store.size, store.exists, store.open_range, store.verify, store.remove):
            with pytest.raises(InvalidDigestError):
                call(name)
        with pytest.raises(InvalidDigestError):
            store.adopt(source, name)

    def test_a_missing_object_says_so(self, store: ObjectStore) -> None:
        digest = sha256(b"nothing")
        assert not store.exists(digest)
        for call in (store.size, store.open_range, store.verify):
            with pytest.raises(ObjectMissingError, match=digest):
                call(digest)
        with pytest.raises(ObjectMissingError, match=digest):
            store.open_range(digest, 1, 4)
        store.remove(digest)

    def test_removal_forgets_the_object(self, store: ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        path = store.path_of(DIGEST)
        store.remove(DIGEST)
        assert not store.exists(DIGEST)
        assert not path.exists()

    def test_put_checks_a_promised_digest(self, store: ObjectStore) -> None:
        wrong = sha256(b"positrons")
        with pytest.raises(DigestMismatchError):
            store.put([b"elec", b"trons"], digest=wrong)
        assert not store.exists(wrong)
        assert not store.exists(DIGEST)
        assert store.put([b"elec", b"trons"], digest=DIGEST).size == 9

    def test_put_that_breaks_off_stores_nothing(self, store: ObjectStore) -> None:
        def broken_off() -> object:
            yield CONTENT
            raise ConnectionResetError

        with pytest.raises(ConnectionResetError):
            store.put(broken_off())  # type: ignore[arg-type]
        assert not store.exists(DIGEST)

    @pytest.mark.parametrize(("start", "stop"), [(-1, 3), (4, 3), (0, 10), (8, 10), (10, 10), (10, 12)])
    def test_ranges_outside_the_object_are_refused_at_once(
        self, store: ObjectStore, source: Path, start: int, stop: int
    ) -> None:
        store.adopt(source, DIGEST)
        with pytest.raises(RangeRefusedError, match="9 bytes"):
            store.open_range(DIGEST, start, stop)

    def test_a_range_is_what_slicing_gives(self, store: ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        for start in range(10):
            for stop in range(start, 10):
                assert b"".join(store.open_range(DIGEST, start, stop)) == CONTENT[start:stop]
            assert b"".join(store.open_range(DIGEST, start)) == CONTENT[start:]

    def test_objects_are_listed_in_order_and_a_listing_goes_on_from_where_it_ended(
        self, store: ObjectStore
    ) -> None:
        assert list(store.list_objects()) == []
        contents = [f"frame {number}".encode() for number in range(40)]
        stored = sorted(
            (ListedObject(store.put([content]).digest, len(content)) for content in contents),
            key=lambda item: item.digest,
        )
        assert list(store.list_objects()) == stored
        for position in (0, 17, 38):
            assert list(store.list_objects(after=stored[position].digest)) == stored[position + 1 :]
        assert list(store.list_objects(after=stored[-1].digest)) == []
        assert list(store.list_objects(after="f" * 64)) == []
        store.remove(stored[20].digest)
        assert list(store.list_objects()) == stored[:20] + stored[21:]

    def test_a_listing_survives_what_is_stored_and_removed_meanwhile(self, store: ObjectStore) -> None:
        stored = sorted(store.put([f"frame {number}".encode()]).digest for number in range(20))
        listed = store.list_objects()
        seen = [next(listed).digest]
        store.remove(stored[-1])
        late = store.put([b"late"]).digest
        seen += [item.digest for item in listed]
        assert set(stored[:-1]) <= set(seen) <= {*stored, late}
        assert seen == sorted(seen)

    def test_leftovers_are_removed_and_objects_are_not(self, store: ObjectStore, source: Path) -> None:
        store.adopt(source, DIGEST)
        assert store.remove_leftovers(older_than=4e9) == 0
        assert b"".join(store.open_range(DIGEST)) == CONTENT

    def test_a_mark_is_read_back_and_is_no_object(self, store: ObjectStore) -> None:
        assert store.read_mark() == ""
        for mark in ("the first", "another"):
            store.write_mark(mark)
            assert store.read_mark() == mark
        assert list(store.list_objects()) == []
