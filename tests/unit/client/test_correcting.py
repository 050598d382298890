"""correct sends what a file says to the version that is meant, and its answer is for people and for programs."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from stemma.commands.program import run

CHANGE = {
    "measurement": "7q2m-x4d9",
    "path": "scan.raw",
    "field": "acceleration_voltage",
    "title": "Acceleration voltage",
    "old_text": "80 kV",
    "new_text": "200 kV",
}
WARNING = {
    "severity": "warning",
    "code": "header_conflict",
    "pointer": "",
    "message": "Two voltages.",
    "hint": "",
}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str, Any]]:
    monkeypatch.setenv("STEMMA_URL", "https://stemma.test")
    monkeypatch.setenv("STEMMA_TOKEN", "token")
    return []


def correct(asked: list[tuple[str, str, Any]], *arguments: str, obstacles: bool = False) -> int:
    def answer(request: httpx.Request) -> httpx.Response:
        body: Any = json.loads(request.content) if request.content else None
        asked.append((request.method, request.url.path.rstrip("/"), body))
        if request.method == "GET":
            return httpx.Response(200, json={"id": "k3f9-2xq7", "version": 3})
        outcome = {
            "version": 3,
            "revision": 1,
            "is_made": not body["dry_run"],
            "changes": [CHANGE],
            "findings": [WARNING] if obstacles else [],
            "obstacles": [WARNING] if obstacles else [],
        }
        return httpx.Response(200 if body["dry_run"] else 201, json=outcome)

    return run(["correct", *arguments], transport=httpx.MockTransport(answer))


def test_a_correction_goes_to_the_version_that_is_meant(
    asked: list[tuple[str, str, Any]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "fix.yaml"
    file.write_text("measurements: {scan.raw: {acceleration_voltage: 200 kV}}\n")
    given = ("k3f9-2xq7", "--metadata", str(file))
    assert correct(asked, *given) == 2
    assert "needs a reason" in capsys.readouterr().err
    assert correct(asked, *given, "--dry-run", obstacles=True) == 3
    shown = capsys.readouterr().out
    assert "Revision 1 would change 1 field" in shown
    assert "scan.raw: Acceleration voltage: 80 kV → 200 kV" in shown
    assert "header_conflict: Two voltages." in shown
    assert [one[:2] for one in asked] == [
        ("GET", "/api/v1/datasets/k3f9-2xq7"),
        ("POST", "/api/v1/datasets/k3f9-2xq7/versions/3/revisions"),
    ]
    asked.clear()
    accepted = ("--accept-warnings", "header_conflict:as noted", "--reason", "Typo.", "--json")
    assert correct(asked, "10.5072/k3f9-2xq7.v2", *given[1:], *accepted) == 0
    assert json.loads(capsys.readouterr().out)["is_made"] is True
    ((_, address, body),) = asked
    assert address == "/api/v1/datasets/k3f9-2xq7/versions/2/revisions"
    assert body == {
        "metadata": {"measurements": {"scan.raw": {"acceleration_voltage": "200 kV"}}},
        "reason": "Typo.",
        "dry_run": False,
        "accept_warnings": [{"code": "header_conflict", "note": "as noted"}],
    }
