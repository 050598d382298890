"""Pictures that no recipe makes, and which picture stands for its signal."""

from collections.abc import Mapping

from processing.declarations.book import get_book
from processing.declarations.recipe import Output
from repository.schema.quantities.signals import SignalKind

ARRAY_PICTURE, FIRST_PICTURE = "array_picture", "first_picture"
PICTURES_VERSION = 2

_IMAGE = Output("image", "Image", "image", "The image itself; the middle one of a series.", cover=40)
_PATTERN = Output(
    "pattern", "Diffraction pattern", "pattern", "The pattern itself; the middle one of a scan."
)
_SPECTRUM = Output("spectrum", "Spectrum", "spectrum", "The spectrum itself; the middle one of a scan.")
_FRAME = Output(
    "frame",
    "Frame",
    "image",
    "The frame itself, of which nobody has said yet what it shows; the middle one of a series.",
    cover=90,
)
_COLORS = Output(
    "color_image",
    "Picture in colors",
    "color_image",
    "The picture itself in its own colors; the middle one of a series.",
    cover=95,
)
_PROFILE = Output("profile", "Profile", "spectrum", "The line itself; the middle one of several.")
OF_ARRAYS: Mapping[SignalKind, Output] = {
    "image": _IMAGE,
    "image_series": _IMAGE,
    "color_image": _COLORS,
    "color_image_series": _COLORS,
    "pattern": _PATTERN,
    "pattern_scan": _PATTERN,
    "pattern_series": _PATTERN,
    "spectrum": _SPECTRUM,
    "spectrum_scan": _SPECTRUM,
    "profile": _PROFILE,
    "profile_series": _PROFILE,
    "channel_maps": _PROFILE,
    "frame": _FRAME,
    "frame_series": _FRAME,
}


def find_cover_rank(name: str) -> int | None:
    """Return the rank of a picture among those that can stand for a measurement, the lowest first; None: none."""
    output = get_book().find_output(name) or next(
        (output for output in OF_ARRAYS.values() if output.name == name), None
    )
    return None if output is None else output.cover
