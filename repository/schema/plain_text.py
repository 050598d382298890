"""What a person is told: no folder of this machine, and no name out of the program.

Sentences are written for people where they are made; this is the border behind which a library's own words, which quote
paths and classes, never pass.
"""

import re
from functools import cache
from pathlib import Path

UNKNOWN_FAULT = "The server made a mistake; it is in its log, and nothing that was stored is lost."

# The first folder decides: addresses of the API and pointers into documents begin with none of this machine's.
_ABSOLUTE = re.compile(r"(?<![\w.:/~…])/([\w.@+-]+)((?:/[^\s/'\"<>|:;,()\[\]]+)+)/?")
_CLASS_SUFFIX = r"(?:Error|Exception|Warning|Exit|Interrupt|Iteration|Forbidden|Timeout|Disconnect)"
_CLASS = re.compile(rf"\b(?:[A-Za-z_]\w*\.)*[A-Z]\w*[A-Za-z0-9]{_CLASS_SUFFIX}\b(?:\(\)|:)?\s*")
_OBJECT = re.compile(
    r"<(?:class|function|module|bound method|built-in)?\s*'?[\w.]+'?(?: object)?(?: at 0x[0-9a-f]+)>"
)
_CLASS_OBJECT = re.compile(r"<(?:class|function|module) '?[^<>]*'?>")
_ERRNO = re.compile(r"\[Errno -?\d+\]\s*")
# "ZeroDivisionError: …", "DoesNotExist", "KeyError('x')": what a worker writes down of an exception.
_RAISED = re.compile(
    rf"^(?:[A-Za-z_]\w*\.)*(?:[A-Z]\w*{_CLASS_SUFFIX}|Exception|Warning|[A-Z][a-z0-9]+(?:[A-Z][A-Za-z0-9]*)+)(?::\s|\(|$)"
)
_LEFT_OVER = re.compile(r":\s*$")


def hide_internals(text: str) -> str:
    """Return a sentence without paths of this machine, names of classes and addresses of objects.

    Of a path its last part is kept: it may be the name of the person's own file.
    """
    if "/" in text:
        text = _ABSOLUTE.sub(_shorten, text)
    text = _CLASS.sub("", _CLASS_OBJECT.sub("a value", _OBJECT.sub("a value", text)))
    return _LEFT_OVER.sub(".", _ERRNO.sub("", text))


def describe_reason(reason: str) -> str:
    """Return why work failed, for a person; the words of an exception that nobody foresaw say nothing to one."""
    if _RAISED.match(reason):
        return UNKNOWN_FAULT
    return hide_internals(reason)


def _shorten(match: re.Match[str]) -> str:
    if match[1] not in _list_top_folders():
        return match[0]
    return f"…/{match[0].rstrip('/').rsplit('/', maxsplit=1)[-1]}"


@cache
def _list_top_folders() -> frozenset[str]:
    return frozenset(entry.name for entry in Path("/").iterdir())
