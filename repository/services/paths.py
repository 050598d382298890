"""The form of a file's path inside a deposit."""

import unicodedata

from repository.errors import InvalidPathError
from repository.schema.file_names import find_name_fault, read_rule, suggest_name

_LONGEST_SHOWN = 80  # a line of text


def normalize_path(text: str) -> str:
    """Return the path in the form that is stored: as it was sent, in Unicode NFC.

    Raises
    ------
    InvalidPathError
        It breaks the rule of `repository.schema.file_names`; nothing else is made of it.
    """
    fault = find_name_fault(text)
    if fault is None:
        return unicodedata.normalize("NFC", text)
    suggestion = suggest_name(text)
    advice = f"Rename it, for example to {_shorten(suggestion)}. " if suggestion else ""
    raise InvalidPathError(
        f"The name {_shorten(text)} {fault.says}.", hint=f"{advice}{read_rule()['hint']}", pointer="/path"
    )


def _shorten(text: str) -> str:
    printable = "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
    is_long = len(printable) > _LONGEST_SHOWN
    return f"“{printable[:_LONGEST_SHOWN]}…”" if is_long else f"“{printable}”"
