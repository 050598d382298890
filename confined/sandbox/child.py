"""The confined process: `python -P -m confined.sandbox.child REQUEST_FD ANSWER_FD PARENT_PID`, or a fork of the zygote.

It imports its program, restricts itself, runs the program and answers. What it says is untrusted: the
parent decides what an answer means.
"""

import errno
import importlib
import os
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Never

from confined.sandbox.confinement import UnsafeProgramError, confine
from confined.sandbox.protocol import encode_message, read_message
from confined.sandbox.resource_limits import Limits, die_with_parent, volunteer_for_the_out_of_memory_killer
from repository.schema.findings import Finding

_KIND_OF_EVENT = {
    "socket.__new__": "network",
    "socket.connect": "network",
    "socket.bind": "network",
    "subprocess.Popen": "process",
    "os.fork": "process",
    "os.forkpty": "process",
    "os.exec": "process",
    "os.posix_spawn": "process",
    "os.system": "process",
    "os.kill": "process",
    "open": "file",
}
_MAX_TEXT = 2000
_SIZE_WORDS = ("file too large",)
_SPACE_WORDS = ("no space left on device", "disk quota exceeded")
_MEMORY_WORDS = (
    "cannot allocate memory",
    "memory allocation failed",
    "unable to allocate",
    "bad_alloc",
    "out of memory",
)
_ACCESS_WORDS = ("permission denied", "operation not permitted", "can't open file", "unable to open external")
# the last two are HDF5 on a link out of the file


class _LastAttempt:
    """Remembers what was tried last, so that "not permitted" can be told as a sentence."""

    def __init__(self) -> None:
        self.kind = "file"

    def watch(self, event: str, _arguments: tuple[Any, ...]) -> None:
        if event in _KIND_OF_EVENT:
            self.kind = _KIND_OF_EVENT[event]


def main(request_fd: int, answer_fd: int, parent: int) -> Never:
    """Serve one request and end without the interpreter's shutdown, which native libraries make unsafe."""
    started = time.perf_counter()
    die_with_parent(parent)
    volunteer_for_the_out_of_memory_killer()
    order = read_message(lambda size: os.read(request_fd, size))
    os.close(request_fd)
    settle_in(order["environment"])

    def send(message: dict[str, Any]) -> None:
        _write_all(answer_fd, encode_message(message))

    inputs, output = Path(order["inputs"]), Path(order["output"])
    try:
        program = load_program(order["program"])
        confine(
            order["confinement"],
            inputs=inputs,
            objects=tuple(Path(path) for path in order["objects"]),
            writable=(output, Path(order["temporary"])),
            limits=Limits(**order["limits"]),
        )
    except (ImportError, AttributeError, OSError, ValueError, UnsafeProgramError) as error:
        traceback.print_exc()
        send({"type": "not_started", "text": f"{type(error).__name__}: {error}"[:_MAX_TEXT]})
        os._exit(1)
    os.chdir(inputs)
    send({"type": "confined", "startup_s": round(time.perf_counter() - started, 4)})
    send(_run(program, order["request"], inputs, output, send))
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)


def settle_in(environment: Mapping[str, str]) -> None:
    """Take the environment of this run; a fork still has that of the zygote, and what libraries read from it."""
    os.environ.clear()
    os.environ.update(environment)
    tempfile.tempdir = environment["TMPDIR"]
    if (config := sys.modules.get("numba.core.config")) is not None:
        config.reload_config()  # where compiled code is kept


def load_program(name: str) -> Callable[..., Any]:
    """Import what is called `module:function`."""
    module, _, function = name.partition(":")
    program: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return program


def _run(
    program: Callable[..., Any],
    request: dict[str, Any],
    inputs: Path,
    output: Path,
    send: Callable[[dict[str, Any]], None],
) -> dict[str, Any]:
    attempt = _LastAttempt()
    sys.addaudithook(attempt.watch)
    try:
        result = program(request, inputs, output, send)
        answer = {"type": "result", "result": result}
        encode_message(answer)
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a reader raises becomes an answer, here only
        answer = describe_error(error, attempt.kind)  # before the traceback is printed, which opens files
        traceback.print_exc()
    return answer


def describe_error(error: BaseException, attempted: str = "file") -> dict[str, Any]:
    """Return the answer that tells the parent what stopped the program."""
    finding = getattr(error, "finding", None)
    if isinstance(finding, Finding):
        return {"type": "refused", "finding": finding.as_dict()}
    return {
        "type": "failed",
        "kind": _kind_of(error),
        "attempted": attempted,
        "error": type(error).__name__,
        "text": str(error)[:_MAX_TEXT],
    }


def _kind_of(error: BaseException | None) -> str:
    while error is not None:
        if isinstance(error, MemoryError):
            return "memory"
        number = getattr(error, "errno", None) if isinstance(error, OSError) else None
        text = str(error).lower()
        if number == errno.EFBIG or any(words in text for words in _SIZE_WORDS):
            return "file_size"
        if number in {errno.ENOSPC, errno.EDQUOT} or any(words in text for words in _SPACE_WORDS):
            return "disk_full"
        if number == errno.ENOMEM or any(words in text for words in _MEMORY_WORDS):
            return "memory"
        if number in {errno.EACCES, errno.EPERM} or any(words in text for words in _ACCESS_WORDS):
            return "access"
        error = error.__cause__
    return "error"


def _write_all(descriptor: int, content: bytes) -> None:
    view = memoryview(content)
    while view:
        view = view[os.write(descriptor, view) :]


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
