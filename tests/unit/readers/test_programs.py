"""The sandboxed programs: messages for every file, results as JSON."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ingest.programs import open_file, recognize_files
from ingest.readers.contract import ReadRefusedError
from tests.vendor_files.empad import write_empad
from tests.vendor_files.mib import write_mib


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    upload = tmp_path / "upload"
    (upload / "Probe α").mkdir(parents=True)
    write_empad(upload / "Probe α", np.ones((2, 3, 128, 128), np.float32))
    write_mib(upload / "lone.mib", np.zeros((4, 8, 8), np.uint8))
    (upload / "notes.txt").write_text("session of Tuesday")
    return upload


def run(program: Any, request: dict[str, Any], folder: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    messages: list[dict[str, Any]] = []
    result = program.main(request, folder, folder.parent / "output", messages.append)
    return json.loads(json.dumps(result, allow_nan=False)), messages


def test_every_file_is_told_before_the_next_is_touched(folder: Path) -> None:
    result, messages = run(recognize_files, {}, folder)
    told = [message["path"] for message in messages if message["type"] == "file"]
    assert told == sorted(result["files"])
    assert "Probe α/scan.xml" in told
    assert messages[0]["type"] == "progress"
    assert {m["primary"]: m["companions"] for m in result["grouping"]["measurements"]} == {
        "Probe α/scan.xml": ["Probe α/scan_x3_y2.raw"],
        "lone.mib": [],
    }
    assert result["grouping"]["leftovers"] == ["notes.txt"]


def test_run_goes_on_after_a_crash_without_the_file_that_caused_it(folder: Path) -> None:
    whole, messages = run(recognize_files, {}, folder)
    known = {m["path"]: m for m in messages if m["type"] == "file" and m["path"].endswith(".xml")}
    request = {"known": known, "skip": ["lone.mib"]}
    result, messages = run(recognize_files, request, folder)
    assert [m["path"] for m in messages if m["type"] == "file"] == ["Probe α/scan_x3_y2.raw", "notes.txt"]
    assert [m["primary"] for m in result["grouping"]["measurements"]] == ["Probe α/scan.xml"]
    assert result["files"]["Probe α/scan.xml"] == whole["files"]["Probe α/scan.xml"]


def test_only_asked_files_are_looked_at(folder: Path) -> None:
    result, _ = run(recognize_files, {"only": ["notes.txt", "gone.txt"]}, folder)
    assert list(result["files"]) == ["notes.txt"]


def test_measurement_is_described(folder: Path) -> None:
    files = ["Probe α/scan.xml", "Probe α/scan_x3_y2.raw"]
    result, _ = run(open_file, {"format": "empad", "files": files}, folder)
    signal = result["signals"][0]
    assert (signal["name"], signal["shape"], signal["dtype"]) == ("data", [2, 3, 128, 128], "float32")
    assert signal["n_signal_axes"] == 2
    assert result["reader"] == {"name": "empad", "version": "1"}
    assert result["header"]["xml"]["root.exposure_time"] == 1


def test_hints_answer_the_question(folder: Path) -> None:
    result, _ = run(open_file, {"format": "mib", "files": ["lone.mib"]}, folder)
    assert [finding["code"] for finding in result["findings"]] == ["scan_shape_missing"]
    request = {"format": "mib", "files": ["lone.mib"], "hints": {"scan_shape": [2, 2], "unknown": 1}}
    result, _ = run(open_file, request, folder)
    assert result["signals"][0]["shape"] == [2, 2, 8, 8]
    assert result["findings"] == []


def test_unread_format_is_refused_with_a_sentence(folder: Path) -> None:
    with pytest.raises(ReadRefusedError) as caught:
        run(open_file, {"format": "bcf", "files": ["notes.txt"]}, folder)
    assert caught.value.finding.code == "format_not_read"
    assert "stored, not read" in caught.value.finding.message
