"""The command ``stemma``: arguments in, one result out, and an exit code that scripts can trust."""

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

import httpx

from stemma.commands import depositing, reading, sharing, sorting
from stemma.commands.arguments import build_parser
from stemma.commands.correcting import correct
from stemma.commands.identifying import identifying
from stemma.commands.login import login
from stemma.commands.output import (
    ERRORS_FOUND,
    INTERRUPTED,
    NO_SERVER,
    USAGE,
    ProgressStream,
    Result,
    open_missing_streams,
    print_json,
    print_text,
    silence,
)
from stemma.commands.table import table
from stemma.commands.techniques import techniques
from stemma.connection import Connection
from stemma.credentials import find_login
from stemma.depositing.drafts import Acknowledgement
from stemma.errors import (
    JsonObject,
    MissingDependencyError,
    RefusedError,
    StemmaError,
    UsageError,
    ValidationRefusedError,
)
from stemma.identifiers import parse_reference
from stemma.progress import Progress
from stemma.texts import hide_controls, read_system_text, show_system_text

Command = Callable[[argparse.Namespace, Connection, Progress], Result]
COMMANDS: dict[str, Command] = {
    "deposit": depositing.deposit,
    "validate": depositing.validate,
    "publish": depositing.publish,
    "correct": correct,
    "remove": depositing.remove,
    "sort": sorting.sort,
    "group": sorting.group,
    "role": sorting.role,
    "techniques": techniques,
    "table": table,
    "identifying": identifying,
    "groups": sharing.groups,
    "people": sharing.people,
    "links": sharing.links,
    "status": reading.status,
    "open": reading.show,
    "get": reading.get,
    "search": reading.search,
    "template": reading.template,
}
# Long work outlives a server's restart; a question is better answered at once, if only by "no answer".
PATIENT_COMMANDS = frozenset(
    {"deposit", "validate", "publish", "remove", "sort", "group", "role", "techniques", "table", "get"}
)
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
    open_missing_streams()
    for ending in _ENDINGS:
        if signal.getsignal(ending) is signal.SIG_DFL:  # under nohup it is to be ignored
            signal.signal(ending, _interrupt)
    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        os._exit(code)  # threads may still wait for an answer that nobody needs any more
    sys.exit(code)


def run(arguments: Sequence[str], *, transport: httpx.BaseTransport | None = None) -> int:
    """Run one command line and return its exit code; `transport` is for tests."""
    wants_json = "--json" in arguments
    messages = ProgressStream(sys.stderr)
    progress = Progress(messages)
    try:
        result = _dispatch(_parse(arguments), progress, transport)
    except StemmaError as fault:
        failed, code = fault, choose_exit_code(fault)
    except OSError as fault:
        named = f"{show_system_text(str(fault.filename))}: {fault.strerror}" if fault.filename else str(fault)
        failed, code = UsageError(f"{named}.", code="local_file"), USAGE
    except KeyboardInterrupt:
        failed, code = StemmaError("Interrupted.", code="interrupted"), INTERRUPTED
    else:
        progress.end()
        text = None if wants_json else result.text
        return _print(result.json, text, messages, result.exit_code)
    progress.end()
    _describe_fault(failed, messages)
    return _print(failed.as_problem(), None, messages, code) if wants_json else code


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Return the arguments, each text as it was meant: in some locales Python reads them wrongly."""
    parsed = build_parser().parse_args(list(arguments))
    for name, value in vars(parsed).items():
        setattr(parsed, name, _as_meant(value))
    return parsed


def _as_meant(value: Any) -> Any:
    if isinstance(value, list):
        return [_as_meant(one) for one in value]
    if isinstance(value, Acknowledgement):
        return Acknowledgement(_as_meant(value.code), _as_meant(value.note))
    if not isinstance(value, str):
        return value  # a path is opened as the system gave it
    try:
        return read_system_text(value)
    except ValueError as fault:
        raise UsageError(f"{show_system_text(value)} is not valid Unicode.", code="bad_text") from fault


def _print(content: JsonObject, text: str | None, messages: ProgressStream, code: int) -> int:
    """Print the result and return the exit code; a text goes to people, else the object to programs."""
    try:
        if text is None:
            print_json(content)
        else:
            print_text(text)
    except BrokenPipeError:
        silence(sys.stdout)  # `stemma search … | head` has read enough
    except (OSError, ValueError) as fault:
        silence(sys.stdout)
        reason = getattr(fault, "strerror", None) or fault
        messages.write(f"stemma: The result could not be written: {reason}. The work itself is done.\n")
        return code or USAGE
    return code


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


def _count_places(finding: JsonObject) -> str:
    places = finding.get("where") or ()
    return f" (in {len(places)})" if len(places) > 1 else ""


def _describe_fault(fault: StemmaError, messages: ProgressStream) -> None:
    lines = [f"stemma: {fault.message}"] + ([f"        {fault.hint}"] if fault.hint else [])
    lines += [
        f"  {finding.get('pointer') or finding.get('code')}: {finding.get('message')}{_count_places(finding)}"
        for finding in fault.findings
    ]
    messages.write("".join(f"{hide_controls(line)}\n" for line in lines))
    messages.flush()
