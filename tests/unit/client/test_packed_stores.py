"""A Zarr store in a folder is sent as one ZIP, the same bytes from any byte on; what changes meanwhile is said."""

import hashlib
import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
import zarr
from hypothesis import given
from hypothesis import strategies as st

from stemma.depositing.ledger import Ledger
from stemma.depositing.local_files import LocalFile, select_files
from stemma.depositing.stored_zip import ZipEntry, build_directory, build_header, lay_out
from stemma.digests import hash_stream
from stemma.errors import DamagedFileError

# The pages make the same archive of the same files: frontend/islands/uploader/stored-zip.test.ts.
SHARED = {
    "µ/0": b"x",
    "a/1.0": b"",
    "a/.zarray": b"{}",
    "a/0.0": b"\x00\x01\x02",
    "a-b/.zgroup": b"{}",  # before a/ in bytes, after it in a walk through folders
    ".zgroup": b'{"zarr_format": 2}',
}
SHARED_DIGEST = "a1576f689b9c9af99742c4074c2d8a142df1007924cb504bb230c60bf796acde"


def write(folder: Path, files: dict[str, bytes] = SHARED) -> Path:
    for name, raw in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder


def pack(path: Path) -> LocalFile:
    (file,) = select_files([path]).files
    assert file.packed
    return file


def read(file: LocalFile, offset: int = 0, count: int = 7) -> bytes:
    with file.open_stream() as stream:
        stream.seek(offset)
        return b"".join(iter(lambda: stream.read(count), b""))


def test_pages_and_command_make_the_same_bytes(tmp_path: Path) -> None:
    file = pack(write(tmp_path / "s.zarr"))
    assert (file.name, file.size) == ("s.zarr.zip", len(read(file)))
    assert hashlib.sha256(read(file)).hexdigest() == SHARED_DIGEST
    with zipfile.ZipFile(io.BytesIO(read(file))) as archive:
        assert archive.testzip() is None
        assert {one.filename: archive.read(one) for one in archive.infolist()} == SHARED
        assert {one.compress_type for one in archive.infolist()} == {zipfile.ZIP_STORED}


def test_zarr_python_reads_the_archive(tmp_path: Path) -> None:
    values = np.arange(200.0).reshape(10, 20)
    zarr.create_array(tmp_path / "measured", data=values, chunks=(2, 3))
    file = pack(tmp_path / "measured")
    assert file.name == "measured.zarr.zip"
    (tmp_path / "copy.zip").write_bytes(read(file, count=1 << 20))
    with zarr.storage.ZipStore(tmp_path / "copy.zip", mode="r") as store:
        np.testing.assert_array_equal(zarr.open_array(store, mode="r")[...], values)


@given(data=st.data())
def test_it_goes_on_from_any_byte(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    raw = data.draw(st.lists(st.binary(max_size=40), max_size=5))
    folder = write(
        tmp_path_factory.mktemp("s"), {".zgroup": b"{}", **{f"a/{n}": one for n, one in enumerate(raw)}}
    )
    whole = read(pack(folder))
    offset = data.draw(st.integers(0, len(whole)))
    assert read(pack(folder), offset, data.draw(st.integers(1, 50))) == whole[offset:]


def test_large_files_are_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = read(pack(write(tmp_path / "s")))
    monkeypatch.setattr("stemma.depositing.packed_stores._KEPT_BYTES", 0)
    monkeypatch.setattr("stemma.depositing.packed_stores.BLOCK_SIZE", 2)
    for offset in (0, 1, 40, 60, 61, len(whole) - 3, len(whole)):
        assert read(pack(tmp_path / "s"), offset) == whole[offset:]


def test_stores_within_a_session_are_one_file_each(tmp_path: Path) -> None:
    write(tmp_path / "day" / "scans" / "one.zarr")
    write(tmp_path / "day" / "two")
    write(tmp_path / "day" / "called.zarr", {"notes.txt": b"no store"})
    write(tmp_path / "day", {"notes.txt": b"n"})
    write(tmp_path / "day" / "two" / "a", {".DS_Store": b"", "0.1.partial": b""})
    selection = select_files([tmp_path / "day"])
    names = [file.name for file in selection.files]
    assert names == ["called.zarr/notes.txt", "notes.txt", "scans/one.zarr.zip", "two.zarr.zip"]
    assert sorted(one.name for one in selection.left_out) == ["two/a/.DS_Store", "two/a/0.1.partial"]
    assert read(selection.files[2]) == read(selection.files[3])


def test_stores_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    for day in ("mon", "tue"):
        write(tmp_path / day / "a.zarr")
    named = select_files([tmp_path / "mon" / "a.zarr", tmp_path / "tue"]).files
    assert [file.name for file in named] == ["mon/a.zarr.zip", "tue/a.zarr.zip"]


@pytest.mark.parametrize("mark", ["zarr.json", ".zgroup", ".zarray", ".zattrs"])
def test_a_store_is_told_by_its_description(tmp_path: Path, mark: str) -> None:
    assert pack(write(tmp_path / "s", {mark: b"{}", "c/0": b"1"})).name == "s.zarr.zip"
    assert pack(write(tmp_path / "s.zspy", {mark: b"{}", "c/0": b"1"})).name == "s.zspy.zip"


def test_a_store_that_grows_or_changes_is_said(tmp_path: Path) -> None:
    folder = write(tmp_path / "s.zarr")
    file = pack(folder)
    read(file)
    (folder / "a" / "0.0").write_bytes(b"\x00\x01\x03")
    with pytest.raises(DamagedFileError, match=r"changed while it was sent: 0.0 holds other bytes"):
        read(file)
    (folder / "a" / "0.0").write_bytes(b"longer")
    with pytest.raises(DamagedFileError, match=r"0.0 has 6 bytes in place of 3"):
        read(pack_before := file)
    write(folder)
    file = pack(folder)
    write(folder, {"a/2.0": b"new"})
    with pytest.raises(DamagedFileError, match=r"1 files came and 0 went"):
        read(file)
    file = pack(folder)
    (folder / "a" / "2.0").unlink()
    with pytest.raises(DamagedFileError, match=r"2.0 cannot be read"):
        read(file)
    assert pack_before.packed


def test_the_digest_is_remembered_while_nothing_changes(tmp_path: Path) -> None:
    folder = write(tmp_path / "s.zarr")
    ledger = Ledger(tmp_path / "ledger.json")
    first = ledger.digest_of(pack(folder))
    assert first == SHARED_DIGEST
    again = pack(folder)
    assert Ledger(tmp_path / "ledger.json").digest_of(again) == first
    assert again.packed
    assert not again.packed.checksums  # nothing was read
    os.utime(folder / "a" / "0.0", ns=(5, 5))
    changed = pack(folder)
    assert ledger.digest_of(changed) == first
    assert changed.packed
    assert changed.packed.checksums


def test_archives_beyond_the_first_sizes_of_zip_have_the_larger_fields(tmp_path: Path) -> None:
    entries = lay_out([(f"{number:06}", 0) for number in range(70_000)])
    path = tmp_path / "many.zip"
    path.write_bytes(
        b"".join(build_header(one, 0) for one in entries) + build_directory(entries, [0] * len(entries))
    )
    with zipfile.ZipFile(path) as archive:
        assert len(archive.infolist()) == 70_000
    large = (ZipEntry(b"a", 5 * 2**32, 0), ZipEntry(b"b", 3, 5 * 2**32 + 51))
    assert large[0].end == large[1].offset
    assert build_header(large[0], 0)[18:26] == b"\xff" * 8
    with (tmp_path / "large.zip").open("wb") as handle:  # sparse
        handle.write(build_header(large[0], 0))
        handle.seek(large[1].offset)
        handle.write(build_header(large[1], 0x352441C2) + b"abc" + build_directory(large, [0, 0x352441C2]))
    with zipfile.ZipFile(tmp_path / "large.zip") as archive:
        assert [one.file_size for one in archive.infolist()] == [5 * 2**32, 3]
        assert archive.read("b") == b"abc"
    assert struct.unpack_from("<I", build_directory(large, [0, 0]))[0] == 0x02014B50


def test_a_hundred_thousand_keys_are_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "s.zarr"
    (folder / "c").mkdir(parents=True)
    (folder / "zarr.json").write_bytes(b"{}")
    for number in range(3000):  # the same walk, at a price that a unit test may have
        (folder / "c" / str(number)).write_bytes(b"x")
    file = pack(folder)
    with file.open_stream() as stream:
        assert hash_stream(stream)
    assert file.packed
    assert len(file.packed.entries) == 3001
