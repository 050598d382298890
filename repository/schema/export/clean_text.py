"""Text that every export format can carry.

XML 1.0 has no way to write most control characters, lone surrogates or the two noncharacters that end the
basic plane. They are taken out once, when a record is built, so that no two exports of it can differ.
"""

import re

_NOT_IN_XML = re.compile("[^\\t\\n\\r\\u0020-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")


def clean_line(text: str) -> str:
    """Return `text` on one line: unwritable characters gone, each run of white space one space."""
    return " ".join(_NOT_IN_XML.sub("", text).split())


def clean_paragraphs(text: str) -> str:
    """Return `text` with line feeds as line breaks, unwritable characters gone, no space at either end."""
    return _NOT_IN_XML.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
