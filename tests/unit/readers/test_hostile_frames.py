"""Sequences and MRC files that lie, are cut or were damaged: refused in words, or read with a word.

What these formats make undetectable: other values of pixels, which nothing guards, among them blocks of zeros; another
type of the same size; and a server's text that is cut behind a line, which says less then.
"""

import tracemalloc
from collections.abc import Callable, Mapping
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
from tests.vendor_files.mrc import write_mrc
from tests.vendor_files.seq import (
    as_files,
    write_config,
    write_halves,
    write_records,
    write_reference,
    write_seq,
)

LIMIT = 16 * 2**20
VALUES: npt.NDArray[np.uint16] = default_rng(3).integers(1, 4000, (12, 8, 10)).astype(np.uint16)
INFO = "Server Software Version = 2.7\nTimestamp (seconds since Epoch) = 1729539410\nScan - Enable = Enable\n"


def write_sequence(folder: Path) -> dict[str, Path]:
    return as_files([write_seq(folder / "a.seq", VALUES, stride=168)])


def write_celeritas(folder: Path) -> dict[str, Path]:
    halves = write_halves(folder, VALUES, per_image=3)
    return as_files(
        [
            *halves,
            write_records(folder / f"{halves[0].name}.metadata", 4),
            write_config(folder / "scan.seq.Config.Metadata.xml", (8, 10), SegmentPreBuffer=3),
            write_reference(folder / "scan.seq.dark.mrc", np.ones((8, 10), np.float32)),
        ]
    )


def write_movie(folder: Path) -> dict[str, Path]:
    info = folder / "s_info.txt"
    info.write_text(INFO + "Scan - Type = XY File\n")
    places = folder / "s_scan_coordinates.csv"
    places.write_text("".join(f"{number},{2 * number}\n" for number in range(12)))
    image = write_mrc(folder / "s_0_V_sum.mrc", np.ones((1, 3, 4), np.float32))
    return as_files([write_mrc(folder / "s_movie.mrc", VALUES), info, places, image])


def write_big_endian(folder: Path) -> dict[str, Path]:
    return as_files([write_mrc(folder / "a.mrc", VALUES, order=">")])


SPECIMENS: Mapping[str, tuple[str, Callable[[Path], dict[str, Path]]]] = {
    "sequence": ("seq", write_sequence),
    "celeritas": ("seq", write_celeritas),
    "movie": ("mrc", write_movie),
    "big_endian": ("mrc", write_big_endian),
}
CASES = [
    (kind, number)
    for kind, count in (("sequence", 1), ("celeritas", 5), ("movie", 4), ("big_endian", 1))
    for number in range(count)
]


def open_specimen(kind: str, files: Mapping[str, Path]) -> OpenedFile:
    return open_measurement(SPECIMENS[kind][0], files, ReadHints())


def read_all(opened: OpenedFile) -> dict[str, npt.NDArray[Any]]:
    return {signal.name: signal.read() for signal in opened.signals}


def read_whole(kind: str, files: Mapping[str, Path]) -> tuple[set[str], dict[str, npt.NDArray[Any]]]:
    with open_specimen(kind, files) as opened:
        return {one.message for one in opened.findings}, read_all(opened)


@pytest.mark.parametrize(("kind", "number"), CASES)
@pytest.mark.parametrize("percent", [1, 10, 50, 90, 99])
def test_cut_files_are_refused_or_told(tmp_path: Path, kind: str, number: int, percent: int) -> None:
    files = SPECIMENS[kind][1](tmp_path)
    usual, whole = read_whole(kind, files)
    path = list(files.values())[number]
    with path.open("rb+") as file:
        file.truncate(max(1, path.stat().st_size * percent // 100))
    recognize(path, path.name)
    refusal = None
    found, told = whole, set[str]()
    try:
        with open_specimen(kind, files) as opened:
            found = read_all(opened)
            told = {one.message for one in opened.findings} - usual
    except ReadRefusedError as error:
        refusal = error.finding
    if refusal is not None:
        assert (bool(refusal.hint), path.suffix in {".seq", ".mrc"}) == (True, True)
        return
    # A text that is cut at a line says less, and nobody can know; all else is told.
    is_text = path.name == "s_info.txt"
    assert is_text or any(path.name in message for message in told), path
    np.testing.assert_array_equal(found["data"], whole["data"])


@pytest.mark.parametrize("kind", SPECIMENS)
def test_zeroed_block_takes_nothing_in_silence(tmp_path: Path, kind: str) -> None:
    files = SPECIMENS[kind][1](tmp_path)
    usual, whole = read_whole(kind, files)
    path = next(iter(files.values()))
    raw = path.read_bytes()
    for start in range(0, len(raw) - 512, 211):
        path.write_bytes(raw[:start] + bytes(512) + raw[start + 512 :])
        recognize(path, path.name)
        with suppress(ReadRefusedError), open_specimen(kind, files) as opened:
            found = read_all(opened)
            is_told = bool({one.message for one in opened.findings} - usual)
            assert found["data"].size == whole["data"].size or is_told, start


def _change(tmp_path: Path, kind: str, changes: list[tuple[int, int, int]]) -> None:
    """Change bytes of the files of a specimen, the more often the nearer to their beginning, and read all of it."""
    files = SPECIMENS[kind][1](tmp_path)
    usual, whole = read_whole(kind, files)
    paths = list(files.values())
    for which, place, value in changes:
        path = paths[which % len(paths)]
        raw = bytearray(path.read_bytes())
        raw[place % len(raw)] = value
        path.write_bytes(bytes(raw))
    for path in paths:
        recognize(path, path.name)
    with suppress(ReadRefusedError), open_specimen(kind, files) as opened:
        found = read_all(opened)
        told = {one.message for one in opened.findings} - usual
        assert found["data"].size >= whole["data"].size or told


CHANGES = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 1100) | st.integers(0, 10**5), st.integers(0, 255)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, suppress_health_check=list(HealthCheck), deadline=None)
@given(kind=st.sampled_from(sorted(SPECIMENS)), changes=CHANGES)
def test_changed_bytes_never_crash_and_never_take_frames_in_silence(
    tmp_path: Path, kind: str, changes: list[tuple[int, int, int]]
) -> None:
    _change(tmp_path, kind, changes)


@pytest.mark.long
@pytest.mark.timeout(1800)
@settings(max_examples=20_000, suppress_health_check=list(HealthCheck), deadline=None)
@given(kind=st.sampled_from(sorted(SPECIMENS)), changes=CHANGES)
def test_twenty_thousand_changes(tmp_path: Path, kind: str, changes: list[tuple[int, int, int]]) -> None:
    _change(tmp_path, kind, changes)


@pytest.mark.parametrize("kind", SPECIMENS)
def test_huge_claims_cost_no_memory(tmp_path: Path, kind: str) -> None:
    files = SPECIMENS[kind][1](tmp_path)
    path = next(iter(files.values()))
    raw = path.read_bytes()
    places = (548, 552, 556, 564, 572, 580) if SPECIMENS[kind][0] == "seq" else (0, 4, 8, 12, 92)
    order = "big" if kind == "big_endian" else "little"
    tracemalloc.start()
    for at in places:
        for number in (10**9, 2**31 - 1, 32766):
            path.write_bytes(raw[:at] + number.to_bytes(4, order) + raw[at + 4 :])  # type: ignore[arg-type]
            recognize(path, path.name)
            with suppress(ReadRefusedError), open_specimen(kind, files) as opened:
                assert opened.signals[0].nbytes <= len(raw)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LIMIT


def test_settings_and_places_that_are_far_too_long_are_not_read(tmp_path: Path) -> None:
    files = write_celeritas(tmp_path)
    config = files["scan.seq.Config.Metadata.xml"]
    config.write_text(config.read_text().replace("</FileInfo>", "</FileInfo>" + "<a/>" * 300_000))
    with open_specimen("celeritas", files) as opened:  # the dark reference says how tall a frame is
        assert [one.code for one in opened.findings if one.severity == "warning"] == ["xml_unreadable"]
    movie = write_movie(tmp_path)
    places = movie["s_scan_coordinates.csv"]
    with places.open("rb+") as file:
        file.truncate(2**40)
    tracemalloc.start()
    with open_specimen("movie", movie) as opened:
        assert "scan_coordinates_unreadable" in {one.code for one in opened.findings}
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < LIMIT
