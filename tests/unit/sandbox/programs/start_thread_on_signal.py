"""A program that gives its process a second thread when it is signaled: as a library does that is used too early."""

import signal
import threading
from typing import Any

_gate = threading.Event()


def _start_thread(*_: Any) -> None:
    threading.Thread(target=_gate.wait, daemon=True).start()


signal.signal(signal.SIGUSR1, _start_thread)


def main(*_: Any) -> dict[str, Any]:
    return {}
