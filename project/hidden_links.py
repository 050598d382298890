"""Addresses that open an account are not written into logs: whoever reads a log may not use them."""

import logging
import re

_LINK = re.compile(r"(/accounts/(?:signup|confirm-email|password/reset/key)/)[^/\s\"']+")


def hide_links(text: str) -> str:
    """Return a line of a log without the keys of links that were mailed."""
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
