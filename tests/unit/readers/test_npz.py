"""NumPy's npz: members equal what NumPy reads, stored or deflated; what is damaged or boastful is refused."""

import struct
import zipfile
import zlib
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.npz import reader
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers import zip_members
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, WrittenFile
from tests.realdata import need_realdata

FORGIVING = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def open_npz(path: Path, **array: Any) -> OpenedFile:
    return open_measurement("numpy_npz", {path.name: path}, ReadHints.from_dict({"array": array}))


def refuse_npz(path: Path) -> tuple[str, str]:
    with pytest.raises(ReadRefusedError) as caught:
        open_npz(path)
    return caught.value.finding.code, caught.value.finding.message


class TestNpz(ReadInPython):
    format = "numpy_npz"
    cut_codes = frozenset({"zip_unreadable"})
    method = zipfile.ZIP_STORED

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 60_000, (3, 4, 16, 20)).astype("<u2")
        np.savez(folder / "scan.npz", cube=values, voltage_kv=200.0)
        return WrittenFile(
            files={"scan.npz": folder / "scan.npz"},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("npz", "values", "voltage_kv"), 200.0),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        header = b"{'descr': '<u2', 'fortran_order': False, 'shape': (30, 40)}".ljust(70)
        with zipfile.ZipFile(path, "w", self.method) as archive:
            archive.writestr("cube.npy", b"\x93NUMPY\x01\x00\x46\x00" + header + bytes(2000))
        return "file_truncated"


class TestDeflatedNpz(TestNpz):
    method = zipfile.ZIP_DEFLATED

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 20, (3, 4, 16, 20)).astype("<u2")
        np.savez_compressed(folder / "scan.npz", cube=values, voltage_kv=200.0)
        return WrittenFile(
            files={"scan.npz": folder / "scan.npz"},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("npz", "values", "voltage_kv"), 200.0),
        )


def test_every_longer_array_is_a_signal_and_the_rest_is_header(tmp_path: Path) -> None:
    cube, image, line = np.ones((2, 3, 4, 5)), np.ones((2, 3), "f4"), np.arange(100)
    np.savez(
        tmp_path / "a.npz",
        HAADF=image,
        cube=cube,
        spectrum=line,
        steps=[0.1, 0.2],
        sample="Si ⟨110⟩",
        who=["me"],
    )
    with open_npz(tmp_path / "a.npz", axes=["scan_y", "scan_x", "detector_y", "detector_x"]) as opened:
        assert {one.name: one.shape for one in opened.signals} == {
            "data": (2, 3, 4, 5), "haadf": (2, 3), "spectrum": (100,),
        }  # fmt: skip
        assert [axis.name for axis in opened.signals[1].axes] == ["scan_y", "scan_x"]
        assert opened.header["npz"]["values"] == {"steps": [0.1, 0.2], "sample": "Si ⟨110⟩", "who": ["me"]}
        assert not opened.findings
    with open_npz(tmp_path / "a.npz", dataset="HAADF") as opened:
        assert (opened.signals[0].name, opened.signals[0].shape) == ("data", (2, 3))
        assert {one.name for one in opened.signals[1:]} == {"cube", "spectrum"}
    with open_npz(tmp_path / "a.npz", dataset="nothing") as opened:
        (finding,) = [one for one in opened.findings if one.severity == "error"]
        assert (finding.code, finding.pointer) == ("array_dataset_unknown", "/array/dataset")
        assert "cube (2 × 3 × 4 × 5, float64)" in finding.hint


def test_what_is_no_numbers_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", allow_pickle=True, frame=np.ones((9, 9)), log=np.array([{}], object))
    with open_npz(tmp_path / "a.npz") as opened:
        (finding,) = [one for one in opened.findings if one.code == "dataset_not_numeric"]
        assert (finding.severity, "log.npy" in finding.message) == ("info", True)
        assert opened.signals[0].shape == (9, 9)
    np.savez(tmp_path / "b.npz", log=np.array([{}], object))
    assert refuse_npz(tmp_path / "b.npz")[0] == "dataset_not_numeric"


@given(data=st.data(), is_fortran=st.booleans(), level=st.sampled_from([0, 1, 9]))
@FORGIVING
def test_regions_of_deflated_members_equal_numpy_in_any_sequence(
    tmp_path: Path, data: st.DataObject, is_fortran: bool, level: int
) -> None:
    values = default_rng(level).integers(0, 9, (12, 11, 10, 9)).astype("<i4")
    path = tmp_path / "a.npz"
    np.save(tmp_path / "a.npy", np.asarray(values, order="F" if is_fortran else "C"))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        archive.write(tmp_path / "a.npy", "a.npy")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(zip_members, "_FIRST_STEP", 1000)
        patched.setattr(zip_members, "_MOST_PLACES", 5)
        with open_npz(path) as opened:
            for _ in range(4):
                start = data.draw(st.integers(0, 11))
                region = (slice(start, data.draw(st.integers(start + 1, 12))), slice(2, 5))
                np.testing.assert_array_equal(opened.signals[0].read(region), values[region])


def test_going_back_in_a_deflated_member_begins_at_a_kept_place(tmp_path: Path) -> None:
    raw = default_rng(1).integers(0, 4, 4_000_000).astype(np.uint8).tobytes()
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("m", raw)
    with ExitStack() as resources, pytest.MonkeyPatch.context() as smaller:
        smaller.setattr(zip_members, "_FIRST_STEP", 400_000)
        (member,) = zip_members.open_members(tmp_path / "a.zip", resources)
        assert member.read(3_900_000, 100).tobytes() == raw[3_900_000:3_900_100]
        fed: list[int] = []
        take = member._take
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(
                type(member),
                "_take",
                lambda _, start, length: (fed.append(length), take(start, length))[1],  # type: ignore[func-returns-value]
            )
            assert member.read(2_000_000, 100).tobytes() == raw[2_000_000:2_000_100]
        assert sum(fed) < 0.2 * member.packed


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_wrong_checksum_is_noticed_where_all_was_read(
    tmp_path: Path, save: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "CHECKED_AT_ONCE", 1000)
    path = tmp_path / "a.npz"
    save(path, a=default_rng(1).integers(0, 255, (30, 2**10)).astype(np.uint8))
    with zipfile.ZipFile(path) as archive:
        right = struct.pack("<I", archive.infolist()[0].CRC)
    path.write_bytes(path.read_bytes().replace(right, b"\1\2\3\4"))
    with open_npz(path) as opened:  # too long to be read whole before it is wanted
        for row in range(29):
            opened.signals[0].read_channels((slice(row, row + 1), slice(0, 2**10)))
        with pytest.raises(ReadRefusedError) as caught:
            opened.signals[0].read_channels((slice(29, 30), slice(0, 2**10)))
        assert caught.value.finding.code == "zip_member_damaged"
        assert "checksum" in caught.value.finding.message


def test_bombs_are_refused_by_what_they_declare(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.zeros((100, 1000)))
    with zipfile.ZipFile(path) as archive:
        (info,) = archive.infolist()
    said = struct.pack("<II", info.compress_size, info.file_size)
    path.write_bytes(path.read_bytes().replace(said, struct.pack("<II", info.compress_size, 2**31)))
    assert refuse_npz(path)[0] == "declared_size_implausible"
    # The directory says little, and the stream unpacks to more: nothing beyond what was said is unpacked.
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(50_000_000)) + packer.flush()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", bytes(100))
    raw = bytearray(path.read_bytes())
    packed = struct.unpack_from("<I", raw, 18)[0]
    start = 30 + len("a.npy")
    directory = raw[start + packed :]
    directory[20:24] = struct.pack("<I", len(bomb))
    directory[46 + 5 + 16 : 46 + 5 + 20] = struct.pack("<I", start + len(bomb))
    path.write_bytes(bytes(raw[:start]) + bomb + bytes(directory))
    assert refuse_npz(path)[0] in {"npy_header_unreadable", "zip_member_damaged"}


def test_members_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, np.zeros(4000), np.zeros(4000), np.zeros(4000))
    raw = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        where = archive.start_dir
        packed = struct.pack("<I", archive.infolist()[0].compress_size)
    directory = raw[where:].replace(packed, struct.pack("<I", 60_000))
    path.write_bytes(raw[:where] + directory)
    assert refuse_npz(path)[0] == "declared_size_implausible"


def test_encrypted_and_other_methods_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, a=np.zeros((5, 5)))
    raw = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as archive:
        raw[archive.start_dir + 8] |= 1
    path.write_bytes(bytes(raw))
    code, message = refuse_npz(path)
    assert (code, "encrypted" in message) == ("zip_encrypted", True)
    np.save(tmp_path / "a.npy", np.zeros((5, 5)))
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        archive.write(tmp_path / "a.npy", "a.npy")
    assert refuse_npz(path)[0] == "zip_method_not_read"


def test_zip64_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    values = np.arange(6000).reshape(60, 100)
    np.save(tmp_path / "a.npy", values)
    with zipfile.ZipFile(path, "w") as archive, archive.open("a.npy", "w", force_zip64=True) as member:
        member.write((tmp_path / "a.npy").read_bytes())
    with open_npz(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_any_damage_is_refused_or_told(tmp_path: Path, save: Any) -> None:
    """Of arrays this small each byte is covered by a checksum or by the directory: no other values are given."""
    path = tmp_path / "a.npz"
    values = default_rng(2).integers(0, 255, (20, 30)).astype(np.uint8)
    save(path, a=values)
    whole = path.read_bytes()
    for at in range(0, len(whole), 2):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :])
        with suppress(ReadRefusedError), open_npz(path) as opened:
            np.testing.assert_array_equal(opened.signals[0].read(), values)


def test_archives_of_other_programs_are_left_alone(tmp_path: Path) -> None:
    for names, label in (
        (["data.npy", "meta_data.npy"], "prz"),
        (["data.npy", "metadata.json"], "nion_ndata"),
    ):
        with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
            for name in names:
                archive.writestr(name, b"x")
        match = recognize(tmp_path / "a.npz", "a.npz")
        assert (match.format, match.readable) == (label, False)


def test_the_real_archive_of_records_is_refused_in_words() -> None:
    path = need_realdata("npz", "rsciio", "test_rgba16.npz")
    with np.load(path) as archive:
        (name,) = archive.files
        dtype = archive[name].dtype
    code, message = refuse_npz(path)
    assert (dtype.names is not None, code) == (True, "dataset_not_numeric")
    assert "records" in message
