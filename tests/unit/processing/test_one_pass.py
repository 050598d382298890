"""One pass gives the array, its detector-major copy, exact sums and every reduction."""

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import TempPathFactory  # noqa: PT013 - the type of a session fixture

from ingest.readers.contract import Axis, SignalSource
from processing.declarations.manifest import Optics
from processing.engine.detector_major import DetectorMajorCopy, MaskShapeError
from processing.engine.one_pass import convert_signal
from processing.engine.plan_arrays import EmptyArrayError
from processing.engine.reduce_zarr import open_converted, reduce_signal
from processing.engine.signal_work import ConversionOptions
from processing.engine.verify_zarr import open_array
from processing.reductions.annulus import Annulus
from tests.synthetic import make_pattern_scan, make_spectrum_image, source_of


def silent(fraction: float, message: str) -> None:
    assert 0 <= fraction <= 1
    assert message


def know_optics(alpha_mrad: float, mrad_per_px: float) -> Optics:
    return Optics(semi_convergence_angle_mrad=alpha_mrad, diffraction_pixel_mrad=(mrad_per_px, mrad_per_px))


def convert(source: SignalSource, folder: Path, **options: Any) -> dict[str, Any]:
    done = convert_signal(source, folder, options=ConversionOptions(threads=2, **options), progress=silent)
    assert done.entry is not None
    entry = done.entry.as_dict()
    return {**entry, **entry["values"]}


def load(folder: Path, name: str) -> npt.NDArray[Any]:
    loaded: npt.NDArray[Any] = np.load(folder / "reductions" / f"{name}.npy")
    return loaded


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "int32", "float32", "float64"])
def test_a_scan_gives_its_reductions(tmp_path: Path, dtype: str) -> None:
    scan = make_pattern_scan(scan_shape=(9, 11), dtype=dtype, shift=0.4)
    manifest = convert(source_of(scan.data), tmp_path)
    np.testing.assert_array_equal(open_array(tmp_path / "zarr").read().result(), scan.data)
    assert manifest["kind"] == "pattern_scan"
    assert manifest["sum_of_counts"] == scan.data.sum(dtype=np.float64)
    assert (manifest["minimum"], manifest["maximum"]) == (scan.data.min(), scan.data.max())
    assert manifest["n_nan"] == 0
    np.testing.assert_array_equal(load(tmp_path, "max_diffraction_pattern"), scan.data.max(axis=(0, 1)))
    np.testing.assert_allclose(
        load(tmp_path, "mean_diffraction_pattern"), scan.data.mean(axis=(0, 1), dtype=np.float64), rtol=1e-14
    )
    assert manifest["virtual_detectors"]["source_of_angles"] == "measured_disk"
    for entry in manifest["reductions"]:
        if "inner_px" in entry["parameters"]:
            ring = entry["parameters"]
            outer = math.inf if ring["outer_px"] is None else ring["outer_px"]
            mask = Annulus(tuple(ring["center_px"]), ring["inner_px"], outer).mask((48, 48))
            expected = scan.data[..., mask].sum(axis=-1, dtype=np.float64)
            np.testing.assert_array_equal(load(tmp_path, entry["name"]), expected)
            assert ring["n_pixels"] == mask.sum()


def test_radii_follow_the_calibration_and_say_so(tmp_path: Path) -> None:
    scan = make_pattern_scan()
    manifest = convert(source_of(scan.data), tmp_path, optics=know_optics(21.4, 2.3))
    rings = {entry["name"]: entry["parameters"] for entry in manifest["reductions"]}
    assert manifest["virtual_detectors"]["source_of_angles"] == "calibrated"
    assert rings["virtual_bright_field"]["outer_mrad"] == pytest.approx(0.5 * 21.4)
    assert rings["annular_dark_field"]["inner_px"] == pytest.approx(1.1 * 21.4 / 2.3)
    assert rings["annular_dark_field"]["angles_from"] == "calibrated"
    # 2.5 α = 53.5 mrad: high-angle.
    assert rings["high_angle_annular_dark_field"]["inner_mrad"] == pytest.approx(53.5)
    assert "outer_virtual_dark_field" not in rings


def test_an_outer_ring_below_50_mrad_is_not_called_high_angle(tmp_path: Path) -> None:
    scan = make_pattern_scan()
    manifest = convert(source_of(scan.data), tmp_path, optics=know_optics(19.0, 2.3))
    names = [entry["name"] for entry in manifest["reductions"]]
    assert "outer_virtual_dark_field" in names
    assert "high_angle_annular_dark_field" not in names


def test_without_a_disk_the_radii_are_fractions_and_say_so(tmp_path: Path) -> None:
    flat = np.random.default_rng(2).poisson(3, (4, 5, 40, 40)).astype(np.uint16)
    manifest = convert(source_of(flat), tmp_path)
    assert manifest["direct_disk"]["found"] is False
    assert manifest["virtual_detectors"]["source_of_angles"] == "detector_fraction"
    assert "no direct disk was found" in manifest["virtual_detectors"]["note"]
    assert all("inner_mrad" not in entry["parameters"] for entry in manifest["reductions"])


@settings(max_examples=25)
@given(
    leading=st.lists(st.integers(1, 6), min_size=1, max_size=3),
    detector=st.tuples(st.integers(8, 40), st.integers(8, 40)),
    dtype=st.sampled_from(["uint8", "uint16", "int16", "float32"]),
    seed=st.integers(0, 99),
)
def test_every_leading_shape_converts(
    tmp_path_factory: TempPathFactory, leading: list[int], detector: tuple[int, int], dtype: str, seed: int
) -> None:
    data = np.random.default_rng(seed).poisson(9, (*leading, *detector)).astype(dtype)
    folder = tmp_path_factory.mktemp("leading")
    manifest = convert(source_of(data), folder)
    assert manifest["sum_of_counts"] == data.sum(dtype=np.float64)
    np.testing.assert_array_equal(load(folder, "summed_intensity"), data.sum(axis=(-2, -1), dtype=np.float64))
    if manifest["detector_major"] is not None:
        detector_major = DetectorMajorCopy.open(folder / "companion")
        everything = detector_major.virtual_image(np.ones(detector, dtype=bool))
        np.testing.assert_array_equal(everything, data.sum(axis=(-2, -1), dtype=np.float64))


def test_the_detector_major_copy_is_exact_on_bin_borders_and_near_elsewhere(tmp_path: Path) -> None:
    scan = make_pattern_scan(scan_shape=(7, 9), detector_shape=(70, 66), radius=12, electrons=5000, shift=0.5)
    convert(source_of(scan.data), tmp_path)
    detector_major = DetectorMajorCopy.open(tmp_path / "companion")
    assert detector_major.factor == 3
    aligned = np.zeros((70, 66), dtype=bool)
    aligned[12:45, 9:30] = True
    np.testing.assert_array_equal(detector_major.virtual_image(aligned), scan.data[..., aligned].sum(axis=-1))
    # A border inside the plateau is interpolated within the noise; on the disk's own edge it is 7 % off.
    disk = Annulus(scan.center, 0, 8).mask((70, 66))
    full = scan.data[..., disk].sum(axis=-1)
    np.testing.assert_allclose(detector_major.virtual_image(disk), full, rtol=0.03)
    with pytest.raises(MaskShapeError):
        detector_major.virtual_image(disk[1:])


def test_nan_in_the_source_is_counted_and_kept(tmp_path: Path) -> None:
    scan = make_pattern_scan(dtype=np.float32)
    scan.data[2, 3, 5:7, 5] = np.nan
    manifest = convert(source_of(scan.data), tmp_path)
    assert manifest["n_nan"] == 2
    assert manifest["sum_of_counts"] == pytest.approx(np.nansum(scan.data, dtype=np.float64), rel=1e-14)
    np.testing.assert_array_equal(open_array(tmp_path / "zarr").read().result(), scan.data)
    assert np.isfinite(load(tmp_path, "center_of_mass")).all()


def test_center_of_mass_is_y_x_and_nan_for_empty_patterns(tmp_path: Path) -> None:
    data = np.zeros((2, 3, 10, 12), np.uint16)
    data[0, 1, 4, 9] = 5
    convert(source_of(data), tmp_path)
    center = load(tmp_path, "center_of_mass")
    assert center[0, 1].tolist() == [4, 9]
    assert np.isnan(center[1, 2]).all()


def test_a_spectrum_image_gives_sum_spectrum_and_map(tmp_path: Path) -> None:
    spectra = make_spectrum_image()
    manifest = convert(source_of(spectra.data, n_signal_axes=1), tmp_path)
    assert manifest["kind"] == "spectrum_scan"
    assert manifest["detector_major"] is None
    np.testing.assert_array_equal(load(tmp_path, "sum_spectrum"), spectra.data.sum(axis=(0, 1)))
    np.testing.assert_array_equal(load(tmp_path, "summed_intensity"), spectra.data.sum(axis=-1))


@pytest.mark.parametrize(
    ("shape", "names", "n_signal_axes", "kind"),
    [
        ((30, 40), ("scan_y", "scan_x"), 2, "image"),
        ((3, 30, 40), ("time", "scan_y", "scan_x"), 2, "image_series"),
        ((100,), ("energy",), 1, "spectrum"),
        ((16, 16), ("detector_y", "detector_x"), 2, "frame"),
        ((5, 16, 16), ("series", "detector_y", "detector_x"), 2, "frame_series"),
        ((5,), ("position",), 1, "profile"),
    ],
)
def test_signals_without_reductions_are_stored(
    tmp_path: Path, shape: tuple[int, ...], names: tuple[str, ...], n_signal_axes: int, kind: str
) -> None:
    data = np.random.default_rng(4).integers(0, 99, shape).astype(np.int32)
    source = source_of(data, n_signal_axes=n_signal_axes, axis_names=names)
    manifest = convert(source, tmp_path)
    assert manifest["kind"] == kind
    assert manifest["reductions"] == ()
    np.testing.assert_array_equal(open_array(tmp_path / "zarr").read().result(), data)


def test_an_empty_axis_is_refused(tmp_path: Path) -> None:
    axes = (Axis("scan_y", 0), Axis("scan_x", 4), Axis("energy", 8))
    empty = np.zeros((0, 4, 8), np.uint16)
    source = SignalSource("data", (0, 4, 8), empty.dtype, axes, 1, empty.__getitem__)
    with pytest.raises(EmptyArrayError):
        convert(source, tmp_path)


def test_reductions_from_the_zarr_equal_those_of_the_conversion(tmp_path: Path) -> None:
    scan = make_pattern_scan(scan_shape=(8, 8), shift=0.3)
    first = convert(source_of(scan.data), tmp_path)
    source = open_converted(tmp_path / "zarr")
    again = reduce_signal(
        source, tmp_path / "again", options=ConversionOptions(threads=2), progress=silent
    ).entry
    assert again is not None
    assert again.as_dict()["reductions"] == first["reductions"]
    assert [one.as_dict() for one in again.previews] == list(first["previews"])
    changed = reduce_signal(
        source,
        tmp_path / "changed",
        options=ConversionOptions(optics=know_optics(15.0, 1.0), threads=2),
        progress=silent,
    ).entry
    assert changed is not None
    assert changed.virtual_detectors is not None
    assert changed.virtual_detectors.source_of_angles == "calibrated"
    assert changed.virtual_detectors.alpha_px == 15


@pytest.mark.parametrize("names", [("detector_y", "detector_x"), ("y", "x")])
@pytest.mark.parametrize(
    ("unit", "leading", "kind", "made"),
    [
        ("nm", ("series",), "image_series", set()),
        ("nm", ("scan_x",), "image_series", set()),
        (None, ("series",), "frame_series", set()),
        ("mrad", ("time",), "pattern_series", {"mean_diffraction_pattern", "max_diffraction_pattern"}),
        ("mrad", ("scan_x",), "pattern_scan", {"annular_dark_field", "center_of_mass"}),
    ],
)
def test_what_is_made_follows_the_unit_and_no_name(
    tmp_path: Path,
    names: tuple[str, str],
    unit: str | None,
    leading: tuple[str, ...],
    kind: str,
    made: set[str],
) -> None:
    data = make_pattern_scan().data[0]
    source = source_of(data, axis_names=(*leading, *names))
    frame = tuple(Axis(axis.name, axis.size, unit, None if unit is None else 1.0) for axis in source.axes[1:])
    manifest = convert(replace(source, axes=(source.axes[0], *frame)), tmp_path)
    outputs = {entry["name"] for entry in manifest["reductions"]}
    assert (manifest["kind"], made <= outputs, bool(outputs)) == (kind, True, bool(made))
    assert (manifest["detector_major"] is not None) == (kind == "pattern_scan")
    patterns = {"annular_dark_field", "center_of_mass", "mean_diffraction_pattern", "pattern"}
    shown = outputs | {entry["name"] for entry in manifest["previews"]}
    assert bool(shown & patterns) == kind.startswith("pattern")
