"""Patterns that name paths: `*` and `?` within a folder, `**` across folders. The work is bounded whatever they say.

A pattern comes from a person or a program. As a regular expression, one with many stars would be tried in all ways
before a long name is found not to fit; here all places of a name are looked at together, once for each piece of the
pattern: as bits of one number, of which bit n is set where the rest of the name fits from its character n on.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath

PIECES = r"\*\*/|\*\*|\*|\?"
WILD = frozenset({"**/", "**", "*", "?"})
_SIGNS = frozenset("*?")
_PIECES = re.compile(f"({PIECES})")


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a pattern: a text, an open place, or an open place with a word."""

    text: str
    word: str = ""


@dataclass(frozen=True, slots=True)
class Places:
    """Where the characters of a name stand.

    Attributes
    ----------
    of
        By character: the places where it stands, as bits.
    open
        The places within a folder: of every character but the slash.
    """

    size: int
    of: Mapping[str, int]
    open: int


@lru_cache(maxsize=256)
def read_places(name: str) -> Places:
    """Return where the characters of a name stand."""
    of: dict[str, int] = {}
    for place, character in enumerate(name):
        of[character] = of.get(character, 0) | 1 << place
    size = len(name)
    return Places(size, of, ((1 << size) - 1) & ~of.get("/", 0))


def fits_pattern(name: str, pattern: str) -> bool:
    """Say whether the whole of a name is what a pattern says."""
    tokens, shortest = _read_tokens(pattern)
    if shortest > len(name) or not _has_ends(name, tokens):
        return False
    places = read_places(name)
    fits = 1 << places.size
    for token in reversed(tokens):
        fits = fit(token, places, fits)
    return bool(fits & 1)


def matches_pattern(path: str, pattern: str) -> bool:
    """Say whether a path is named by a pattern.

    Equal texts always match (also with brackets in them). `*` and `?` stay within a folder, `**` crosses
    folders; a pattern without a slash is compared with the name of the file in any folder.
    """
    path, pattern = path.removeprefix("./"), pattern.removeprefix("./")
    if path == pattern:
        return True
    name = path if "/" in pattern else PurePosixPath(path).name
    # In a deposit of many files most patterns are plain paths: what they cost is paid for each pair.
    if not _SIGNS.intersection(pattern):
        return name == pattern
    return name == pattern or fits_pattern(name, pattern)


def _has_ends(name: str, tokens: tuple[Token, ...]) -> bool:
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


def fit(token: Token, places: Places, after: int) -> int:
    """Return from which places on the rest of the name fits, given where it does after this token."""
    if token.word:
        return places.open & (_reach_back(places, after) >> 1)
    if token.text == "*":
        return _reach_back(places, after)
    if token.text == "?":
        return places.open & (after >> 1)
    if token.text == "**":
        return _fill_below(after)
    if token.text == "**/":
        return after | _fill_below(places.of.get("/", 0) & (after >> 1))
    here = after >> len(token.text)
    for offset, character in enumerate(token.text):
        here &= places.of.get(character, 0) >> offset
        if not here:
            break
    return here


def _fill_below(bits: int) -> int:
    """Return all places up to the last one that is set."""
    return (1 << bits.bit_length()) - 1


def _reach_back(places: Places, bits: int) -> int:
    """Return the places from which one of these is reached without a slash: twice as far with every step."""
    passed, step = places.open, 1
    while passed and bits and step <= places.size:
        bits |= passed & (bits >> step)
        passed &= passed >> step
        step *= 2
    return bits
