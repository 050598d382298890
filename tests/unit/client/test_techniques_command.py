"""techniques shows every proposal with its reason, and says in the API's words what is confirmed."""

import json
from pathlib import Path
from typing import Any

import pytest

from stemma.commands.program import run
from tests.unit.client.fake_server import FakeServer


def row(path: str, *technique: str, level: str | None = None, proposal: Any = None) -> dict[str, Any]:
    cells = {"technique": {"state": "value", "level": level}} if level else {"technique": {"state": "needed"}}
    return {
        "id": f"id-{path}",
        "path": path,
        "technique": list(technique),
        "cells": cells,
        "proposal": proposal,
    }


def guess(*techniques: str, sure: bool) -> dict[str, Any]:
    return {"techniques": list(techniques), "sure": sure, "why": f"Because of {len(techniques)}."}


ROWS = [
    row("a.mib", "four_d_stem", level="header", proposal=guess("four_d_stem", sure=True)),
    row("b.dm4", proposal=guess("eels", "annular", sure=True)),
    row("c.dm3", proposal=guess(sure=False)),
    row("d.dm3", "annular", level="measurement", proposal=guess("annular", sure=True)),
    row("e.raw"),
]


@pytest.fixture
def deposited(logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> FakeServer:
    (tmp_path / "a.mib").write_text("x")
    assert run(["deposit", str(tmp_path / "a.mib"), "--json"], transport=logged_in) == 0
    capsys.readouterr()
    logged_in.deposits["dep0-abc0"]["rows"] = ROWS
    return logged_in


def test_proposals_are_listed_with_reasons_on_all_pages(
    deposited: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["techniques", "dep0-abc0"], transport=deposited) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Answered (1)",
        "  d.dm3  annular",
        "Sure (2)",
        "  a.mib  four_d_stem",
        "    Because of 1.",
        "  b.dm4  eels, annular",
        "    Because of 2.",
        "Unsure (1)",
        "  c.dm3  nothing tells",
        "    Because of 0.",
        "Not opened yet (1)",
        "  e.raw  nothing tells",
        "Next: stemma techniques dep0-abc0 --confirm",
    ]
    assert deposited.sorted == [], "looking changed something"


def test_what_is_next_after_all_that_are_sure(
    deposited: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    deposited.deposits["dep0-abc0"]["rows"] = ROWS[2:4]
    assert run(["techniques", "dep0-abc0"], transport=deposited) == 0
    assert "Next: stemma techniques dep0-abc0 --set PATH TECHNIQUE" in capsys.readouterr().out
    deposited.deposits["dep0-abc0"]["rows"] = []
    assert run(["techniques", "dep0-abc0"], transport=deposited) == 0
    assert capsys.readouterr().out.strip() == "dep0-abc0 has no measurements yet."


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (["--confirm"], {"confirm": True}),
        (["--set", "a/*.mib", "four_d_stem"], {"techniques": {"a/*.mib": ["four_d_stem"]}}),
        (
            ["--confirm", "--set", "b.dm4", "eels", "annular", "--set", "c.dm3", "tem_image"],
            {"confirm": True, "techniques": {"b.dm4": ["eels", "annular"], "c.dm3": ["tem_image"]}},
        ),
        (["--set", "c.dm3", "eels", "--set", "c.dm3", "eds"], {"techniques": {"c.dm3": ["eds"]}}),
    ],
)
def test_what_is_asked(
    deposited: FakeServer, capsys: pytest.CaptureFixture[str], arguments: list[str], asked: Any
) -> None:
    assert run(["techniques", "dep0-abc0", *arguments, "--json"], transport=deposited) == 0
    assert deposited.sorted == [("techniques", asked)]
    said = json.loads(capsys.readouterr().out)
    assert (said["id"], said["change"], said["saved"]) == ("dep0-abc0", "c0", 2)
    assert [one["path"] for one in said["measurements"]] == [one["path"] for one in ROWS]
    assert [one["answered"] for one in said["measurements"]] == [False, False, False, True, False]


def test_a_file_without_a_technique_is_refused_before_anything_is_sent(
    deposited: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["techniques", "dep0-abc0", "--set", "a.mib"], transport=deposited) == 2
    assert "--set a.mib says no technique" in capsys.readouterr().err
    assert deposited.sorted == []
