"""Damaged files of every format: refused in words, read with a word, or read as a whole; never anything else.

A few hundred in the gate, 20,000 among the long tests.
"""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.damage import KINDS, Damage, find_problem, list_contracts, prepare, try_apart
from tests.reader_contract import ReaderContract as Contract

CASES, GATE_CASES = 20_000, 24
CONTRACTS = list_contracts()


def test_every_format_with_a_reader_is_among_them() -> None:
    assert len(CONTRACTS) >= 25


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: str(one.__name__))
def test_damaged_files_are_said_to_be_damaged(contract: type[Contract], tmp_path: Path) -> None:
    specimen = prepare(contract, tmp_path)

    @settings(
        max_examples=GATE_CASES,
        derandomize=True,
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    )
    @example(kind="cut", seed=1)
    @example(kind="cut", seed=3)
    @given(kind=st.sampled_from(KINDS), seed=st.integers(0, 10_000))
    def damage(kind: str, seed: int) -> None:
        one = Damage(kind, seed)
        assert (try_apart(specimen, [one]) if specimen.is_read_in_c else find_problem(specimen, one)) in (
            {},
            "",
        )

    damage()


@pytest.mark.long
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda one: str(one.__name__))
def test_twenty_thousand_damaged_files(contract: type[Contract], tmp_path: Path) -> None:
    specimen = prepare(contract, tmp_path)
    seeds = range(-(-CASES // (len(CONTRACTS) * len(KINDS))))
    assert try_apart(specimen, [Damage(kind, seed) for kind in KINDS for seed in seeds]) == {}


def test_a_reader_that_gives_fewer_or_others_in_silence_is_found(tmp_path: Path) -> None:
    """What passes above is looked at: a sound file in place of one that had more values, and of a cut one."""
    (contract,) = [one for one in CONTRACTS if one.__name__ == "TestNpy"]
    sound = prepare(contract, tmp_path)
    whole = _Whole("cut", 0)
    assert find_problem(sound, whole) == ""
    twice = (*sound.values, *sound.values)
    assert "gone in silence" in find_problem(replace(sound, values=twice), whole)
    assert "other values" in find_problem(replace(sound, values=(sound.values[0] + 1,)), whole)
    assert "AttributeError" in find_problem(replace(sound, values=("no array",)), whole)


class _Whole(Damage):
    """No damage at all."""

    def apply(self, whole: bytes) -> bytes:
        return whole
