"""What a conversion says of scans whose truth is known: `python -m tests.known_truth` prints the same as a table."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from processing.engine import render_previews, signal_work
from tests.known_truth import (
    CENTER,
    RADIUS,
    convert,
    list_truths,
    make_descan,
    make_gap,
    make_gray,
    make_overlap,
    make_plain,
    spoil,
)


@pytest.mark.parametrize(("n_hot", "n_dead"), [(1, 0), (25, 25), (40, 0)])
def test_bad_pixels_move_nothing_and_are_named(tmp_path: Path, n_hot: int, n_dead: int) -> None:
    truth = spoil(make_plain(), n_hot, n_dead)
    found = convert(truth, tmp_path)
    assert found.codes == ["outlier_pixels"]
    pixels = "pixel" if n_hot + n_dead == 1 else "pixels"
    assert f"{n_hot} hot and {n_dead} dead {pixels}, " in found.work.reduction_findings[0].message
    assert found.disk["radius_px"] == pytest.approx(RADIUS, abs=0.1)
    assert found.disk["center_px"] == pytest.approx(CENTER, abs=0.1)
    mask = found.results["outlier_mask"]
    np.testing.assert_array_equal(mask, truth.hot + 2 * truth.dead)
    # Centers are those of the pattern without its bad pixels, to the last digit; sums hold every count.
    good = np.where(truth.hot | truth.dead, 0, truth.data).astype(float)
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    expected = (
        np.stack([(good * axis).sum(axis=(2, 3)) for axis in (y, x)], -1) / good.sum(axis=(2, 3))[..., None]
    )
    np.testing.assert_allclose(found.results["center_of_mass"], expected, rtol=1e-12)
    np.testing.assert_array_equal(
        found.results["summed_intensity"], truth.data.sum(axis=(2, 3), dtype=np.uint64)
    )
    np.testing.assert_array_equal(found.results["max_diffraction_pattern"], truth.data.max(axis=(0, 1)))


def test_float_centers_survive_a_value_that_swallows_the_rest(tmp_path: Path) -> None:
    truth = spoil(make_plain(), 3, 0)
    data = truth.data.astype(np.float32)
    data[..., truth.hot] = 1e20
    found = convert(replace(truth, data=data), tmp_path)
    assert np.abs(found.results["center_of_mass"].mean(axis=(0, 1)) - CENTER).max() < 0.1


def test_nothing_is_said_where_there_is_nothing(tmp_path: Path) -> None:
    found = convert(make_plain(), tmp_path)
    assert found.codes == []
    assert "outlier_mask" not in found.results
    assert found.disk["travel_px"] < 0.1


def test_the_stated_error_covers_bragg_overlap(tmp_path: Path) -> None:
    found = convert(make_overlap(), tmp_path)
    off = abs(found.disk["radius_px"] - RADIUS)
    assert off > 5 * found.disk["radius_uncertainty_px"]  # shot noise alone would not tell
    assert off < np.hypot(found.disk["radius_uncertainty_px"], found.disk["radius_model_error_px"])
    assert found.codes == []


@pytest.mark.parametrize("travel", [0.3, 3.0, 6.0])
def test_several_pixels_of_descan_are_noticed(tmp_path: Path, travel: float) -> None:
    found = convert(make_descan(travel), tmp_path)
    assert found.disk["travel_px"] == pytest.approx(travel, abs=0.15)
    assert found.codes == (["patterns_travel"] if travel > 1 else [])
    if found.codes:
        assert f"by {found.disk['travel_px']:.1f} ±" in found.work.reduction_findings[0].message


@pytest.mark.parametrize(
    ("declared", "differs"), [(2 * RADIUS, True), (RADIUS / 2, True), (RADIUS, False), (1.08 * RADIUS, False)]
)
def test_an_angle_unlike_the_disk_is_said_with_both_numbers(
    tmp_path: Path, declared: float, differs: bool
) -> None:
    found = convert(replace(make_plain(), declared_mrad=declared), tmp_path)
    assert found.codes == (["convergence_angle_differs"] if differs else [])
    if differs:
        (finding,) = found.work.reduction_findings
        assert finding.severity == "warning"
        assert finding.pointer == "/semi_convergence_angle"
        assert (
            f"the disk measures 12.4 ± 0.2 mrad, the record says {declared:g} mrad (nominal)"
            in finding.message
        )


def test_three_gray_values_are_converted(tmp_path: Path) -> None:
    truth = make_gray()
    found = convert(truth, tmp_path)
    assert not found.disk["found"]
    np.testing.assert_array_equal(
        found.results["summed_intensity"], truth.data.sum(axis=(2, 3), dtype=np.uint64)
    )


def test_a_pattern_of_nan_has_no_value(tmp_path: Path) -> None:
    found = convert(make_gap(), tmp_path)
    for name in ("summed_intensity", "virtual_bright_field", "annular_dark_field", "center_of_mass"):
        empty = ~np.isfinite(found.results[name])
        assert empty[3, 5].all(), name
        assert empty.sum() == empty[3, 5].size, name
    assert np.isfinite(found.results["mean_diffraction_pattern"]).all()


def test_a_search_or_a_picture_that_fails_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(signal_work, "find_direct_disk", fail)
    monkeypatch.setattr(render_previews, "draw_result", fail)
    found = convert(make_plain(), tmp_path)
    assert set(found.codes) == {"disk_search_failed", "picture_failed"}
    assert found.work.entry is not None
    assert found.work.entry.zarr is not None
    assert found.work.entry.previews == ()
    assert "summed_intensity" in found.results


def test_every_scan_of_the_table_has_a_name_of_its_own() -> None:
    names = [truth.name for truth in list_truths()]
    assert len(set(names)) == len(names)
