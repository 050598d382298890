"""Programs that do what readers and converters do."""

import os
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from repository.schema.findings import Finding

Send = Callable[[dict[str, Any]], None]
Answer = dict[str, Any]


class _RefusedError(Exception):
    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


def describe(_request: Answer, folder: Path, output: Path, send: Send) -> Answer:
    send({"type": "progress", "fraction": 0.5, "message": "half way"})
    sys.stdout.write("a library prints to stdout\n")
    (output / "deep").mkdir()
    (output / "deep" / "result.npy").write_bytes(b"123")
    with tempfile.NamedTemporaryFile() as file:
        file.write(b"temporary")
    return {
        "listing": sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*")),
        "contents": {
            path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8")
            for path in folder.rglob("*")
            if path.is_file()
        },
        "cwd_is_folder": Path.cwd() == folder,
        "environment": dict(os.environ),
        "descriptors": _open_descriptors(),
        "search_path": sys.path,
        "uid": os.getuid(),
    }


def _open_descriptors() -> list[int]:
    found = []
    for descriptor in range(256):
        try:
            os.fstat(descriptor)
        except OSError:
            continue
        found.append(descriptor)
    return found


def refuse(_request: Answer, folder: Path, _output: Path, _send: Send) -> Answer:
    raise _RefusedError(
        Finding(
            severity="error",
            code="truncated_file",
            message=f"{folder / 'scan.mib'} holds 3 of 16 frames.",
            hint="Upload the whole file.",
            layer="reading",
        )
    )


def echo(request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    return request


def map_sparse(request: Answer, folder: Path, _output: Path, _send: Send) -> Answer:
    array = np.memmap(folder / request["name"], np.uint8, "r")
    return {"size": int(array.size), "last": int(array[-1])}


def use_threads(_request: Answer, _folder: Path, _output: Path, _send: Send) -> Answer:
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(threading.get_native_id())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {"threads": len(seen)}


def linger(request: Answer, folder: Path, output: Path, send: Send) -> Answer:
    """Leave something behind, tell the own number, and go on once the input called `gate` says so."""
    (output / str(os.getpid())).write_bytes(b"half a result")
    send({"type": "started", "pid": os.getpid(), "parent": os.getppid()})
    while (folder / "gate").read_text(encoding="utf-8") != "open":
        time.sleep(0.01)
    return {"pid": os.getpid(), **request}
