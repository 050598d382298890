"""Programs that tests start end with the test process, and that one with the session, whatever is killed."""

import os
import signal
from pathlib import Path
from types import FrameType

from project.stack.processes import compose_launcher, die_with_parent


def tie(*words: str | Path) -> list[str]:
    """Return the command line of a program that the kernel kills when this process dies."""
    return [*compose_launcher(signal.SIGKILL, None), *map(str, words)]


def follow_the_session() -> None:
    """Let this test process be interrupted by SIGTERM as by Ctrl-C, and die with the session that it works for.

    A worker of a killed session would go on with its test until it noticed, and then leave without tidying up.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    if "PYTEST_XDIST_WORKER" in os.environ:
        die_with_parent(signal.SIGKILL, parent=os.getppid())


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Let fixtures tidy up; whoever asks twice does not want to wait."""
    del frame
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt
