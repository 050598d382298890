"""What the name of a camera settles: some record in one way only, and nobody is asked for another."""

import re
from collections.abc import Mapping
from typing import Any

from repository.schema.places import get_value
from repository.schema.questions.fields import load_catalogue

NAMING_FIELDS = ("camera.name", "camera.model")
_WORD = re.compile(r"[A-Za-z0-9]+")


def find_camera_mode(document: Mapping[str, Any]) -> str | None:
    """Return the one mode that the named camera has; None where it has several, is not known, or is not named."""
    words = {word.lower() for path in NAMING_FIELDS for word in _list_words(get_value(document, path))}
    modes = {
        mode for mode, names in load_catalogue().cameras.items() if words & {name.lower() for name in names}
    }
    return modes.pop() if len(modes) == 1 else None


def _list_words(name: Any) -> list[str]:
    return _WORD.findall(name) if isinstance(name, str) else []


def build_name_pattern() -> str:
    """Return a regular expression, for any validator, for the names of cameras that have one mode."""
    names = sorted(name for known in load_catalogue().cameras.values() for name in known)
    spelled = "|".join(
        "".join(f"[{letter.upper()}{letter.lower()}]" if letter.isalpha() else letter for letter in name)
        for name in names
    )
    return f"(^|[^A-Za-z0-9])({spelled})([^A-Za-z0-9]|$)"
