"""Lines of logs: lost, not raised, while the disk takes none, for an answer must not fail for its log.

Addresses that open an account are not written into them: whoever reads a log may not use them.
"""

import logging
import re
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


_LINK = re.compile(r"(/accounts/(?:signup|confirm-email|password/reset/key)/|/shared/)[^/\s\"']+")


def hide_links(text: str) -> str:
    """Return a line of a log without the keys of links that were mailed or handed out."""
    return _LINK.sub(r"\1…", text)


class HideLinks(logging.Filter):
    """Takes the keys out of every record."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, without them."""
        line = record.getMessage()
        hidden = hide_links(line)
        if hidden != line:
            record.msg, record.args = hidden, ()
        return True
