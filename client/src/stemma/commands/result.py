"""What a command hands back: one object, the same as text, and how it ended."""

from dataclasses import dataclass

from stemma.errors import JsonObject

DONE = 0
USAGE = 2
ERRORS_FOUND = 3
NO_SERVER = 4
LEFT_OUT = 5
INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Result:
    """`json` is what ``--json`` prints, `text` what people read."""

    json: JsonObject
    text: str
    exit_code: int = DONE
