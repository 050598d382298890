"""Every way in which a hostile or broken reader ends becomes one error with one finding."""

import os
import signal
from pathlib import Path

import pytest

from confined.sandbox import (
    ReaderAccessError,
    ReaderCpuLimitError,
    ReaderCrashedError,
    ReaderFailedError,
    ReaderFileSizeError,
    ReaderMemoryLimitError,
    ReaderProtocolError,
    ReaderTimeoutError,
    SandboxDiskFullError,
    SandboxError,
    SandboxRefusalError,
    SandboxUnavailableError,
)
from tests.patience import patient, within
from tests.unit.sandbox.conftest import Run


def _assert_readable(error: SandboxError, code: str) -> None:
    finding = error.finding
    assert finding.code == code
    may_be_sound = code in {"reader_failed", "reader_timeout"} or code.endswith("_limit")
    assert finding.severity == ("warning" if may_be_sound else "error")
    assert ("Acknowledge" in finding.hint) == may_be_sound
    assert finding.layer == "reading"
    assert finding.message.endswith(".") or finding.code == "reader_failed"
    assert finding.hint
    assert "/home" not in finding.message + finding.hint
    assert "Traceback" not in finding.message


@pytest.mark.parametrize(
    ("program", "how"), [("crash", "SIGSEGV"), ("abort", "SIGABRT"), ("leave", "exit status 3")]
)
def test_crash_names_the_signal(run: Run, program: str, how: str) -> None:
    with pytest.raises(ReaderCrashedError, match=how) as caught:
        run(f"hostile:{program}")
    _assert_readable(caught.value, "reader_crashed")
    assert caught.value.log or program == "leave"  # the fault handler's trace, for the operator


def test_exit_by_the_reader_is_a_failure(run: Run) -> None:
    with pytest.raises(ReaderFailedError, match="SystemExit: enough"):
        run("hostile:leave_politely")


def test_hang_ends_at_the_wall_time_and_leaves_no_process(run: Run) -> None:
    messages: list[dict[str, int]] = []
    with within(30), pytest.raises(ReaderTimeoutError) as caught:
        run("hostile:hang", on_message=messages.append, wall_s=patient(4))
    _assert_readable(caught.value, "reader_timeout")
    with pytest.raises(ProcessLookupError):
        os.kill(messages[0]["pid"], 0)


@pytest.mark.parametrize("ignore", [False, True])
def test_processor_time_is_bounded(run: Run, ignore: bool) -> None:
    with pytest.raises(ReaderCpuLimitError) as caught:
        run("hostile:spin", {"ignore_the_warning": ignore}, cpu_s=1)
    _assert_readable(caught.value, "reader_cpu_limit")


@pytest.mark.parametrize("program", ["allocate", "allocate_natively", "allocate_shared"])
def test_allocation_bomb_is_a_memory_limit(run: Run, program: str) -> None:
    with pytest.raises(ReaderMemoryLimitError, match="512 MiB") as caught:
        run(f"hostile:{program}", {"bytes": 4 << 30}, data_bytes=512 << 20)
    _assert_readable(caught.value, "reader_memory_limit")


def test_kill_by_the_kernel_is_a_memory_limit(run: Run) -> None:
    with pytest.raises(ReaderMemoryLimitError):
        run("hostile:be_killed")


def test_large_result_is_a_size_limit(run: Run) -> None:
    with pytest.raises(ReaderFileSizeError) as caught:
        run("hostile:write_too_much", {"bytes": 4 << 20}, file_bytes=2 << 20)
    _assert_readable(caught.value, "reader_file_size_limit")


def test_full_disk_may_be_tried_again(run: Run) -> None:
    with pytest.raises(SandboxDiskFullError) as caught:
        run("hostile:fill_the_disk")
    _assert_readable(caught.value, "storage_full")
    assert caught.value.is_retryable


def test_run_stops_before_the_disk_is_full(run: Run) -> None:
    with pytest.raises(SandboxDiskFullError):
        run("hostile:hang", free_bytes=1 << 60)


@pytest.mark.parametrize("kind", ["tcp", "udp", "unix"])
def test_network_is_closed(run: Run, kind: str) -> None:
    with pytest.raises(ReaderAccessError, match="network") as caught:
        run("hostile:use_network", {"kind": kind})
    _assert_readable(caught.value, "reader_opened_network")


@pytest.mark.parametrize("how", ["fork", "exec", "spawn", "subprocess"])
def test_no_process_is_started(run: Run, how: str) -> None:
    with pytest.raises(ReaderAccessError, match="another program") as caught:
        run("hostile:start_process", {"how": how})
    _assert_readable(caught.value, "reader_started_process")


@pytest.mark.parametrize("number", [0, signal.SIGTERM])
def test_no_other_process_is_signaled(run: Run, number: int) -> None:
    with pytest.raises(ReaderAccessError, match="another program"):
        run("hostile:signal_other", {"pid": os.getpid(), "signal": number})


@pytest.mark.parametrize(
    ("content", "for_ever"),
    [
        (b"GET / HTTP/1.1", False),  # announces 1.2 GB
        (((64 << 20) + 1).to_bytes(4), False),
        ((64 << 20).to_bytes(4) + b"x", False),  # breaks off
        (b"\0\0\0\2{]", False),
        (b"\0\0\0\4" + b"null", False),
        (b"\0\0\0\2{}", False),  # no type
        (b"\0\0\0\x0c" + b'{"type":"x"}', True),  # without end
    ],
    ids=["text", "too_large", "breaks_off", "no_json", "no_object", "no_type", "without_end"],
)
def test_garbage_on_the_pipe_is_refused(run: Run, content: bytes, for_ever: bool) -> None:
    request = {"content": content.hex(), "for_ever": for_ever}
    with pytest.raises(ReaderProtocolError) as caught:
        run("hostile:send_garbage", request)
    _assert_readable(caught.value, "reader_protocol_violation")


@pytest.mark.parametrize(
    "body",
    [
        '{"type":"result","result":{"x":NaN}}',
        '{"type":"result","result":{"x":1e999}}',
        '{"type":"result","result":[]}',
        '{"type":"refused"}',
        '{"type":"refused","finding":{"severity":"fatal","code":"x"}}',
        '{"type":"refused","finding":{"severity":"error","code":"<script>"}}',
        '{"type":"progress","fraction":7}',
        '{"type":"result","result":' + "[" * 100_000 + "}",
    ],
)
def test_answer_of_the_wrong_form_is_refused(run: Run, body: str) -> None:
    with pytest.raises(ReaderProtocolError):
        run("hostile:send_raw", {"body": body})


def test_text_that_no_database_stores_is_replaced(run: Run) -> None:
    result = run("hostile:send_raw", {"body": '{"type":"result","result":{"a\\u0000":"x\\ud800y"}}'})
    assert result == {"a\N{REPLACEMENT CHARACTER}": "x?y"}


def test_going_on_after_the_answer_is_a_violation(run: Run) -> None:
    with pytest.raises(ReaderProtocolError, match="after its answer"):
        run("hostile:answer_and_stay", wall_s=patient(2))


def test_unknown_error_shows_type_and_text_without_paths_of_the_machine(run: Run, tmp_path: Path) -> None:
    with pytest.raises(ReaderFailedError) as caught:
        run("hostile:raise_unknown")
    error = caught.value
    _assert_readable(error, "reader_failed")
    assert "KeyError" in error.finding.message
    assert "no tag 3 in scan.dm4" in error.finding.message
    assert str(tmp_path) not in error.finding.message
    assert "/srv" not in error.finding.message
    assert "Traceback" in error.log


def test_number_that_json_does_not_know_is_a_failure_of_the_reader(run: Run) -> None:
    with pytest.raises(ReaderFailedError, match="ValueError"):
        run("hostile:raise_number")


def test_refusal_of_the_reader_keeps_its_finding(run: Run) -> None:
    with pytest.raises(SandboxRefusalError) as caught:
        run("honest:refuse")
    assert caught.value.finding.code == "truncated_file"
    assert caught.value.finding.message == "scan.mib holds 3 of 16 frames."
    assert caught.value.finding.hint == "Upload the whole file."


@pytest.mark.parametrize("program", ["absent:main", "honest:absent", "start_thread_at_import:main"])
def test_program_that_cannot_be_confined_is_not_run(run: Run, program: str) -> None:
    with pytest.raises(SandboxUnavailableError) as caught:
        run(program)
    _assert_readable(caught.value, "reader_unavailable")
    assert caught.value.is_retryable


def test_error_of_the_listener_ends_the_run(run: Run) -> None:
    seen: list[int] = []

    def lose_the_lease(message: dict[str, int]) -> None:
        seen.append(message["pid"])
        raise TimeoutError("the lease is lost")

    with pytest.raises(TimeoutError, match="lease"):
        run("hostile:hang", on_message=lose_the_lease)
    with pytest.raises(ProcessLookupError):
        os.kill(seen[0], 0)
