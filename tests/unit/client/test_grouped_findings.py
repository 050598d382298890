"""One cause in forty measurements is read in one line, with a count and the first names."""

import json
from pathlib import Path
from typing import Any

import pytest

from stemma.commands.program import run
from stemma.commands.report import describe_record
from stemma.findings import count_errors, group_findings, iterate_findings, list_codes
from tests.unit.client.fake_server import FakeServer

NAMES = [f"scan_{number:02}.mib" for number in range(40)]
SINGLE: dict[str, Any] = {
    "severity": "error",
    "code": "odd",
    "pointer": "/x",
    "message": "No x.",
    "hint": "Say x.",
}
GROUPED = {
    **SINGLE,
    "where": [{"path": name, "measurement": name, "message": "No x.", "hint": "Say x."} for name in NAMES],
}
RECORD = {
    "id": "dep0-abc0",
    "state": "needs_attention",
    "findings": [GROUPED],
    "files": [],
    "measurements": [{"id": name, "path": name, "findings": [SINGLE]} for name in NAMES],
}


def test_forty_are_one_line() -> None:
    text = describe_record(RECORD)
    assert "Errors (1)" in text
    assert "No x. In 40: scan_00.mib, scan_01.mib, scan_02.mib and 37 more." in text
    assert text.count("No x.") == 1
    assert [finding for _, finding in iterate_findings(RECORD)] == [GROUPED]
    assert (count_errors(RECORD), list_codes(RECORD, "error")) == (1, ["odd"])


def test_differing_words_keep_their_places() -> None:
    cut = {**SINGLE, "where": [{"path": name, "message": f"{name} is cut."} for name in NAMES[:3]]}
    (group,) = group_findings({"findings": [cut]})
    assert (group.causes, group.lines) == (
        1,
        ("scan_00.mib is cut.", "scan_01.mib is cut.", "scan_02.mib is cut."),
    )
    one = {**SINGLE, "where": [{"path": "a.mib", "message": "No x."}]}
    assert group_findings({"findings": [one]})[0].lines == ("a.mib: No x.",)


def test_servers_that_do_not_group_are_read_as_before() -> None:
    groups = group_findings({**RECORD, "findings": []})
    assert [(group.causes, len(group.lines)) for group in groups] == [(40, 40)]


def test_refused_publishing_shows_each_cause_once(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scan.raw").write_bytes(b"counts")
    logged_in.findings = [GROUPED]
    assert run(["deposit", str(tmp_path / "scan.raw"), "--publish", "--json"], transport=logged_in) == 3
    printed = json.loads(capsys.readouterr().out)
    assert printed["findings"] == [GROUPED]
    assert run(["publish", "dep0-abc0"], transport=logged_in) == 3
    assert "and 37 more" in capsys.readouterr().out
