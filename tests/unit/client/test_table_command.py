"""table gives the answers out as CSV, and says of each that comes back whether it was taken, and why not."""

import json
from pathlib import Path

import pytest

from stemma.commands.program import run
from tests.unit.client.fake_server import SHEET, FakeServer


@pytest.fixture
def deposited(logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> FakeServer:
    (tmp_path / "a.mib").write_text("x")
    assert run(["deposit", str(tmp_path / "a.mib"), "--json"], transport=logged_in) == 0
    capsys.readouterr()
    return logged_in


def test_the_table_is_printed_and_written_as_spreadsheets_read_it(
    deposited: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["table", "dep0-abc0"], transport=deposited) == 0
    assert capsys.readouterr().out.splitlines() == SHEET.splitlines()
    written = tmp_path / "answers.csv"
    assert run(["table", "dep0-abc0", "--to", str(written)], transport=deposited) == 0
    assert written.read_bytes() == b"\xef\xbb\xbf" + SHEET.encode()


def test_each_refused_answer_is_told_with_its_reason(
    deposited: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "answers.csv"
    sheet.write_bytes(b"\xef\xbb\xbf" + SHEET.encode())
    saved = {"field": "probe_current", "level": "measurement", "key": "1", "result": "saved"}
    refused = {
        **saved,
        "path": "a.mib",
        "result": "refused",
        "message": "nm is a length.",
        "hint": "Write 30 pA.",
    }
    deposited.deposits["dep0-abc0"]["sheet_outcome"] = {
        "change": "c0", "saved": 1, "unchanged": 3, "refused": 1, "results": [saved, refused],
        "unknown_columns": ["mood"],
    }  # fmt: skip
    arguments = ["table", "dep0-abc0", str(sheet), "--decimal", ",", "--only-empty"]
    assert run(arguments, transport=deposited) == 5, "a script learns that not all was taken"
    asked = {"text": SHEET, "decimal": ",", "only_empty": True, "dry_run": False}
    assert deposited.sorted == [("sheet", asked)]
    assert capsys.readouterr().out.splitlines() == [
        "1 answer saved, 3 unchanged, 1 refused.",
        "  a.mib, probe_current: nm is a length. Write 30 pA.",
        "Passed over, as they are no fields: mood",
    ]
    assert run([*arguments, "--dry-run", "--json"], transport=deposited) == 5
    told = json.loads(capsys.readouterr().out)
    assert (told["saved"], told["results"]) == (1, [refused])


def test_a_sheet_in_another_encoding_is_refused_before_it_is_sent(
    deposited: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sheet = tmp_path / "latin.csv"
    sheet.write_bytes("file,dwell_time [\xb5s]\n".encode("latin-1"))
    assert run(["table", "dep0-abc0", str(sheet)], transport=deposited) == 2
    assert "is not UTF-8" in capsys.readouterr().err
    assert deposited.sorted == []
