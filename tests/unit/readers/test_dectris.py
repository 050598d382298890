"""DECTRIS: masters with their data files against what was written, h5py and ncempy; links that lead elsewhere."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.dectris.frames import MOST_OPEN
from ingest.formats.grouping import group_files
from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import Grouping, OpenedFile, ReadHints, ReadRefusedError
from ingest.readers.dead_pixels import draw_mask, list_rectangles
from tests.reader_contract import SaysWhereItEnds, WrittenFile
from tests.realdata import need_realdata
from tests.vendor_files.dectris import write_data_file, write_master, write_scan, write_sidecar

SIDE = (12, 16)


def patterns(scan_y: int = 3, scan_x: int = 5, dtype: Any = np.uint32) -> npt.NDArray[Any]:
    values = default_rng(7).integers(0, 2**31, (scan_y, scan_x, *SIDE)).astype(dtype)
    values[0, 0, 0, 0] = 70_000 if dtype == np.uint32 else 3
    return values


def open_dectris(files: Mapping[str, Path], hints: ReadHints | None = None) -> OpenedFile:
    return open_measurement("dectris", files, hints)


def refusal_of(files: Mapping[str, Path], hints: ReadHints | None = None) -> ReadRefusedError:
    with pytest.raises(ReadRefusedError) as caught:
        open_dectris(files, hints)
    assert caught.value.finding.hint
    return caught.value


def group(folder: Path) -> Grouping:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    names = {str(path.relative_to(folder)): path for path in paths}
    return group_files({name: recognize(path, name) for name, path in names.items()})


def codes(opened: OpenedFile) -> list[str]:
    return [finding.code for finding in opened.findings]


class TestDectris(SaysWhereItEnds):
    format = "dectris"
    cut_codes = frozenset({"hdf5_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = patterns()
        files = write_scan(folder, values, flatfield=np.full(SIDE, 0.5, np.float32))
        return WrittenFile(
            files=files,
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("stem", "High Tension"), 200_000.0),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        with h5py.File(written.files["scan_data_000002.h5"], "r+") as file:
            del file["entry/data/data"]
            file.create_dataset("entry/data/data", (10**9, 512, 512), "u4", chunks=(1, 512, 512))
        return "declared_size_implausible"


@pytest.mark.parametrize("percent", [1, 10, 50, 90, 99])
def test_data_file_that_was_cut_is_refused_by_its_name(tmp_path: Path, percent: int) -> None:
    files = write_scan(tmp_path, patterns())
    path = files["scan_data_000003.h5"]
    path.write_bytes(path.read_bytes()[: path.stat().st_size * percent // 100])
    finding = refusal_of(files).finding
    assert finding.code in {"file_truncated", "hdf5_unreadable"}
    assert path.name in finding.message


def test_bytes_behind_a_data_file_are_told(tmp_path: Path) -> None:
    files = write_scan(tmp_path, patterns())
    with files["scan_data_000003.h5"].open("ab") as handle:
        handle.write(bytes(1001))
    with open_dectris(files) as opened:
        assert codes(opened) == ["bytes_left_over"]
        assert "scan_data_000003.h5 has 1001 bytes" in opened.findings[0].message


def test_equal_to_ncempy_and_to_h5py_over_all_files(tmp_path: Path) -> None:
    values = patterns(4, 4)
    files = write_scan(tmp_path, values, per_file=3)
    from ncempy.io.dectris import dectrisReader

    theirs = dectrisReader(files["scan_master.h5"])
    with open_dectris(files) as opened:
        ours = opened.signals[0].read()
        axis = opened.signals[0].axes[0]
        assert opened.signals[0].shape_origin == "file"
        assert not opened.findings
    assert ours.dtype == theirs["data"].dtype == np.uint32
    np.testing.assert_array_equal(ours, theirs["data"])
    assert axis.scale == pytest.approx(float(theirs["pixelSize"][0][0]))
    assert axis.unit == "nm"
    frames = [h5py.File(files[f"scan_data_{number:06d}.h5"])["entry/data/data"][()] for number in range(1, 7)]
    np.testing.assert_array_equal(ours.reshape(-1, *SIDE), np.concatenate(frames))
    assert ours[0, 0, 0, 0] == 70_000  # RosettaSciIO gives 4464


@settings(max_examples=25)
@given(per_file=st.integers(1, 9), chunk=st.integers(1, 4), data=st.data())
def test_any_region_over_any_cut_into_files(
    tmp_path_factory: pytest.TempPathFactory, per_file: int, chunk: int, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("scan")
    values = np.arange(4 * 3 * 2, dtype=np.uint16).reshape(4, 3, 1, 2)
    frames = values.reshape(-1, 1, 2)
    names = {}
    for number, first in enumerate(range(0, 12, per_file), 1):
        part = frames[first : first + per_file]
        path = folder / f"s_data_{number:06d}.h5"
        names[path.name] = write_data_file(path, part, first + 1, chunks=(min(chunk, len(part)), 1, 2))
    master = write_master(folder / "s_master.h5", list(names), triggers=12)
    with open_dectris({master.name: master, **names}, ReadHints(scan_shape=(4, 3))) as opened:
        region = []
        for size in (4, 3):
            start = data.draw(st.integers(0, size - 1))
            region.append(slice(start, data.draw(st.integers(start + 1, size))))
        np.testing.assert_array_equal(opened.signals[0].read(tuple(region)), values[tuple(region)])


def test_a_thousand_files_are_not_open_at_once(tmp_path: Path) -> None:
    values = patterns(5, 8)
    files = write_scan(tmp_path, values, per_file=1)
    with open_dectris(files) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        held = [link for link in Path("/proc/self/fd").iterdir() if link.resolve().is_relative_to(tmp_path)]
        assert 0 < sum("_data_" in link.resolve().name for link in held) <= MOST_OPEN
    assert not [link for link in Path("/proc/self/fd").iterdir() if link.resolve().is_relative_to(tmp_path)]


def test_header_becomes_our_words(tmp_path: Path) -> None:
    with open_dectris(write_scan(tmp_path, patterns())) as opened:
        described = [signal.describe() for signal in opened.signals]
        draft = map_vendor_header("dectris", opened.header, described)
    document = draft.document
    assert document["acceleration_voltage"] == {
        "value": 200.0,
        "unit": "kV",
        "source": "header",
        "basis": "nominal",
        "origin_key": "stem.High Tension",
    }
    assert (document["camera_length"]["value"], document["camera_length"]["unit"]) == (115.0, "mm")
    assert (document["exposure_time"]["value"], document["exposure_time"]["unit"]) == (0.0995, "ms")
    assert document["camera"]["mode"]["value"] == "counting"
    assert document["camera"]["threshold"] == {
        "value": 17.5,
        "unit": "keV",
        "source": "header",
        "basis": "nominal",
        "origin_key": "master.instrument.detector.threshold_energy",
    }
    assert document["acquired_at"]["value"] == "2025-05-03T01:51:00.302+02:00"
    assert document["scan_step"]["value"] == 0.14
    assert document["technique"] == ["four_d_stem"]
    assert not draft.findings


def test_without_stem_metadata_the_voltage_is_the_energy_of_the_particles(tmp_path: Path) -> None:
    files = write_scan(tmp_path, patterns())
    del files["scan.h5"]
    with open_dectris(files, ReadHints(scan_shape=(3, 5))) as opened:
        assert (opened.signals[0].shape_origin, opened.signals[0].axes[0].unit) == ("depositor", None)
        document = map_vendor_header("dectris", opened.header, []).document
    assert (document["acceleration_voltage"]["value"], document["acceleration_voltage"]["unit"]) == (
        300.0,
        "kV",
    )
    with open_dectris(files) as opened:
        assert codes(opened) == ["scan_shape_missing"]
        assert opened.signals[0].axes[0].name == "position"


def test_images_of_one_trigger_are_a_guess_at_a_line(tmp_path: Path) -> None:
    data = write_data_file(tmp_path / "l_data_000001.h5", patterns().reshape(-1, *SIDE))
    master = write_master(tmp_path / "l_master.h5", [data.name], images=5, triggers=3)
    with open_dectris({master.name: master, data.name: data}) as opened:
        assert (opened.signals[0].shape[:2], opened.signals[0].shape_origin) == ((3, 5), "guessed")
        assert codes(opened) == ["scan_shape_guessed"]


def test_mask_and_flatfield_lie_beside_and_nothing_is_applied(tmp_path: Path) -> None:
    mask = np.zeros(SIDE, np.uint32)
    mask[:, 7:9], mask[3, 3], mask[5, 5] = (
        1,
        2,
        2**31,
    )  # a gap, a dead pixel, and one whose value was interpolated
    values = patterns()
    files = write_scan(tmp_path, values, mask=mask, flatfield=np.full(SIDE, 1.5, np.float32))
    with open_dectris(files) as opened:
        data, said, flat = opened.signals
        assert (said.name, said.dtype.name, flat.name) == ("pixel_mask", "uint32", "flatfield")
        np.testing.assert_array_equal(said.read(), mask)
        np.testing.assert_array_equal(flat.read(), np.full(SIDE, 1.5))
        np.testing.assert_array_equal(data.read(), values)
        dead = draw_mask(data.dead_pixels, SIDE)
        np.testing.assert_array_equal(dead, (mask > 0) & (mask < 2**31))
        (finding,) = opened.findings
        assert (finding.code, finding.severity) == ("pixels_named_dead", "info")
        assert f" {2 * SIDE[0] + 1} pixels" in finding.message


def test_maps_that_say_nothing_or_fit_nothing_are_no_signals(tmp_path: Path) -> None:
    files = write_scan(tmp_path, patterns(), mask=np.zeros(SIDE, np.uint32), flatfield=np.ones((3, 3)))
    with open_dectris(files) as opened:
        assert [signal.name for signal in opened.signals] == ["data"]
        assert codes(opened) == ["pixel_map_misfit"]


@given(st.integers(0, 2**20 - 1))
def test_rectangles_are_the_mask(bits: int) -> None:
    mask = np.array([bits >> place & 1 for place in range(20)], bool).reshape(4, 5)
    np.testing.assert_array_equal(draw_mask(list_rectangles(mask), mask.shape), mask)
    assert len(list_rectangles(np.ones((4, 5), bool))) == 1


def test_missing_short_and_different_files_are_told_in_words(tmp_path: Path) -> None:
    files = write_scan(tmp_path, patterns())
    without = {name: path for name, path in files.items() if "000002" not in name}
    missing = refusal_of(without).finding
    assert (missing.code, "scan_data_000002.h5" in missing.message) == ("companion_missing", True)
    write_data_file(files["scan_data_000002.h5"], patterns()[0, :2], 5)
    short = refusal_of(files).finding
    assert (short.code, "15 frames" in short.message, "13" in short.message) == ("file_truncated", True, True)
    with open_dectris(files, ReadHints(scan_shape=(1, 13))) as opened:
        assert opened.signals[0].shape == (1, 13, *SIDE)
        assert {"frame_count_differs", "frame_numbers_jump", "scan_shape_conflict"} <= set(codes(opened))
    write_data_file(files["scan_data_000002.h5"], np.zeros((4, 9, 9), np.uint32), 5)
    assert refusal_of(files).finding.code == "dectris_parts_differ"
    write_data_file(files["scan_data_000002.h5"], np.zeros((4, *SIDE), np.uint16), 5)
    assert "uint16" in refusal_of(files).finding.message


def test_data_file_with_fewer_frames_than_it_numbers_is_cut_short(tmp_path: Path) -> None:
    files = write_scan(tmp_path, patterns())
    with h5py.File(files["scan_data_000001.h5"], "r+") as file:
        file["entry/data/data"].attrs["image_nr_high"] = np.uint64(9)
    finding = refusal_of(files).finding
    assert (finding.code, "1 to 9" in finding.message) == ("file_truncated", True)


def test_chunk_that_was_never_written_is_told(tmp_path: Path) -> None:
    files = write_scan(tmp_path, patterns())
    with h5py.File(files["scan_data_000001.h5"], "r+") as file:
        del file["entry/data/data"]
        dataset = file.create_dataset("entry/data/data", (4, *SIDE), "u4", chunks=(1, *SIDE))
        dataset[0] = 1
        dataset.attrs.update({"image_nr_low": 1, "image_nr_high": 4})
    with open_dectris(files) as opened:
        assert codes(opened) == ["hdf5_chunks_missing"]


def test_frames_inside_the_master_are_read(tmp_path: Path) -> None:
    values = patterns()
    master = write_master(tmp_path / "m_master.h5", [], triggers=15)
    with h5py.File(master, "r+") as file:
        file["entry/data/data_000001"] = values.reshape(-1, *SIDE)
    assert recognize(master, "m_master.h5").format == "dectris"
    with open_dectris({master.name: master}, ReadHints(scan_shape=(3, 5))) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """Return a file of the server that no upload may show, called as the detector would."""
    folder = tmp_path / "private"
    folder.mkdir()
    return write_data_file(folder / "secret_data_000001.h5", np.full((15, *SIDE), 42, np.uint32))


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("{victim}", "path_inside_file"),
        ("../private/secret_data_000001.h5", "path_inside_file"),
        ("private/secret_data_000001.h5", "path_inside_file"),
        (r"C:\private\secret_data_000001.h5", "path_inside_file"),
        ("secret_data_000001.h5", "companion_missing"),
        ("passwd", "hdf5_external_link"),
        (".", "path_inside_file"),
        ("x_data_000001.h5/../../secret_data_000001.h5", "path_inside_file"),
    ],
)
def test_link_out_of_the_upload_is_never_followed(
    tmp_path: Path, victim: Path, target: str, code: str
) -> None:
    name = target.format(victim=victim)
    master = write_master(tmp_path / "a_master.h5", [name], triggers=15)
    assert recognize(master, master.name).format == "dectris"
    finding = refusal_of({master.name: master}).finding
    assert finding.code == code
    assert str(victim.parent) not in finding.message
    assert set(group_files({master.name: recognize(master, master.name)}).findings) == {master.name}


def test_any_other_link_is_refused_and_links_do_not_go_round(tmp_path: Path, victim: Path) -> None:
    files = write_scan(tmp_path, patterns())
    with h5py.File(files["scan_master.h5"], "r+") as file:
        file["entry/instrument/elsewhere"] = h5py.ExternalLink(str(victim), "/entry")
    assert refusal_of(files).finding.code == "hdf5_external_link"
    files = write_scan(tmp_path, patterns())
    with h5py.File(files["scan_data_000001.h5"], "r+") as file:
        del file["entry/data/data"]
        file["entry/data/data"] = h5py.ExternalLink("scan_master.h5", "/entry/data/data_000001")
    assert refusal_of(files).finding.code == "hdf5_external_link"
    own = write_master(tmp_path / "o_data_000001.h5", ["o_data_000001.h5"], triggers=1)
    assert refusal_of({own.name: own}).finding.code == "companion_missing"


def test_files_are_grouped_by_the_links_and_each_folder_for_itself(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_scan(tmp_path / name, patterns(), per_file=8)
    grouping = group(tmp_path)
    assert [one.files for one in grouping.measurements] == [
        tuple(f"{name}/scan{end}.h5" for end in ("_master", "_data_000001", "_data_000002", ""))
        for name in ("a", "b")
    ]
    assert not grouping.findings


def test_a_copy_of_the_master_takes_nothing_away(tmp_path: Path) -> None:
    files = write_scan(tmp_path, patterns(), per_file=8)
    (tmp_path / "Copy.h5").write_bytes(files["scan_master.h5"].read_bytes())
    grouping = group(tmp_path)
    assert [len(one.files) for one in grouping.measurements] == [1, 4]
    assert {path: found[0].code for path, found in grouping.findings.items()} == {
        "Copy.h5": "companion_claimed_twice"
    }


def test_data_files_alone_are_frames_without_a_description(tmp_path: Path) -> None:
    values = patterns()
    files = write_scan(tmp_path, values, per_file=8)
    files.pop("scan_master.h5").unlink()
    (one,) = group(tmp_path).measurements
    assert one.files == ("scan_data_000001.h5", "scan_data_000002.h5", "scan.h5")
    found = [finding.code for finding in group(tmp_path).findings["scan_data_000001.h5"]]
    assert found == ["companion_missing", "data_files_joined"]
    with open_dectris({name: files[name] for name in one.files}) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
    lone = files["scan_data_000002.h5"]
    with open_dectris({lone.name: lone}) as opened:
        assert opened.signals[0].shape == (7, *SIDE)
        assert (codes(opened), opened.header) == (["scan_shape_missing"], {})


def test_stem_metadata_alone_is_no_measurement(tmp_path: Path) -> None:
    write_sidecar(tmp_path / "scan.h5", (3, 5))
    grouping = group(tmp_path)
    assert (grouping.measurements, grouping.leftovers) == ((), ("scan.h5",))
    assert "scan_master.h5" in grouping.findings["scan.h5"][0].message


def test_real_scan_equals_h5py() -> None:
    folder = need_realdata("dectris_arina", "rsciio")
    files = {name: folder / name for name in ("test_00_master.h5", "test_00_data_000001.h5", "test_00.h5")}
    with h5py.File(files["test_00_data_000001.h5"]) as file:
        theirs = file["entry/data/data"][()]
    with open_dectris(files) as opened:
        signal = opened.signals[0]
        assert signal.shape == (4, 4, 192, 192)
        np.testing.assert_array_equal(signal.read().reshape(16, 192, 192), theirs)
        assert not opened.findings
