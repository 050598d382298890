"""Damaged DECTRIS files: refused, or read with as many frames as before, or something is said; never a crash."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import ReadHints, ReadRefusedError
from tests.damage import run_apart
from tests.vendor_files.dectris import write_scan

SIDE = (12, 16)
FRAMES = 15
PARTS = ("scan_master.h5", "scan_data_000002.h5", "scan.h5")


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Path]:
    values = default_rng(7).integers(0, 2**31, (3, 5, *SIDE)).astype(np.uint32)
    mask = np.zeros(SIDE, np.uint32)
    mask[3] = 1
    return write_scan(tmp_path_factory.mktemp("scan"), values, mask=mask)


damages = st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=6)


DAMAGES = (st.sampled_from(PARTS), damages, st.sampled_from(["bytes", "zeros", "cut", "more"]))
unhurried = settings(
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def spoil(whole: bytes, places: list[tuple[float, int]], how: str) -> bytes:
    spoilt = bytearray(whole)
    first = int(places[0][0] * len(whole))
    for place, value in places if how == "bytes" else ():
        spoilt[int(place * len(whole))] = value
    if how == "zeros":
        spoilt[first : first + 512] = bytes(len(spoilt[first : first + 512]))
    elif how == "cut":
        del spoilt[max(1, first) :]
    elif how == "more":
        spoilt += bytes(places[0][1] + 1)
    return bytes(spoilt)


def read_spoilt(scan: Mapping[str, Path], name: str, places: list[tuple[float, int]], how: str) -> None:
    whole = {path: path.read_bytes() for path in scan.values()}
    folder = scan[name].parent / "spoilt"
    folder.mkdir(exist_ok=True)
    files = {one: folder / one for one in scan}
    for one, path in files.items():
        path.write_bytes(spoil(whole[scan[one]], places, how) if one == name else whole[scan[one]])
    recognize(files[name], name)
    with suppress(ReadRefusedError), open_measurement("dectris", files, ReadHints()) as opened:
        values = opened.signals[0].read()
        is_said = bool({finding.code for finding in opened.findings} - {"pixels_named_dead"})
        assert values.shape[-2:] == SIDE or is_said
        assert values.size == FRAMES * SIDE[0] * SIDE[1] or is_said


@settings(unhurried, max_examples=50)
@given(*DAMAGES)
def test_no_frame_is_lost_without_a_word(
    scan: Mapping[str, Path], name: str, places: list[tuple[float, int]], how: str
) -> None:
    assert run_apart(partial(read_spoilt, scan, name, places, how)) == ""


@pytest.mark.long
@pytest.mark.timeout(7200)
@settings(unhurried, max_examples=2_000)
@given(*DAMAGES)
def test_no_frame_is_lost_in_two_thousand_damages(
    scan: Mapping[str, Path], name: str, places: list[tuple[float, int]], how: str
) -> None:
    assert run_apart(partial(read_spoilt, scan, name, places, how)) == ""


def test_a_thousand_files_with_one_fault_say_it_a_few_times(tmp_path: Path) -> None:
    files = write_scan(tmp_path, np.zeros((3, 5, *SIDE), np.uint32), per_file=1)
    for name, path in files.items():
        if "_data_" in name:
            with h5py.File(path, "r+") as file:
                said = dict(file["entry/data/data"].attrs)
                del file["entry/data/data"]
                file.create_dataset("entry/data/data", (1, *SIDE), "u4", chunks=(1, *SIDE)).attrs.update(said)
    with open_measurement("dectris", files) as opened:
        found = [finding.message for finding in opened.findings if finding.code == "hdf5_chunks_missing"]
    assert len(found) == 6
    assert found[-1].startswith("10 more data files")
