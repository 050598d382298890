"""One result of validation or of a consistency check, as every layer speaks of it."""

from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
Layer = Literal["file", "reading", "structure", "quantity", "cross_field", "consistency"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found, where, and what the depositor can do about it.

    Attributes
    ----------
    severity
        An `error` blocks publishing, a `warning` is acknowledged, an `info` is only shown.
    code
        Stable, lower case with underscores; programs and acknowledgements refer to it.
    message
        What and where, in one sentence for a microscopist.
    pointer
        JSON pointer into the metadata document, or empty when the finding concerns a whole file.
    hint
        Why it matters and what to do.
    layer
        Which kind of check spoke; the layers are reported apart.
    """

    severity: Severity
    code: str
    message: str
    pointer: str = ""
    hint: str = ""
    layer: Layer = "structure"

    def as_dict(self) -> dict[str, Any]:
        """Return the form that the API and the command line show."""
        return {
            "severity": self.severity,
            "code": self.code,
            "pointer": self.pointer,
            "message": self.message,
            "hint": self.hint,
            "layer": self.layer,
        }
