"""`stemma deposit` from the arguments to the exit code, against a server in this process."""

import json
from pathlib import Path

import httpx
import pytest

from stemma.commands.program import run
from tests.unit.client.fake_server import FakeServer

ERROR = {
    "severity": "error",
    "code": "field_missing",
    "pointer": "/dwell_time",
    "message": "No dwell time.",
    "hint": "Say it.",
}
WARNING = {**ERROR, "severity": "warning", "code": "odd_step", "message": "Step is large."}


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    folder = tmp_path / "session"
    folder.mkdir()
    (folder / "scan.xml").write_text("<root/>")
    (folder / "scan.raw").write_bytes(bytes(range(256)) * 12_000)
    return folder


def run_json(
    capsys: pytest.CaptureFixture[str], server: FakeServer, *arguments: str
) -> tuple[int, dict[str, object]]:
    code = run([*arguments, "--json"], transport=server)
    printed = json.loads(capsys.readouterr().out)  # exactly one object, or this fails
    assert isinstance(printed, dict)
    return code, printed


def test_files_arrive_and_the_object_is_printed(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = run_json(capsys, logged_in, "deposit", str(scan), "--title", "First light")
    assert code == 0
    assert printed["state"] == "ready"
    assert logged_in.contents["dep0-abc0", "scan.raw"] == (scan / "scan.raw").read_bytes()
    assert logged_in.documents[0] == {"title": "First light"}


def test_text_output_names_the_next_command(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["deposit", str(scan)], transport=logged_in) == 0
    captured = capsys.readouterr()
    assert "Next: stemma publish dep0-abc0" in captured.out
    assert "Uploading" in captured.err
    assert "Uploading" not in captured.out


def test_broken_connections_cost_no_byte_twice(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.cut_after, logged_in.cuts_left = 1_500_000, 2
    code, _ = run_json(capsys, logged_in, "deposit", str(scan / "scan.raw"))
    assert code == 0
    assert logged_in.contents["dep0-abc0", "scan.raw"] == (scan / "scan.raw").read_bytes()
    assert logged_in.count("PATCH", "/") + sum(method == "PATCH" for method, _ in logged_in.requests) == 3


def test_same_paths_go_on_with_the_unfinished_deposit(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEMMA_RETRY_SECONDS", "0")
    logged_in.cut_after, logged_in.cuts_left = 1_000_000, 1
    code, problem = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, problem["code"]) == (4, "server_unreachable")
    before = logged_in.bytes_received
    code, printed = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, printed["id"]) == (0, "dep0-abc0")
    assert len(logged_in.deposits) == 1
    assert logged_in.bytes_received - before <= 12_000 * 256 - 1_000_000 + len("<root/>")


def test_stored_files_are_not_sent_again_and_new_starts_another(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, logged_in, "deposit", str(scan))
    received = logged_in.bytes_received
    code, printed = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, printed["id"], logged_in.bytes_received) == (0, "dep0-abc0", received)
    assert logged_in.count("POST", "/submit/") == 1  # nothing changed, nothing is read again
    _, printed = run_json(capsys, logged_in, "deposit", str(scan), "--new")
    assert printed["id"] == "dep1-abc1"


def test_changed_file_is_sent_and_read_again(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, logged_in, "deposit", str(scan))
    (scan / "scan.xml").write_text("<root><a/></root>")
    run_json(capsys, logged_in, "deposit", str(scan))
    assert logged_in.contents["dep0-abc0", "scan.xml"] == b"<root><a/></root>"
    assert logged_in.count("POST", "/submit/") == 2


def test_publish_ends_the_memory(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = run_json(capsys, logged_in, "deposit", str(scan), "--publish")
    assert (code, printed["state"], printed["doi"]) == (0, "published", "10.5072/dep0-abc0")
    _, printed = run_json(capsys, logged_in, "deposit", str(scan))
    assert printed["id"] == "dep1-abc1"


def test_lost_answer_to_publish_does_not_publish_twice(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, logged_in, "deposit", str(scan))
    logged_in.deposits["dep0-abc0"]["state"] = "published"
    code, printed = run_json(capsys, logged_in, "deposit", str(scan), "--publish")
    assert (code, printed["id"], len(logged_in.deposits)) == (0, "dep0-abc0", 1)


def test_errors_forbid_publishing_and_are_printed(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.findings = [ERROR]
    code, printed = run_json(capsys, logged_in, "deposit", str(scan), "--publish")
    assert code == 3
    assert printed["findings"] == [ERROR]
    code, printed = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, printed["state"]) == (0, "needs_attention")  # depositing alone is done


def test_warnings_are_acknowledged_by_code(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.findings = [WARNING]
    code, printed = run_json(capsys, logged_in, "deposit", str(scan), "--publish")
    assert code == 3
    assert printed["findings"] == [WARNING]
    code, printed = run_json(
        capsys,
        logged_in,
        "deposit",
        str(scan),
        "--publish",
        "--accept-warnings",
        "odd_step:survey: coarse on purpose",
    )
    assert (code, printed["state"]) == (0, "published")


def test_server_away_is_waited_for(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.away = 3
    code, _ = run_json(capsys, logged_in, "deposit", str(scan))
    assert code == 0


def test_a_server_without_room_says_so_and_the_same_command_goes_on_later(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEMMA_RETRY_SECONDS", "0")
    logged_in.full_after, logged_in.full_for = 10, 10**6
    code, problem = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, problem["code"], problem["status"]) == (4, "disk_full", 507)
    assert problem["detail"] == "The server's disk is full."
    logged_in.full_for = 0
    assert run_json(capsys, logged_in, "deposit", str(scan))[0] == 0
    assert len(logged_in.deposits) == 1, "the ledger was kept"
    sent = sum(len(content) for content in logged_in.contents.values())
    assert logged_in.bytes_received == sent, "no byte was sent twice"


def test_no_wait_returns_before_reading(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, printed = run_json(capsys, logged_in, "deposit", str(scan), "--no-wait")
    assert (code, printed["state"]) == (0, "processing")


def test_quota_is_checked_before_the_first_byte(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.extra["/api/v1/account/"] = lambda request: httpx.Response(
        200, json={"username": "ada", "used": 900, "quota": 1000}, request=request
    )
    code, problem = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, problem["code"]) == (4, "quota_exceeded")
    assert not logged_in.deposits


def test_bytes_that_only_wait_to_be_removed_do_not_keep_the_command_from_asking(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.extra["/api/v1/account/"] = lambda request: httpx.Response(
        200, json={"username": "ada", "used": 10**9, "waiting": 10**9, "quota": 10**9}, request=request
    )
    assert run_json(capsys, logged_in, "deposit", str(scan))[0] == 0


def test_bad_metadata_file_names_the_place(
    logged_in: FakeServer, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "meta.yaml"
    document.write_text("dataset:\n  title: [unclosed\n")
    code, problem = run_json(capsys, logged_in, "deposit", str(scan), "--metadata", str(document))
    assert (code, problem["code"]) == (2, "bad_metadata_file")
    assert "line 3, column 1" in str(problem["detail"])
    assert not logged_in.requests


def test_changed_metadata_is_sent_on_the_revision_that_is_there(
    logged_in: FakeServer, scan: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    document = tmp_path / "meta.yaml"
    document.write_text("defaults: {acceleration_voltage: 200 kV}\n")
    run_json(capsys, logged_in, "deposit", str(scan), "--metadata", str(document))
    run_json(capsys, logged_in, "deposit", str(scan), "--metadata", str(document))
    assert logged_in.documents == [{"metadata": {"defaults": {"acceleration_voltage": "200 kV"}}}]
    document.write_text("defaults: {acceleration_voltage: 80 kV}\n")
    run_json(capsys, logged_in, "deposit", str(scan), "--metadata", str(document), "--title", "T")
    assert logged_in.documents[1] == {
        "metadata": {"defaults": {"acceleration_voltage": "80 kV"}, "dataset": {"title": "T"}}
    }
    assert logged_in.count("POST", "/submit/") == 1  # the server checks again by itself


def test_title_alone_keeps_the_rest_of_the_description(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, logged_in, "deposit", str(scan))
    logged_in.deposits["dep0-abc0"]["metadata"] = {"dataset": {"abstract": "A"}, "defaults": {}}
    run_json(capsys, logged_in, "deposit", str(scan), "--title", "Second light")
    assert logged_in.documents[1] == {"metadata": {"dataset": {"title": "Second light"}}}
    assert logged_in.deposits["dep0-abc0"]["metadata"] == {
        "dataset": {"abstract": "A", "title": "Second light"},
        "defaults": {},
    }


def test_unfinished_upload_of_a_file_that_is_gone_is_ended(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEMMA_RETRY_SECONDS", "0")
    logged_in.cut_after, logged_in.cuts_left = 1_000_000, 1
    assert run_json(capsys, logged_in, "deposit", str(scan))[0] == 4
    (scan / "scan.raw").rename(scan / "renamed.raw")
    code, printed = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, printed["state"]) == (0, "ready")
    assert {path for _, path in logged_in.contents} == {"scan.xml", "renamed.raw"}


def test_file_that_the_server_forgot_is_sent_again(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.loses = ["scan.xml"]
    code, printed = run_json(capsys, logged_in, "deposit", str(scan))
    assert (code, printed["state"]) == (0, "ready")
    assert {path for _, path in logged_in.contents} == {"scan.xml", "scan.raw"}
    logged_in.loses = ["scan.xml"] * 9
    code, printed = run_json(capsys, logged_in, "deposit", str(scan), "--new")
    assert (code, printed["code"]) == (4, "upload_lost")


def test_validate_keeps_nothing(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.findings = [ERROR]
    code, printed = run_json(capsys, logged_in, "validate", str(scan))
    assert code == 3
    assert printed["findings"] == [ERROR]
    assert not logged_in.deposits
    logged_in.findings = [WARNING]
    assert run_json(capsys, logged_in, "validate", str(scan))[0] == 0


def test_interruption_says_how_to_go_on(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(request: httpx.Request) -> httpx.Response:
        raise KeyboardInterrupt

    logged_in.extra["/api/v1/deposits/dep0-abc0/submit/"] = interrupt
    assert run(["deposit", str(scan)], transport=logged_in) == 130
    assert "dep0-abc0; the same command goes on with it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["deposit"], 2),
        (["deposit", "/does/not/exist"], 2),
        (["bogus"], 2),
        (["search", "--where", "nonsense"], 2),
        (["search", "--limit", "²"], 2),
        (["status", "not an id"], 2),
        (["open", "zzzz-zzzz"], 2),
        (["plan", "x"], 2),
    ],
)
def test_every_failure_prints_one_object(
    logged_in: FakeServer, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    found, problem = run_json(capsys, logged_in, *arguments)
    assert found == code
    assert problem["detail"]
    assert "_positive" not in str(problem["detail"])


def test_no_server_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["status", "7q2m-x4d9"]) == 2
    assert "stemma login" in capsys.readouterr().err


def test_removing_a_file_has_the_rest_read_again(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    logged_in.findings = [ERROR]
    run_json(capsys, logged_in, "deposit", str(scan))
    logged_in.findings = []
    code, printed = run_json(capsys, logged_in, "remove", "dep0-abc0", "scan.xml")
    assert (code, printed["state"]) == (0, "ready")
    assert [file["path"] for file in logged_in.deposits["dep0-abc0"]["files"]] == ["scan.raw"]
    assert logged_in.count("POST", "/submit/") == 2


def test_removing_the_last_file_leaves_an_empty_draft(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, logged_in, "deposit", str(scan))
    code, printed = run_json(capsys, logged_in, "remove", "dep0-abc0", "scan.xml", "scan.raw")
    assert (code, printed["state"], printed["files"]) == (0, "draft", [])


def test_removing_an_unknown_file_is_a_usage_error(
    logged_in: FakeServer, scan: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run_json(capsys, logged_in, "deposit", str(scan))
    code, printed = run_json(capsys, logged_in, "remove", "dep0-abc0", "typo.raw")
    assert (code, printed["code"]) == (2, "not_found")
    assert len(logged_in.deposits["dep0-abc0"]["files"]) == 2
