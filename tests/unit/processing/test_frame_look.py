"""What one frame looks like: a pattern is far above its mean at its center, and the same when it is turned by half."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from processing.engine.one_pass import convert_signal
from processing.engine.signal_work import ConversionOptions
from processing.quality.frame_look import look_at_frame
from repository.schema.documents.technique_guesses import FrameLook
from tests.synthetic import source_of

SIDE = 128


def draw_pattern(center: tuple[float, float] = (64.0, 64.0), *, side: int = SIDE) -> npt.NDArray[np.float64]:
    """Return Poisson counts of a disk, four pairs of fainter ones, and a halo."""
    y, x = np.mgrid[:side, :side].astype(float)
    expected = np.full((side, side), 0.2)
    spots = [(0, 0, 400.0), *((sy * 20, sx * 14, 25.0 + sy) for sy in (-1, 1) for sx in (-1, 1))]
    for off_y, off_x, height in spots:
        radius = np.hypot(y - center[0] - off_y, x - center[1] - off_x)
        expected += height * (radius < 6)
    expected += 6 * np.exp(-np.hypot(y - center[0], x - center[1]) / 15)
    counts: npt.NDArray[np.float64] = np.random.default_rng(3).poisson(expected).astype(np.float64)
    return counts


def draw_image() -> npt.NDArray[np.float64]:
    """Return a lattice of bright columns with an edge of the specimen, so that nothing is the same turned by half."""
    y, x = np.mgrid[:SIDE, :SIDE].astype(float)
    lattice = 20 + 12 * np.cos(y / 2) * np.cos(x / 3)
    counts: npt.NDArray[np.float64] = (
        np.random.default_rng(4).poisson(lattice * (1 + 2 * (y + x > 150))).astype(np.float64)
    )
    return counts


def is_like_pattern(values: npt.NDArray[Any]) -> bool:
    look = look_at_frame(values)
    return look is not None and FrameLook(look.center_over_mean, look.half_turn).is_like_pattern


@pytest.mark.parametrize("center", [(64.0, 64.0), (60.5, 71.0), (50.0, 50.0)])
@pytest.mark.parametrize("dtype", ["float32", "uint16", "int32"])
def test_a_pattern_is_known_wherever_its_center_lies_near_the_middle(
    center: tuple[float, float], dtype: str
) -> None:
    assert is_like_pattern(draw_pattern(center).astype(dtype))


@pytest.mark.parametrize("side", [40, 200, 513])
def test_a_pattern_is_known_at_every_size(side: int) -> None:
    assert is_like_pattern(draw_pattern((side / 2, side / 2 + 1), side=side))


def test_neither_gain_nor_offset_nor_a_hot_pixel_changes_what_it_looks_like() -> None:
    pattern = draw_pattern()
    hot = pattern.copy()
    hot[3, 90] = 1e6
    assert is_like_pattern(pattern * 1000 + 5000)
    plain, shifted = look_at_frame(pattern), look_at_frame(pattern * 7 - 300)
    assert plain is not None
    assert shifted is not None
    assert shifted.center_over_mean == pytest.approx(plain.center_over_mean)
    assert not is_like_pattern(np.where(np.arange(SIDE * SIDE).reshape(SIDE, SIDE) == 500, 1e6, 1.0))


@pytest.mark.parametrize(
    "image",
    [
        draw_image(),
        np.tile(np.arange(SIDE, dtype=float), (SIDE, 1)),
        np.random.default_rng(5).poisson(30, (SIDE, SIDE)).astype(float),
        np.roll(draw_pattern(), 62, axis=1),
    ],
    ids=["lattice with an edge", "ramp", "noise", "pattern at the edge"],
)
def test_other_pictures_are_not(image: npt.NDArray[np.float64]) -> None:
    assert not is_like_pattern(image)


@pytest.mark.parametrize(
    "values",
    [
        np.zeros((SIDE, SIDE)),
        np.full((SIDE, SIDE), np.nan),
        np.ones((4, SIDE)),
        np.ones(SIDE),
        np.full((SIDE, SIDE), np.inf),
        np.where(np.eye(SIDE) > 0, 1.7e308, -1.7e308),
    ],
    ids=["flat", "nothing", "narrow", "line", "endless", "too large"],
)
def test_a_frame_that_shows_nothing_says_nothing(values: npt.NDArray[np.float64]) -> None:
    assert look_at_frame(values) is None


def test_missing_pixels_are_no_light() -> None:
    pattern = draw_pattern()
    pattern[:, 100:] = np.nan
    assert is_like_pattern(pattern)


@pytest.mark.parametrize(
    ("names", "is_looked_at"),
    [
        (("detector_y", "detector_x"), True),
        (("series", "detector_y", "detector_x"), True),
        (("scan_y", "scan_x"), False),
        (("scan_x", "detector_y", "detector_x"), False),
    ],
)
def test_converting_writes_down_the_look_of_the_middle_frame_where_it_was_not_scanned(
    tmp_path: Path, names: tuple[str, ...], is_looked_at: bool
) -> None:
    frame = draw_pattern().astype(np.float32)
    values = np.stack([np.zeros_like(frame), frame, np.zeros_like(frame)]) if len(names) == 3 else frame
    source = source_of(values, axis_names=names)
    done = convert_signal(source, tmp_path, options=ConversionOptions(), progress=lambda *_: None)
    assert done.entry is not None
    expected = look_at_frame(frame)
    assert expected is not None
    if not is_looked_at:
        assert done.entry.frame is None
        return
    assert done.entry.frame is not None
    assert done.entry.frame.as_dict() == {
        "center_over_mean": expected.center_over_mean,
        "half_turn": expected.half_turn,
    }
