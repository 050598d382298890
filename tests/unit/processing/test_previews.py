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
from processing.declarations.book import get_book
from processing.declarations.manifest import Optics
from processing.declarations.pictures import OF_ARRAYS, find_cover_rank
from processing.engine.draw_result import Drawable, draw_result
from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.previews.color_maps import (
    BACKGROUND,
    RgbImage,
    color_gray,
    color_pattern,
    color_shifts,
    measure_shifts,
)
from processing.previews.contrast import stretch_contrast
from processing.previews.draw_image import draw_image, load_font, shrink
from processing.previews.draw_spectrum import (
    FILL,
    HEIGHT,
    INK,
    LINE,
    MARGIN_BOTTOM,
    MARGIN_LEFT,
    MARGIN_RIGHT,
    MARGIN_TOP,
    WIDTH,
    choose_ticks,
    draw_spectrum,
)
from processing.previews.scale_bar import choose_scale_bar
from repository.schema.quantities.unit_symbols import SYMBOLS
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
        (1000, 10.0, "nm", "2 µm"),
        (128, 1.0, "mrad", "50 mrad"),
        (128, 0.01, "Ao-1", "5 nm⁻¹"),
        (100, None, None, "20 px"),
    ],
)
def test_bar_labels(width: int, scale: float | None, unit: str | None, label: str) -> None:
    bar = choose_scale_bar(width, scale, unit)
    assert bar is not None
    assert bar.label == label


def test_pictures_have_the_letters_of_units_and_angles() -> None:
    """A letter that a font lacks is drawn as its box for the unknown."""
    font = load_font(30)
    unknown = bytes(font.getmask("\U000f0000"))
    letters = sorted({*"".join(SYMBOLS.values()), *"αβγθλσ×−"} - {" "})
    assert {"µ", "Å", "⁻", "¹", "²", "°"} <= set(letters)
    assert [letter for letter in letters if bytes(font.getmask(letter)) == unknown] == []


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


def test_log_contrast_takes_as_many_decades_as_the_pattern_has() -> None:
    """Half a decade below the faintest common level is black; how much is dark does not matter."""
    for n_dark in (600, 6000):
        image = np.concatenate([np.zeros(n_dark), np.full(300, 10.0), np.full(300, 1000.0)]).reshape(-1, 60)
        levels = stretch_contrast(image, "log")
        decades = math.log10(1000.0 / 10.0) + 0.5
        assert sorted(set(np.round(levels.ravel(), 9))) == pytest.approx([0.0, 1.0 - 2.0 / decades, 1.0])
    faint = np.concatenate([np.zeros(600), np.full(300, 1.0), np.full(300, 1e7)]).reshape(-1, 60)
    assert set(stretch_contrast(faint, "log").ravel()) == {0.0, 1.0}, "seven decades are more than are shown"
    narrow = np.concatenate([np.zeros(600), np.full(300, 8.0), np.full(300, 10.0)]).reshape(-1, 60)
    assert stretch_contrast(narrow, "log")[12, 0] == pytest.approx(1 + math.log10(0.8)), "one decade at least"


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


# A color wheel that was written down by hand: clockwise on the screen from red at the right.
WHEEL = {
    "right": ((0, 1), 0.0),
    "down and right": ((1, 1), 45.0),
    "down": ((1, 0), 90.0),
    "down and left": ((1, -1), 135.0),
    "left": ((0, -1), 180.0),
    "up and left": ((-1, -1), 225.0),
    "up": ((-1, 0), 270.0),
    "up and right": ((-1, 1), 315.0),
}


def color_vectors(vectors: npt.NDArray[np.float64]) -> RgbImage:
    """Return the picture of vectors less their mean, as results are drawn."""
    return color_shifts(*measure_shifts(vectors))


def hue_of(color: npt.NDArray[np.int_]) -> float:
    """Return the angle of a color among red (0), green (120) and blue (240 degrees)."""
    angles = np.radians([0, 120, 240])
    return float(np.degrees(np.arctan2((color * np.sin(angles)).sum(), (color * np.cos(angles)).sum())) % 360)


@pytest.mark.parametrize(("shift", "degrees"), WHEEL.values(), ids=WHEEL)
def test_vectors_show_direction_by_hue(shift: tuple[int, int], degrees: float) -> None:
    y, x = np.mgrid[-1:2, -1:2].astype(float)
    rgb = color_vectors(np.stack([y, x], axis=-1)).astype(int)
    assert hue_of(rgb[1 + shift[0], 1 + shift[1]]) == pytest.approx(degrees, abs=2)
    assert rgb[1, 1].sum() == 0  # no shift: black
    # The mean is no variation: a constant shift of everything changes nothing.
    np.testing.assert_array_equal(color_vectors(np.stack([y + 5, x - 7], axis=-1)), rgb)


def test_vectors_show_length_by_brightness_and_gaps_by_the_background() -> None:
    lengths = np.array([0.5, 1.0, -0.5, -1.0])
    shifts = np.stack([np.zeros((1, 4)), lengths[None]], axis=-1)
    rgb = color_vectors(shifts).astype(int)[0]
    assert rgb[1].max() == 255
    assert rgb[3].max() > 150
    np.testing.assert_allclose(rgb[0], rgb[1] / 2, atol=1)
    np.testing.assert_allclose(rgb[2], rgb[3] / 2, atol=1)
    gap = shifts.copy()
    gap[0, 0] = np.nan
    drawn = color_vectors(gap)[0]
    assert (drawn[0] == BACKGROUND).all()
    assert (drawn[1:] != BACKGROUND).any()
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
    assert picture.shape == (HEIGHT, WIDTH, 3)
    curve = find_curve(picture)
    x = np.linspace(MARGIN_LEFT, WIDTH - MARGIN_RIGHT, 50)
    # The axis begins at 0 and leaves 6 % above the largest value.
    expected = HEIGHT - MARGIN_BOTTOM - values / (5 * 1.06) * (HEIGHT - MARGIN_BOTTOM - MARGIN_TOP)
    for column in range(MARGIN_LEFT + 3, WIDTH - MARGIN_RIGHT - 3):
        rows = curve[:, column].nonzero()[0]
        if x[19] + 3 < column < x[22] - 3:
            assert rows.size == 0, "a line leads over the gap"
            assert (picture[:, column] != FILL).any(axis=-1).all(), "the area leads over the gap"
        elif not x[19] - 3 < column < x[22] + 3:
            height = np.interp(column, x, expected)
            assert abs(rows.mean() - height) < 2
            below = picture[int(height) + 6 : HEIGHT - MARGIN_BOTTOM - 3, column]
            assert np.isclose((below == FILL).all(axis=-1).mean(), 1, atol=0.1), "the area below is filled"


def find_curve(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    """Return where the picture has the color of the line."""
    return np.asarray((np.abs(picture.astype(int) - LINE) < 40).all(axis=-1))


def test_a_spectrum_says_its_titles_and_large_counts_in_words() -> None:
    """What the axes say is there, and changes with what they are told."""
    values = np.linspace(0, 5e4, 50)
    told = {
        draw_spectrum(np.arange(50.0), values * factor, axis_title=axis, value_title=value)
        for factor in (1.0, 1e4)
        for axis in ("Energy (eV)", "Wavelength (nm)")
        for value in ("Counts", "Rate")
    }
    assert len(told) == 8
    pictures = [read_png(png) for png in told]
    for picture in pictures:
        ink = np.asarray((np.abs(picture.astype(int) - INK) < 60).all(axis=-1))
        assert ink[HEIGHT - 30 :].sum() > 100, "a title below"
        assert ink[MARGIN_TOP : HEIGHT - MARGIN_BOTTOM, 4:30].sum() > 100, "a title at the left"
        assert ink[MARGIN_TOP : HEIGHT - MARGIN_BOTTOM, 40 : MARGIN_LEFT - 4].sum() > 60, "numbers"


def test_an_energy_axis_that_falls_is_drawn_mirrored() -> None:
    values = np.linspace(1, 5, 50)
    pictures = [
        read_png(draw_spectrum(positions, values, axis_title="E", value_title="N"))
        for positions in (np.arange(50.0), np.arange(50.0)[::-1])
    ]
    heights = [
        [np.flatnonzero(find_curve(picture)[:, column]).mean() for column in (150, 650)]
        for picture in pictures
    ]
    assert heights[0][0] > heights[0][1] + 100
    assert heights[1] == pytest.approx(heights[0][::-1], abs=40)


def test_every_kind_gets_previews_and_one_cover(tmp_path: Path) -> None:
    scan = make_pattern_scan(scan_shape=(16, 16))
    source = source_of(scan.data)
    detector = tuple(replace(axis, unit="mrad", scale=2.3) for axis in source.axes[2:])
    axes = (Axis("scan_y", 16, "nm", 0.05), Axis("scan_x", 16, "nm", 0.05), *detector)
    kinds = {
        "scan": replace(source, axes=axes),
        "spectra": source_of(make_spectrum_image().data, n_signal_axes=1),
        "image": source_of(make_lattice_image(), axis_names=("scan_y", "scan_x")),
        "series": source_of(make_pattern_scan().data.reshape(2, 3, 7, 48, 48)),
        "positions": source_of(make_pattern_scan().data.reshape(42, 48, 48)),
    }
    known = Optics(semi_convergence_angle_mrad=21.4, diffraction_pixel_mrad=(2.3, 2.3))
    covers = {}
    for name, kind in kinds.items():
        options = ConversionOptions(optics=known, threads=1)
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


def test_a_picture_in_colors_is_drawn_in_its_colors(tmp_path: Path) -> None:
    """Red above, blue below, as a reader gives them out; what a pixel has beside its colors makes nothing clear."""
    colors = np.zeros((2, 40, 60, 4), np.uint8)
    colors[..., :20, :, 0], colors[..., 20:, :, 2] = 255, 200
    frame = (Axis("y", 40, "nm", 0.5), Axis("x", 60, "nm", 0.5), Axis("color", 4))
    for bright, largest in ((1, np.uint8), (257, np.uint16), (1 / 255, np.float32)):
        for values, leading in ((colors[0], ()), (colors, (Axis("series", 2),))):
            scaled = (values.astype(float) * bright).astype(largest)
            source = replace(
                source_of(scaled, n_signal_axes=3, axis_names=tuple("abcd"[: scaled.ndim])),
                axes=(*leading, *frame),
            )
            name = f"{largest.__name__}_{scaled.ndim}"
            options = ConversionOptions(threads=1)
            entry = convert_signal(source, tmp_path / name, options=options, progress=lambda *_: None).entry
            assert entry is not None
            assert entry.kind == ("color_image_series" if leading else "color_image")
            (preview,) = entry.previews
            assert find_cover_rank(preview.name) is not None
            assert preview.parameters["scale_bar"] == "10 nm"
            picture = read_png((tmp_path / name / "previews" / preview.file).read_bytes())
            height, width = picture.shape[:2]
            assert picture[height // 4, width // 2].tolist() == [255, 0, 0]
            assert picture[3 * height // 5, width // 2].tolist() == [0, 0, 200]


def test_which_picture_stands_for_a_measurement_is_an_order() -> None:
    """Only the order of the ranks shows; no two are equal, so that it does not hang on which was stored first."""
    outputs = [*(output for recipe in get_book().recipes for output in recipe.outputs), *OF_ARRAYS.values()]
    covers = {output.name: output.cover for output in outputs if output.cover is not None}
    navigators = {output.name: output.navigator for output in outputs if output.navigator is not None}
    assert sorted(covers, key=lambda name: covers[name]) == [
        "high_angle_annular_dark_field", "outer_virtual_dark_field", "annular_dark_field", "image", "summed_intensity",
        "virtual_bright_field", "mean_diffraction_pattern", "sum_spectrum", "frame", "color_image",
    ]  # fmt: skip
    assert sorted(navigators, key=lambda name: navigators[name]) == [
        "annular_dark_field", "high_angle_annular_dark_field", "outer_virtual_dark_field", "virtual_bright_field",
        "annular_bright_field", "summed_intensity",
    ]  # fmt: skip
    for ranks in (covers, navigators):
        assert len(set(ranks.values())) == len(ranks)


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
        assert entry.detector_major is not None
        digests.append([one.sha256 for one in (*entry.zarr.objects, *entry.detector_major.objects)])
        digests[-1] += [one.sha256 for one in entry.previews] + [one.sha256 for one in entry.reductions]
    assert digests[0] == digests[1]
