"""Patterns that name paths: `*` and `?` within a folder, `**` across folders. The work is bounded whatever they say.

A pattern comes from a person or a program. As a regular expression, one with many stars would be tried in all ways
before a long name is found not to fit; here each place of a name is looked at once for each piece of the pattern.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

PIECES = r"\*\*/|\*\*|\*|\?"
WILD = frozenset({"**/", "**", "*", "?"})
_PIECES = re.compile(f"({PIECES})")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a pattern: a text, an open place, or an open place with a word."""

    text: str
    word: str = ""

    def is_open(self, character: str) -> bool:
        """Say whether one more character may stand in the place."""
        return self.text == "**" or character != "/"


def fits_pattern(name: str, pattern: str) -> bool:
    """Say whether the whole of a name is what a pattern says."""
    tokens, shortest = _read_tokens(pattern)
    if shortest > len(name) or not _has_ends(name, tokens):
        return False
    fits = [False] * len(name) + [True]
    for token in reversed(tokens):
        fits = fit(token, name, fits)
    return fits[0]


def _has_ends(name: str, tokens: Sequence[Token]) -> bool:
    """Say whether a name begins and ends with the texts that the pattern does: most names are refused by that."""
    if not tokens:
        return not name
    first, last = tokens[0].text, tokens[-1].text
    return (first in WILD or name.startswith(first)) and (last in WILD or name.endswith(last))


@lru_cache(maxsize=1024)
def _read_tokens(pattern: str) -> tuple[tuple[Token, ...], int]:
    """Return the pieces, and how many characters a name has at least; stars side by side are one piece."""
    tokens: list[Token] = []
    for piece in filter(None, _PIECES.split(pattern)):
        if tokens and {piece, tokens[-1].text} <= {"*", "**"}:
            tokens[-1] = Token("**" if "**" in {piece, tokens[-1].text} else "*")
        elif not (tokens and piece == tokens[-1].text == "**/"):
            tokens.append(Token(piece))
    shortest = sum(
        1 if token.text == "?" else len(token.text) for token in tokens if token.text not in WILD - {"?"}
    )
    return tuple(tokens), shortest


def fit(token: Token, name: str, after: Sequence[bool]) -> list[bool]:
    """Return from which places on the rest of the name fits, given where it does after this token."""
    size = len(name)
    here = [False] * (size + 1)
    open_from = [False] * (size + 1)  # the rest fits after some characters of an open place, or none
    for place in range(size, -1, -1):
        character = name[place] if place < size else ""
        if token.text == "**/":
            ends = bool(character) and character == "/" and after[place + 1]
            open_from[place] = ends or (bool(character) and open_from[place + 1])
            here[place] = after[place] or open_from[place]
        elif token.text == "?":
            here[place] = bool(character) and character != "/" and after[place + 1]
        elif token.word or token.text in WILD:
            goes_on = bool(character) and token.is_open(character) and open_from[place + 1]
            open_from[place] = after[place] or goes_on
            here[place] = goes_on if token.word else open_from[place]
        else:
            end = place + len(token.text)
            here[place] = end <= size and name.startswith(token.text, place) and after[end]
    return here
