"""Companions are found by what files say and by their names, never across folders."""

import pytest

from ingest.formats.grouping import group_files
from ingest.readers.contract import FormatMatch, Grouping

FRAME = 130 * 128 * 4


def xml(*names: str) -> FormatMatch:
    return FormatMatch("empad", "EMPAD xml header", readable=True, role="primary", reason="", refers_to=names)


RAW = FormatMatch("empad", "EMPAD raw data", readable=True, role="companion", reason="")
MIB = FormatMatch("mib", "MIB", readable=True, role="primary", reason="")
HDR = FormatMatch("mib", "HDR", readable=True, role="companion", reason="")
DM = FormatMatch("dm4", "DM4", readable=True, role="primary", reason="")
TEXT = FormatMatch("text", "text", readable=False, role="other", reason="")


def sets(grouping: Grouping) -> list[tuple[str, ...]]:
    return [measurement.files for measurement in grouping.measurements]


def codes(grouping: Grouping) -> dict[str, list[str]]:
    return {path: [finding.code for finding in found] for path, found in grouping.findings.items()}


def test_xml_takes_the_raw_file_that_it_names_in_its_own_folder() -> None:
    matches = {
        "a/scan.xml": xml("data.raw"),
        "a/data.raw": RAW,
        "b/scan.xml": xml("data.raw"),
        "b/DATA.RAW": RAW,
        "notes.txt": TEXT,
    }
    grouping = group_files(matches)
    assert sets(grouping) == [("a/scan.xml", "a/data.raw"), ("b/scan.xml", "b/DATA.RAW")]
    assert grouping.leftovers == ("notes.txt",)
    assert not grouping.findings


def test_xml_of_a_renamed_raw_file_takes_the_only_one_beside_it() -> None:
    grouping = group_files({"map4x4.xml": xml("scan_x4_y4.raw"), "my scan.raw": RAW})
    assert sets(grouping) == [("map4x4.xml", "my scan.raw")]


def test_raw_that_another_xml_names_is_not_taken() -> None:
    matches = {"a.xml": xml("a.raw"), "b.xml": xml("b.raw"), "b.raw": RAW}
    grouping = group_files(matches)
    assert sets(grouping) == [("a.xml",), ("b.xml", "b.raw")]
    assert codes(grouping) == {"a.xml": ["companion_missing"]}
    assert "a.raw" in grouping.findings["a.xml"][0].message


def test_two_renamed_raw_files_are_not_guessed() -> None:
    grouping = group_files({"a.xml": xml("s.raw"), "x.raw": RAW, "y.raw": RAW})
    assert codes(grouping)["a.xml"] == ["companion_missing"]
    assert sets(grouping) == [("a.xml",)]
    assert codes(grouping)["x.raw"] == codes(grouping)["y.raw"] == ["raw_data_not_read"]


def test_any_array_of_the_size_of_frames_is_no_measurement_without_an_xml() -> None:
    grouping = group_files({"sim_65x64_2x2.raw": RAW}, {"sim_65x64_2x2.raw": FRAME})
    assert sets(grouping) == []
    assert grouping.leftovers == ("sim_65x64_2x2.raw",)
    (finding,) = grouping.findings["sim_65x64_2x2.raw"]
    assert (finding.code, finding.severity) == ("raw_data_not_read", "warning")
    assert "any array may have that size" in finding.message
    assert "xml" in finding.hint


def test_raw_under_the_detectors_own_name_stands_alone_and_asks() -> None:
    grouping = group_files({"scan_x4_y3.raw": RAW}, {"scan_x4_y3.raw": 12 * FRAME})
    assert sets(grouping) == [("scan_x4_y3.raw",)]
    finding = grouping.findings["scan_x4_y3.raw"][0]
    assert finding.code == "companion_missing"
    assert "12 frames" in finding.message
    assert "scan shape" in finding.hint


@pytest.mark.parametrize("name", ["/etc/passwd", "../up.raw", "sub/x.raw", "C:\\x.raw"])
def test_path_in_an_xml_is_not_followed(name: str) -> None:
    grouping = group_files({"a/s.xml": xml(name), "up.raw": RAW, "a/sub/x.raw": RAW})
    assert codes(grouping)["a/s.xml"] == ["path_inside_file"]
    assert ("a/s.xml",) in sets(grouping)


def test_mib_takes_the_hdr_of_its_stem() -> None:
    matches = {"r/a.mib": MIB, "r/A.hdr": HDR, "r/b.mib": MIB, "b.hdr": HDR}
    grouping = group_files(matches)
    assert sets(grouping) == [("r/a.mib", "r/A.hdr"), ("r/b.mib",)]
    assert codes(grouping) == {"r/b.mib": ["companion_missing"], "b.hdr": ["companion_missing"]}
    assert grouping.findings["r/b.mib"][0].severity == "warning"
    assert grouping.leftovers == ("b.hdr",)


def test_numbered_mib_share_one_hdr_in_their_order() -> None:
    matches = {"s_10.mib": MIB, "s_9.mib": MIB, "s_1.mib": MIB, "s.hdr": HDR}
    assert sets(group_files(matches)) == [("s_1.mib", "s_9.mib", "s_10.mib", "s.hdr")]


def test_numbered_mib_with_an_hdr_each_are_acquisitions_of_their_own() -> None:
    matches = {"s_1.mib": MIB, "s_1.hdr": HDR, "s_2.mib": MIB, "s_2.hdr": HDR}
    assert sets(group_files(matches)) == [("s_1.mib", "s_1.hdr"), ("s_2.mib", "s_2.hdr")]


def test_numbered_mib_without_any_hdr_stand_alone() -> None:
    assert sets(group_files({"s_1.mib": MIB, "s_2.mib": MIB})) == [("s_1.mib",), ("s_2.mib",)]


def test_companion_that_crashed_its_reader_is_named_as_such() -> None:
    grouping = group_files({"r/a.mib": MIB}, listing=["r/a.hdr"])
    assert "could not be recognized" in grouping.findings["r/a.mib"][0].message


def test_single_files_stand_alone_and_order_is_that_of_paths() -> None:
    matches = {"z.dm4": DM, "b/a.dm4": DM, "ünï.dm4": DM, "notes.txt": TEXT}
    assert sets(group_files(matches)) == [("b/a.dm4",), ("z.dm4",), ("ünï.dm4",)]


def test_grouping_is_json() -> None:
    grouping = group_files({"a.xml": xml("s.raw"), "notes.txt": TEXT}).as_dict()
    assert grouping["measurements"] == [{"primary": "a.xml", "format": "empad", "companions": []}]
    assert grouping["leftovers"] == ["notes.txt"]
    assert grouping["findings"]["a.xml"][0]["code"] == "companion_missing"
