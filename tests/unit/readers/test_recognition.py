"""Formats are told by their content; names only break ties."""

import json
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from ingest.formats.recognition import recognize
from ingest.formats.registry import find_format
from ingest.readers.contract import FormatMatch
from tests.realdata import list_realdata, need_realdata

HTML = b"\n\n\n<!DOCTYPE html>\n<html lang='en'><head></head></html>"


def recognize_bytes(folder: Path, name: str, raw: bytes) -> FormatMatch:
    path = folder / "stored"
    path.write_bytes(raw)
    return recognize(path, name)


@pytest.mark.parametrize(
    ("name", "raw", "expected"),
    [
        ("a.dm3", HTML, "html"),
        ("a.html", HTML, "html"),
        ("a.mib", b"notes on the session", "text"),
        ("a.txt", b"MQ1,000001,00384,01", "mib"),
        ("a.ser", b"\x49\x49\x97\x01" + bytes(60), "tia"),
        ("a.emi", b"\x4a\x4b\x00\x02" + bytes(60), "tia"),
        ("a.bcf", b"AAMVHFSS" + bytes(60), "bcf"),
        ("a.tif", b"II*\x00" + bytes(60), "tiff"),
        ("a.msa", b"#FORMAT      : EMSA/MAS Spectral Data File", "msa"),
        ("a.npy", b"\x93NUMPY" + bytes(60), "numpy_npy"),
        ("a.xml", b"<root name='x'><raw_file filename='scan.raw'/></root>", "empad"),
        ("a.xml", b"<other/>", "xml"),
        ("a.raw", bytes(130 * 128 * 4 * 2), "empad"),
        ("scan_x4_y4.raw", bytes(1000), "empad"),
        ("a.raw", bytes(1000), "raw_numbers"),
        ("a.bin", bytes(130 * 128 * 4 * 2), "raw_numbers"),
        ("a.json", b'{"a": 1}', "json"),
        ("readme", "Grüße".encode(), "text"),
        ("a.unknown", bytes(range(256)), None),
    ],
)
def test_content_decides(tmp_path: Path, name: str, raw: bytes, expected: str | None) -> None:
    assert recognize_bytes(tmp_path, name, raw).format == expected


def test_html_named_dm3_says_what_it_is(tmp_path: Path) -> None:
    match = recognize_bytes(tmp_path, "spectrum.dm3", HTML)
    assert (match.readable, match.label) == (False, "HTML page, text")
    assert match.findings[0].code == "content_is_not_extension"
    assert "spectrum.dm3" in match.findings[0].message


@pytest.mark.parametrize(
    ("name", "severity"),
    [
        ("a.mib", "warning"),
        ("d/a.DM4", "warning"),
        ("notes.txt", "info"),
        ("readme", "info"),
        ("a.py", "info"),
    ],
)
def test_empty_file_has_its_own_finding_and_blocks_nobody(tmp_path: Path, name: str, severity: str) -> None:
    match = recognize_bytes(tmp_path, name, b"")
    (finding,) = match.findings
    assert (match.format, match.readable, finding.code) == (None, False, "file_empty")
    assert finding.severity == severity
    assert ("acknowledge" in finding.hint) == (severity == "warning")


@pytest.mark.parametrize("raw", [b"", b"MQ1,000001,00384,01", bytes(130 * 128 * 4 * 2)])
@pytest.mark.parametrize(
    "name", ["scan.mib.crdownload", "scan.raw.part", "a.dm4.download/a.dm4", "~$notes.docx"]
)
def test_half_download_is_not_read_whatever_is_in_it(tmp_path: Path, name: str, raw: bytes) -> None:
    match = recognize_bytes(tmp_path, name, raw)
    (finding,) = match.findings
    assert (match.format, match.readable, match.role) == (None, False, "other")
    assert (finding.severity, finding.code) == ("warning", "download_unfinished")
    assert name in finding.message


def test_xml_names_its_raw_file(tmp_path: Path) -> None:
    match = recognize_bytes(tmp_path, "a.xml", b'<root><raw_file filename="/etc/passwd"/></root>')
    assert match.refers_to == ("/etc/passwd",)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        (["data.npy", "metadata.json"], "nion_ndata"),
        (["data.npy", "meta_data.json"], "prz"),
        ([".zgroup", "a/.zarray"], "zarr_store"),
        (["a.zarr/zarr.json", "a.zarr/c/0"], "zarr_store"),
        (["s/.zgroup", "s/Experiments/a/axis-0/.zgroup"], "zspy"),
        (["s/zarr.json", "s/Experiments/a/axis-0/zarr.json"], "zspy"),
        (["word/document.xml"], "office"),
        (["arr_0.npy"], "numpy_npz"),
        (["x.txt"], "zip"),
    ],
)
def test_zip_is_told_by_its_members(tmp_path: Path, members: list[str], expected: str) -> None:
    path = tmp_path / "stored"
    with zipfile.ZipFile(path, "w") as archive:
        for member in members:
            archive.writestr(member, b"x")
    assert recognize(path, "a.zip").format == expected


@pytest.mark.parametrize("kept", [8, 40, 500])
def test_cut_hdf5_keeps_its_finding(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "stored"
    with h5py.File(path, "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        file["Experiments/a/data"] = np.arange(1000)
    with path.open("rb+") as handle:
        handle.truncate(kept)
    match = recognize(path, "scan.hspy")
    assert match.findings[0].code == "file_truncated"
    assert (match.format, match.readable) == ("hspy", True)
    assert recognize(path, "scan.h5").format == "hdf5"


def test_dimension_scales_of_odemis_are_no_usid(tmp_path: Path) -> None:
    path = tmp_path / "stored"
    with h5py.File(path, "w") as file:
        file.create_group("Acquisition0/SVIData")
        image = file.create_dataset("Preview/Image", data=np.zeros((4, 4)))
        file.create_dataset("Preview/X", data=np.arange(4)).make_scale("X")
        image.dims[0].attach_scale(file["Preview/X"])
    match = recognize(path, "sparc.h5")
    assert (match.format, match.readable) == ("svi_hdf5", False)


def test_match_survives_json(tmp_path: Path) -> None:
    match = recognize_bytes(tmp_path, "spectrum.dm3", HTML)
    assert FormatMatch.from_dict(json.loads(json.dumps(match.as_dict()))) == match


# What the folders of the real files hold, by the people who collected them.
FOLDERS: dict[str, set[str | None]] = {
    "bcf": {"bcf", "json", "xml", None},
    "blo": {"blockfile"},
    "dectris_arina": {"dectris"},
    "de_seq": {"seq", "mrc"},
    "dm": {"dm3", "dm4", "html"},
    "edax": {"edax", "edax_h5"},
    "emd": {"velox_emd", "ncem_emd", "py4dstem_emd"},
    "empad": {"empad"},
    "hdf5_generic": {"hdf5_arrays"},
    "hspy": {"hspy", "ncem_emd"},
    "mib": {"mib"},
    "mrc": {"mrc"},
    "msa": {"msa"},
    "nexus": {"nexus", "hdf5", "hdf5_arrays"},
    "nion_synthetic": {"nion_h5", "nion_ndata"},
    "prz": {"prz"},
    "tia": {"tia", None},
    "tiff": {"tiff", "dm3"},
    "topspin": {"app5", "hdf5", "hdf5_arrays"},
    "tvips": {"tvips"},
    "usid_nsid": {"usid"},
    "zspy": {"zspy", "zarr", None},
}


@pytest.mark.parametrize("name", list_realdata("*/**/*"))
def test_real_files_are_what_their_collectors_say(name: str) -> None:
    match = recognize(need_realdata(name), name)
    assert match.format in FOLDERS.get(name.split("/", maxsplit=1)[0], {match.format})
    assert match.readable == (
        find_format(match.format or "") is not None and "derived lists" not in match.label
    )
    assert match.label
    assert match.reason
