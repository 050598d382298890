"""sort, group and role say it in the API's words, by the names that people see."""

import json
from pathlib import Path
from typing import Any

import pytest

from stemma.commands.program import run
from stemma.commands.report import describe_record
from stemma.findings import count_errors, list_missing
from tests.unit.client.fake_server import FakeServer

MEASUREMENTS = [{"id": f"000{n}-0000", "path": f"{n}.mib", "files": [f"{n}.mib"]} for n in range(3)]


@pytest.fixture
def deposited(logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> FakeServer:
    (tmp_path / "0.mib").write_text("x")
    assert run(["deposit", str(tmp_path / "0.mib"), "--json"], transport=logged_in) == 0
    capsys.readouterr()
    logged_in.deposits["dep0-abc0"]["measurements"] = MEASUREMENTS
    return logged_in


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (
            ["sort", "private", "a/*.mib", "b.csv"],
            ("fates", {"changes": [{"fate": "private", "paths": ["a/*.mib", "b.csv"]}]}),
        ),
        (
            ["group", "a.raw", "--with", "a.xml"],
            ("grouping", {"moves": [{"paths": ["a.raw"], "place": "with", "with": "a.xml"}]}),
        ),
        (["group", "a.raw", "--alone"], ("grouping", {"moves": [{"paths": ["a.raw"], "place": "alone"}]})),
        (
            ["role", "2.mib", "vacuum_probe", "--of", "0.mib", "1.mib"],
            (
                "roles",
                {
                    "roles": [
                        {
                            "measurement": "0002-0000",
                            "role": "vacuum_probe",
                            "of": ["0000-0000", "0001-0000"],
                            "take_back": False,
                        }
                    ]
                },
            ),
        ),
    ],
)
def test_what_is_asked(
    deposited: FakeServer, capsys: pytest.CaptureFixture[str], arguments: list[str], asked: tuple[str, Any]
) -> None:
    command, *rest = arguments
    assert run([command, "dep0-abc0", *rest, "--json"], transport=deposited) == 0
    assert deposited.sorted == [asked]
    assert json.loads(capsys.readouterr().out)["id"] == "dep0-abc0"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["role", "x.mib", "low_loss", "--of", "0.mib"], "No measurement of dep0-abc0 is led by x.mib"),
        (["group", "a.raw"], "--with"),
        (["sort", "burn", "a.raw"], "burn"),
    ],
)
def test_what_cannot_be_asked(
    deposited: FakeServer, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    command, *rest = arguments
    assert run([command, "dep0-abc0", *rest], transport=deposited) == 2
    assert said in capsys.readouterr().err
    assert deposited.sorted == []


def test_what_is_private_is_missed_by_nobody() -> None:
    error = {"severity": "error", "code": "odd", "message": "Odd.", "hint": ""}
    missing = [{"state": "missing", "level": "required", "path": "sample.name"}]
    measurement = {"id": "0000-0000", "path": "a.mib", "findings": [error], "requirements": missing}
    record = {"id": "dep0-abc0", "arrived": "1 file arrived: 1 measurement.", "measurements": [measurement]}
    assert (count_errors(record), len(list_missing(record))) == (1, 1)
    measurement["fate"] = "private"
    assert (count_errors(record), list_missing(record)) == (0, [])
    text = describe_record(record)
    assert "1 file arrived" in text
    assert "kept private" in text
