"""Log lines that are lost, not raised, while the disk takes none: an answer must not fail for its log."""

from contextlib import suppress
from typing import Any

import structlog


class EnduringLogger(structlog.PrintLogger):
    """Prints; a full or read-only disk is no reason to break what was being logged."""

    def msg(self, message: str) -> None:
        """Print a line, if that is possible."""
        with suppress(OSError):
            super().msg(message)

    log = debug = info = warn = warning = msg
    fatal = failure = err = error = critical = exception = msg


class EnduringLoggerFactory:
    """Makes them."""

    def __call__(self, *_: Any) -> EnduringLogger:
        """Return a logger that prints to standard output."""
        return EnduringLogger()
