"""Bands of a signal, reduced apart and merged in any order, give what one pass gives; a fault stays with its recipe."""

import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, Future
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.declarations.book import get_book
from processing.declarations.manifest import Optics
from processing.declarations.recipe import Accumulator, ChosenRecipe, Output, Recipe
from processing.engine.angles import build_facts
from processing.engine.reduction_pass import RecipePass
from processing.reductions.detector_plan import AngleKnowledge, plan_virtual_detectors
from processing.reductions.disk import NoDisk
from processing.reductions.facts import Made, SignalFacts
from processing.reductions.gathering import Gathered
from processing.reductions.outliers import find_outliers
from tests.synthetic import source_of

Array = npt.NDArray[Any]
FLOAT_TOLERANCE = 1e-12  # of the sum of magnitudes


class Here(Executor):
    """Does what it is given at once."""

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        try:
            done.set_result(work(*arguments, **named))
        except ValueError as error:
            done.set_exception(error)
        return done


def choose(kind: Any) -> list[ChosenRecipe]:
    return [
        ChosenRecipe(recipe, recipe.check_parameters({}))
        for recipe in get_book().list_for(kind, on_request=True)
    ]


def facts_of(data: Array, n_signal_axes: int) -> SignalFacts:
    source = source_of(data, n_signal_axes=n_signal_axes)
    plan = None
    if n_signal_axes == 2:
        mean = data.astype(np.float64).reshape(-1, *data.shape[-2:]).mean(axis=0)
        plan = plan_virtual_detectors(mean, disk=NoDisk("not looked for"), angles=AngleKnowledge())
    return build_facts(source, Optics(acceleration_voltage_kv=200), plan)


def reduce_bands(
    data: Array,
    facts: SignalFacts,
    chosen: Sequence[ChosenRecipe],
    bands: Sequence[slice],
    order: Sequence[int],
) -> dict[str, Array]:
    """Feed each band of rows to a pass of its own; merge the passes in an order."""
    passes = []
    for band in bands:
        one = RecipePass(facts, chosen)
        rest = tuple(slice(0, size) for size in facts.leading_shape[1:])
        one.begin((band, *rest), data[band], Here())
        one.complete()
        passes.append(one)
    first = passes[order[0]]
    for number in order[1:]:
        first.merge(passes[number])
    assert first.findings == []
    return {result.output.name: result.values for result in first.finish()}


@settings(max_examples=40)
@given(
    dtype=st.sampled_from(["u1", "u2", "u4", "i2", "f4", "f8"]),
    shape=st.sampled_from([(9, 4, 12, 11), (9, 3), (9, 2, 3, 10, 10)]),
    cuts=st.lists(st.integers(1, 8), max_size=5, unique=True),
    seed=st.integers(0, 999),
    data=st.data(),
)
def test_any_bands_in_any_order_give_one_pass(
    dtype: str, shape: tuple[int, ...], cuts: list[int], seed: int, data: st.DataObject
) -> None:
    n_signal = 1 if len(shape) == 2 else 2
    rng = np.random.default_rng(seed)
    shape = (*shape, 16) if n_signal == 1 else shape
    values = (rng.poisson(40, shape) * (1.0 if dtype[0] != "f" else rng.random(shape))).astype(dtype)
    facts = facts_of(values, n_signal)
    chosen = choose("spectrum_scan" if n_signal == 1 else "pattern_scan")
    edges = [0, *sorted(cuts), 9]
    bands = [slice(start, stop) for start, stop in itertools.pairwise(edges)]
    order = data.draw(st.permutations(range(len(bands))))
    whole = reduce_bands(values, facts, chosen, [slice(0, 9)], [0])
    parts = reduce_bands(values, facts, chosen, bands, order)
    assert parts.keys() == whole.keys()
    for name, expected in whole.items():
        if np.dtype(dtype).kind in "ui":
            np.testing.assert_array_equal(parts[name], expected, err_msg=name)
        else:
            scale = float(np.nanmax(np.abs(expected))) if np.isfinite(expected).any() else 1.0
            # Jackknife errors are roots of differences: they hold half of the digits.
            tolerance = 1e-6 if name.endswith("uncertainty") else FLOAT_TOLERANCE
            np.testing.assert_allclose(parts[name], expected, atol=tolerance * scale, rtol=1e-9, err_msg=name)


def test_bands_that_differ_in_length_along_later_axes_are_placed() -> None:
    """Blocks need not be whole rows: what lies at a position stays there."""
    values = np.random.default_rng(1).poisson(9, (4, 6, 10, 10)).astype(np.uint16)
    facts = facts_of(values, 2)
    one = RecipePass(facts, choose("pattern_scan"))
    for rows, columns in ((slice(0, 2), slice(0, 6)), (slice(2, 4), slice(3, 6)), (slice(2, 4), slice(0, 3))):
        one.begin((rows, columns), values[rows, columns], Here())
        one.complete()
    found = {result.output.name: result.values for result in one.finish()}
    np.testing.assert_array_equal(found["summed_intensity"], values.sum(axis=(2, 3)))
    np.testing.assert_array_equal(found["max_diffraction_pattern"], values.max(axis=(0, 1)))


def make_nothing(_: Gathered, __: SignalFacts, ___: Mapping[str, float]) -> list[Made]:
    raise ValueError("there is no such thing")


def make_undeclared(_: Gathered, __: SignalFacts, ___: Mapping[str, float]) -> list[Made]:
    return [Made("something", np.zeros(1), ("x",), None)]


def make_words(_: Gathered, __: SignalFacts, ___: Mapping[str, float]) -> list[Made]:
    return [Made("broken", np.array(["word"]), ("x",), None)]


def make_flat(_: Gathered, __: SignalFacts, ___: Mapping[str, float]) -> list[Made]:
    return [Made("broken", np.zeros(3), ("scan_y", "scan_x"), None)]


def measure_nothing(_: Array, __: SignalFacts, ___: Mapping[str, float]) -> dict[str, Array]:
    raise ValueError("the block is odd")


BROKEN = Recipe(
    name="broken",
    version=1,
    title="Broken",
    description="Fails.",
    applies_to=("pattern_scan",),
    outputs=(Output("broken", "Broken", "image", "Nothing."),),
    run=f"{__name__}:make_nothing",
    rank=1,
)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({}, "there is no such thing"),
        ({"run": f"{__name__}:make_undeclared"}, "declares no output something"),
        ({"run": f"{__name__}:make_words"}, "not numbers along x"),
        ({"run": f"{__name__}:make_flat"}, "of shape [3], not numbers along scan_y, scan_x"),
        ({"run": "no.such.module:run"}, "No module named"),
        (
            {"accumulates": (Accumulator("odd", "sum"),), "measure": f"{__name__}:measure_nothing"},
            "the block is odd",
        ),
        ({"accumulates": (Accumulator("odd", "sum"),), "measure": "no.such:measure"}, "No module named"),
    ],
)
def test_a_recipe_that_fails_is_named_and_the_others_are_made(changes: dict[str, Any], sentence: str) -> None:
    values = np.random.default_rng(1).poisson(9, (3, 4, 10, 10)).astype(np.uint16)
    chosen = [ChosenRecipe(replace(BROKEN, **changes), {}), *choose("pattern_scan")]
    one = RecipePass(facts_of(values, 2), chosen)
    one.begin((slice(0, 3), slice(0, 4)), values, Here())
    one.complete()
    made = {result.output.name for result in one.finish()}
    assert "summed_intensity" in made
    assert "broken" not in made
    (finding,) = one.findings
    assert finding.code == "recipe_failed"
    assert sentence in finding.message
    assert "processing/recipes/broken.py" in finding.message


def test_a_look_that_fails_takes_only_what_rests_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> dict[str, Array]:
        raise ValueError("the look is broken")

    monkeypatch.setattr("processing.reductions.shared_pass.PatternLook.__call__", refuse)
    values = np.random.default_rng(1).poisson(9, (3, 4, 12, 12)).astype(np.uint16)
    facts = facts_of(values, 2)
    found = find_outliers(np.pad(np.full((1, 1), 9e4), (6, 5)) + values.mean(axis=(0, 1)))
    one = RecipePass(replace(facts, outliers=found), choose("pattern_scan"))
    for row in range(3):
        one.begin((slice(row, row + 1), slice(0, 4)), values[row : row + 1], Here())
        one.complete()
    assert {result.output.name for result in one.finish()} == {"outlier_mask"}
    assert {finding.code for finding in one.findings} == {"recipe_failed"}
    assert all("the look is broken" in finding.message for finding in one.findings)


def test_what_has_no_number_has_no_sum() -> None:
    values = np.random.default_rng(1).poisson(9, (3, 4, 16)).astype(np.float32)
    values[1, 2], values[..., 5] = np.nan, np.nan
    made = reduce_bands(
        values, facts_of(values, 1), choose("spectrum_scan"), [slice(0, 1), slice(1, 3)], [1, 0]
    )
    assert np.argwhere(np.isnan(made["summed_intensity"])).tolist() == [[1, 2]]
    assert np.argwhere(np.isnan(made["sum_spectrum"])).tolist() == [[5]]


def test_nothing_is_looked_at_that_no_recipe_gathers() -> None:
    values = np.zeros((2, 2, 10, 10), np.uint16)
    one = RecipePass(facts_of(values, 2), [])
    one.begin((slice(0, 2), slice(0, 2)), values, Here())
    one.complete()
    assert one.finish() == []
