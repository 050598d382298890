"""Pictures show what is there, say how large it is, and are the same bytes on every run."""

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from ingest.readers.contract import Axis
from processing.declarations.manifest import Calibration
from processing.declarations.pictures import find_cover_rank
from processing.engine.draw_result import Drawable, draw_result
from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.previews.color_maps import BACKGROUND, color_gray, color_pattern, color_vectors
from processing.previews.contrast import stretch_contrast
from processing.previews.draw_image import draw_image, shrink
from processing.previews.draw_spectrum import choose_ticks, draw_spectrum
from processing.previews.scale_bar import choose_scale_bar
from tests.synthetic import make_lattice_image, make_pattern_scan, make_spectrum_image, source_of


def read_png(png: bytes) -> npt.NDArray[np.uint8]:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@given(
    width=st.integers(4, 5000),
    scale=st.floats(1e-6, 1e6),
    unit=st.sampled_from(["nm", "pm", "um", "mrad", "nm-1", "Ao-1", "eV", "px"]),
)
def test_bars_are_round_and_about_a_quarter_wide(width: int, scale: float, unit: str) -> None:
    bar = choose_scale_bar(width, scale, unit)
    assert bar is not None
    number, _, _ = bar.label.partition(" ")
    mantissa = float(number) / 10 ** math.floor(math.log10(float(number)) + 1e-9)
    assert round(mantissa, 6) in {1, 2, 5, 10}
    assert 0.1 * width < bar.length_px < 0.6 * width


@pytest.mark.parametrize(
    ("width", "scale", "unit", "label"),
    [
        (256, 0.02, "nm", "1 nm"),
        (100, 4.0, "nm", "100 nm"),
        (1000, 10.0, "nm", "2 um"),
        (128, 1.0, "mrad", "50 mrad"),
        (128, 0.01, "Ao-1", "5 1/nm"),
        (100, None, None, "20 px"),
    ],
)
def test_bar_labels(width: int, scale: float | None, unit: str | None, label: str) -> None:
    bar = choose_scale_bar(width, scale, unit)
    assert bar is not None
    assert bar.label == label


def test_a_bar_has_the_length_it_states() -> None:
    rgb = np.zeros((128, 128, 3), np.uint8)
    bar = choose_scale_bar(128, 1.0, "nm")
    assert bar is not None
    picture = read_png(draw_image(rgb, bar))
    white = (picture == 255).all(axis=-1)
    row = white[picture.shape[0] - 512 // 28 - 2]
    assert abs(int(row.sum()) - bar.length_px * 4) <= 2


def test_contrast_ignores_outliers_and_marks_gaps() -> None:
    image = np.random.default_rng(0).normal(10, 1, (100, 100))
    image[0, 0], image[1, 1] = 1e6, np.nan
    levels = stretch_contrast(image)
    assert np.nanstd(levels) > 0.1
    assert levels[0, 0] == 1
    assert np.isnan(levels[1, 1])
    assert tuple(color_gray(levels)[1, 1]) == BACKGROUND


def test_log_contrast_shows_faint_disks_beside_a_bright_one() -> None:
    pattern = np.zeros((60, 60))
    pattern[25:35, 25:35], pattern[5:10, 5:10] = 10000, 30
    levels = stretch_contrast(pattern, "log")
    assert levels[7, 7] > 0.1
    assert levels[30, 30] == 1
    assert levels[50, 50] == 0


@pytest.mark.parametrize("stretch", ["linear", "log"])
def test_constant_and_empty_images_have_a_picture(stretch: str) -> None:
    for value in (0.0, 5.0, np.nan):
        levels = stretch_contrast(np.full((8, 8), value), stretch)  # type: ignore[arg-type]
        assert color_pattern(levels).shape == (8, 8, 3)


@pytest.mark.parametrize("stretch", ["linear", "log"])
def test_nothing_at_all_is_black_and_a_gap_is_none(stretch: Any) -> None:
    levels = stretch_contrast(np.zeros((8, 8)), stretch)
    assert (color_pattern(levels) == color_pattern(np.zeros((1, 1)))).all()
    assert (color_pattern(stretch_contrast(np.full((8, 8), np.nan), stretch)) == BACKGROUND).all()


def test_a_picture_of_vectors_says_what_its_colors_mean() -> None:
    y, x = np.mgrid[:64, :80] / 20.0
    shifts = 0.5 * np.stack([np.sin(y), np.cos(x)], axis=-1)
    entry = Drawable(
        "center_of_mass", "CoM", "vector_image", ("y", "x", "component"), "px", "center_of_mass", 2
    )
    drawn = draw_result(entry, shifts, {})
    assert drawn is not None
    picture = read_png(drawn.png).astype(int)
    longest = np.percentile(np.hypot(*(shifts - shifts.mean(axis=(0, 1))).reshape(-1, 2).T), 99)
    assert drawn.parameters["wheel"] == f"{longest:.2g} px"
    side, margin = min(picture.shape[:2]) // 6, picture.shape[1] // 28
    wheel = picture[margin : margin + side, -margin - side : -margin]
    assert wheel[side // 2, -4].argmax() == 0  # right: red, as in the picture
    assert wheel[side // 2, side // 2].sum() < 60  # no shift: black
    still = draw_result(entry, np.ones((64, 80, 2)), {})
    assert still is not None
    assert still.parameters["wheel"] is None


def test_thumbnails_are_not_cut() -> None:
    styles = (Path(__file__).parents[3] / "frontend/styles/search.css").read_text(encoding="utf-8")
    rule = styles.split(".result img,", 1)[1].split("}", 1)[0]
    assert "object-fit: contain" in rule


def test_pattern_colors_rise_in_lightness() -> None:
    ramp = color_pattern(np.linspace(0, 1, 64)[None]).astype(float)[0]
    lightness = ramp @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(lightness) > -0.5).all()


def test_vectors_show_direction_by_hue() -> None:
    y, x = np.mgrid[-1:2, -1:2].astype(float)
    rgb = color_vectors(np.stack([y, x], axis=-1)).astype(int)
    assert rgb[1, 2].argmax() == 0  # right: red
    assert rgb[1, 1].sum() == 0  # no shift: black
    assert (color_vectors(np.full((2, 2, 2), np.nan)) == BACKGROUND).all()


def test_large_images_are_averaged_not_thinned() -> None:
    image = np.random.default_rng(0).normal(0, 1, (1300, 700))
    small, factor = shrink(image)
    assert factor == 3
    assert small.shape == (433, 233)
    assert small.std() == pytest.approx(1 / 3, rel=0.05)


@given(low=st.floats(-1e6, 1e6), span=st.floats(1e-3, 1e6))
def test_ticks_are_inside_and_few(low: float, span: float) -> None:
    ticks = choose_ticks(low, low + span, 6)
    assert 2 <= len(ticks) <= 16
    assert all(low - 1e-6 * span <= tick <= low + span * (1 + 1e-6) for tick in ticks)


def test_a_spectrum_with_gaps_is_drawn() -> None:
    values = np.linspace(1, 5, 50)
    values[20:22] = np.nan
    picture = read_png(draw_spectrum(np.arange(50.0), values, axis_title="Energy (eV)", value_title="Counts"))
    assert picture.shape == (400, 720, 3)
    assert (picture.min(axis=-1) < 100).sum() > 200


def test_every_kind_gets_previews_and_one_cover(tmp_path: Path) -> None:
    scan = make_pattern_scan(scan_shape=(16, 16))
    source = source_of(scan.data)
    axes = (Axis("scan_y", 16, "nm", 0.05), Axis("scan_x", 16, "nm", 0.05), *source.axes[2:])
    kinds = {
        "scan": replace(source, axes=axes),
        "spectra": source_of(make_spectrum_image().data, n_signal_axes=1),
        "image": source_of(make_lattice_image(), axis_names=("scan_y", "scan_x")),
        "series": source_of(make_pattern_scan().data.reshape(2, 3, 7, 48, 48)),
        "positions": source_of(make_pattern_scan().data.reshape(42, 48, 48)),
    }
    known = Calibration(semi_convergence_angle_mrad=21.4, diffraction_pixel_mrad=(2.3, 2.3))
    covers = {}
    for name, kind in kinds.items():
        options = ConversionOptions(calibration=known, threads=1)
        entry = convert_signal(kind, tmp_path / name, options=options, progress=lambda *_: None).entry
        assert entry is not None
        ranks = {one.name: rank for one in entry.previews if (rank := find_cover_rank(one.name)) is not None}
        covers[name] = min(ranks, key=lambda one: ranks[one])
        for preview in entry.previews:
            picture = read_png((tmp_path / name / "previews" / preview.file).read_bytes())
            assert picture.std() > 0
        if name == "scan":
            bars = {preview.name: preview.parameters["scale_bar"] for preview in entry.previews}
            assert bars["mean_diffraction_pattern"] == "20 mrad"
            assert bars["annular_dark_field"] == "0.2 nm"
    assert covers == {
        "scan": "high_angle_annular_dark_field",
        "spectra": "summed_intensity",
        "image": "image",
        "series": "high_angle_annular_dark_field",
        "positions": "high_angle_annular_dark_field",
    }


def test_pictures_are_the_same_bytes_on_every_run(tmp_path: Path) -> None:
    scan = make_pattern_scan(scan_shape=(12, 12))
    digests = []
    for run, threads in (("a", 1), ("b", 3)):
        options = ConversionOptions(threads=threads)
        entry = convert_signal(
            source_of(scan.data), tmp_path / run, options=options, progress=lambda *_: None
        ).entry
        assert entry is not None
        assert entry.zarr is not None
        assert entry.companion is not None
        digests.append([one.sha256 for one in (*entry.zarr.objects, *entry.companion.objects)])
        digests[-1] += [one.sha256 for one in entry.previews] + [one.sha256 for one in entry.reductions]
    assert digests[0] == digests[1]
