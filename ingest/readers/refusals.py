"""Findings that readers give and the refusals that carry them; the codes are stable."""

from dataclasses import replace
from pathlib import Path
from typing import Any

from ingest.readers.contract import ReadRefusedError
from repository.schema.findings import Finding

UPLOAD_AGAIN = "Nothing is lost: the bytes are kept. Upload the file again from the original, whole."

PUBLISH_UNREAD = (
    "Readers can download it and see nothing of it here: acknowledge this to publish it so, stored, not read."
)


def refuse(code: str, message: str, hint: str) -> ReadRefusedError:
    """Build the refusal of one file, to be raised by the caller; the hint says what to do."""
    return ReadRefusedError(Finding("error", code, message, hint=hint, layer="reading"))


def decline(code: str, message: str, hint: str = "") -> ReadRefusedError:
    """Build the refusal of a sound file that holds what is not read; it may be published unread."""
    hint = f"{hint} {PUBLISH_UNREAD}".strip()
    return ReadRefusedError(Finding("warning", code, message, hint=hint, layer="reading"))


def refuse_truncated(path: Path, *, expected: int, actual: int, what: str = "") -> ReadRefusedError:
    """Build the refusal of a file that holds fewer bytes than its own header says."""
    detail = f" ({what})" if what else ""
    return refuse(
        "file_truncated",
        f"{path.name} is cut short: its header needs {expected} bytes, the file has {actual}{detail}.",
        UPLOAD_AGAIN,
    )


def warn(code: str, message: str, hint: str = "", *, pointer: str = "") -> Finding:
    """Build a warning about something that was read, but not as the depositor may expect."""
    return Finding("warning", code, message, pointer=pointer, hint=hint, layer="reading")


def as_warning(finding: Finding, without: str) -> Finding:
    """Return the refusal of a file that others are read without, as a warning; `without` says what readers get."""
    return replace(finding, severity="warning", hint=f"{without} {finding.hint}".strip())


def implausible(message: str, *, pointer: str = "") -> Finding:
    """Build a warning about what a header says and no instrument gives; it is kept there, and not used."""
    hint = (
        "Readers are shown nothing in its place; the header itself is kept as it is. Give the value yourself, and "
        "check that the file is whole: one damaged byte is enough."
    )
    return warn("header_implausible", message, hint, pointer=pointer)


def tell_surplus(path: Path, count: int, *, after: str) -> Finding:
    """Build the warning about bytes behind the end that a header tells of; what comes before is read."""
    return warn(
        "bytes_left_over",
        f"{path.name} has {count} bytes more than its header tells of, after {after}.",
        "Readers get what the header tells of. Check that nothing was appended, and that no part is missing.",
    )


def tell(code: str, message: str, hint: str = "") -> Finding:
    """Build a finding that is only shown."""
    return Finding("info", code, message, hint=hint, layer="reading")


def ask_scan_shape(*, positions: int, name: str, **suggestion: Any) -> Finding:
    """Build the question for the scan shape; `scan_shape` in the metadata answers it."""
    guess = suggestion.get("guess")
    hint = f"{guess[0]} × {guess[1]} would fit. " if guess else ""
    return Finding(
        "error",
        "scan_shape_missing",
        f"{name} holds {positions} patterns and does not say how they lie on the specimen.",
        pointer="/scan_shape",
        hint=f"{hint}Give the scan shape as rows × columns, {positions} in all; "
        "or say that it is no raster: scan `positions`, or scan `none` and which series.",
        layer="reading",
    )
