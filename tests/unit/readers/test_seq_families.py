"""Sequences and what belongs to them: which files make one, and the same arrays as independent readers."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from numpy.random import default_rng

from ingest.formats.grouping import group_files
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import Grouping, ReadHints
from tests.realdata import need_realdata
from tests.vendor_files.seq import (
    as_files,
    write_config,
    write_halves,
    write_records,
    write_reference,
    write_seq,
)

FRAME = np.zeros((2, 4, 4), np.uint16)
CELERITAS = "de_seq/rsciio/celeritas_data/256x256_Prebuffer1/"


def group(*paths: Path, folder: Path) -> Grouping:
    names = [str(path.relative_to(folder)) for path in paths]
    return group_files({name: recognize(folder / name, name) for name in names})


def write_beside(folder: Path, stem: str = "scan") -> list[Path]:
    return [
        write_config(folder / f"{stem}.seq.Config.Metadata.xml", (4, 4)),
        write_reference(folder / f"{stem}.seq.dark.mrc", np.ones((4, 4), np.float32)),
        write_reference(folder / f"{stem}.seq.gain.mrc", np.ones((4, 4), np.float32)),
    ]


def test_a_sequence_has_what_lies_beside_it_under_its_name(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "scan.seq", FRAME)
    records = write_records(tmp_path / "SCAN.seq.metadata", 2)
    beside = write_beside(tmp_path)
    other = write_config(tmp_path / "other.seq.Config.Metadata.xml", (4, 4))
    lone = write_reference(tmp_path / "other.seq.dark.mrc", np.ones((4, 4), np.float32))
    found = group(path, records, *beside, other, lone, folder=tmp_path)
    assert [one.files for one in found.measurements] == [
        ("other.seq.dark.mrc",),
        ("scan.seq", "SCAN.seq.metadata", *(one.name for one in beside)),
    ]
    assert found.leftovers == (other.name,)
    assert [one.code for one in found.findings[other.name]] == ["companion_unused"]


def test_the_ending_may_stand_twice(tmp_path: Path) -> None:
    path = write_seq(tmp_path / "scan.seq.seq", FRAME)
    beside = write_beside(tmp_path)
    (found,) = group(path, *beside, folder=tmp_path).measurements
    assert found.files == (path.name, *(one.name for one in beside))


def test_halves_are_one_measurement(tmp_path: Path) -> None:
    halves = write_halves(tmp_path, FRAME)
    records = [write_records(tmp_path / f"{half.name}.metadata", 2, camera=False) for half in halves]
    beside = write_beside(tmp_path)
    (found,) = group(*beside, *records, *reversed(halves), folder=tmp_path).measurements
    assert found.files == tuple(one.name for one in (*halves, *records, *beside))


def test_half_alone_says_which_half_is_missing(tmp_path: Path) -> None:
    for half, other in zip(write_halves(tmp_path, FRAME), ("Bottom", "Top"), strict=True):
        found = group(half, folder=tmp_path)
        (finding,) = found.findings[half.name]
        assert (finding.code, finding.severity) == ("companion_missing", "error")
        assert f"scan_{other}_" in finding.message
        assert [one.files for one in found.measurements] == [(half.name,)]


def test_halves_of_several_acquisitions_of_one_name_go_by_their_times(tmp_path: Path) -> None:
    names = [f"scan_{half}_{time}.seq" for time in ("10-00-00.1", "11-00-00.2") for half in ("Top", "Bottom")]
    paths = [write_seq(tmp_path / name, FRAME) for name in names]
    found = group(*paths, folder=tmp_path)
    assert [one.files for one in found.measurements] == [tuple(names[:2]), tuple(names[2:])]
    found = group(*paths[:3], folder=tmp_path)
    assert {one.code for told in found.findings.values() for one in told} == {"seq_halves_ambiguous"}
    assert all("2 upper halves and 1 lower ones" in told[0].message for told in found.findings.values())


def test_settings_go_to_halves_before_the_sequence_merged_of_them(tmp_path: Path) -> None:
    """Without them nobody knows how tall frames of halves are; a whole sequence says it itself."""
    halves = write_halves(tmp_path, FRAME)
    merged = write_seq(tmp_path / "scan.seq", FRAME)
    beside = write_beside(tmp_path)
    found = group(*halves, merged, *beside, folder=tmp_path)
    assert {one.primary: len(one.companions) for one in found.measurements} == {
        halves[0].name: 4,
        merged.name: 0,
    }
    (finding,) = found.findings[merged.name]
    assert finding.code == "companion_shared"
    assert "scan.seq.dark.mrc" in finding.message


def test_files_in_other_folders_belong_to_nobody_here(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    path = write_seq(tmp_path / "a" / "scan.seq", FRAME)
    found = group(path, *write_beside(tmp_path / "b"), folder=tmp_path)
    assert [one.files for one in found.measurements if one.primary.endswith(".seq")] == [("a/scan.seq",)]


def read_with_libertem(path: Path, frames: int) -> npt.NDArray[np.uint16]:
    """Return the frames as stored: LiberTEM also subtracts the dark reference, which is switched off."""
    from libertem.api import Context
    from libertem.executor.inline import InlineJobExecutor
    from libertem.io.corrections import CorrectionSet
    from libertem.udf.raw import PickUDF

    context = Context(executor=InlineJobExecutor())
    dataset = context.load("seq", path=str(path), nav_shape=(frames,))
    found = context.run_udf(dataset, PickUDF(), corrections=CorrectionSet(), roi=np.ones(frames, bool))
    return np.asarray(found["intensity"].data)


@pytest.mark.long  # LiberTEM's imports take nine seconds; the layout by numpy below is compared in the gate
@pytest.mark.filterwarnings("ignore")
def test_libertem_gives_the_same_of_a_sequence_of_our_own(tmp_path: Path) -> None:
    values = default_rng(8).integers(0, 4000, (6, 5, 7)).astype(np.uint16)
    path = write_seq(tmp_path / "scan.seq", values)
    np.testing.assert_array_equal(read_with_libertem(path, 6), values)
    with open_measurement("seq", as_files([path])) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)


@pytest.mark.long  # LiberTEM's imports take nine seconds; the layout by numpy below is compared in the gate
@pytest.mark.filterwarnings("ignore")
def test_libertem_gives_the_same_of_the_real_sequence(tmp_path: Path) -> None:
    """It counts frames by the size of the file: five places without a time stamp come after the ten.

    It cannot open the references beside it, which claim 32766 sections: so it is given the sequence alone.
    """
    path = tmp_path / "test.seq"
    path.symlink_to(need_realdata("de_seq/rsciio/data/test.seq"))
    theirs = read_with_libertem(path, 15)
    with open_measurement("seq", as_files([path])) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), theirs[:10])
    assert not theirs[10:].any()


def read_plainly(path: Path) -> npt.NDArray[np.uint16]:
    """Return the images of a real half by the layout alone."""
    records = np.fromfile(path, np.uint8, offset=8192).reshape(-1, 73728)
    return records[:, :65536].copy().view("<u2").reshape(-1, 128, 256)


def test_real_halves_join_as_their_dark_reference_shows() -> None:
    names = ["Movie_00785_Top_13-49-04.160.seq", "Movie_00785_Bottom_13-49-04.196.seq"]
    beside = ["Movie_00785.seq.Config.Metadata.xml", "Movie_00785.seq.dark.mrc"]
    paths = [need_realdata(CELERITAS + name) for name in (*names, *beside)]
    with open_measurement("seq", as_files(paths), ReadHints(scan_shape=(1, 5))) as opened:
        found = {signal.name: signal.read() for signal in opened.signals}
    top, bottom = (read_plainly(path) for path in paths[:2])
    np.testing.assert_array_equal(found["data"][0], np.concatenate([top[:, ::-1], bottom], axis=1))
    mean = found["data"].mean(axis=(0, 1))
    dark = found["dark_reference"]
    assert np.corrcoef(mean[:128].ravel(), dark[:128].ravel())[0, 1] > 0.95
    assert np.corrcoef(mean[:128][::-1].ravel(), dark[:128].ravel())[0, 1] < 0.2
    assert np.corrcoef(mean[128:].ravel(), dark[128:].ravel())[0, 1] > 0.95
    assert found["frame_time"].ravel().tolist() == [0.0, 1.000036, 2.000072, 3.000132, 4.000171]
