"""Conditions of a search are read by the parser of the metadata, and nothing is asked that nothing can fulfil."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.quantities.units import UNITS, convert
from repository.schema.search.conditions import (
    ConditionTextError,
    QuantityRange,
    parse_bounds,
    parse_condition,
    refuse_exclusion,
    take_conditions,
)
from repository.schema.search.searchable import list_quantities

VECTORS = json.loads((Path(__file__).parents[2] / "quantity_vectors.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", VECTORS["conditions"], ids=lambda vector: vector["text"])
def test_conditions_as_people_write_them(vector: dict[str, Any]) -> None:
    condition = parse_condition(vector["text"])
    assert condition.column == vector["column"]
    for end, expected in ((condition.low, vector["low"]), (condition.high, vector["high"])):
        assert end == (None if expected is None else pytest.approx(expected, rel=1e-12))
    words, taken = take_conditions(f"MoS2 {vector['text']}" if ":" not in vector["text"] else "MoS2")
    assert words == "MoS2"
    assert taken in ((condition,), ())


@pytest.mark.parametrize("vector", VECTORS["refused_conditions"], ids=lambda vector: vector["text"])
def test_refusals_say_why_and_what_to_write(vector: dict[str, Any]) -> None:
    with pytest.raises(ConditionTextError) as refused:
        parse_condition(vector["text"])
    assert vector["says"] in str(refused.value)
    assert vector["hint"] in refused.value.hint


@pytest.mark.parametrize(
    ("text", "words", "count"),
    [
        ("grain dose>1000 e/Å² boundary voltage = 80 – 300 kV", "grain  boundary", 2),
        ("voltage=80 MoS2", "MoS2", 1),
        ('"dose>1000" MoS2', '"dose>1000" MoS2', 0),
        ("colour=5 -titanate", "colour=5 -titanate", 0),
        ("overdose>5", "overdose>5", 0),
    ],
)
def test_conditions_stand_among_words(text: str, words: str, count: int) -> None:
    rest, taken = take_conditions(text)
    assert (rest.split(), len(taken)) == (words.split(), count)


@pytest.mark.parametrize("text", ["dose>many", "MoS2 voltage=300..80 kV", "voltage=80 KV", "dose>"])
def test_a_condition_among_words_that_cannot_be_read_is_no_word(text: str) -> None:
    with pytest.raises(ConditionTextError):
        take_conditions(text)


def test_a_unit_at_an_end_wins_over_the_one_beside() -> None:
    assert parse_bounds("voltage", "80 kV", "300000", "V") == QuantityRange(
        "acceleration_voltage_v", 80e3, 300e3
    )
    with pytest.raises(ConditionTextError, match="runs backwards"):
        parse_bounds("voltage", "300", "80", "kV")
    with pytest.raises(ConditionTextError, match="one end"):
        parse_bounds("voltage", "80..300", "", "kV")


def test_conditions_that_exclude_each_other_are_refused() -> None:
    refuse_exclusion(
        [parse_condition("dose>10"), parse_condition("dose<1000"), parse_condition("voltage<100")]
    )
    with pytest.raises(ConditionTextError, match="exclude each other"):
        refuse_exclusion([parse_condition("dose>1000"), parse_condition("dose<10 e/Å²")])


@given(
    quantity=st.sampled_from(list_quantities()), value=st.floats(1e-6, 1e6), sign=st.sampled_from([">", "<=", "="]),
    data=st.data(),
)  # fmt: skip
def test_every_quantity_takes_each_of_its_units(
    quantity: Any, value: float, sign: str, data: st.DataObject
) -> None:
    dimension = UNITS[quantity.unit].dimension
    units = {code for code in UNITS if UNITS[code].dimension == dimension} - {
        "1"
    }  # that is printed as nothing
    unit = data.draw(st.sampled_from(sorted(units | {quantity.unit})))
    typed = parse_condition(f"{quantity.name}{sign}{value!r} {'' if unit == '1' else unit}")
    expected = convert(value, unit, quantity.column_unit)
    ends = [end for end in (typed.low, typed.high) if end is not None]
    assert all(end == pytest.approx(expected, rel=2e-6) for end in ends)


@given(
    st.text() | st.text("dosevltag=<>≥.…–0123456789e ÅkVµ±~:", max_size=20).map(lambda rest: f"dose>{rest}")
)
def test_nothing_but_its_own_error(text: str) -> None:
    reads: tuple[Any, ...] = (
        parse_condition,
        take_conditions,
        lambda one: parse_bounds("voltage", one, ""),
    )
    for read in reads:
        try:
            read(text)
        except ConditionTextError as error:
            said = (str(error), error.hint)
        else:
            said = ("read", "well")
        assert all(said)
