"""From the way a run ended to the sentence that a microscopist reads.

Everything the child says is untrusted text here: it is cut, cleaned of paths of this machine, and only
chooses among the outcomes below.
"""

import re
import signal
from typing import Any, cast, get_args

from confined.sandbox.errors import (
    ReaderAccessError,
    ReaderCpuLimitError,
    ReaderCrashedError,
    ReaderFailedError,
    ReaderFileSizeError,
    ReaderMemoryLimitError,
    ReaderProtocolError,
    ReaderTimeoutError,
    SandboxDiskFullError,
    SandboxError,
    SandboxRefusalError,
    SandboxUnavailableError,
)
from confined.sandbox.resource_limits import GIB, MIB, Limits
from repository.schema.findings import Finding, Layer, Severity
from repository.schema.questions.fields import load_catalogue

_KEPT = "The uploaded bytes are kept unchanged."
_TELL_US = f"{_KEPT} If the vendor's program opens the file, please report it: the details are in the log."
_CODE = re.compile(r"[a-z][a-z0-9_-]{0,63}")
_ABSOLUTE_PATH = re.compile(r"(?<![\w.:/])/(?:[^\s/'\"<>|:;,()\[\]]+/)+([^\s/'\"<>|:;,()\[\]]*)")
_MAX_MESSAGE, _MAX_HINT = 600, 1000


def describe_failure(answer: dict[str, Any], limits: Limits, replacements: dict[str, str]) -> SandboxError:
    """Return the error for an answer of type `failed`."""
    match answer.get("kind"):
        case "memory":
            return describe_memory(limits)
        case "file_size":
            return describe_file_size(limits)
        case "disk_full":
            return describe_disk_full()
        case "access":
            return _describe_access(str(answer.get("attempted")))
    name = clean_text(str(answer.get("error", "")), replacements, 80) or "an error"
    text = clean_text(str(answer.get("text", "")), replacements, _MAX_MESSAGE)
    message = f"The reader stopped with an error it does not explain: {name}" + (f": {text}" if text else "")
    return ReaderFailedError(
        _unread("reader_failed", message, f"The file may be damaged or of an unusual kind. {_TELL_US}")
    )


def describe_refusal(answer: dict[str, Any], replacements: dict[str, str]) -> SandboxError:
    """Return the error for an answer of type `refused`: the reader's own finding, if well formed."""
    raw = answer.get("finding")
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        return describe_protocol_violation("a refusal without a finding")
    severity, layer = raw.get("severity"), raw.get("layer", "reading")
    if (
        severity not in get_args(Severity)
        or layer not in get_args(Layer)
        or not _CODE.fullmatch(raw.get("code", ""))
    ):
        return describe_protocol_violation("a refusal without a finding")
    return SandboxRefusalError(
        Finding(
            severity=cast("Severity", severity),
            code=raw["code"],
            message=clean_text(raw.get("message", ""), replacements, _MAX_MESSAGE),
            pointer=_clean_pointer(raw.get("pointer", "")),
            hint=clean_text(raw.get("hint", ""), replacements, _MAX_HINT),
            layer=cast("Layer", layer),
            why=clean_text(raw.get("why", ""), replacements, _MAX_HINT),
        )
    )


def describe_exit(status: int, cpu_s: float, limits: Limits, log: str) -> SandboxError:
    """Return the error for a process that ended without an answer; `status` is negative for a signal."""
    number = -status
    if number == signal.SIGXCPU or (number == signal.SIGKILL and cpu_s >= limits.cpu_s):
        return describe_cpu_limit(limits)
    if number == signal.SIGXFSZ:
        return describe_file_size(limits)
    if number == signal.SIGKILL:
        return describe_memory(limits)  # nobody else kills it: the kernel ran out of memory
    if number == signal.SIGABRT and any(
        word in log for word in ("bad_alloc", "MemoryError", "out of memory")
    ):
        return describe_memory(limits)
    if number == signal.SIGSYS:
        return _describe_access("process")
    how = (
        f"by signal {_signal_name(number)}"
        if number > 0
        else f"with exit status {status} and without an answer"
    )
    return ReaderCrashedError(
        _finding(
            "reader_crashed",
            f"The program that reads this file crashed ({how}).",
            f"The file is probably damaged or cut off, or made to harm its reader. {_TELL_US}",
        )
    )


def describe_timeout(limits: Limits) -> SandboxError:
    """Return the error for a run that outlived its time on the clock."""
    return ReaderTimeoutError(
        _unread(
            "reader_timeout",
            f"Reading did not end within {_duration(limits.wall_s)} and was stopped.",
            f"A damaged header can send a reader round in circles. {_TELL_US}",
        )
    )


def describe_cpu_limit(limits: Limits) -> SandboxError:
    """Return the error for a run that used up its processor time."""
    return ReaderCpuLimitError(
        _unread(
            "reader_cpu_limit",
            f"Reading used more than {_duration(limits.cpu_s)} of processor time and was stopped.",
            f"A damaged header can send a reader round in circles. {_TELL_US}",
        )
    )


def describe_memory(limits: Limits) -> SandboxError:
    """Return the error for a run that wanted too much memory."""
    return ReaderMemoryLimitError(
        _unread(
            "reader_memory_limit",
            f"Reading this file wanted more memory than a reader may have ({_size(limits.data_bytes)}).",
            "A damaged header, or a compressed file that claims a huge array, does this: compare the sizes "
            f"in the header with the size of the file. {_KEPT}",
        )
    )


def describe_file_size(limits: Limits) -> SandboxError:
    """Return the error for a result file that grew too large."""
    return ReaderFileSizeError(
        _unread(
            "reader_file_size_limit",
            f"A result made from this file grew beyond {_size(limits.file_bytes)} and was stopped.",
            f"A damaged header can claim an array far larger than the file. {_KEPT}",
        )
    )


def describe_disk_full() -> SandboxError:
    """Return the error for a disk without room for results."""
    return SandboxDiskFullError(
        _finding(
            "storage_full",
            "There was no room left on the server while this file was converted.",
            f"Not a fault of the file. {_KEPT} Conversion is tried again once the operator has made room.",
        )
    )


def describe_protocol_violation(reason: str) -> SandboxError:
    """Return the error for a process that does not keep to the protocol."""
    return ReaderProtocolError(
        _finding(
            "reader_protocol_violation",
            f"The program that reads this file answered wrongly ({reason}); its answer was thrown away.",
            f"A file made to take over its reader can do this, or a fault of the reader. {_TELL_US}",
        )
    )


def describe_not_started(reason: str) -> SandboxError:
    """Return the error for a child that could not confine itself, and therefore looked at nothing."""
    return SandboxUnavailableError(
        _finding(
            "reader_unavailable",
            "This server could not start a confined reader, so the file was stored and not read.",
            f"Not a fault of the file. {_KEPT} Reading is tried again once the operator has put it right.",
        ),
        log=reason,
    )


def _describe_access(attempted: str) -> SandboxError:
    what, code = {
        "network": ("open a network connection", "reader_opened_network"),
        "process": ("start or stop another program", "reader_started_process"),
    }.get(
        attempted, ("open or change something else than the files of this upload", "reader_opened_other_file")
    )
    return ReaderAccessError(
        _finding(
            code,
            f"This file tried to make the reader {what}; that was refused.",
            "Links and absolute paths inside a file are not followed. Put the data into the file itself, or "
            f"upload what it refers to beside it, under its plain name. {_KEPT}",
        )
    )


def _clean_pointer(text: str) -> str:
    """Return the pointer of a finding; what names a field of the document is no path of this machine."""
    if text.removeprefix("/").replace("/", ".") in load_catalogue().measurement:
        return text
    return clean_text(text, {}, 300)


def clean_text(text: str, replacements: dict[str, str], limit: int) -> str:
    """Return untrusted text without control characters or paths of this machine, cut to `limit`."""
    for path, shown in replacements.items():
        text = text.replace(path, shown)
    text = _ABSOLUTE_PATH.sub(lambda match: f"…/{match[1]}" if match[1] else "…", text)
    text = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _unread(code: str, message: str, hint: str) -> Finding:
    """Build the finding about a file that may well be sound: it can be published unread once that is acknowledged."""
    hint = f"{hint} Acknowledge this to publish the file as it is: stored, not read."
    return Finding(severity="warning", code=code, message=message, hint=hint, layer="reading")


def _finding(code: str, message: str, hint: str) -> Finding:
    return Finding(severity="error", code=code, message=message, hint=hint, layer="reading")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _duration(seconds: float) -> str:
    return f"{seconds:g} s" if seconds < 120 else f"{seconds / 60:.0f} minutes"  # noqa: PLR2004 - reads better


def _size(size: int) -> str:
    return f"{size / GIB:.1f} GiB" if size >= GIB else f"{size / MIB:.0f} MiB"
