"""A program that tries what must not work, so that /readyz reports what holds and not what is installed."""

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any


def main(
    request: dict[str, Any], _folder: Path, output: Path, _send: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Return for each attempt whether it was stopped."""
    (output / "written").write_bytes(b"results can be written")
    return {
        "files": _is_stopped(lambda: Path(request["foreign_file"]).read_bytes()),
        "network": _is_stopped(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()),
        "processes": _is_stopped(_fork),
    }


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _is_stopped(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except OSError:
        return True
    return False
