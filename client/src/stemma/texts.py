"""Texts that pass through the system's own encoding: names of files, words of a command line, what is printed.

Where the locale is not UTF-8, Python reads a name in the wrong encoding or with surrogates in it. On disk a name is
bytes, and these are UTF-8 nearly everywhere: they are taken as such in both directions.
"""

import codecs
import os
import sys
import unicodedata

_PLAIN = {"…": "...", "–": "-", "—": "-", "−": "-", "→": "->", "×": "x", "·": "*", "µ": "u", "μ": "u"}
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")  # they turn the reading round
_ERRORS = "stemma_plain"


def read_system_text(text: str) -> str:
    """Return a name or an argument as its author wrote it.

    Raises
    ------
    ValueError
        Its bytes are no text.
    """
    if sys.platform != "win32":
        try:
            return os.fsencode(text).decode("utf-8")
        except UnicodeError:
            pass  # of another encoding, which the locale may name
    text.encode("utf-8")
    return text


def show_system_text(text: str) -> str:
    """Return a name for people and for JSON; bytes that are no text are shown by their numbers."""
    try:
        return read_system_text(text)
    except ValueError:
        return os.fsencode(text).decode("utf-8", "backslashreplace")


def to_system_name(name: str) -> str:
    """Return the name to open a file by, whatever the locale says."""
    return name if sys.platform == "win32" else os.fsdecode(name.encode("utf-8"))


def hide_controls(text: str) -> str:
    """Return a text that cannot steer a terminal: names and titles come from strangers."""
    if text.isprintable():
        return text
    return "".join(f"\\u{ord(symbol):04x}" if _steers(symbol) else symbol for symbol in text)


def _steers(symbol: str) -> bool:
    is_seen_to = symbol in "\n\t"
    return not is_seen_to and (unicodedata.category(symbol) in {"Cc", "Zl", "Zp"} or symbol in _TURNS)


def count_things(count: int, thing: str) -> str:
    """Return a number with its noun: `1 file`, `2 files`."""
    return f"{count} {thing}{'' if count == 1 else 's'}"


def one_line(text: str) -> str:
    return hide_controls(text).replace("\n", "\\n").replace("\t", " ")


def fit_encoding(text: str, encoding: str | None) -> str:
    """Return the text with what the encoding cannot hold in plain letters, or by its number."""
    name = encoding or "utf-8"
    try:
        return text.encode(name, _ERRORS).decode(name)
    except LookupError:
        return text.encode("ascii", _ERRORS).decode("ascii")


def _replace(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeEncodeError):
        raise fault
    symbols = fault.object[fault.start : fault.end]
    plain = (_PLAIN.get(one) or one.encode("ascii", "backslashreplace").decode("ascii") for one in symbols)
    return "".join(plain), fault.end


codecs.register_error(_ERRORS, _replace)
