"""First pictures of pictures in colors, whatever part of them is read."""

import numpy as np

from processing.engine.preview_pictures import draw_first_pictures, list_first_pictures
from processing.engine.preview_plan import plan_preview
from processing.engine.preview_sample import read_sample
from processing.engine.signal_entries import find_kind
from processing.reductions.detector_plan import AngleKnowledge
from tests.unit.processing.test_first_pictures import NEVER, U2, CountingSource


def test_first_pictures_of_colors_keep_them() -> None:
    """Whole, by rows and of a series; no mean of several pictures is drawn."""
    values = np.zeros((3, 64, 64, 3), np.uint16)
    values[..., 1] = 40_000
    axes, angles = ("y", "x", "color"), AngleKnowledge()
    for shape, by_channel in (((64, 64, 3), False), ((64, 64, 3), True), ((3, 64, 64, 3), False)):
        names = ("series", *axes)[-len(shape) :]
        counting = CountingSource(
            shape,
            U2,
            names,
            3,
            () if not by_channel else (1, 64, 3),
            by_channel,
            values[(0,) * (4 - len(shape))],
        )
        source = counting.as_source()
        plan = plan_preview(source, source.nbytes // 2 if by_channel else source.nbytes)
        sample = read_sample(source, plan, NEVER)
        (picture,) = list_first_pictures(find_kind(source, {}), source, sample, angles)
        assert picture.name == "preview_color_image"
        assert picture.values.dtype == U2
        assert picture.values[5, 7].tolist() == [0, 40_000, 0]
        assert draw_first_pictures(find_kind(source, {}), source, sample, angles)
