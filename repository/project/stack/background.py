"""`start`, `stop` and `status`: work on a Stemma in the background."""

import signal
import subprocess
import sys
import time

from repository.project.environment import CHECKOUT, StackEnvironment
from repository.project.stack.errors import StackError
from repository.project.stack.home import StackHome, prepare_home
from repository.project.stack.lock import is_locked
from repository.project.stack.logs import read_tail, rotate_log
from repository.project.stack.processes import identify, kill_session, send_signal, wait_until_gone
from repository.project.stack.progress import Progress
from repository.project.stack.state import PartStatus, StackState, load_state

_START_SECONDS = 300.0
_STOP_SECONDS = 60.0
NOT_RUNNING = 3


def start_in_background(
    environment: StackEnvironment, progress: Progress, *, extra: tuple[str, ...] = ()
) -> int:
    """Start a supervisor that outlives this command; return once Stemma is ready, or failed."""
    home = prepare_home(environment.home)
    if is_locked(home):
        return _wait_for_running(home, progress)
    log = home.log_of("stack")
    rotate_log(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "repository.project.stack", "up", *extra],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=CHECKOUT,
            start_new_session=True,
        )
    shown = 0
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        shown = _show_new_lines(home, shown, progress)
        state = load_state(home.state)
        if state.phase == "ready" and state.supervisor_pid == process.pid:
            _show_new_lines(home, shown, progress)
            progress.line("It runs in the background: `make stop` ends it, `make status` shows its parts.")
            return 0
        if process.poll() is not None:
            _show_new_lines(home, shown, progress)
            return process.returncode or 1
        time.sleep(0.1)
    raise StackError(f"Not ready after {_START_SECONDS:.0f} s. The end of {log}:\n{read_tail(log)}")


def _wait_for_running(home: StackHome, progress: Progress) -> int:
    """Somebody else started it: wait with them rather than start a second one."""
    deadline = time.monotonic() + _START_SECONDS
    while is_locked(home) and time.monotonic() < deadline:
        state = load_state(home.state)
        if state.phase == "ready":
            progress.line(f"Stemma is already running at {state.url} (process {state.supervisor_pid}).")
            return 0
        time.sleep(0.2)
    raise StackError(f"Another start did not succeed; see {home.log_of('stack')}, then start again.")


def _show_new_lines(home: StackHome, shown: int, progress: Progress) -> int:
    text = home.log_of("stack").read_text(encoding="utf-8", errors="replace")
    complete = text.rpartition("\n")[0].splitlines()
    for line in complete[shown:]:
        progress.line(line)
    return max(shown, len(complete))


def stop_background(environment: StackEnvironment, progress: Progress) -> int:
    """Stop whatever runs in this home; return once no process is left."""
    home = StackHome(environment.home)
    state = load_state(home.state)
    supervisor = state.supervisor
    if supervisor is not None and supervisor.is_alive():
        send_signal(supervisor.pid, signal.SIGTERM)
        if wait_until_gone([supervisor], seconds=_STOP_SECONDS):
            progress.line(
                "It does not stop in order; it is ended now. The database recovers at the next start."
            )
            send_signal(supervisor.pid, signal.SIGKILL)
            wait_until_gone([supervisor], seconds=5.0)
    elif not state.list_living_parts():
        progress.line(f"No Stemma is running in {home.root}.")
        return 0
    # Without a supervisor the kernel has told the parts to stop.
    for identity in wait_until_gone(load_state(home.state).list_living_parts(), seconds=20.0):
        send_signal(identity.pid, signal.SIGKILL)
        kill_session(identity.pid)
    progress.line("Stemma is stopped.")
    return 0


def show_status(environment: StackEnvironment, progress: Progress) -> int:
    """Print the parts; return 0 when everything runs."""
    home = StackHome(environment.home)
    state = load_state(home.state)
    supervisor = state.supervisor
    if supervisor is None or not supervisor.is_alive():
        progress.line(f"No Stemma is running in {home.root}. `make start` starts it.")
        return NOT_RUNNING
    progress.line(f"Stemma is {state.phase} at {state.url or 'no address yet'} (process {supervisor.pid})")
    progress.line(f"  {'part':<10} {'state':<11} {'pid':>7} {'restarts':>8}  address")
    for part in state.parts:
        for line in describe_part(part):
            progress.line(line)
    return 0 if state.phase == "ready" and _all_run(state) else 1


def _all_run(state: StackState) -> bool:
    return all(
        part.state == "external" or (part.pid is not None and identify(part.pid) is not None)
        for part in state.parts
    )


def describe_part(part: PartStatus) -> list[str]:
    """Return the line of a part, and a second one when it needs attention."""
    lines = [
        f"  {part.name:<10} {part.state:<11} {part.pid or '-':>7} {part.restarts:>8}  {part.address}".rstrip()
    ]
    if part.state in {"failing", "restarting"}:
        lines.append(f"    last ended with {part.last_exit}; see {part.log}")
    return lines
