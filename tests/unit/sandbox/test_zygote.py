"""The zygote holds nothing of its owner, no run can hurt it or the next, and its loss costs no result."""

import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from confined.sandbox import (
    Preparation,
    ReaderAccessError,
    SandboxError,
    ZygoteKeeper,
    forking,
    run_confined,
    running,
)
from confined.sandbox.forking import Zygote
from confined.sandbox.namespaces import is_namespace_possible
from tests.patience import patient, wait_until
from tests.ties import tie
from tests.unit.sandbox.conftest import LIMITS, Run

_CHECKOUT = Path(__file__).resolve().parents[3]
_PROGRAMS = "tests.unit.sandbox.programs"
_PATIENCE_S = patient(60)
_OWNER = """
import sys
from pathlib import Path
from confined.sandbox import Limits, Preparation, ZygoteKeeper, run_confined
keeper = ZygoteKeeper(lambda: Preparation(()))
print(keeper.find().pid, flush=True)
run_confined(
    program="tests.unit.sandbox.programs.hostile:hang", request={}, inputs={}, output=Path(sys.argv[1]),
    limits=Limits(wall_s=600, free_bytes=0), on_message=lambda message: print(message["pid"], flush=True),
    zygotes=keeper,
)
"""
Keep = Callable[..., ZygoteKeeper]


@pytest.fixture
def keep() -> Iterator[Keep]:
    """Make a zygote of the test's own."""
    kept: list[ZygoteKeeper] = []

    def keep(*programs: str, variables: dict[str, str] | None = None) -> ZygoteKeeper:
        preparation = Preparation(tuple(f"{_PROGRAMS}.{program}" for program in programs))
        kept.append(ZygoteKeeper(lambda: preparation, variables))
        return kept[-1]

    yield keep
    for keeper in kept:
        keeper.close()


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    path = tmp_path / "gate"
    path.write_text("closed", encoding="utf-8")
    return path


def run_forked(keeper: ZygoteKeeper, output: Path, program: str, **arguments: Any) -> dict[str, Any]:
    return run_confined(
        **{
            "program": f"{_PROGRAMS}.{program}",
            "request": {},
            "inputs": {},
            "output": output,
            "limits": LIMITS,
            "on_message": lambda _: None,
            "zygotes": keeper,
            **arguments,
        }
    )


def get(keeper: ZygoteKeeper) -> Zygote:
    zygote = keeper.find()
    assert zygote is not None
    return zygote


def is_running(pid: int) -> bool:
    """Tell whether a process runs; one that nobody waited for yet is dead."""
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False


def list_children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()


def count_descriptors(pid: int | str) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


def test_the_zygote_has_one_thread_and_nothing_of_its_owner(
    keep: Keep, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    secrets = {"DATABASE_URL": "postgresql://secret", "STEMMA_SECRET_KEY": "secret", "AWS_SECRET": "secret"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    kept_open = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(kept_open, True)  # noqa: FBT003 - by position only
    try:
        zygote = get(keep("honest:echo", variables={"STEMMA_HOME": "/srv/stemma"}))
    finally:
        os.close(kept_open)
    process = Path(f"/proc/{zygote.pid}")
    assert len(list((process / "task").iterdir())) == 1
    environment = (process / "environ").read_bytes().split(b"\0")
    assert b"STEMMA_HOME=/srv/stemma" in environment
    assert not any(b"secret" in variable for variable in environment)
    opened = {int(path.name): str(path.readlink()) for path in (process / "fd").iterdir()}
    assert opened.pop(0) == "/dev/null"
    kinds = sorted(target.split(":")[0] for number, target in opened.items() if number not in {1, 2})
    assert kinds == ["anon_inode", "socket"]  # what it waits with, and for what
    assert {opened[number].split(":")[0] for number in (1, 2)} == {"pipe"}


def test_libraries_leave_it_with_one_thread(keep: Keep, output: Path) -> None:
    keeper = keep("write_zarr:main", "read_formats:main", "read_vendor:main")
    zygote = get(keeper)
    assert len(list(Path(f"/proc/{zygote.pid}/task").iterdir())) == 1
    assert run_forked(keeper, output, "write_zarr:main") == {"same": True}
    assert zygote.children == 1


@pytest.mark.parametrize(
    ("program", "limits"),
    [
        ("crash", {}),
        ("abort", {}),
        ("fork_bomb", {}),
        ("allocate", {"data_bytes": 512 << 20}),
        ("hang", {"wall_s": patient(1)}),
        ("close_everything", {"wall_s": patient(2)}),
        ("outlive_the_parent", {}),
        ("leave", {}),
    ],
)
def test_a_hostile_run_does_not_hurt_the_next(
    run: Run, zygotes: ZygoteKeeper | None, program: str, limits: dict[str, Any], output: Path
) -> None:
    with pytest.raises(SandboxError):
        run(f"hostile:{program}", {"bytes": 4 << 30}, **limits)
    shutil.rmtree(output)
    output.mkdir()
    seen = run("honest:describe")
    assert len(seen["descriptors"]) == 4
    if zygotes is not None:
        assert list_children(get(zygotes).pid) == []


@pytest.mark.parametrize("number", [0, signal.SIGTERM, signal.SIGSTOP])
def test_a_run_cannot_signal_the_zygote(keeper: ZygoteKeeper, output: Path, number: int) -> None:
    request = {"pid": get(keeper).pid, "signal": number}
    with pytest.raises(ReaderAccessError, match="another program"):
        run_forked(keeper, output, "hostile:signal_other", request=request)
    assert run_forked(keeper, output, "honest:echo", request={"a": 1}) == {"a": 1}


def test_runs_at_the_same_time_share_no_pipe(keeper: ZygoteKeeper, tmp_path: Path, gate: Path) -> None:
    """While one run waits, others come, crash and go; it keeps its own four descriptors and its result."""
    first, second = tmp_path / "first" / "output", tmp_path / "second" / "output"
    for folder in (first, second):
        folder.mkdir(parents=True)
    started, answers = threading.Event(), []

    def wait_at_the_gate() -> None:
        answers.append(
            run_forked(
                keeper, first, "honest:linger", inputs={"gate": gate}, on_message=lambda _: started.set()
            )
        )

    thread = threading.Thread(target=wait_at_the_gate)
    thread.start()
    assert started.wait(_PATIENCE_S)
    with pytest.raises(SandboxError, match="SIGSEGV"):
        run_forked(keeper, second, "hostile:crash")
    assert len(run_forked(keeper, second, "honest:describe")["descriptors"]) == 4
    assert len(list_children(get(keeper).pid)) == 1
    gate.write_text("open", encoding="utf-8")
    thread.join(_PATIENCE_S)
    assert [path.name for path in first.iterdir()] == [str(answers[0]["pid"])]


@pytest.mark.parametrize("confinement", ["landlock+seccomp", "namespaces"])
def test_a_run_that_loses_its_zygote_is_done_again(
    keep: Keep, output: Path, gate: Path, monkeypatch: pytest.MonkeyPatch, confinement: str
) -> None:
    if confinement == "namespaces":
        if not is_namespace_possible():
            pytest.skip("this machine allows no user namespaces")
        monkeypatch.setattr(running, "choose_confinement", lambda _mode: "namespaces")
    keeper = keep("honest:linger")
    former = get(keeper)
    started: list[dict[str, Any]] = []

    def kill_the_first_parent(message: dict[str, Any]) -> None:
        started.append(message)
        if len(started) == 1:
            assert message["parent"] == former.pid
            os.kill(former.pid, signal.SIGKILL)
        else:
            gate.write_text("open", encoding="utf-8")

    answer = run_forked(
        keeper,
        output,
        "honest:linger",
        request={"mark": 7},
        inputs={"gate": gate},
        on_message=kill_the_first_parent,
    )
    assert (answer["mark"], answer["pid"]) == (7, started[1]["pid"])
    assert not is_running(started[0]["pid"])
    assert [path.name for path in output.iterdir()] == [str(answer["pid"])]  # not what the first attempt left
    wait_until(lambda: get(keeper).pid != former.pid, "no other zygote was started")


def test_200_runs_leave_nothing(keeper: ZygoteKeeper, output: Path) -> None:
    zygote = get(keeper)
    run_forked(keeper, output, "honest:echo")
    mine, its = count_descriptors("self"), count_descriptors(zygote.pid)
    for number in range(200):
        assert run_forked(keeper, output, "honest:echo", request={"n": number}) == {"n": number}
    assert get(keeper) is zygote
    assert (count_descriptors("self"), count_descriptors(zygote.pid)) == (mine, its)
    assert list_children(zygote.pid) == []
    assert [path.name for path in output.parent.iterdir()] == ["output"]


def test_more_than_one_thread_is_never_forked(
    keep: Keep, output: Path, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = keep("start_thread_on_signal:main", "honest:echo")
    zygote = get(keeper)
    os.kill(zygote.pid, signal.SIGUSR1)
    tasks = Path(f"/proc/{zygote.pid}/task")
    wait_until(lambda: len(list(tasks.iterdir())) == 2, "no thread was started")
    with caplog.at_level(logging.WARNING):
        assert run_forked(keeper, output, "honest:echo", request={"a": 1}) == {"a": 1}
    assert "it has 2 threads" in caplog.text
    assert list_children(zygote.pid) == []


@pytest.mark.parametrize(
    "program", ["start_thread_at_import:main", "share_memory_at_import:main", "absent:main"]
)
def test_programs_that_no_zygote_can_import_run_without_one(
    keep: Keep, output: Path, caplog: pytest.LogCaptureFixture, program: str
) -> None:
    keeper = keep(program)
    with caplog.at_level(logging.WARNING):
        assert run_forked(keeper, output, "honest:echo", request={"a": 1}) == {"a": 1}
    assert "no zygote" in caplog.text
    assert keeper.find() is None


def test_a_zygote_of_another_version_is_not_used(
    keep: Keep, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forking, "ZYGOTE_PROTOCOL", 0)
    keeper = keep("honest:echo")
    assert keeper.find() is None
    assert run_forked(keeper, output, "honest:echo", request={"a": 1}) == {"a": 1}


def test_a_frozen_zygote_is_replaced(keep: Keep, output: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keeper = keep("honest:echo")
    former = get(keeper)
    monkeypatch.setattr(forking, "_LONGEST_SILENCE_S", 0.2)
    os.kill(former.pid, signal.SIGSTOP)
    assert run_forked(keeper, output, "honest:echo", request={"a": 1}) == {"a": 1}
    wait_until(lambda: not is_running(former.pid), "the frozen zygote was left")
    monkeypatch.undo()
    wait_until(lambda: get(keeper).pid != former.pid, "no other zygote was started")


def test_a_zygote_is_replaced_when_it_is_worn_or_outdated(
    keep: Keep, output: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = keep("honest:echo")
    zygotes = [get(keeper)]
    assert get(keeper) is zygotes[0]
    for name, value in (("fingerprint_code", lambda: 0), ("_MOST_CHILDREN", 1), ("_MOST_GROWTH_MIB", -1e6)):
        run_forked(keeper, output, "honest:echo")
        monkeypatch.setattr(forking, name, value)
        zygotes.append(get(keeper))
        assert zygotes[-1] is not zygotes[-2]
        wait_until(lambda: not is_running(zygotes[-2].pid), "the former zygote stayed")
        if name != "fingerprint_code":
            monkeypatch.undo()


@pytest.mark.parametrize(
    "room", ["confined/sandbox", "ingest/readers", "processing/engine", "repository/schema"]
)
def test_the_fingerprint_of_the_code_sees_a_change(
    room: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert (_CHECKOUT / room).is_dir()
    monkeypatch.setattr(forking, "CODE_ROOT", tmp_path)
    (tmp_path / room).mkdir(parents=True)
    before = forking.fingerprint_code()
    (tmp_path / room / "new.py").write_text("A = 1\n", encoding="utf-8")
    added = forking.fingerprint_code()
    os.utime(tmp_path / room / "new.py", ns=(1, 1))
    assert len({before, added, forking.fingerprint_code()}) == 3


def test_zygote_and_run_die_with_their_owner(output: Path) -> None:
    with subprocess.Popen(
        tie(sys.executable, "-c", _OWNER, output), cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as owner:
        assert owner.stdout is not None
        processes = [int(owner.stdout.readline()) for _ in range(2)]
        assert all(is_running(pid) for pid in processes)
        owner.send_signal(signal.SIGKILL)
        owner.wait()
        wait_until(lambda: not any(is_running(pid) for pid in processes), "something outlived its owner")


def test_the_thread_that_asked_first_may_end(keep: Keep, output: Path) -> None:
    """The death signal follows the thread that started a process; the zygote's lives as long as its owner."""
    keeper = keep("honest:echo")
    thread = threading.Thread(target=keeper.find)
    thread.start()
    thread.join()
    zygote = get(keeper)
    assert run_forked(keeper, output, "honest:echo", request={"a": 1}) == {"a": 1}
    assert (get(keeper), zygote.children) == (zygote, 1)


def test_what_a_run_used_is_told(
    keeper: ZygoteKeeper, output: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO), pytest.raises(SandboxError):
        run_forked(keeper, output, "hostile:crash")
    [line] = [record for record in caplog.records if record.getMessage().startswith("confined run: ")]
    assert isinstance(line.args, tuple)
    _, way, outcome, _, _, cpu_s, peak_mib = line.args
    assert (way, outcome) == ("forked", "reader_crashed")
    assert 0 < float(str(cpu_s)) < LIMITS.cpu_s
    assert float(str(peak_mib)) > 1
