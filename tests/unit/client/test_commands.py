"""login, status, search, get, open, publish, template: what is printed, stored and returned."""

import io
import json
import stat
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from stemma.commands.program import run
from stemma.credentials import find_login, login_file
from stemma.errors import UsageError
from tests.unit.client.fake_server import FakeServer


def run_json(
    capsys: pytest.CaptureFixture[str], server: FakeServer, *arguments: str
) -> tuple[int, dict[str, Any]]:
    code = run([*arguments, "--json"], transport=server)
    return code, json.loads(capsys.readouterr().out)


@pytest.fixture
def published(logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> FakeServer:
    (tmp_path / "scan.raw").write_bytes(b"counts")
    assert run(["deposit", str(tmp_path / "scan.raw"), "--publish"], transport=logged_in) == 0
    capsys.readouterr()
    return logged_in


def test_login_checks_and_stores_the_token(server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = run_json(capsys, server, "login", "--url", f"{server.url}/", "--token", "secret")
    assert (code, printed["username"]) == (0, "ada")
    assert "secret" not in json.dumps(printed)
    assert stat.S_IMODE(login_file().stat().st_mode) == 0o600
    assert find_login({}).token == "secret"
    assert run(["status"], transport=server) == 0  # the stored login is enough now


def test_wrong_token_is_not_stored(server: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = run_json(capsys, server, "login", "--url", server.url, "--token", "wrong")
    assert (code, printed["code"]) == (4, "invalid_token")
    assert not login_file().exists()


def test_token_may_come_from_a_pipe(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("secret\n"))
    assert run(["login", "--url", server.url], transport=server) == 0
    assert find_login({}).token == "secret"


def test_environment_wins_and_tokens_stay_with_their_server(server: FakeServer) -> None:
    run(["login", "--url", server.url, "--token", "secret"], transport=server)
    assert find_login({"STEMMA_TOKEN": "other"}).token == "other"
    assert find_login({"STEMMA_URL": "http://elsewhere.test"}).token is None


def test_damaged_login_file_is_said(server: FakeServer) -> None:
    login_file().parent.mkdir(parents=True)
    login_file().write_text("{")
    with pytest.raises(UsageError, match="cannot be read"):
        find_login({})


def test_status_lists_or_shows(published: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    code, printed = run_json(capsys, published, "status")
    assert (code, printed["count"], printed["results"][0]["id"]) == (0, 1, "dep0-abc0")
    code, printed = run_json(capsys, published, "status", "10.5072/dep0-abc0")
    assert (code, printed["state"]) == (0, "published")


def test_publish_by_id(logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "scan.raw").write_bytes(b"counts")
    logged_in.findings = [
        {"severity": "error", "code": "field_missing", "pointer": "", "message": "No.", "hint": ""}
    ]
    run(["deposit", str(tmp_path / "scan.raw")], transport=logged_in)
    capsys.readouterr()
    code, printed = run_json(capsys, logged_in, "publish", "dep0-abc0")
    assert (code, printed["findings"]) == (3, logged_in.findings)
    logged_in.findings = []
    code, printed = run_json(capsys, logged_in, "publish", "dep0-abc0")
    assert (code, printed["doi"]) == (0, "10.5072/dep0-abc0")


def test_get_writes_the_files(
    published: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = run_json(capsys, published, "get", "dep0-abc0", str(tmp_path / "out"))
    assert code == 0
    assert (tmp_path / "out/scan.raw").read_bytes() == b"counts"
    assert printed["files"][0]["location"] == str(tmp_path / "out/scan.raw")
    (tmp_path / "out/scan.raw").write_bytes(b"other!")
    code, printed = run_json(capsys, published, "get", "dep0-abc0", str(tmp_path / "out"))
    assert (code, printed["code"]) == (2, "would_overwrite")


def test_search_prints_results(logged_in: FakeServer, capsys: pytest.CaptureFixture[str]) -> None:
    result = {"id": "aaaa-0001", "doi": "10.5072/aaaa-0001", "title": "MoS2", "url": "u", "measurements": []}
    logged_in.extra["/api/v1/search"] = lambda request: httpx.Response(
        200, json={"count": 1, "next": None, "facets": {}, "results": [result]}, request=request
    )
    code, printed = run_json(capsys, logged_in, "search", "MoS2", "--where", "voltage=80 kV")
    assert (code, printed) == (0, {"count": 1, "facets": {}, "results": [result]})
    run(["search", "MoS2"], transport=logged_in)
    assert "aaaa-0001  MoS2" in capsys.readouterr().out


def test_template_is_yaml_for_people_and_an_object_for_programs(
    logged_in: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.extra["/api/v1/schemas/stem/"] = lambda _: httpx.Response(200, json={"in_force": "7.8.9"})
    logged_in.extra["/api/v1/schemas/stem/7.8.9/template"] = lambda request: httpx.Response(
        200,
        text=f"# fill in\ndefaults: {{technique: [{','.join(request.url.params.get_list('technique'))}]}}\n",
    )
    assert run(["template", "four_d_stem", "eels"], transport=logged_in) == 0
    assert capsys.readouterr().out == "# fill in\ndefaults: {technique: [four_d_stem,eels]}\n"
    _, printed = run_json(capsys, logged_in, "template", "four_d_stem,eels")
    assert printed == {"defaults": {"technique": ["four_d_stem", "eels"]}}


def test_unreadable_file_is_a_sentence(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "scan.raw").write_bytes(b"counts")

    def refuse_to_open(*arguments: object, **options: object) -> None:
        raise PermissionError(13, "Permission denied", "scan.raw")

    monkeypatch.setattr("stemma.depositing.ledger.hash_stream", refuse_to_open)
    code, printed = run_json(capsys, logged_in, "deposit", str(tmp_path / "scan.raw"))
    assert (code, printed["code"], printed["detail"]) == (2, "local_file", "scan.raw: Permission denied.")


def test_help_ends_well(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        run(["deposit", "--help"])
    assert caught.value.code == 0
    assert "exit codes" in capsys.readouterr().out


def test_text_of_a_measurement_tells_units_and_sources(
    logged_in: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    measurement = {
        "id": "mmmm-0001",
        "dataset": "dddd-0001",
        "format": "empad",
        "files": ["a.xml", "a.raw"],
        "techniques": ["four_d_stem"],
        "metadata": {
            "acceleration_voltage": {"value": 80, "unit": "kV", "source": "header"},
            "dwell_time": {"missing": "not_recorded"},
        },
        "signals": [{"name": "data", "shape": [4, 4], "dtype": "float32", "axes": [{"name": "scan_y"}]}],
        "findings": [],
    }
    logged_in.extra["/api/v1/measurements/mmmm-0001/"] = lambda request: httpx.Response(
        200, json=measurement, request=request
    )
    assert run(["open", "mmmm-0001"], transport=logged_in) == 0
    printed = capsys.readouterr().out
    assert "acceleration_voltage: 80 kV  [header]" in printed
    assert "dwell_time: not recorded" in printed
    assert "data: 4 × 4 float32 (scan_y)" in printed


def test_missing_fields_are_listed_once(
    logged_in: FakeServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "scan.raw").write_bytes(b"counts")
    logged_in.findings = [
        {
            "severity": "error",
            "code": "required_field_missing",
            "message": "Dwell time is missing. It sets the dose.",
        },
        {"severity": "error", "code": "odd", "message": "Odd."},
    ]
    run(["deposit", str(tmp_path / "scan.raw")], transport=logged_in)
    requirement = {"path": "dwell_time", "level": "required", "state": "missing", "why": "It sets the dose."}
    logged_in.deposits["dep0-abc0"]["measurements"] = [{"id": "m", "requirements": [requirement]}]
    capsys.readouterr()
    run(["status", "dep0-abc0"], transport=logged_in)
    printed = capsys.readouterr().out
    assert "Errors (1)" in printed
    assert printed.count("It sets the dose.") == 1


def _converting() -> dict[str, Any]:
    """Return a deposit as the server shows it while one file is converted, one waits and one was only opened."""
    running = {"step": "converting", "state": "running", "fraction": 0.25, "seconds_left": 95.0}
    queued = {"step": "reducing", "state": "queued", "fraction": 0.0, "seconds_left": None}
    return {
        "id": "dep0-abc0",
        "state": "processing",
        "progress": {
            "fraction": 0.425,
            "message": "Converting rows 40 of 150.",
            "running": 2,
            "position": 3,
            "failed": [],
        },
        "measurements": [
            {"id": "02ym-k04y", "path": "grain/a.dm3", "format": "dm3", "reading": running},
            {"id": "02ym-k05y", "path": "grain/b.dm3", "format": "dm3", "reading": queued},
            {"id": "02ym-k06y", "path": "grain/c.dm3", "format": "dm3", "reading": None},
        ],
    }


def _show_status(server: FakeServer, capsys: pytest.CaptureFixture[str], shown: dict[str, Any]) -> list[str]:
    server.extra["/api/v1/deposits/dep0-abc0/"] = lambda request: httpx.Response(
        200, json=shown, request=request
    )
    assert run(["status", "dep0-abc0"], transport=server) == 0
    return capsys.readouterr().out.splitlines()


def test_status_says_how_far_a_deposit_is_and_which_file_a_measurement_is(
    logged_in: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = _show_status(logged_in, capsys, _converting())
    assert "  progress: 42%  Converting rows 40 of 150.  3 jobs before the first that waits" in lines
    at = lines.index("    02ym-k04y  grain/a.dm3  technique not known  (dm3)")
    assert lines[at + 1] == "      converting 25%, about 1 min 35 s left"
    at = lines.index("    02ym-k05y  grain/b.dm3  technique not known  (dm3)")
    assert lines[at + 1] == "      reducing: waiting for its turn"
    at = lines.index("    02ym-k06y  grain/c.dm3  technique not known  (dm3)")
    assert not lines[at + 1].startswith("      ")


def test_status_says_once_how_many_jobs_are_before_one_that_waits_and_nothing_where_all_is_done(
    logged_in: FakeServer, capsys: pytest.CaptureFixture[str]
) -> None:
    shown = _converting()
    shown["progress"] |= {"fraction": 0.0, "message": "Waiting: 3 jobs are before this one."}
    printed = _show_status(logged_in, capsys, shown)
    assert "  progress: 0%  Waiting: 3 jobs are before this one." in printed
    shown |= {"state": "ready", "progress": {"fraction": 1.0, "message": "", "running": 0, "position": None}}
    assert not [line for line in _show_status(logged_in, capsys, shown) if "progress" in line]
