"""JSON as strangers write it: what the standard has and the database can keep as it is, and nothing else."""

import json
import sys
from typing import Any

DEEPEST = 40
LARGEST = sys.float_info.max
LONGEST_INTEGER = 400
"""More digits than any number up to `LARGEST` has; turning them into a number is work, so it is not begun."""


class JsonTextError(ValueError):
    """The text is no JSON, or holds what cannot be kept; says what and where."""


def read_json(text: str) -> Any:
    """Return what a JSON text says: no NaN or Infinity, no repeated keys, no bottomless nesting.

    Raises
    ------
    JsonTextError
        With what is wrong and where.
    """
    try:
        document = json.loads(
            text,
            parse_int=_read_integer,
            parse_constant=_refuse_constant,
            object_pairs_hook=_refuse_repeats,
        )
    except json.JSONDecodeError as error:
        raise JsonTextError(
            f"The JSON breaks at line {error.lineno}, column {error.colno}: {error.msg}."
        ) from error
    except RecursionError as error:
        raise JsonTextError("The JSON is nested too deeply.") from error
    require_storable(document)
    return document


def require_storable(value: Any, depth: int = 0) -> None:
    """Refuse what the database cannot keep as it is: NUL characters, lone surrogates, bottomless nesting.

    Raises
    ------
    JsonTextError
        With the reason.
    """
    if depth > DEEPEST:
        raise JsonTextError("The JSON is nested too deeply.")
    if isinstance(value, str):
        if "\x00" in value:
            raise JsonTextError("A text holds a NUL character, which cannot be stored.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise JsonTextError("A text holds half a character (a lone surrogate), which cannot be stored.")
    elif isinstance(value, dict):
        for key, item in value.items():
            require_storable(key, depth + 1)
            require_storable(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            require_storable(item, depth + 1)
    elif isinstance(value, int | float) and abs(value) > LARGEST:
        raise JsonTextError("A number is too large to be represented.")


def _read_integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise JsonTextError("A number is too large to be represented.")
    return int(digits)


def _refuse_constant(name: str) -> None:
    raise JsonTextError(f"{name} is not a JSON number; leave the field out or declare it as not recorded.")


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise JsonTextError(f"The key {key[:80]!r} stands twice in one object.")
        document[key] = value
    return document
