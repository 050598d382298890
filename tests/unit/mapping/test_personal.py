"""Names of people, comments and paths are marked; measurements are not."""

from ingest.mapping.personal import list_personal_pointers


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
        "labels": [{"Label": "Operator", "Value": "A. Person"}, {"Label": "Voltage", "Value": "200 kV"}],
    }
    assert set(list_personal_pointers(header)) == {
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
    assert list_personal_pointers(header) == ()
