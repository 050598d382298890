"""What a command hands back, how it ended, and how it is printed.

Whatever the terminal can show and however the pipe ends: work that is done stays done.
"""

import io
import json
import os
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from stemma.errors import JsonObject
from stemma.texts import fit_encoding, hide_controls

DONE = 0
USAGE = 2
ERRORS_FOUND = 3
NO_SERVER = 4
LEFT_OUT = 5
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Result:
    """`json` is what ``--json`` prints, `text` what people read."""

    json: JsonObject
    text: str
    exit_code: int = DONE


class ProgressStream(io.TextIOBase):
    """Standard error for progress: what cannot be shown is replaced, and nobody listening stops nothing."""

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream

    def isatty(self) -> bool:
        try:
            return self._stream is not None and self._stream.isatty()
        except ValueError:
            return False  # closed

    def write(self, text: str) -> int:
        if self._stream is not None:
            try:
                self._stream.write(fit_encoding(text, self._stream.encoding))
            except (OSError, ValueError):
                self._give_up(self._stream)
        return len(text)

    def flush(self) -> None:
        if self._stream is not None:
            try:
                self._stream.flush()
            except (OSError, ValueError):
                self._give_up(self._stream)

    def _give_up(self, stream: TextIO) -> None:
        self._stream = None
        silence(stream)


def print_json(content: JsonObject) -> None:
    """Print exactly one object; where the encoding cannot hold a name, in ASCII with escapes.

    Raises
    ------
    OSError
        Nobody takes it, or the disk is full.
    """
    text = json.dumps(content, indent=2, ensure_ascii=False)
    try:
        text.encode(_encoding())
    except (UnicodeEncodeError, LookupError):
        text = json.dumps(content, indent=2)
    _write(text)


def print_text(text: str) -> None:
    """Print for people.

    Raises
    ------
    OSError
        Nobody takes it, or the disk is full.
    """
    _write(fit_encoding(hide_controls(text), _encoding()))


def open_missing_streams() -> None:
    """Put something in the place of a standard stream that was closed before the command began."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(os.open(os.devnull, os.O_RDWR), mode, encoding="utf-8"))


def silence(stream: TextIO) -> None:
    """Send what a broken stream still holds nowhere: Python would complain of it at the very end."""
    with suppress(OSError, ValueError), Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), stream.fileno())


def _encoding() -> str:
    return sys.stdout.encoding or "utf-8"


def _write(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
