import json
import sys
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST = 40
LARGEST = sys.float_info.max
LONGEST_INTEGER = 400
"""More digits than any number up to `LARGEST` has; turning them into a number is work, so it is not begun."""


class StrictJSONParser(JSONParser):
    """JSON as the standard has it: no NaN or Infinity, no repeated keys, no bottomless nesting."""

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed document.

        Raises
        ------
        ParseError
            With what is wrong and where.
        """
        del media_type, parser_context
        try:
            document = json.loads(
                stream.read().decode("utf-8"),
                parse_int=_read_integer,
                parse_constant=_refuse_constant,
                object_pairs_hook=_refuse_repeats,
            )
            require_storable(document)
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8 at byte {error.start}.") from error
        except json.JSONDecodeError as error:
            raise ParseError(
                f"The JSON breaks at line {error.lineno}, column {error.colno}: {error.msg}."
            ) from error
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        except ValueError as error:
            raise ParseError(str(error)) from error
        return document


class MergePatchParser(StrictJSONParser):
    """The same by the name that RFC 7396 gives to a document of changes."""

    media_type = "application/merge-patch+json"


def require_storable(value: Any, depth: int = 0) -> None:
    """Refuse what the database cannot keep as it is: NUL characters, lone surrogates, bottomless nesting.

    Raises
    ------
    ValueError
        With the reason.
    """
    if depth > DEEPEST:
        raise ValueError("The JSON is nested too deeply.")
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("A text holds a NUL character, which cannot be stored.")
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise ValueError("A text holds half a character (a lone surrogate), which cannot be stored.")
    elif isinstance(value, dict):
        for key, item in value.items():
            require_storable(key, depth + 1)
            require_storable(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            require_storable(item, depth + 1)
    elif isinstance(value, int | float) and abs(value) > LARGEST:
        raise ValueError("A number is too large to be represented.")


def _read_integer(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER:
        raise ValueError("A number is too large to be represented.")
    return int(digits)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number; leave the field out or declare it as not recorded.")


def _refuse_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for key, value in pairs:
        if key in document:
            raise ValueError(f"The key {key[:80]!r} stands twice in one object.")
        document[key] = value
    return document
