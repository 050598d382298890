"""The pieces of the stack that need no server."""

import errno
import json
import os
import shutil
import signal
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from project.stack.background import describe_part
from project.stack.credentials import (
    ensure_secrets,
    read_credentials,
    with_secret_key,
    write_credentials,
)
from project.stack.health import Readiness, list_missing, weigh
from project.stack.home import StackHome, check_space, prepare_home, read_json, write_json
from project.stack.lock import HomeLock, is_locked
from project.stack.logs import open_log, read_tail, rotate_log, trim_log
from project.stack.managed_part import ManagedPart, describe_exit
from project.stack.placement import Placement, find_postgres_binaries, find_valkey_server
from project.stack.processes import ProcessIdentity, identify
from project.stack.state import PartStatus, StackState, load_state, save_state
from project.stack.terminal import StackError
from project.stack.valkey import ValkeyServer, compose_configuration
from tests.ties import tie


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_secrets_are_made_once_and_read_by_the_owner_only(tmp_path: Path) -> None:
    home = StackHome(tmp_path)
    first = ensure_secrets(home)
    assert ensure_secrets(home) == first
    assert mode_of(home.secrets) == 0o600
    assert len({first.database_app, first.database_owner, first.database_superuser, first.broker}) == 4


def test_a_damaged_secrets_file_keeps_what_it_still_says(tmp_path: Path) -> None:
    home = StackHome(tmp_path)
    first = ensure_secrets(home)
    content = read_json(home.secrets)
    del content["broker"]
    write_json(home.secrets, content)
    second = ensure_secrets(home)
    assert second.database_app == first.database_app
    assert second.broker != first.broker


def test_the_operators_secret_key_wins(tmp_path: Path) -> None:
    known = ensure_secrets(StackHome(tmp_path))
    assert with_secret_key(known, "theirs").secret_key == "theirs"
    assert with_secret_key(known, None) == known


def test_credentials_are_private_and_complete(tmp_path: Path) -> None:
    home = StackHome(tmp_path)
    write_credentials(home, url="http://127.0.0.1:8000", username="admin", password="p", token="t")
    assert mode_of(home.credentials) == 0o600
    assert set(json.loads(home.credentials.read_text())) == {"url", "username", "password", "token"}
    assert read_credentials(home).token == "t"


def test_json_is_never_left_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "state.json"
    write_json(file, {"a": 1})

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(json, "dump", fail)
    with pytest.raises(OSError, match="No space"):
        write_json(file, {"a": 2})
    assert read_json(file) == {"a": 1}


def test_a_state_of_another_version_counts_as_none(tmp_path: Path) -> None:
    file = tmp_path / "stack.json"
    file.write_text('{"phase": "ready", "colour": "blue"}')
    assert load_state(file) == StackState()
    file.write_text("not json")
    assert load_state(file) == StackState()


def test_the_state_survives_the_way_to_disk(tmp_path: Path) -> None:
    state = StackState(phase="ready", ports={"web": 8000}, parts=[PartStatus(name="web", pid=7, started=9)])
    save_state(tmp_path / "stack.json", state)
    assert load_state(tmp_path / "stack.json") == state


def test_a_reused_pid_is_not_the_same_process() -> None:
    own = identify(os.getpid())
    assert own is not None
    assert own.is_alive()
    assert not ProcessIdentity(own.pid, own.started + 1).is_alive()


def test_a_zombie_does_not_run() -> None:
    process = subprocess.Popen(["true"])
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert identify(process.pid) is None
    process.wait()


def test_only_one_holds_the_lock(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "home")
    lock = HomeLock(home)
    assert lock.acquire()
    assert is_locked(home)
    assert not HomeLock(home).acquire()
    lock.give_back()
    assert not is_locked(home)


def test_a_home_below_a_file_is_refused_with_a_way_out(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StackError, match="STEMMA_HOME"):
        prepare_home(tmp_path / "file" / "home")


def test_a_full_disk_is_refused_with_numbers(tmp_path: Path) -> None:
    with pytest.raises(StackError, match=r"MB are free .* Make room"):
        check_space(tmp_path, needed=10**18)


def test_a_home_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StackError, match=r"Permission denied.*make it yours"):
        prepare_home(tmp_path / "home")


def test_the_relocated_folder_tells_homes_apart_and_names_none(tmp_path: Path) -> None:
    one, other = StackHome(tmp_path / "one").relocated, StackHome(tmp_path / "other").relocated
    assert one != other
    assert one.parent == Path("/var/lib")
    assert "one" not in one.name.removeprefix("stemma-")


@pytest.mark.parametrize("find", [find_postgres_binaries, find_valkey_server])
def test_an_unsupported_machine_is_told_which_variable_helps(
    find: Callable[[], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    monkeypatch.setattr(Path, "exists", lambda _: False)
    with pytest.raises(StackError, match=r"no embedded \w+ for Linux on riscv64.*_URL"):
        find()


def test_logs_are_rotated_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    for number in range(8):
        log.write_text(f"run {number}")
        rotate_log(log)
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"web.log.{number}" for number in range(1, 6)]
    assert (tmp_path / "web.log.1").read_text() == "run 7"


def test_a_log_that_grows_without_end_is_set_aside_while_its_writer_goes_on(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        trim_log(log, largest=50)
        writer.write(b"after")
        trim_log(log, largest=50)
    assert log.read_bytes() == b"after"
    assert (tmp_path / "web.log.1").stat().st_size == 100


def test_the_tail_of_a_log_is_short_even_of_a_large_one(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_text("".join(f"line {number}\n" for number in range(100_000)))
    assert read_tail(log, lines=3).split() == ["line", "99997", "line", "99998", "line", "99999"]
    assert "no log" in read_tail(tmp_path / "none")


@pytest.mark.parametrize(("code", "text"), [(1, "exit 1"), (-signal.SIGKILL, "killed by SIGKILL")])
def test_an_exit_is_told_in_words(code: int, text: str) -> None:
    assert describe_exit(code) == text


@pytest.mark.parametrize(
    ("status", "body", "missing"),
    [
        (200, b"{}", ()),
        (
            503,
            b'{"status": "unavailable", "parts": {"worker": {"ok": false}, "database": {"ok": true}}}',
            ("worker",),
        ),
        (503, b'{"database": "ok", "broker": "refused"}', ("broker (refused)",)),
        (500, b"<html>", ("web (it answers 500)",)),
    ],
)
def test_what_is_not_ready_is_named(status: int, body: bytes, missing: tuple[str, ...]) -> None:
    assert list_missing(status, body) == missing


def test_the_broker_keeps_messages_and_its_password_is_in_the_file(tmp_path: Path) -> None:
    placement = Placement(None, tmp_path, tmp_path, tmp_path)
    server = ValkeyServer(placement, 1234, "secret", tmp_path / "log", {})
    lines = compose_configuration(server).splitlines()
    assert {"requirepass secret", "appendonly yes", "maxmemory-policy noeviction", "bind 127.0.0.1"} <= set(
        lines
    )
    assert "secret" not in " ".join(server.command().argv)


# A disk that takes nothing.


def refuse(number: int) -> Callable[..., Any]:
    def fail(*_: object, **__: object) -> Any:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.mark.parametrize("name", ["objects", "uploads", "work", "logs", "beat"])
def test_a_folder_that_cannot_be_written_is_named_before_anything_starts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    home = prepare_home(tmp_path / "home")
    access = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != name and access(path, mode))
    with pytest.raises(StackError, match=f"{home.root / name} cannot be written to"):
        prepare_home(home.root)


def test_a_home_on_a_read_only_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    prepare_home(tmp_path / "home")
    monkeypatch.setattr(Path, "touch", refuse(errno.EROFS))
    with pytest.raises(StackError, match="home cannot be used: Read-only file system"):
        prepare_home(tmp_path / "home")


def test_a_large_log_is_let_go_where_there_is_no_room_for_a_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 100)
    monkeypatch.setattr(shutil, "copyfile", refuse(errno.ENOSPC))
    trim_log(log, largest=50)
    assert log.read_bytes() == b""
    assert not (tmp_path / "web.log.1").exists()


def test_a_log_on_a_read_only_disk_does_not_end_the_supervisor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * 100)
    for function in ("replace", "open", "unlink"):
        monkeypatch.setattr(Path, function, refuse(errno.EROFS))
    monkeypatch.setattr(shutil, "copyfile", refuse(errno.EROFS))
    trim_log(log, largest=50)
    monkeypatch.undo()
    assert log.read_bytes() == b"x" * 100


def test_a_part_runs_without_its_log_where_the_disk_takes_none(tmp_path: Path) -> None:
    with open_log(tmp_path / "none" / "web.log") as log:
        assert log.name == os.devnull


def test_a_part_that_the_disk_keeps_from_starting_is_due_again() -> None:
    part = ManagedPart("broker", "", refuse(errno.ENOSPC))
    part.restart()
    assert part.status.last_exit == "not started: No space left on device"
    assert part.status.state == "restarting"
    part.restart()
    part.restart()
    assert part.is_failing


def test_a_short_disk_is_named_and_keeps_nobody_from_starting() -> None:
    body = {
        "status": "unavailable",
        "parts": {"database": {"ok": True}, "disk": {"ok": False}},
        "disk": "Full.",
    }
    assert weigh(503, json.dumps(body).encode()) == Readiness(ready=True, missing=("disk (Full.)",))
    body["disk"] = "unavailable"  # what a stranger is told
    assert weigh(503, json.dumps(body).encode()) == Readiness(ready=True, missing=("disk",))
    body["parts"] = {"database": {"ok": False}, "disk": {"ok": False}}
    assert not weigh(503, json.dumps(body).encode()).ready
    assert not weigh(503, b"<html>").ready
    assert weigh(200, b"{}") == Readiness(ready=True, missing=())
    told = {"status": "ok", "parts": {"objects": {"ok": True, "damaged": 2}}, "objects": "ok"}
    assert weigh(200, json.dumps(told).encode()) == Readiness(ready=True, missing=(), damaged=2)
    told["parts"] = {"objects": {"ok": True}}  # what a stranger is told
    assert weigh(200, json.dumps(told).encode()).damaged == 0


def test_a_part_that_was_stopped_by_a_signal_is_called_frozen() -> None:
    with subprocess.Popen(tie("sleep", "600")) as process:
        try:
            os.kill(process.pid, signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            part = PartStatus("broker", "running", pid=process.pid)
            line, advice = describe_part(part)
            assert "frozen" in line
            assert f"kill -CONT {process.pid}" in advice
            os.kill(process.pid, signal.SIGCONT)
            os.waitid(os.P_PID, process.pid, os.WCONTINUED | os.WNOWAIT)
            assert describe_part(part) == [line.replace("frozen ", "running")]
        finally:
            process.kill()
