from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from repository.schema.json_text import JsonTextError, read_json


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
            return read_json(stream.read().decode("utf-8"))
        except UnicodeDecodeError as error:
            raise ParseError(f"The body is not UTF-8 at byte {error.start}.") from error
        except JsonTextError as error:
            raise ParseError(str(error)) from error


class MergePatchParser(StrictJSONParser):
    """The same by the name that RFC 7396 gives to a document of changes."""

    media_type = "application/merge-patch+json"
