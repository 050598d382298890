"""Answers that stand in the names of files: `*_{tilt}deg.dm4` takes what stands between `_` and `deg` for a field."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from repository.schema.documents.path_patterns import PIECES, WILD, Places, Token, fit, read_places

LONGEST_PATTERN = 300
_PIECES = re.compile(rf"({PIECES}|\{{[^{{}}]*\}})")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.]*(\[\][A-Za-z0-9_.]*)?")


class NamePatternError(ValueError):
    """The pattern cannot be read; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class NameMatch:
    """What a name says: text by the word in braces, with the place of it in the path (start and end)."""

    path: str
    texts: Mapping[str, str]
    spans: Mapping[str, tuple[int, int]]


def match_names(pattern: str, paths: Sequence[str]) -> list[NameMatch]:
    """Return what the names say that the pattern names, in the order of the paths.

    `*` and `?` stay within a folder, `**` crosses folders, and `{word}` is what stands there, as short as it can be:
    `*_{tilt}deg.dm4` takes -12.5 from `series_b_-12.5deg.dm4`. A pattern without a slash is compared with the name of a
    file in any folder.

    Raises
    ------
    NamePatternError
        Nothing stands in braces, a word stands there twice, or is no word.
    """
    tokens = _read_pattern(pattern)
    words = [token.word for token in tokens if token.word]
    matches = []
    for path in paths:
        name = path if "/" in pattern else PurePosixPath(path).name
        found = _match(tokens, name)
        if found is not None:
            shift = len(path) - len(name)
            spans = {
                word: (start + shift, end + shift) for word, (start, end) in zip(words, found, strict=True)
            }
            matches.append(NameMatch(path, {word: path[slice(*span)] for word, span in spans.items()}, spans))
    return matches


def list_words(pattern: str) -> list[str]:
    """Return the words in braces, in their order (NamePatternError as for `match_names`)."""
    return [token.word for token in _read_pattern(pattern) if token.word]


def _read_pattern(pattern: str) -> list[Token]:
    if len(pattern) > LONGEST_PATTERN:
        raise NamePatternError(f"The pattern is longer than {LONGEST_PATTERN} characters.")
    tokens: list[Token] = []
    for piece in filter(None, _PIECES.split(pattern.strip())):
        word = piece[1:-1].strip() if piece.startswith("{") else ""
        if piece.startswith("{") and _NAME.fullmatch(word) is None:
            raise NamePatternError(
                f"{piece} is no name of a field: write letters, digits and _ in the braces."
            )
        if word and word in {token.word for token in tokens}:
            raise NamePatternError(f"{piece} stands twice; each part of a name is one answer.")
        if word and tokens and tokens[-1].word:
            raise NamePatternError(
                f"Nothing parts {{{tokens[-1].word}}} and {piece}: where one ends and the other begins is a guess."
            )
        tokens.append(Token("{}" if word else piece, word))
    if not any(token.word for token in tokens):
        raise NamePatternError(
            "Nothing in the pattern stands in braces: write {field} where the answer is, as in *_{tilt}deg.dm4."
        )
    return tokens


def _match(tokens: Sequence[Token], name: str) -> list[tuple[int, int]] | None:
    """Return where the words stand, or None; the work grows with pattern times name, whatever the pattern is."""
    places = read_places(name)
    fits = [1 << places.size]
    for token in reversed(tokens):
        fits.append(fit(token, places, fits[-1]))
        if not fits[-1]:
            return None
    fits.reverse()
    if not fits[0] & 1:
        return None
    place, spans = 0, []
    for number, token in enumerate(tokens):
        start = place
        place = _advance(token, places, place, fits[number + 1])
        if token.word:
            spans.append((start, place))
    return spans


def _advance(token: Token, places: Places, place: int, after: int) -> int:
    """Return where the token ends: of a word as early as the rest allows, of what stands for anything as late."""
    if token.text == "?":
        return place + 1
    if token.word:
        ends = after >> (place + 1)
        return place + (ends & -ends).bit_length()
    if token.text not in WILD:
        return place + len(token.text)
    ends = after
    if token.text == "*":
        slashes = places.of.get("/", 0) >> place
        within = (slashes & -slashes).bit_length() if slashes else places.size + 1 - place
        ends &= (1 << (place + within)) - 1
    elif token.text == "**/":
        ends &= places.of.get("/", 0) << 1
    return max(place, ends.bit_length() - 1)
