import itertools
import random

import pytest

from repository.schema.identifiers import (
    ALPHABET,
    InvalidIdentifierError,
    build_id,
    generate_id,
    parse_id,
)

VECTORS = [
    ([0, 0, 0, 0, 0, 0, 0], "0000-0000"),
    ([0, 0, 0, 0, 0, 0, 1], "0000-0012"),
    ([1, 0, 0, 0, 0, 0, 0], "1000-000m"),
    ([1, 2, 3, 4, 5, 6, 7], "1234-567y"),
    ([10, 10, 10, 10, 10, 10, 10], "aaaa-aaa7"),
    ([25, 26, 27, 28, 29, 30, 31], "stvw-xyz9"),
    ([31, 31, 31, 31, 31, 31, 31], "zzzz-zzzc"),
]


@pytest.mark.parametrize(("symbols", "text"), VECTORS)
def test_vectors(symbols: list[int], text: str) -> None:
    assert build_id(symbols) == text
    assert parse_id(text) == text


def test_generated_ids_are_valid_and_differ() -> None:
    found = {generate_id() for _ in range(500)}
    assert len(found) == 500
    assert all(parse_id(text) == text and len(text) == 9 for text in found)


@pytest.mark.parametrize("typed", ["STVW-XYZ9", "stvwxyz9", "  stvw-xyz9\n", "st-vw-xy-z9"])
def test_people_type_ids_in_many_ways(typed: str) -> None:
    assert parse_id(typed) == "stvw-xyz9"


def test_lookalikes_are_read_as_digits() -> None:
    assert parse_id("OOOO-oolZ".replace("Z", "2")) == "0000-0012"
    assert parse_id("iooo-ooom") == parse_id("looo-ooom") == "1000-000m"


@pytest.mark.parametrize(
    "wrong", ["", "0000-000", "0000-00000", "uuuu-uuuu", "1234-567z", "10.5072/1234-567y", "ſtvw-xyz9"]
)
def test_what_is_no_id_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidIdentifierError):
        parse_id(wrong)


def is_id(text: str) -> bool:
    try:
        parse_id(text)
    except InvalidIdentifierError:
        return False
    return True


def test_every_single_error_is_caught() -> None:
    for symbols, _ in VECTORS:
        text = build_id(symbols).replace("-", "")
        for place, other in itertools.product(range(8), ALPHABET):
            if other != text[place]:
                assert not is_id(text[:place] + other + text[place + 1 :])


def test_every_exchange_of_two_symbols_is_caught() -> None:
    source = random.Random(7)
    for _ in range(300):
        text = build_id([source.randrange(32) for _ in range(7)]).replace("-", "")
        for first, second in itertools.combinations(range(8), 2):
            swapped = list(text)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            if swapped != list(text):
                assert not is_id("".join(swapped))


@pytest.mark.parametrize("symbols", [[0] * 6, [0] * 8, [32] + [0] * 6, [-1] + [0] * 6])
def test_ids_are_built_from_seven_symbols(symbols: list[int]) -> None:
    with pytest.raises(InvalidIdentifierError):
        build_id(symbols)
