"""Patterns of paths mean what a regular expression of them would, and no pattern costs more than its length allows."""

import re
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from repository.schema.documents import path_patterns
from repository.schema.documents.path_patterns import Token, fits_pattern

NAMES = st.text("ab/.", max_size=9)
PATTERNS = st.lists(st.sampled_from(["a", "b", ".", "/", "*", "?", "**", "**/"]), max_size=7).map("".join)


@st.composite
def near_pairs(draw: st.DrawFn) -> tuple[str, str]:
    """Return a name, and a pattern that often fits it: at some places of the name stands what may be open there."""
    name = draw(st.text("ab/", min_size=1, max_size=6))
    pieces = [draw(st.sampled_from([character] * 3 + ["?", "*", "**", "**/"])) for character in name]
    return name, "".join(pieces)


def translate(pattern: str) -> str:
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(wild.get(piece, re.escape(piece)) for piece in re.split(r"(\*\*/|\*\*|\*|\?)", pattern))


@given(NAMES, PATTERNS)
def test_a_pattern_means_what_a_regular_expression_of_it_does(name: str, pattern: str) -> None:
    assert fits_pattern(name, pattern) is (re.fullmatch(translate(pattern), name) is not None)


@given(near_pairs())
def test_a_pattern_that_nearly_fits_means_what_a_regular_expression_of_it_does(pair: tuple[str, str]) -> None:
    name, pattern = pair
    assert fits_pattern(name, pattern) is (re.fullmatch(translate(pattern), name) is not None)


def test_an_open_place_within_a_folder_holds_no_slash() -> None:
    assert not fits_pattern("a/b", "a?b")
    assert not fits_pattern("a/b", "a*b")
    assert fits_pattern("a/b", "a**b")


def test_a_pattern_of_many_stars_looks_at_each_character_of_a_name_once() -> None:
    looked_at = 0

    class Counting(str):
        __slots__ = ()

        def __getitem__(self, key: object) -> str:
            nonlocal looked_at
            looked_at += 1
            return super().__getitem__(key)  # type: ignore[index]

        def __iter__(self) -> Iterator[str]:
            nonlocal looked_at
            for character in super().__iter__():
                looked_at += 1
                yield character

    name = Counting("a" * 199 + "c")
    assert not fits_pattern(name, "*a" * 60 + "*b*c")
    assert not fits_pattern(name, "*a" * 60 + "*bc*c")
    assert fits_pattern(name, "*a" * 60 + "*c")
    assert 0 < looked_at <= 200


def test_stars_side_by_side_and_more_than_a_name_can_hold_cost_nothing() -> None:
    tokens, shortest = path_patterns._read_tokens("*" * 9_999 + "a" + "**/" * 9_999)
    assert (tokens, shortest) == ((Token("**"), Token("a"), Token("**/")), 1)
    assert not fits_pattern("ab", "?*" * 9_999)
