"""What a signal is, by its axes: it decides which recipes and pictures make sense."""

from collections.abc import Sequence
from typing import Literal

SignalKind = Literal["pattern_scan", "pattern", "image", "image_series", "spectrum_scan", "spectrum"]


def classify_signal(axis_names: Sequence[str], n_signal_axes: int) -> SignalKind | None:
    """Return the kind of a signal; None where no reduction is defined (three and more signal axes)."""
    pattern, leading = axis_names[-n_signal_axes:], axis_names[:-n_signal_axes]
    if n_signal_axes == 1:
        return "spectrum_scan" if leading else "spectrum"
    if n_signal_axes != 2:  # noqa: PLR2004 - images have two axes
        return None
    if all(name.startswith("detector_") for name in pattern):
        return "pattern_scan" if leading else "pattern"
    return "image_series" if leading else "image"


def is_real(dtype: str) -> bool:
    """Return whether values of a type, by its name, can be counted and compared; complex ones cannot."""
    return not dtype.startswith("complex")
