"""The command ``stemma``: arguments in, one result out, and an exit code that scripts can trust."""

import argparse
import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType

import httpx

from stemma.commands import depositing, reading
from stemma.commands.arguments import build_parser
from stemma.commands.login import login
from stemma.commands.result import ERRORS_FOUND, INTERRUPTED, NO_SERVER, USAGE, Result
from stemma.connection import Connection
from stemma.credentials import find_login
from stemma.errors import (
    MissingDependencyError,
    RefusedError,
    StemmaError,
    UsageError,
    ValidationRefusedError,
)
from stemma.identifiers import parse_reference
from stemma.progress import Progress

Command = Callable[[argparse.Namespace, Connection, Progress], Result]
COMMANDS: dict[str, Command] = {
    "deposit": depositing.deposit,
    "validate": depositing.validate,
    "publish": depositing.publish,
    "remove": depositing.remove,
    "status": reading.status,
    "open": reading.show,
    "get": reading.get,
    "search": reading.search,
    "template": reading.template,
}
# Long work outlives a server's restart; a question is better answered at once, if only by "no answer".
PATIENT_COMMANDS = frozenset({"deposit", "validate", "publish", "remove", "get"})
PATIENCE_S = 600.0
SHORT_PATIENCE_S = 5.0
# What a corrected command can mend: a wrong value, or an id that names nothing here.
_BAD_REQUESTS = frozenset({400, 404, 422})


# Asked to end in whatever way, a command still tidies up behind itself.
_ENDINGS = (signal.SIGTERM,) if sys.platform == "win32" else (signal.SIGTERM, signal.SIGHUP)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main() -> None:
    """Run the command and end the process with its exit code."""
    for ending in _ENDINGS:
        if signal.getsignal(ending) is signal.SIG_DFL:  # under nohup it is to be ignored
            signal.signal(ending, _interrupt)
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(0)  # `stemma search … | head` has read enough
    sys.stderr.flush()
    if code == INTERRUPTED:
        os._exit(code)  # threads may still wait for an answer that nobody needs any more
    sys.exit(code)


def run(arguments: Sequence[str], *, transport: httpx.BaseTransport | None = None) -> int:
    """Run one command line and return its exit code; `transport` is for tests."""
    wants_json = "--json" in arguments
    progress = Progress(sys.stderr)
    try:
        result = _dispatch(build_parser().parse_args(list(arguments)), progress, transport)
    except StemmaError as fault:
        progress.end()
        _print_fault(fault, wants_json=wants_json)
        return choose_exit_code(fault)
    except OSError as fault:
        progress.end()
        named = f"{fault.filename}: {fault.strerror}" if fault.filename else str(fault)
        _print_fault(UsageError(f"{named}.", code="local_file"), wants_json=wants_json)
        return USAGE
    except KeyboardInterrupt:
        progress.end()
        progress.note("Interrupted.")
        return INTERRUPTED
    progress.end()
    print(json.dumps(result.json, indent=2, ensure_ascii=False) if wants_json else result.text)  # noqa: T201 - its purpose
    return result.exit_code


def choose_exit_code(fault: StemmaError) -> int:
    """Return 2 for what the person can mend in the command, 3 for findings, 4 for the rest."""
    if isinstance(fault, UsageError | MissingDependencyError):
        return USAGE
    if isinstance(fault, ValidationRefusedError) and fault.findings:
        return ERRORS_FOUND
    if isinstance(fault, RefusedError) and fault.status in _BAD_REQUESTS:
        return USAGE
    return NO_SERVER


def read_patience(command: str, text: str | None) -> float:
    """Return for how many seconds to go on without an answer; STEMMA_RETRY_SECONDS overrides."""
    if not text:
        return PATIENCE_S if command in PATIENT_COMMANDS else SHORT_PATIENCE_S
    try:
        return float(text)
    except ValueError as fault:
        raise UsageError(f"STEMMA_RETRY_SECONDS is {text!r}, which is no number of seconds.") from fault


def _dispatch(
    parsed: argparse.Namespace, progress: Progress, transport: httpx.BaseTransport | None
) -> Result:
    if parsed.command == "login":
        return login(parsed, progress, transport)
    record_id = getattr(parsed, "id", None)
    # An address names its server; that helps where no other is known.
    named = parse_reference(record_id).server if record_id else None
    known = find_login(os.environ, fallback_url=named)
    patience = read_patience(parsed.command, os.environ.get("STEMMA_RETRY_SECONDS"))
    with Connection(
        known.url, known.token, retry_seconds=patience, transport=transport, on_wait=progress.waiting
    ) as connection:
        return COMMANDS[parsed.command](parsed, connection, progress)


def _print_fault(fault: StemmaError, *, wants_json: bool) -> None:
    if wants_json:
        print(json.dumps(fault.as_problem(), indent=2, ensure_ascii=False))  # noqa: T201 - its purpose
    sys.stderr.write(f"stemma: {fault.message}\n" + (f"        {fault.hint}\n" if fault.hint else ""))
    for finding in fault.findings:
        sys.stderr.write(f"  {finding.get('pointer') or finding.get('code')}: {finding.get('message')}\n")
