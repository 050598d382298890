"""Run one program over hostile bytes."""

import logging
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from confined.sandbox.availability import Mode, choose_confinement
from confined.sandbox.confinement import Confinement
from confined.sandbox.conversation import Conversation, OutOfSpaceError, OutOfTimeError
from confined.sandbox.errors import SandboxError
from confined.sandbox.forking import ZygoteKeeper, ZygoteLostError, ZygoteUnavailableError
from confined.sandbox.layout import PrivateFolder, empty_folder, private_folder
from confined.sandbox.outcomes import (
    clean_text,
    describe_disk_full,
    describe_exit,
    describe_failure,
    describe_not_started,
    describe_protocol_violation,
    describe_refusal,
    describe_timeout,
)
from confined.sandbox.processes import FreshProcess, Start, run_environment
from confined.sandbox.protocol import ProtocolViolationError, encode_message
from confined.sandbox.resource_limits import Limits

_logger = logging.getLogger(__name__)
_FINAL_TYPES = frozenset({"result", "refused", "failed", "not_started"})
_MAX_PROGRESS_TEXT = 300


def run_confined(
    *,
    program: str,
    request: Mapping[str, Any],
    inputs: Mapping[str, Path],
    output: Path,
    limits: Limits,
    on_message: Callable[[dict[str, Any]], None],
    mode: Mode = "strict",
    compiled_cache: Path | None = None,
    zygotes: ZygoteKeeper | None = None,
) -> dict[str, Any]:
    """Run `program` in a process of its own that sees `inputs`, writes `output` and can do nothing else.

    Parameters
    ----------
    program
        `module:function` with the signature `(request, folder, output, send) -> dict`. Trusted; imported
        before the process is confined.
    request
        Plain JSON for the program.
    inputs
        Name inside the folder (relative, may hold folders and any Unicode) -> stored file. Shown read-only,
        not copied.
    output
        An existing private folder; results are written there. Look at them with `collect_output` only.
    limits
        Bounds on time, memory and files.
    on_message
        Called with each message `{"type": …}` while the program runs; an error raised here ends the run and
        passes on.
    mode
        `weak` runs without file confinement where this machine offers none; `strict` refuses.
    compiled_cache
        Trusted numba cache, from which the program loads while it is imported; out of its reach once confined.
    zygotes
        Gives the process that is forked for this run; without one, or where it fails, the run gets an interpreter
        of its own.

    Returns
    -------
    dict
        What the program returned: untrusted, but plain JSON of bounded size without NUL, lone surrogates,
        NaN or infinity.

    Raises
    ------
    SandboxError
        No result; its subclass says why and its finding tells the depositor.
    """
    confinement = choose_confinement(mode)
    with private_folder(inputs=inputs, beside=output.parent) as folder:
        run = _Run(
            program=program,
            folder=folder,
            output=output.resolve(),
            limits=limits,
            on_message=on_message,
            environment=run_environment(folder.temporary, compiled_cache),
        )
        # Unconfined as it is, a weak run could reach into a zygote's memory: it gets an interpreter of its own.
        return run.result(dict(request), inputs, confinement, zygotes if confinement != "weak" else None)


class _Run:
    """One run from the order to the answer."""

    def __init__(
        self,
        *,
        program: str,
        folder: PrivateFolder,
        output: Path,
        limits: Limits,
        on_message: Callable[[dict[str, Any]], None],
        environment: Mapping[str, str],
    ) -> None:
        self._environment = environment
        self._program = program
        self._folder = folder
        self._output = output
        self._limits = limits
        self._on_message = on_message
        self._answer: dict[str, Any] | None = None
        self._startup_s = 0.0

    def result(
        self,
        request: dict[str, Any],
        inputs: Mapping[str, Path],
        confinement: Confinement,
        zygotes: ZygoteKeeper | None,
    ) -> dict[str, Any]:
        shown = {str(path): name for name, path in zip(inputs, self._folder.objects, strict=True)}
        shown |= {str(path): name for name, path in inputs.items()}
        shown |= {
            f"{self._folder.inputs}/": "",
            f"{self._output}/": "",
            str(self._folder.temporary): "temporary",
        }
        order = self._order(request, confinement)
        zygote = None if zygotes is None else zygotes.find()
        if zygote is not None:
            try:
                return self._converse(order, shown, zygote.fork, "forked")
            except ZygoteUnavailableError as error:
                _logger.warning(
                    "%s starts an interpreter, because the zygote did not fork: %s", self._program, error
                )
            except ZygoteLostError:
                _logger.warning("%s starts again in an interpreter, because the zygote ended", self._program)
                self._forget()
        return self._converse(order, shown, partial(FreshProcess, environment=self._environment), "fresh")

    def _forget(self) -> None:
        """Take away what the lost attempt left."""
        self._answer = None
        for folder in (self._output, self._folder.temporary):
            empty_folder(folder)

    def _converse(self, order: bytes, shown: dict[str, str], start: Start, way: str) -> dict[str, Any]:
        started = time.monotonic()
        with Conversation(start, wall_s=self._limits.wall_s) as conversation:
            error = self._hold(conversation, order)
            ending = conversation.end(at_once=error is not None)
            log = conversation.log.text()
        if error is None:
            error = self._judge(
                ending.status, ending.cpu_s, log, shown, ended_by_itself=ending.ended_by_itself
            )
        _logger.info(
            "confined run: %s, %s, %s, %.2f s (start-up %.2f s), %.3f CPU s, peak %.0f MiB",
            self._program, way, "done" if error is None else error.finding.code, time.monotonic() - started,
            self._startup_s, ending.cpu_s, ending.peak_mib,
        )  # fmt: skip
        if error is not None:
            error.log = "\n".join(text for text in (error.log, log) if text)
            _logger.warning(
                "confined run of %s failed (%s):\n%s", self._program, error.finding.code, error.log
            )
            raise error
        assert self._answer is not None  # noqa: S101 - judged above
        outcome: dict[str, Any] = self._answer["result"]
        return outcome

    def _hold(self, conversation: Conversation, order: bytes) -> SandboxError | None:
        try:
            conversation.carry(order, self._receive, disk=self._output, free_bytes=self._limits.free_bytes)
        except OutOfTimeError:
            return describe_timeout(self._limits)
        except OutOfSpaceError:
            return describe_disk_full()
        except ProtocolViolationError as violation:
            return describe_protocol_violation(str(violation))
        return None

    def _receive(self, message: dict[str, Any]) -> bool:
        kind = message.get("type")
        if not isinstance(kind, str):
            raise ProtocolViolationError("a message without a type")
        if kind in _FINAL_TYPES:
            self._answer = message
            return True
        if kind == "confined":
            self._startup_s = (
                float(message["startup_s"]) if isinstance(message.get("startup_s"), float) else 0.0
            )
        else:
            self._on_message(_check_progress(message) if kind == "progress" else message)
        return False

    def _judge(
        self, status: int, cpu_s: float, log: str, shown: dict[str, str], *, ended_by_itself: bool
    ) -> SandboxError | None:
        answer = self._answer or {"type": "none"}
        error: SandboxError | None = None
        if answer["type"] == "refused":
            error = describe_refusal(answer, shown)
        elif answer["type"] == "failed":
            error = describe_failure(answer, self._limits, shown)
        elif answer["type"] == "not_started":
            error = describe_not_started(clean_text(str(answer.get("text")), {}, _MAX_PROGRESS_TEXT))
        elif answer["type"] == "result" and not ended_by_itself:
            error = describe_protocol_violation("it went on after its answer")
        elif answer["type"] == "none" or status != 0:
            error = describe_exit(status, cpu_s, self._limits, log)
        elif not isinstance(answer.get("result"), dict):
            error = describe_protocol_violation("an answer that is not an object")
        return error

    def _order(self, request: dict[str, Any], confinement: Confinement) -> bytes:
        return encode_message(
            {
                "program": self._program,
                "request": request,
                "confinement": confinement,
                "limits": self._limits.as_dict(),
                "inputs": str(self._folder.inputs),
                "objects": [str(path) for path in self._folder.objects],
                "output": str(self._output),
                "temporary": str(self._folder.temporary),
                "environment": dict(self._environment),
            }
        )


def _check_progress(message: dict[str, Any]) -> dict[str, Any]:
    fraction = message.get("fraction", 0.0)
    if isinstance(fraction, bool) or not isinstance(fraction, int | float) or not 0 <= fraction <= 1:
        raise ProtocolViolationError("a progress that is not a fraction")
    text = clean_text(str(message.get("message", "")), {}, _MAX_PROGRESS_TEXT)
    return {**message, "fraction": float(fraction), "message": text}
