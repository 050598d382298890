"""Start and end processes: own session, death signal, log, identity that survives pid reuse."""

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from project.stack.logs import open_log
from project.stack.system_user import SystemUser

_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Command:
    """A program to run, and how it is ended.

    Attributes
    ----------
    death_signal
        What the kernel sends when the supervisor itself dies, however it dies.
    stop_signal
        What an ordered stop sends first; `harder_signal` follows after `patience` seconds, SIGKILL at last.
    user
        The system user it runs as when root starts it.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    cwd: Path
    death_signal: signal.Signals = signal.SIGTERM
    stop_signal: signal.Signals = signal.SIGTERM
    harder_signal: signal.Signals = signal.SIGKILL
    patience: float = 10.0
    user: SystemUser | None = None


@dataclass(frozen=True, slots=True)
class ProcessIdentity:
    """A pid with its start time in clock ticks, which no later process with the same pid shares."""

    pid: int
    started: int

    def is_alive(self) -> bool:
        return identify(self.pid) == self


def identify(pid: int) -> ProcessIdentity | None:
    """Return the identity of a running process; a zombie does not run any more."""
    fields = _read_stat(pid)
    return None if not fields or fields[0] in "ZX" else ProcessIdentity(pid, int(fields[19]))


def is_stopped(pid: int) -> bool:
    """Tell whether a signal, such as SIGSTOP, holds a process."""
    return _read_stat(pid)[:1] == ["T"]


def list_pids() -> list[int]:
    """Return the pids of all processes on this machine, as far as they are shown."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]


def read_parent(pid: int) -> int:
    """Return the pid of the parent; 0 where there is none."""
    fields = _read_stat(pid)
    return int(fields[1]) if fields else 0


def read_name(pid: int) -> str:
    """Return the name of the program, which a changed title leaves alone."""
    return _read(pid, "comm").decode(errors="replace").strip()


def read_command_line(pid: int) -> tuple[str, ...]:
    return tuple(os.fsdecode(word) for word in _read(pid, "cmdline").split(b"\0") if word)


def read_variables(pid: int) -> dict[str, str]:
    """Return the environment that a process was started with; nothing where it is closed or overwritten."""
    pairs = (os.fsdecode(entry).partition("=") for entry in _read(pid, "environ").split(b"\0"))
    return {name: value for name, equals, value in pairs if equals}


def _read(pid: int, file: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{file}").read_bytes()
    except OSError:
        return b""


def _read_stat(pid: int) -> list[str]:
    """Return the fields of the process's status, beginning with its state; none when it is gone."""
    return _read(pid, "stat").decode(errors="replace").rpartition(")")[2].split()


def compose_launcher(death_signal: signal.Signals, user: SystemUser | None) -> list[str]:
    """Return the words before a command that tie its life to ours and, for root, drop to the system user."""
    launcher = ["setpriv", "--pdeathsig", death_signal.name.removeprefix("SIG")]
    if user is not None:
        launcher += ["--reuid", str(user.uid), "--regid", str(user.gid), "--clear-groups"]
    return launcher


def spawn(command: Command) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own.

    The death signal follows the *thread* that starts it, so call this from the main thread only.
    """
    with open_log(command.log) as log:
        return subprocess.Popen(
            [*compose_launcher(command.death_signal, command.user), *command.argv],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(command.environment),
            cwd=command.cwd,
            start_new_session=True,
        )


def end(process: subprocess.Popen[bytes], command: Command, *, patience: Callable[[], float]) -> None:
    """Stop a process in order, harder when it does not listen, and with it what it left behind.

    `patience` is asked again and again: a second Ctrl-C shortens it while we wait.
    """
    for step in (command.stop_signal, command.harder_signal):
        if process.poll() is None:
            send_signal(process.pid, step)
            _signal_session(process.pid, signal.SIGCONT)  # one that is stopped would not hear it
            _wait(process, patience)
    kill_session(process.pid)
    process.wait()


def end_group(process: subprocess.Popen[bytes], *, seconds: float) -> None:
    """Interrupt a program with the programs it started, as Ctrl-C in a terminal does."""
    with contextlib.suppress(ProcessLookupError):  # all of them are done
        os.killpg(process.pid, signal.SIGINT)
    _wait(process, lambda: seconds)
    kill_session(process.pid)
    process.wait()


def _wait(process: subprocess.Popen[bytes], patience: Callable[[], float]) -> None:
    begin = time.monotonic()
    while process.poll() is None and time.monotonic() - begin < patience():
        time.sleep(0.02)


def send_signal(pid: int, number: signal.Signals) -> None:
    """Signal one process, which may be gone already."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def kill_session(session: int) -> None:
    """Kill whatever still belongs to the session of a dead part, so that nothing holds its port or files."""
    _signal_session(session, signal.SIGKILL)


def _signal_session(session: int, number: signal.Signals) -> None:
    for pid in list_pids():
        if _read_stat(pid)[3:4] == [str(session)]:
            send_signal(pid, number)


def become_subreaper() -> None:
    """Adopt the orphans of dead parts (pool children, server workers), so that they can be ended."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def die_with_parent(number: signal.Signals, *, parent: int) -> None:
    """Ask the kernel for a signal when the parent of this process dies; send it when it is dead already."""
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, int(number), 0, 0, 0)
    if os.getppid() != parent:  # whoever adopts orphans, it need not be process 1
        os.kill(os.getpid(), number)


def list_children() -> list[int]:
    """Return the pids of all children of this process, the adopted ones too."""
    try:
        return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()]
    except OSError:
        return []


def end_orphans(known: set[int]) -> None:
    """Kill and reap adopted processes: their part is dead, and a fresh one takes over."""
    for pid in list_children():
        if pid not in known:
            send_signal(pid, signal.SIGKILL)
            try:
                os.waitpid(pid, 0)
            except ChildProcessError:
                continue


def end_adopted(known: set[int], *, seconds: float) -> None:
    """End what a finished command left running, in order where it listens; orphans that appear meanwhile too."""
    deadline = time.monotonic() + seconds
    told: set[int] = set()
    while (left := reap_adopted(known)) and time.monotonic() < deadline:
        for pid in left - told:
            send_signal(pid, signal.SIGTERM)
            send_signal(pid, signal.SIGCONT)
        told |= left
        time.sleep(0.05)
    while set(list_children()) - known:
        end_orphans(known)


def reap_adopted(known: set[int]) -> set[int]:
    """Bury the dead among the adopted processes; return the living ones."""
    left = set(list_children()) - known
    for pid in left.copy():
        try:
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                left.discard(pid)
        except ChildProcessError:
            left.discard(pid)
    return left


def wait_until_gone(identities: list[ProcessIdentity], *, seconds: float) -> list[ProcessIdentity]:
    """Wait for processes that are not our children; return those still alive at the end."""
    deadline = time.monotonic() + seconds
    alive = [identity for identity in identities if identity.is_alive()]
    while alive and time.monotonic() < deadline:
        time.sleep(0.05)
        alive = [identity for identity in alive if identity.is_alive()]
    return alive
