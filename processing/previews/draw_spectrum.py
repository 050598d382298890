"""A line plot of one spectrum with axes, ticks and units, as PNG bytes."""

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from processing.previews.draw_image import encode_png, load_font
from repository.schema.quantities.unit_symbols import get_symbol

WIDTH, HEIGHT = 720, 400
SUPERSAMPLING = 2
MARGIN_LEFT, MARGIN_RIGHT, MARGIN_TOP, MARGIN_BOTTOM = 84, 20, 18, 58
INK, GRID, LINE, FILL = (40, 46, 54), (226, 230, 235), (22, 97, 142), (222, 236, 243)
WANTED_TICKS_X, WANTED_TICKS_Y = 7, 5
_LARGE = (("billions", 1e9), ("millions", 1e6), ("thousands", 1e3))


def draw_spectrum(
    positions: npt.NDArray[np.float64],
    values: npt.NDArray[Any],
    *,
    axis_title: str,
    value_title: str,
) -> bytes:
    """Return a PNG of values over positions.

    Parameters
    ----------
    positions
        (n,) axis values, rising or falling.
    values
        (n,) real; gaps where not finite.
    axis_title, value_title
        What the axes say, with units.
    """
    picture = Image.new("RGB", (WIDTH * SUPERSAMPLING, HEIGHT * SUPERSAMPLING), (255, 255, 255))
    plot = _Plot(picture, positions, np.asarray(values, dtype=np.float64))
    plot.draw_axes(axis_title, value_title)
    plot.draw_line()
    return encode_png(picture.resize((WIDTH, HEIGHT), Image.Resampling.LANCZOS))


def name_axis(title: str, unit: str | None) -> str:
    """Return "Energy loss (eV)", or the title with "channel" where there is no unit."""
    return f"{title} ({get_symbol(unit)})" if unit and unit != "1" else title


def choose_ticks(low: float, high: float, wanted: int) -> list[float]:
    """Return round values (1, 2, 5 times a power of ten apart) within [low, high], about `wanted` of them."""
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return [low]
    raw = span / wanted
    power = 10.0 ** math.floor(math.log10(raw))
    step = min((factor * power for factor in (1, 2, 5, 10)), key=lambda item: abs(math.log(item / raw)))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


class _Plot:
    def __init__(
        self, picture: Image.Image, positions: npt.NDArray[np.float64], values: npt.NDArray[np.float64]
    ) -> None:
        self._picture = picture
        self._draw = ImageDraw.Draw(picture)
        self._x, self._y = positions, values
        finite = values[np.isfinite(values)]
        top = float(finite.max()) if finite.size else 1.0
        bottom = min(0.0, float(finite.min())) if finite.size else 0.0
        self._low_y, self._high_y = bottom, top + 0.06 * (top - bottom) if top > bottom else bottom + 1.0
        self._low_x, self._high_x = float(positions.min()), float(positions.max())
        if self._high_x <= self._low_x:
            self._high_x = self._low_x + 1.0
        scale = SUPERSAMPLING
        self._left, self._right = MARGIN_LEFT * scale, (WIDTH - MARGIN_RIGHT) * scale
        self._top, self._bottom = MARGIN_TOP * scale, (HEIGHT - MARGIN_BOTTOM) * scale
        self._font = load_font(14 * scale)
        self._title_font = load_font(15 * scale)

    def _at_x(self, value: float) -> float:
        return self._left + (value - self._low_x) / (self._high_x - self._low_x) * (self._right - self._left)

    def _at_y(self, value: float) -> float:
        return self._bottom - (value - self._low_y) / (self._high_y - self._low_y) * (
            self._bottom - self._top
        )

    def draw_axes(self, axis_title: str, value_title: str) -> None:
        """Draw grid, tick labels and titles; large values are written in thousands or millions."""
        scale = SUPERSAMPLING
        largest = max(abs(self._low_y), abs(self._high_y))
        word, factor = next(((word, factor) for word, factor in _LARGE if largest >= 10 * factor), ("", 1.0))
        for tick in choose_ticks(self._low_y, self._high_y, WANTED_TICKS_Y):
            y = self._at_y(tick)
            self._draw.line((self._left, y, self._right, y), fill=GRID, width=scale)
            label = f"{tick / factor:g}"
            self._draw.text((self._left - 8 * scale, y), label, font=self._font, fill=INK, anchor="rm")
        for tick in choose_ticks(self._low_x, self._high_x, WANTED_TICKS_X):
            x = self._at_x(tick)
            self._draw.line((x, self._bottom, x, self._bottom + 5 * scale), fill=INK, width=scale)
            self._draw.text(
                (x, self._bottom + 9 * scale), f"{tick:g}", font=self._font, fill=INK, anchor="mt"
            )
        self._draw.line((self._left, self._bottom, self._right, self._bottom), fill=INK, width=scale)
        middle = (self._left + self._right) / 2
        self._draw.text(
            (middle, (HEIGHT - 8) * scale), axis_title, font=self._title_font, fill=INK, anchor="mb"
        )
        self._draw_sideways(f"{value_title} ({word})" if word else value_title)

    def _draw_sideways(self, title: str) -> None:
        scale = SUPERSAMPLING
        length, height = (self._bottom - self._top), 22 * scale
        strip = Image.new("RGB", (length, height), (255, 255, 255))
        ImageDraw.Draw(strip).text(
            (length / 2, height / 2), title, font=self._title_font, fill=INK, anchor="mm"
        )
        self._picture.paste(strip.rotate(90, expand=True), (6 * scale, self._top))

    def draw_line(self) -> None:
        """Draw the curve with a light area below; gaps stay gaps."""
        base = self._at_y(max(0.0, self._low_y))
        present = np.isfinite(self._y)
        edges = np.flatnonzero(np.diff(np.concatenate(([0], present.astype(np.int8), [0]))))
        for first, last in edges.reshape(-1, 2):
            points = [
                (self._at_x(float(x)), self._at_y(float(y)))
                for x, y in zip(self._x[first:last], self._y[first:last], strict=True)
            ]
            if len(points) > 1:
                self._draw.polygon([(points[0][0], base), *points, (points[-1][0], base)], fill=FILL)
                self._draw.line(points, fill=LINE, width=2 * SUPERSAMPLING, joint="curve")
