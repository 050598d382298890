"""Names of people, comments and paths are marked; measurements are not."""

from ingest.mapping.personal import find_personal_entries


def test_people_comments_and_paths_are_marked() -> None:
    header = {
        "Operator": "A. Person",
        "user": {"name": "A. Person", "institution": "Somewhere", "id": 7},
        "a/b~c": {"e-mail": "a@b.org"},
        "note": "taken by A.",
        "file": r"C:\Users\person\x.raw",
        "saved": "…x.raw",
        "contact": "a.person@example.org",
        "list": ["/home/person/x", "plain"],
        "Detector": {"SerialNumber": 4711, "serial_no": "SN-1", "pixels": 256},
        "labels": [{"Label": "Operator", "Value": "A. Person"}, {"Label": "Voltage", "Value": "200 kV"}],
    }
    found = find_personal_entries(header)
    assert (found["/Detector/SerialNumber"], found["/list/0"]) == ("4711", "/home/person/x")
    assert set(found) == {
        "/Operator",
        "/user/name",
        "/user/institution",
        "/a~1b~0c/e-mail",
        "/note",
        "/file",
        "/saved",
        "/contact",
        "/list/0",
        "/labels/0/Value",
        "/Detector/SerialNumber",
        "/Detector/serial_no",
    }


def test_measurements_are_not_marked() -> None:
    header = {
        "root": {"authoring_program": "emdfile"},
        "signals": {"data": {"path": "/datacube_root/datacube/data"}},
        "unit": "1/nm",
        "operator": "",
        "raw_file": "scan_x4_y4.raw",
        "date": "01/02/2020",
    }
    assert find_personal_entries(header) == {}
