"""What the server makes of what a confined program says: every text within its column, every gap filled in."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ingest.services import opening, recognition
from ingest.services.opening import open_measurement
from ingest.services.recognition import recognize_deposit
from repository.models import DataFile, Measurement, Signal

LONG = "µ" * 5000


def length_of(model: Any, name: str) -> int:
    return int(model._meta.get_field(name).max_length)


def say_opened(monkeypatch: pytest.MonkeyPatch, *, reader: str = "reader", **signal: Any) -> opening.Opening:
    said = {
        "name": "data", "shape": [2, 3, 4], "dtype": "uint16", "n_signal_axes": 1, "shape_origin": "hint",
        "axes": [{"name": "scan_y"}, {"name": "scan_x"}, {"name": "energy"}], **signal,
    }  # fmt: skip
    finding = {"severity": "info", "code": "a", "message": "b", "layer": "reading", "of_later": 1}
    result = {
        "reader": {"name": reader, "version": "1.0"}, "header": {"General": {}}, "signals": [said],
        "findings": [finding],
    }  # fmt: skip
    asked: list[dict[str, Any]] = []

    def run(**given: Any) -> dict[str, Any]:
        asked.append(given)
        return result

    measurement = SimpleNamespace(
        format="mrc",
        deposit=SimpleNamespace(document={"defaults": {"scan_shape": [2, 3]}}),
        primary_file=SimpleNamespace(path="a.mrc"),
    )
    monkeypatch.setattr(opening, "run_over_files", run)
    monkeypatch.setattr(opening, "list_digests", lambda _: {"a.mrc": "0" * 64})
    opened = open_measurement(
        measurement=cast("Any", measurement), output=Path("out"), progress=cast("Any", None)
    )
    assert asked[0]["request"] == {"format": "mrc", "files": ["a.mrc"], "hints": {"scan_shape": [2, 3]}}
    assert asked[0]["digests"] == {"a.mrc": "0" * 64}
    return opened


def test_an_opening_says_what_the_reader_said(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = say_opened(monkeypatch, intensity_unit="{electrons}", orientation="turned")
    assert (opened.reader, opened.hints, opened.header) == (
        "reader 1.0",
        {"scan_shape": [2, 3]},
        {"General": {}},
    )
    (signal,) = opened.signals
    assert (signal.name, signal.shape, signal.dtype, signal.n_signal_axes) == ("data", (2, 3, 4), "uint16", 1)
    assert (signal.intensity_unit, signal.shape_origin, signal.orientation) == (
        "{electrons}",
        "hint",
        "turned",
    )
    assert [axis["name"] for axis in signal.axes] == ["scan_y", "scan_x", "energy"]
    assert [(finding.code, finding.message) for finding in opened.findings][:1] == [("a", "b")]


@pytest.mark.parametrize("gap", [{}, {"intensity_unit": None, "orientation": None}])
def test_what_a_reader_does_not_know_is_empty(monkeypatch: pytest.MonkeyPatch, gap: dict[str, Any]) -> None:
    (signal,) = say_opened(monkeypatch, **gap).signals
    assert (signal.intensity_unit, signal.orientation) == ("", "")


def test_long_words_of_a_reader_fill_their_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    opened = say_opened(monkeypatch, reader=LONG, orientation=LONG)
    assert len(opened.reader) == length_of(Measurement, "reader")
    assert len(opened.signals[0].orientation) == length_of(Signal, "orientation")


class StoredFiles(list[SimpleNamespace]):
    """Files of a deposit, all of which are stored, and none set aside."""

    def filter(self, *_: object, **__: object) -> "StoredFiles":
        return self

    def exclude(self, *_: object, **__: object) -> "StoredFiles":
        return self

    def values_list(self, *_: object, **__: object) -> "StoredFiles":
        return self


def say_recognized(
    monkeypatch: pytest.MonkeyPatch, matches: dict[str, dict[str, Any]], *groups: dict[str, Any]
) -> recognition.Recognition:
    stored = [SimpleNamespace(path=path, sha256=path, size=3) for path in [*matches, "unseen.dat"]]
    current = StoredFiles(stored)
    result = {"files": matches, "grouping": {"measurements": list(groups), "findings": {}}}
    monkeypatch.setattr(recognition, "run_over_files", lambda **_: result)
    return recognize_deposit(
        deposit=cast("Any", SimpleNamespace(current_files=current, sortings=StoredFiles())),
        output=Path("out"),
        progress=cast("Any", None),
    )


MATCHES: list[tuple[dict[str, Any], bool, tuple[str, str, bool]]] = [
    # what was said of a file, whether it is part of a measurement, and what is kept
    ({"format": "mrc", "label": "MRC", "readable": True}, True, ("mrc", "MRC", True)),
    ({"format": "mrc", "label": "MRC", "readable": True}, False, ("mrc", "MRC", True)),
    ({"format": "mrc", "label": "MRC", "readable": False}, True, ("mrc", "MRC", True)),
    ({"format": "mrc", "label": "MRC", "readable": False}, False, ("mrc", "MRC", False)),
    ({"format": "raw", "label": "raw", "needs_company": True}, False, ("", "raw", False)),
    ({"format": "raw", "label": "raw", "needs_company": True}, True, ("raw", "raw", True)),
    ({"format": None, "label": None}, False, ("", "unknown format", False)),
    ({}, False, ("", "unknown format", False)),
]  # fmt: skip


@pytest.mark.parametrize(("match", "is_grouped", "expected"), MATCHES)
def test_a_file_is_called_what_the_program_said(
    monkeypatch: pytest.MonkeyPatch, match: dict[str, Any], is_grouped: bool, expected: tuple[str, str, bool]
) -> None:
    groups = [{"format": "mrc", "primary": "a.dat", "companions": ["a.txt"]}] if is_grouped else []
    found = say_recognized(monkeypatch, {"a.dat": match}, *groups)
    assert [(file.path, file.format, file.label, file.is_read) for file in found.files] == [
        ("a.dat", *expected),
        ("unseen.dat", "", "not recognized", False),
    ]
    assert [group.paths for group in found.groups] == [("a.dat", "a.txt")] * is_grouped


def test_long_words_for_a_file_fill_their_columns(monkeypatch: pytest.MonkeyPatch) -> None:
    found = say_recognized(monkeypatch, {"a.dat": {"format": LONG, "label": LONG}})
    assert len(found.files[0].format) == length_of(DataFile, "format")
    assert len(found.files[0].label) == length_of(DataFile, "format_label")


def test_files_of_the_same_bytes_name_the_first_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"a": "one", "b": "two", "c": "one", "d": "one", "e": "none", "f": "none"}
    stored = [
        SimpleNamespace(path=path, sha256=digest, size=len(digest) % 4) for path, digest in names.items()
    ]
    current = StoredFiles(stored)
    monkeypatch.setattr(recognition, "run_over_files", lambda **_: {})
    found = recognize_deposit(
        deposit=cast("Any", SimpleNamespace(current_files=current, sortings=StoredFiles())),
        output=Path("out"),
        progress=cast("Any", None),
    )
    twins = [
        finding.message
        for path in names
        for finding in found.findings[path]
        if finding.code == "duplicate_content"
    ]
    # Empty files have nothing in common but that: those of "none" hold no byte here.
    assert twins == ["c holds the same bytes as a.", "d holds the same bytes as a."]


def test_a_file_says_once_that_it_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    told = [{"severity": "warning", "code": "odd", "message": "Odd.", "layer": "file"}]
    matches: dict[str, dict[str, Any]] = {
        "read": {"readable": True},
        "grouped": {},
        "explained": {"findings": told},
        "plain": {"label": "text"},
    }
    found = say_recognized(monkeypatch, matches, {"format": "mrc", "primary": "grouped", "companions": []})
    codes = {path: [finding.code for finding in found.findings[path]] for path in [*matches, "unseen.dat"]}
    assert codes == {
        "read": [], "grouped": [], "explained": ["odd"],
        "plain": ["stored_not_read"], "unseen.dat": ["stored_not_read"],
    }  # fmt: skip
    assert found.findings["plain"][0].message == "plain (text) is stored, not read."
