"""TIFFs that lie, are cut or were damaged: refused in words, or read with a word; never a hang, never fewer in silence.

What the format makes undetectable: other values of pixels that are not compressed, and another type of the same
size. Everything else that a changed byte takes away is told.
"""

import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.vendor_files.tiff import PageLayout, TiffWriter, write_tiff

LIMIT = 64 * 2**20


def open_tiff(path: Path) -> OpenedFile:
    return open_measurement("tiff", {path.name: path}, ReadHints())


def read_a_frame_of_each(path: Path) -> None:
    with open_tiff(path) as opened:
        for signal in opened.signals:
            signal.read((slice(0, 1),) if signal.leading_shape else ())


def refuse_code(path: Path) -> str:
    with pytest.raises(ReadRefusedError) as caught:
        read_a_frame_of_each(path)
    assert caught.value.finding.hint
    return caught.value.finding.code


SPECIMENS: dict[str, tuple[PageLayout, dict[str, Any]]] = {
    "plain": (PageLayout(rows_per_strip=5), {}),
    "big": (PageLayout(rows_per_strip=5), {"is_big": True, "order": ">"}),
    "front": (PageLayout(), {"directory_first": True}),
    "deflate": (PageLayout("deflate", rows_per_strip=7, predictor=2), {}),
    "lzw": (PageLayout("lzw", tile=(16, 16)), {"directory_first": True}),
    "packbits": (PageLayout("packbits"), {"order": ">"}),
}


def write_specimen(folder: Path, kind: str) -> tuple[Path, npt.NDArray[Any]]:
    layout, how = SPECIMENS[kind]
    values = default_rng(3).integers(0, 50, (4, 20, 40)).astype(np.uint16)
    return write_tiff(folder / f"{kind}.tif", list(values), layout, **how), values


@pytest.mark.parametrize("kind", SPECIMENS)
@pytest.mark.parametrize("percent", [1, 10, 50, 90, 99])
def test_cut_files_are_refused(tmp_path: Path, kind: str, percent: int) -> None:
    path, _ = write_specimen(tmp_path, kind)
    size = path.stat().st_size
    with path.open("rb+") as file:
        file.truncate(size * percent // 100)
    recognize(path, path.name)
    assert refuse_code(path) == "file_truncated"


@pytest.mark.parametrize("kind", SPECIMENS)
def test_zeroed_block_is_refused_or_told_where_it_can_be_known(tmp_path: Path, kind: str) -> None:
    path, values = write_specimen(tmp_path, kind)
    whole = path.read_bytes()
    for start in range(0, len(whole) - 512, 211):
        path.write_bytes(whole[:start] + bytes(512) + whole[start + 512 :])
        recognize(path, path.name)
        with suppress(ReadRefusedError), open_tiff(path) as opened:
            (signal, *_) = opened.signals
            found = signal.read()
            is_same = np.array_equal(found, values) if kind == "deflate" else found.shape == values.shape
            assert is_same or opened.findings, start


@settings(max_examples=150, suppress_health_check=list(HealthCheck))
@given(
    kind=st.sampled_from(sorted(SPECIMENS)),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), min_size=1, max_size=4),
)
def test_changed_bytes_never_crash_and_never_take_frames_in_silence(
    tmp_path: Path, kind: str, changes: list[tuple[int, int]]
) -> None:
    path, values = write_specimen(tmp_path, kind)
    raw = bytearray(path.read_bytes())
    for place, value in changes:
        raw[place % len(raw)] = value
    path.write_bytes(bytes(raw))
    recognize(path, path.name)
    with suppress(ReadRefusedError), open_tiff(path) as opened:
        pixels = 0
        for signal in opened.signals:
            pixels += signal.read().size
        assert pixels >= values.size or opened.findings


@pytest.mark.parametrize(
    ("code", "number"),
    [(256, 10**9), (257, 10**9), (277, 60_000), (278, 0), (322, 0), (258, 0), (256, 0), (257, 0)],
)
def test_huge_and_empty_claims_cost_no_memory(tmp_path: Path, code: int, number: int) -> None:
    layouts = (PageLayout(), PageLayout("deflate"), PageLayout("lzw", tile=(16, 16)))
    tracemalloc.start()
    for layout in layouts:
        path = write_tiff(
            tmp_path / "a.tif",
            [np.zeros((32, 32), np.uint16)],
            PageLayout(layout.compression, tile=layout.tile, tags={code: ("long", number)}),
        )
        recognize(path, path.name)
        with suppress(ReadRefusedError), open_tiff(path) as opened:
            assert [signal.shape for signal in opened.signals] == [(32, 32)]
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LIMIT


def test_count_of_pieces_that_the_file_is_too_short_for_is_refused(tmp_path: Path) -> None:
    raw = bytearray(write_tiff(tmp_path / "a.tif", [np.zeros((8, 8), np.uint16)]).read_bytes())
    for code in (258, 273, 279):
        changed = bytearray(raw)
        at = changed.index(struct.pack("<HH", code, 3 if code == 258 else 4), 128)
        struct.pack_into("<I", changed, at + 4, 0x7FFFFFFF)
        (tmp_path / "b.tif").write_bytes(bytes(changed))
        assert refuse_code(tmp_path / "b.tif") in {
            "file_truncated", "tiff_page_unreadable", "tiff_directory_unreadable",
        }  # fmt: skip


def test_directories_in_a_circle_are_refused(tmp_path: Path) -> None:
    for target in (0, 1):
        writer = TiffWriter()
        for _ in range(3):
            writer.add(np.zeros((8, 8), np.uint16))
        writer.point_last_at(writer.offsets[target])
        path = writer.write(tmp_path / "a.tif")
        recognize(path, path.name)
        assert refuse_code(path) == "tiff_directories_in_a_circle"


def write_sharing(path: Path, piece: bytes, *, pages: int, bits: int, compression: int) -> Path:
    """Write one piece and directories of 64 × 64 pixels that all point at it."""
    raw = bytearray(struct.pack("<2sHI", b"II", 42, 8 + len(piece)) + piece)
    tags = {256: 64, 257: 64, 258: bits, 259: compression, 262: 1, 273: 8, 277: 1, 278: 64, 279: len(piece)}
    for number in range(pages):
        following = len(raw) + 2 + 12 * len(tags) + 4
        raw += struct.pack("<H", len(tags))
        raw += b"".join(struct.pack("<HHII", code, 4, 1, value) for code, value in tags.items())
        raw += struct.pack("<I", following if number < pages - 1 else 0)
    path.write_bytes(bytes(raw))
    return path


def test_pages_that_share_their_bytes_are_refused(tmp_path: Path) -> None:
    """A small file would otherwise become as large as it has directories."""
    piece = bytes(64 * 64 * 2)
    path = write_sharing(tmp_path / "a.tif", piece, pages=400, bits=16, compression=1)
    assert refuse_code(path) == "tiff_pages_overlap"


def test_deflate_gives_no_more_than_it_can(tmp_path: Path) -> None:
    """A few bytes that claim 16 GB are refused at once; 16 kB that are 16 MB are unpacked as far as a page reaches."""
    path = write_tiff(
        tmp_path / "a.tif",
        [np.zeros((64, 64), np.uint8)],
        PageLayout("deflate", tags={256: ("long", 2**17), 257: ("long", 2**17), 278: ("long", 2**17)}),
    )
    assert refuse_code(path) == "tiff_piece_too_large"
    bomb = zlib.compress(bytes(2**24), 9)
    path = write_sharing(tmp_path / "a.tif", bomb, pages=1, bits=8, compression=8)
    tracemalloc.start()
    assert refuse_code(path) == "tiff_piece_damaged"
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 4 * 2**20


def test_checksum_of_deflate_is_compared(tmp_path: Path) -> None:
    values = default_rng(3).integers(0, 50, (20, 40)).astype(np.uint16)
    path = write_tiff(tmp_path / "a.tif", [values], PageLayout("deflate"))
    raw = bytearray(path.read_bytes())
    end = 8 + len(zlib.compress(values.tobytes()))
    raw[end - 1] ^= 1
    path.write_bytes(bytes(raw))
    assert refuse_code(path) == "tiff_piece_damaged"


def hostile_texts() -> Iterator[tuple[str, Any]]:
    yield "xml bomb", {270: ("ascii", '<!DOCTYPE a [<!ENTITY b "c">]><OME>&b;</OME>')}
    yield "deep xml", {270: ("ascii", "<OME>" + "<a>" * 9000 + "</a>" * 9000 + "</OME>")}
    yield "deep json", {270: ("ascii", '{"' + "[" * 90_000)}
    yield "shape of nothing", {270: ("ascii", '{"shape": [999999999, 8, 9]}')}
    yield "shape of words", {270: ("ascii", '{"shape": ["a", null, true]}')}
    yield "endless frames", {270: ("ascii", "ImageJ=1\nimages=1e300\nframes=nan\n")}
    yield "lost block", {37706: ("long", 2**31)}
    yield "olympus", {33560: ("long", 2**31), 271: ("ascii", "Olympus")}
    yield "jeol", {271: ("ascii", "JEOL Ltd."), 270: ("ascii", "<TemReporter><Eos/></TemReporter>")}
    yield "jeol without xml", {271: ("ascii", "JEOL Ltd."), 270: ("ascii", "\0")}
    yield "zeiss", {34118: ("ascii", "0\nAP_MAG\nAP_WD\n=\n")}
    yield (
        "fei",
        {34682: ("ascii", "[\n]=\n[Scan]\nPixelWidth=nan\nPixelHeight=inf\n[Image]\nResolutionY=1e300\n")},
    )
    yield "gatan", {65009: ("double", float("nan")), 65003: ("ascii", "nm"), 65010: ("double", float("inf"))}
    yield "imagej blocks", {
        270: ("ascii", "ImageJ=1.5\n"), 50838: ("long", (2**31, 2**31)),
        50839: ("undefined", b"IJIJinfo\xff\xff\xff\xff"),
    }  # fmt: skip
    yield "micro-manager", {51123: ("ascii", '{"PixelSizeUm": "x"}')}
    yield "hamamatsu", {
        305: ("ascii", "HPD-TA"), 315: ("ascii", "Copyright Hamamatsu"),
        270: ("ascii", '[Scaling],ScalingXUnit="nm",ScalingXScalingFile="#99999999,9"'),
    }  # fmt: skip


@pytest.mark.parametrize(("what", "tags"), [pytest.param(*case, id=case[0]) for case in hostile_texts()])
def test_hostile_words_of_programs_are_refused_or_left_out(tmp_path: Path, what: str, tags: Any) -> None:
    values = np.arange(72, dtype=np.uint16).reshape(8, 9)
    path = write_tiff(tmp_path / "a.tif", [values], PageLayout(tags=tags))
    assert recognize(path, path.name).format == "tiff"
    with suppress(ReadRefusedError), open_tiff(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert all(axis.scale is None or np.isfinite(axis.scale) for axis in opened.signals[0].axes)
