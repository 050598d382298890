"""Detector sums are the integers that a numpy mask gives, for every type, mask and tiling."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from processing.declarations.recipe import SHARED_MERGES
from processing.reductions.annulus import Annulus
from processing.reductions.facts import SignalFacts
from processing.reductions.fused import PatternReducer, UnsupportedPatternsError
from processing.reductions.gathering import Gathered
from processing.reductions.mean_pattern import make_maximum, make_mean
from processing.reductions.shared_pass import build_look
from tests.pattern_numbers import compute_mean_and_maximum, sum_virtual_detectors

INTEGERS = ["u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "bool"]


def naive_sums(patterns: npt.NDArray[Any], masks: list[npt.NDArray[np.bool_]]) -> list[list[int]]:
    return [[sum(int(value) for value in pattern[mask]) for pattern in patterns] for mask in masks]


def summarize(bands: list[npt.NDArray[Any]]) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Return mean and maximum of bands of patterns, by the recipes."""
    n_patterns = sum(len(band) for band in bands)
    shape = (n_patterns, *bands[0].shape[1:])
    facts = SignalFacts(shape, bands[0].dtype, ("position", "detector_y", "detector_x"), 2)
    wanted = ("pixel_sums", "pixel_maxima", "valid")
    look = build_look(facts, wanted)
    gathered = Gathered((n_patterns,), {name: SHARED_MERGES[name] for name in wanted})
    start = 0
    for band in bands:
        gathered.add((slice(start, start + len(band)),), [look(band)])
        start += len(band)
    return make_mean(gathered, facts, {})[0].values, make_maximum(gathered, facts, {})[0].values


@settings(max_examples=60)
@given(
    dtype=st.sampled_from(INTEGERS),
    n_patterns=st.integers(1, 9),
    shape=st.tuples(st.integers(1, 12), st.integers(1, 12)),
    full_range=st.booleans(),
    seed=st.integers(0, 999),
)
def test_integer_sums_are_exact(
    dtype: str, n_patterns: int, shape: tuple[int, int], full_range: bool, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    kind = np.dtype(dtype)
    if kind.kind == "b":
        patterns = rng.integers(0, 2, (n_patterns, *shape)).astype(bool)
    else:
        limits = np.iinfo(kind)
        # Sums of 64-bit extremes do not fit into any numpy integer: stay where they do.
        top = limits.max // 256 if kind.itemsize == 8 else limits.max
        low = -top if limits.min < 0 else 0
        high = top if full_range else min(top, 20)
        patterns = rng.integers(low, high, (n_patterns, *shape), dtype=kind, endpoint=True)
    masks = [rng.random(shape) < 0.5 for _ in range(3)]
    sums = sum_virtual_detectors(patterns, masks)
    assert sums.dtype.kind in "iu"
    assert sums.tolist() == naive_sums(patterns, masks)


@settings(max_examples=40)
@given(
    dtype=st.sampled_from(["u1", "u2", "u4", "i2", "f4", "f8"]),
    cuts=st.lists(st.integers(1, 22), max_size=4, unique=True),
    seed=st.integers(0, 999),
)
def test_tiled_equals_whole(dtype: str, cuts: list[int], seed: int) -> None:
    patterns = np.random.default_rng(seed).poisson(40, (23, 11, 13)).astype(dtype)
    masks = [Annulus((5.2, 6.1), 0, 3).mask((11, 13)), Annulus((5.2, 6.1), 3, 6).mask((11, 13))]
    reducer = PatternReducer((11, 13), patterns.dtype, masks)
    whole = reducer.reduce(patterns)
    parts = [reducer.reduce(part) for part in np.split(patterns, sorted(cuts))]
    np.testing.assert_array_equal(np.concatenate([part.detector_sums for part in parts]), whole.detector_sums)
    np.testing.assert_array_equal(np.concatenate([part.moments for part in parts]), whole.moments)
    mean, maximum = summarize(np.split(patterns, sorted(cuts)))
    expected_mean, expected_maximum = compute_mean_and_maximum(patterns)
    np.testing.assert_array_equal(mean, expected_mean)  # counts: float sums are exact too
    np.testing.assert_array_equal(maximum, expected_maximum)


def test_counts_beyond_the_float32_mantissa_are_exact() -> None:
    patterns = np.full((5, 64, 64), 65535, np.uint16)
    patterns[2, 0, 0] = 65534
    mask = np.ones((64, 64), dtype=bool)
    sums = sum_virtual_detectors(patterns, [mask])
    assert sums.tolist() == [[65535 * 4096, 65535 * 4096, 65535 * 4096 - 1, 65535 * 4096, 65535 * 4096]]


def test_annulus_edges_are_inner_inclusive_and_outer_exclusive() -> None:
    ring = Annulus((4.0, 4.0), 1.0, 2.0).mask((9, 9))
    assert ring[4, 5]
    assert not ring[4, 6]
    assert not ring[4, 4]
    touching = [
        Annulus((4.0, 4.0), low, high).mask((9, 9)) for low, high in ((0, 1.5), (1.5, 3), (3, np.inf))
    ]
    np.testing.assert_array_equal(np.sum(touching, axis=0), np.ones((9, 9)))


def test_nan_counts_as_absent() -> None:
    patterns = np.ones((6, 5, 5), np.float32)
    patterns[2, 1, 1] = np.nan
    patterns[:, 3, 3] = np.nan
    reducer = PatternReducer((5, 5), patterns.dtype, [np.ones((5, 5), dtype=bool)])
    block = reducer.reduce(patterns)
    assert block.n_nan == 7
    assert block.detector_sums[:, 0].tolist() == [24, 24, 23, 24, 24, 24]
    mean, maximum = summarize([patterns])
    assert mean[1, 1] == 1
    assert np.isnan(mean[3, 3])
    assert np.isnan(maximum[3, 3])
    assert maximum[1, 1] == 1


def test_complex_patterns_are_refused() -> None:
    with pytest.raises(UnsupportedPatternsError):
        sum_virtual_detectors(np.zeros((2, 4, 4), np.complex64), [np.ones((4, 4), dtype=bool)])
