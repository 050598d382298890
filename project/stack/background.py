"""`start`, `stop` and `status`: work on a Stemma in the background."""

import signal
import subprocess
import sys
import time
from urllib.parse import urlsplit

from project.environment import CHECKOUT, StackEnvironment
from project.stack.credentials import read_credentials
from project.stack.health import ask_readiness
from project.stack.home import StackHome, prepare_home
from project.stack.lock import (
    Holder,
    HomeLock,
    describe_refusal,
    find_holder,
    one_start_at_a_time,
)
from project.stack.logs import read_tail, rotate_log
from project.stack.processes import identify, is_stopped, send_signal, wait_until_gone
from project.stack.remains import end_remains, find_remains, thaw
from project.stack.signals import StopSignals
from project.stack.state import PartStatus, StackState, load_state
from project.stack.terminal import Progress, StackError

_START_SECONDS = 300.0
_STOP_SECONDS = 60.0
_LOCK_SECONDS = 30.0
_INTERRUPTED = 130
NOT_RUNNING = 3


def start_in_background(environment: StackEnvironment, progress: Progress) -> int:
    """Start a supervisor that outlives this command; return once Stemma is ready, or failed."""
    home = prepare_home(environment.home)
    with one_start_at_a_time(home):
        if find_holder(home) is not None:
            return _wait_for_running(home, progress)
        return _start(home, progress)


def _start(home: StackHome, progress: Progress) -> int:
    signals = StopSignals()
    log = home.log_of("stack")
    rotate_log(log)
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "project.stack", "up"],
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
        if signals.count:  # whoever wanted it does not want it any more
            process.terminate()
            process.wait()
            _show_new_lines(home, shown, progress)
            return _INTERRUPTED
        signals.pause(0.1)
    raise StackError(f"Not ready after {_START_SECONDS:.0f} s. The end of {log}:\n{read_tail(log)}")


def _wait_for_running(home: StackHome, progress: Progress) -> int:
    """Somebody else started it: wait with them rather than start a second one."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and (holder := find_holder(home)) is not None:
        state = load_state(home.state)
        if not holder.is_supervisor:
            raise StackError(describe_refusal(home, holder))
        if state.phase == "ready" and state.supervisor_pid == holder.identity.pid:
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


def stop_background(home: StackHome, progress: Progress) -> int:
    """Stop whatever belongs to this home, with or without a supervisor; return once no process is left."""
    lock, was_running = HomeLock(home), False
    deadline = time.monotonic() + _LOCK_SECONDS
    while (holder := find_holder(home)) is not None or not _is_free(home, lock):
        if holder is not None and holder.is_supervisor:
            _end_supervisor(home, holder, progress)
            was_running = True
        elif holder is not None or time.monotonic() > deadline:
            raise StackError(describe_refusal(home, holder))
    try:
        ended = end_remains(home, load_state(home.state), progress)
    finally:
        lock.give_back()
    stopped = was_running or ended > 0
    progress.line("Stemma is stopped." if stopped else f"No Stemma is running in {home.root}.")
    return 0


def _is_free(home: StackHome, lock: HomeLock) -> bool:
    """Take the lock; a home whose folder was removed while it ran has none any more."""
    return not home.root.is_dir() or lock.acquire(seconds=0.2)


def _end_supervisor(home: StackHome, holder: Holder, progress: Progress) -> None:
    pid = holder.identity.pid
    send_signal(pid, signal.SIGTERM)
    send_signal(pid, signal.SIGCONT)
    thaw(find_remains(home, load_state(home.state), supervisor=pid))
    if wait_until_gone([holder.identity], seconds=_STOP_SECONDS):
        progress.line("It does not stop in order; it is ended now. The database recovers at the next start.")
        send_signal(pid, signal.SIGKILL)
        wait_until_gone([holder.identity], seconds=5.0)


def show_status(environment: StackEnvironment, progress: Progress) -> int:
    """Print the parts; return 0 when everything runs."""
    home = StackHome(environment.home)
    state = load_state(home.state)
    holder = find_holder(home)
    if holder is None or not holder.is_supervisor:
        return _show_remains(home, state, holder, progress)
    if state.supervisor != holder.identity:  # it has not written its own yet, or the file is lost
        progress.line(f"Stemma is starting, or its state is lost (process {holder.identity.pid})")
        return 1
    progress.line(
        f"Stemma is {state.phase} at {state.url or 'no address yet'} (process {holder.identity.pid})"
    )
    progress.line(f"  {'part':<12} {'state':<11} {'pid':>7} {'restarts':>8}  address")
    for part in state.parts:
        for line in describe_part(part):
            progress.line(line)
    if state.mail:
        progress.line(f"  {state.mail}")
    lacks = _show_health(home, state, progress) if state.phase == "ready" else ()
    return 0 if state.phase == "ready" and not lacks and _all_run(state) else 1


def _show_health(home: StackHome, state: StackState, progress: Progress) -> tuple[str, ...]:
    """Print what is not ready and how much is damaged; return the former."""
    address, token = urlsplit(state.url), read_credentials(home).token
    health = ask_readiness(address.hostname or "", address.port or 80, token=token)
    if health.missing:
        progress.line(f"  not ready: {', '.join(health.missing)}; {state.url}/readyz tells operators why")
    if health.damaged:
        progress.line(describe_damage(health.damaged))
    return health.missing


def describe_damage(count: int) -> str:
    """Return the line about damaged objects."""
    noun = "stored object is" if count == 1 else "stored objects are"
    return f"  {count} {noun} damaged: see Damaged bytes in the operator's guide (manage verify --list)"


def _show_remains(home: StackHome, state: StackState, holder: Holder | None, progress: Progress) -> int:
    """Say that no Stemma runs, and what a killed one left."""
    if holder is not None:
        progress.line(describe_refusal(home, holder))
        return NOT_RUNNING
    left = find_remains(home, state)
    if not left:
        progress.line(f"No Stemma is running in {home.root}. `make start` starts it.")
        return NOT_RUNNING
    progress.line(f"No supervisor runs in {home.root}, but these processes of an earlier start do:")
    for remnant in left:
        progress.line(f"  {remnant.part:<12} {'left over':<11} {remnant.identity.pid:>7}")
    progress.line("`make start` ends them and starts anew, `make stop` ends them.")
    return 1


def _all_run(state: StackState) -> bool:
    return all(
        part.state == "external" or (part.pid is not None and identify(part.pid) is not None)
        for part in state.parts
    )


def describe_part(part: PartStatus) -> list[str]:
    """Return the line of a part, and a second one when it needs attention."""
    is_frozen = part.pid is not None and is_stopped(part.pid)
    state = "frozen" if is_frozen else part.state
    lines = [
        f"  {part.name:<12} {state:<11} {part.pid or '-':>7} {part.restarts:>8}  {part.address}".rstrip()
    ]
    if is_frozen:
        lines.append(f"    somebody stopped it with a signal: kill -CONT {part.pid} lets it go on")
    if part.state in {"failing", "restarting"}:
        lines.append(f"    last ended with {part.last_exit}; see {part.log}")
    return lines
