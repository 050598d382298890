"""What a killed supervisor may have left behind."""

import signal

from repository.project.stack.errors import StackError
from repository.project.stack.processes import kill_session, send_signal, wait_until_gone
from repository.project.stack.progress import Progress
from repository.project.stack.state import StackState

_SECONDS_TO_END = 20.0


def clear_remains(former: StackState, progress: Progress) -> None:
    """Wait for the parts of a killed supervisor, which the kernel told to stop; then end them.

    A process counts only when pid *and* start time agree, so that no stranger with a reused pid is touched.
    """
    left = former.list_living_parts()
    if not left:
        return
    progress.line(f"  waiting for {len(left)} processes of an earlier start to end")
    for identity in wait_until_gone(left, seconds=_SECONDS_TO_END):
        send_signal(identity.pid, signal.SIGKILL)
        kill_session(identity.pid)
    if still := wait_until_gone(left, seconds=5.0):
        pids = ", ".join(str(identity.pid) for identity in still)
        raise StackError(
            f"Processes of an earlier start do not end: {pids}. End them by hand, then start again."
        )
