"""What becomes of a measurement or file with the next version, in words."""

from collections.abc import Mapping

FATE_WORDS: Mapping[str, str] = {
    "publish": "Publish",
    "private": "Keep private",
    "discard": "Discard",
}
"""What a person asks for."""
_STANDS: Mapping[str, str] = {"private": "kept private", "discard": "discarded when you publish"}


def describe_fate(fate: str) -> str:
    """Return what becomes of a measurement that is not to be published; nothing of the others."""
    return _STANDS.get(fate, "")
