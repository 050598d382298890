"""A picture of an array with a scale bar, as PNG bytes that are the same on every run."""

import io
import math
from importlib.resources import as_file, files

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from processing.previews.color_maps import RgbImage, color_wheel
from processing.previews.scale_bar import ScaleBar

WANTED_SIDE = 512
LARGEST_SIDE = 640
# Of 9; the search for the smallest file takes half the time of the first pictures, and saves little.
_COMPRESSION = 4
WHITE, SHADE = (255, 255, 255), (0, 0, 0)
_LETTERS = ("fontpkg_roboto", "files", "Roboto[wdth,wght].ttf")  # regular, unless told otherwise


def shrink(values: npt.NDArray[np.float64], side: int = LARGEST_SIDE) -> tuple[npt.NDArray[np.float64], int]:
    """Average squares of pixels until the longer side is at most `side`; return the image and the factor."""
    factor = max(1, math.ceil(max(values.shape) / side))
    if factor == 1:
        return values, 1
    height, width = (size // factor * factor for size in values.shape)
    if height == 0 or width == 0:
        return values[::factor, ::factor], factor
    blocks = values[:height, :width].reshape(height // factor, factor, width // factor, factor)
    averaged: npt.NDArray[np.float64] = blocks.mean(axis=(1, 3))
    return averaged, factor


def draw_image(rgb: RgbImage, bar: ScaleBar | None, wheel: str | None = None) -> bytes:
    """Return a PNG of about 512 pixels; each array pixel stays a sharp square.

    Parameters
    ----------
    rgb
        (y, x, 3).
    bar
        Its length counts pixels of `rgb`; None draws none.
    wheel
        What the rim of a wheel of colors stands for, as "0.5 px"; None draws no wheel.
    """
    height, width = rgb.shape[:2]
    zoom = max(1, WANTED_SIDE // max(height, width))
    # A line scan would be a hairline: make single rows tall enough to see.
    stretch = zoom if height * zoom >= 64 else math.ceil(64 / height)  # noqa: PLR2004 - px on the screen
    picture = Image.fromarray(rgb).resize((width * zoom, height * stretch), Image.Resampling.NEAREST)
    if bar is not None and picture.width >= 128:  # noqa: PLR2004 - no room for a label
        _draw_bar(picture, bar.length_px * zoom, bar.label)
    if wheel is not None and min(picture.size) >= 128:  # noqa: PLR2004 - as above
        _draw_wheel(picture, wheel)
    return encode_png(picture)


def _draw_wheel(picture: Image.Image, label: str) -> None:
    """Draw a wheel of all directions at the upper right, with the length of its rim below."""
    side, margin = max(32, min(picture.size) // 6), picture.width // 28
    left, top = picture.width - margin - side, margin
    colors, inside = color_wheel(side)
    picture.paste(Image.fromarray(colors), (left, top), Image.fromarray(inside))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((left - 1, top - 1, left + side, top + side), outline=WHITE)
    draw.text(
        (picture.width - margin, top + side + margin // 2),
        label,
        font=load_font(max(15, picture.width // 32)),
        fill=WHITE,
        stroke_width=2,
        stroke_fill=SHADE,
        anchor="rt",
    )


def _draw_bar(picture: Image.Image, length: float, label: str) -> None:
    draw = ImageDraw.Draw(picture)
    size = max(15, picture.width // 26)
    font = load_font(size)
    margin = picture.width // 28
    thick = max(3, picture.width // 110)
    left, bottom = margin, picture.height - margin
    right = left + round(length)
    if right > picture.width - margin or bottom - thick - 2 * size < 0:
        return
    draw.rectangle((left - 1, bottom - thick - 1, right + 1, bottom + 1), fill=SHADE)
    draw.rectangle((left, bottom - thick, right, bottom), fill=WHITE)
    draw.text(
        ((left + right) / 2, bottom - thick - size // 3),
        label,
        font=font,
        fill=WHITE,
        stroke_width=2,
        stroke_fill=SHADE,
        anchor="mb",
    )


def load_font(size: int) -> ImageFont.FreeTypeFont:
    """Return letters with µ, Å, ⁻¹ and Greek, from a package, so that pictures do not depend on the machine."""
    package, *place = _LETTERS
    with as_file(files(package).joinpath(*place)) as path:
        # The plain layout: the other is there only where a library of the system is.
        return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def encode_png(picture: Image.Image) -> bytes:
    """Return PNG bytes without time stamps."""
    buffer = io.BytesIO()
    picture.save(buffer, format="PNG", compress_level=_COMPRESSION)
    return buffer.getvalue()
