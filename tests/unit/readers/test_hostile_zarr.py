"""Stores that are damaged, boastful or made to do harm: refused in words, and never read as zeros without one."""

import json
import struct
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numcodecs import Blosc, Zstd

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers import zip_directory
from ingest.readers.contract import ReadHints, ReadRefusedError
from ingest.readers.zarr import store
from tests.vendor_files.zarr import pack

ARRAY_2: dict[str, Any] = {
    "zarr_format": 2, "shape": [4, 6], "chunks": [2, 6], "dtype": "<u2", "compressor": None, "fill_value": 0,
    "order": "C", "filters": None,
}  # fmt: skip
ARRAY_3: dict[str, Any] = {
    "zarr_format": 3, "node_type": "array", "shape": [4, 6], "data_type": "uint16", "fill_value": 0,
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 6]}},
    "chunk_key_encoding": {"name": "default"}, "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
}  # fmt: skip
CHUNK = np.arange(12, dtype="<u2").tobytes()


def shard_by(inner: list[int], codecs: Any = ()) -> list[Any]:
    plain = [{"name": "bytes"}]
    settings = {"chunk_shape": inner, "codecs": codecs or plain, "index_codecs": plain}
    return [{"name": "sharding_indexed", "configuration": settings}]


def write(path: Path, members: dict[str, bytes | dict[str, Any]], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, raw in members.items():
            archive.writestr(name, raw if isinstance(raw, bytes) else json.dumps(raw))
    return path


def read(path: Path) -> npt.NDArray[Any]:
    with open_measurement("zarr_store", {path.name: path}, ReadHints()) as opened:
        return opened.signals[0].read()


def refuse(path: Path) -> tuple[str, str]:
    with pytest.raises(ReadRefusedError) as caught:
        read(path)
    assert caught.value.finding.hint or caught.value.finding.severity == "error"
    return caught.value.finding.code, caught.value.finding.message


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"dtype": "|O", "filters": [{"id": "pickle", "protocol": 4}]}, "dataset_not_numeric"),
        ({"dtype": [["a", "<u2"], ["b", "<f4"]]}, "dataset_not_numeric"),
        ({"dtype": "<M8[ns]"}, "dataset_not_numeric"),
        ({"dtype": "<f3"}, "zarr_metadata_unreadable"),
        ({"compressor": {"id": "pickle"}}, "zarr_codec_not_read"),
        ({"filters": [{"id": "vlen-utf8"}]}, "zarr_codec_not_read"),
        ({"filters": [{"id": "delta", "dtype": "O"}]}, "zarr_codec_not_read"),
        ({"compressor": {"id": "imagecodecs_jpeg2k"}}, "zarr_codec_not_read"),
        ({"shape": [4, -6]}, "zarr_metadata_unreadable"),
        ({"shape": [4, True]}, "zarr_metadata_unreadable"),
        ({"chunks": [0, 6]}, "zarr_metadata_unreadable"),
        ({"chunks": [2]}, "zarr_metadata_unreadable"),
        ({"shape": []}, "zarr_metadata_unreadable"),
        ({"order": "X"}, "zarr_metadata_unreadable"),
        ({"fill_value": "cGlja2xl"}, "zarr_metadata_unreadable"),
        ({"fill_value": 70_000}, "zarr_metadata_unreadable"),
        ({"zarr_format": 9}, "zarr_metadata_unreadable"),
        ({"shape": [10**9, 10**9]}, "declared_size_implausible"),
        ({"chunks": [10**9, 10**9]}, "zarr_chunk_too_large"),
        ({"shape": [10**40, 6]}, "zarr_metadata_unreadable"),
    ],
)
def test_descriptions_of_version_2_are_refused_in_words(tmp_path: Path, change: Any, code: str) -> None:
    path = write(tmp_path / "a.zip", {".zarray": {**ARRAY_2, **change}, "0.0": CHUNK, "1.0": CHUNK})
    assert refuse(path)[0] == code


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"data_type": "string"}, "dataset_not_numeric"),
        ({"data_type": {"name": "numpy.datetime64", "configuration": {}}}, "dataset_not_numeric"),
        ({"codecs": [{"name": "vlen-utf8"}]}, "zarr_codec_not_read"),
        ({"codecs": []}, "zarr_metadata_unreadable"),
        ({"codecs": [{"name": "bytes"}, {"name": "secret"}]}, "zarr_codec_not_read"),
        ({"codecs": [{"name": ["bytes"]}]}, "zarr_codec_not_read"),
        ({"codecs": [{"name": "transpose", "configuration": {"order": [0, 0]}}]}, "zarr_metadata_unreadable"),
        ({"storage_transformers": [{"name": "x"}]}, "zarr_codec_not_read"),
        ({"must_be_known": {"must_understand": True}}, "zarr_extension_not_read"),
        ({"chunk_grid": {"name": "rectangular"}}, "zarr_metadata_unreadable"),
        ({"chunk_key_encoding": {"name": "../../etc"}}, "zarr_metadata_unreadable"),
        ({"node_type": "link"}, "zarr_metadata_unreadable"),
        ({"shape": [10**9, 10**9]}, "declared_size_implausible"),
        ({"fill_value": "0xzz"}, "zarr_metadata_unreadable"),
        ({"codecs": shard_by([1, 4])}, "zarr_metadata_unreadable"),
        ({"codecs": shard_by([1, 6], shard_by([1, 3]))}, "zarr_codec_not_read"),
        ({"codecs": shard_by([1, 6])}, "zarr_chunk_damaged"),
    ],
)  # fmt: skip
def test_descriptions_of_version_3_are_refused_in_words(tmp_path: Path, change: Any, code: str) -> None:
    path = write(tmp_path / "a.zip", {"zarr.json": {**ARRAY_3, **change}, "c/0/0": CHUNK, "c/1/0": CHUNK})
    assert refuse(path)[0] == code


@pytest.mark.parametrize("name", ["../x", "a/../../x", "/x", "a//x", "a\\x", "./x", "/".join("a" * 80)])
def test_names_that_are_no_keys_are_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "a.zip", {".zarray": ARRAY_2, "0.0": CHUNK, name: b"x"})
    assert refuse(path)[0] == "zarr_key_unsafe"


def test_the_last_description_holds_and_two_different_chunks_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, raw in ((".zarray", b"{}"), ("0.0", CHUNK), ("1.0", CHUNK)):
            archive.writestr(name, raw)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("0.0", CHUNK)
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr(".zarray", json.dumps(ARRAY_2))
    np.testing.assert_array_equal(read(tmp_path / "a.zip")[:2].ravel(), np.arange(12))
    with zipfile.ZipFile(tmp_path / "a.zip", "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("1.0", CHUNK[::-1])
    assert refuse(tmp_path / "a.zip")[0] == "zip_members_twice"


def test_what_was_packed_with_a_store_is_told(tmp_path: Path) -> None:
    members: Any = {
        "s/a.zarr/.zarray": ARRAY_2,
        "s/a.zarr/0.0": CHUNK,
        "s/a.zarr/1.0": CHUNK,
        "__MACOSX/x": b"",
    }
    with open_measurement("zarr_store", {"a.zip": write(tmp_path / "a.zip", members)}, ReadHints()) as opened:
        assert not opened.findings
    members |= {"s/scan.dm4": b"x", "s/.DS_Store": b"", "notes.txt": b"n"}
    with open_measurement("zarr_store", {"b.zip": write(tmp_path / "b.zip", members)}, ReadHints()) as opened:
        (warning,) = opened.findings
        assert warning.code == "zip_members_not_read"
        assert warning.message.endswith("no part of a Zarr store: s/scan.dm4, notes.txt.")


@pytest.mark.parametrize("raw", [b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b'{"a": 1' + b"0" * 5000 + b"}"])
def test_what_is_no_json_is_refused(tmp_path: Path, raw: bytes) -> None:
    path = write(tmp_path / "a.zip", {".zarray": raw, "0.0": CHUNK})
    assert recognize(path, "a.zip").format == "zarr_store"
    assert refuse(path)[0] == "zarr_metadata_unreadable"


@pytest.mark.parametrize(
    ("compressor", "chunk"),
    [
        (None, CHUNK[:-1]),
        (None, CHUNK + b"x"),
        ({"id": "zlib"}, CHUNK),
        ({"id": "zstd"}, Zstd().encode(bytes(2**24))),
        ({"id": "zstd"}, Zstd().encode(CHUNK)[:-2]),
        ({"id": "zstd"}, b"\x28\xb5\x2f\xfd\xff"),
        ({"id": "blosc"}, Blosc().encode(bytes(2**24))),
        ({"id": "blosc"}, Blosc().encode(CHUNK)[:-2]),
        ({"id": "blosc"}, struct.pack("<BBBBIII", 2, 1, 0x13, 2, 24, 2**31, 40) + bytes(24)),
        ({"id": "lz4"}, struct.pack("<i", -5) + CHUNK),
        ({"id": "lz4"}, struct.pack("<i", 2**31 - 1) + CHUNK),
        ({"id": "bz2"}, b"BZh9"),
        ({"id": "lzma"}, b""),
    ],
)
def test_a_chunk_that_unpacks_to_something_else_is_refused(
    tmp_path: Path, compressor: Any, chunk: bytes
) -> None:
    path = write(
        tmp_path / "a.zip", {".zarray": {**ARRAY_2, "compressor": compressor}, "0.0": chunk, "1.0": chunk}
    )
    code, message = refuse(path)
    assert (code, "0.0 in a.zip" in message) == ("zarr_chunk_damaged", True)


def test_a_bomb_is_not_unpacked_to_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "ingest.readers.zarr.codecs.blosc.decompress", lambda _: pytest.fail("it was unpacked")
    )
    monkeypatch.setattr(
        "ingest.readers.zarr.codecs.zstd.decompress", lambda *_: pytest.fail("it was unpacked")
    )
    for name, codec in (("blosc", Blosc()), ("zstd", Zstd())):
        document = {**ARRAY_2, "compressor": {"id": name}}
        bomb = codec.encode(bytes(2**17))
        path = write(tmp_path / "a.zip", {".zarray": document, "0.0": bomb, "1.0": bomb})
        code, message = refuse(path)
        assert (code, f"{name} promises 131072 bytes" in message) == ("zarr_chunk_damaged", True)


def test_a_flipped_bit_in_a_chunk_is_seen(tmp_path: Path) -> None:
    path = write(tmp_path / "a.zip", {".zarray": ARRAY_2, "0.0": CHUNK, "1.0": CHUNK})
    raw = bytearray(path.read_bytes())
    raw[raw.index(CHUNK) + 3] ^= 4
    path.write_bytes(raw)
    assert refuse(path)[0] == "zip_member_damaged"


def test_members_beyond_what_is_looked_at_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "MOST_KEYS", 3)
    path = write(tmp_path / "a.zip", {".zarray": ARRAY_2, "0.0": CHUNK, "1.0": CHUNK, "x": b""})
    assert refuse(path)[0] == "zip_too_many_members"


def test_descriptions_are_not_parsed_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lists = b"[" + b"[]," * 3_000_000 + b"[]]"
    large = write(tmp_path / "a.zip", {".zarray": lists, "0.0": CHUNK}, zipfile.ZIP_DEFLATED)
    assert refuse(large)[0] == "zarr_metadata_too_large"
    monkeypatch.setattr(store, "_MOST_BYTES_OF_DOCUMENTS", 300)
    many: Any = {
        f"{number}/{name}": {"said": "so"} for number in range(30) for name in (".zgroup", ".zattrs")
    }
    path = write(tmp_path / "b.zip", {**many, "a/.zarray": ARRAY_2, "a/0.0": CHUNK})
    assert refuse(path)[0] == "zarr_metadata_too_large"


def test_a_directory_beyond_what_is_looked_at_is_not_parsed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "a.zip", {".zarray": ARRAY_2, "0.0": CHUNK, "1.0": CHUNK})
    monkeypatch.setattr(zip_directory, "MOST_DIRECTORY_BYTES", 150)
    code, message = refuse(path)
    assert code == "zip_unreadable"
    assert message.endswith("it would have 151 bytes, and at most 150 are looked at.")
    assert recognize(path, "a.zip").format == "zip"
    many = tmp_path / "many.zip"
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(66_000):  # beyond what the first fields of a ZIP count
            archive.writestr(str(number), b"")
    assert zip_directory._measure_directory(many) == 66_000 * 46 + sum(
        len(str(number)) for number in range(66_000)
    )
    monkeypatch.setattr(zip_directory, "MOST_DIRECTORY_BYTES", 2**26)
    read(path)


def write_plain(folder: Path) -> None:
    group = zarr.open_group(folder, mode="w", zarr_format=3)
    group.create_array(
        "a", data=np.arange(240, dtype="u2").reshape(4, 5, 12), chunks=(2, 2, 4), shards=(4, 4, 12)
    )


def write_old(folder: Path) -> None:
    group = zarr.open_group(folder, mode="w", zarr_format=2)
    group.create_array("a", data=np.arange(240, dtype="u2").reshape(4, 5, 12), chunks=(2, 2, 4))


@pytest.mark.parametrize("make", [write_plain, write_old])
@given(data=st.data())
@settings(max_examples=60, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
def test_whatever_bytes_change_it_is_the_same_values_or_a_refusal(
    tmp_path: Path, make: Callable[[Path], None], data: st.DataObject
) -> None:
    """Bytes within members are guarded by their checksums; what is changed in the directory shows as another store."""
    source = tmp_path / "whole.zip"
    if not source.exists():
        make(tmp_path / "s")
        pack(tmp_path / "s", source)
    raw = bytearray(source.read_bytes())
    at = data.draw(st.integers(0, len(raw) - 1))
    length = data.draw(st.integers(1, min(64, len(raw) - at)))
    kind = data.draw(st.sampled_from(["zero", "flip", "cut", "more"]))
    if kind == "zero":
        raw[at : at + length] = bytes(length)
    elif kind == "flip":
        raw[at] ^= 1 << data.draw(st.integers(0, 7))
    elif kind == "cut":
        del raw[at:]
    else:
        raw += bytes(length)
    path = tmp_path / "hurt.zip"
    path.write_bytes(raw)
    recognize(path, path.name)
    with suppress(ReadRefusedError), open_measurement("zarr_store", {path.name: path}, ReadHints()) as opened:
        values = opened.signals[0].read()
        is_said = any(one.code in {"zarr_chunks_missing", "bytes_left_over"} for one in opened.findings)
        assert is_said or np.array_equal(values, np.arange(240).reshape(4, 5, 12))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
@settings(max_examples=200, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])  # fmt: skip
def test_any_word_in_a_description_is_read_or_refused(tmp_path: Path, data: st.DataObject) -> None:
    level = {"path": "", "coordinateTransformations": [{"type": "scale", "scale": [1, 1]}]}
    image = {"datasets": [level], "axes": ["y", "x"]}
    whole: Any = data.draw(st.sampled_from([ARRAY_2, ARRAY_3, {**ARRAY_3, "codecs": shard_by([1, 6])}]))
    document = json.loads(json.dumps(whole))
    attributes = {"multiscales": [image], "_ARRAY_DIMENSIONS": ["y", "x"]}
    if document["zarr_format"] == 3:
        document["attributes"] = attributes
    place = data.draw(st.sampled_from([document, attributes]))
    for _ in range(data.draw(st.integers(0, 4))):
        inside = place.values() if isinstance(place, dict) else place
        below = [one for one in inside if isinstance(one, dict | list) and one]
        if not below:
            break
        place = data.draw(st.sampled_from(below))
    key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON)
    name = "zarr.json" if whole["zarr_format"] == 3 else ".zarray"
    members: Any = {
        name: document,
        ".zattrs": attributes,
        "0.0": CHUNK,
        "1.0": CHUNK,
        "c/0/0": CHUNK,
        "c/1/0": CHUNK,
    }
    path = write(tmp_path / "a.zip", members)
    with suppress(ReadRefusedError), open_measurement("zarr_store", {path.name: path}, ReadHints()) as opened:
        json.dumps(opened.header, allow_nan=False)
        opened.signals[0].read()
