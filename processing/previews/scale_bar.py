"""A scale bar of a round length."""

import math
from dataclasses import dataclass

from repository.schema.quantities.unit_symbols import UNCALIBRATED, get_symbol
from repository.schema.quantities.units import UNITS, convert, find_unit_code

WANTED_SHARE = 0.25  # of the width of the picture

# Larger and smaller units of the same kind, each step a factor of 1000.
_LADDERS = (("pm", "nm", "um", "mm"), ("urad", "mrad", "rad"), ("meV", "eV", "keV"), ("ns", "us", "ms", "s"))
RECIPROCAL = "nm-1"  # every reciprocal length is shown in it


@dataclass(frozen=True, slots=True)
class ScaleBar:
    """A bar of `length_px` source pixels with its label."""

    length_px: float
    label: str


def choose_scale_bar(width_px: int, scale: float | None, unit: str | None) -> ScaleBar | None:
    """Return a bar of 1, 2 or 5 times a power of ten that is nearest a quarter of the width.

    Parameters
    ----------
    width_px
        Width of the picture in source pixels.
    scale, unit
        Size of a pixel; where unknown the bar counts pixels ("20 px").
    """
    if width_px < 4:  # noqa: PLR2004 - nothing to measure on so few pixels
        return None
    if not scale or unit is None or not math.isfinite(scale):
        scale, unit = 1.0, UNCALIBRATED
    code = find_unit_code(unit)
    if code is not None and UNITS[code].dimension == UNITS[RECIPROCAL].dimension:
        scale, unit = convert(scale, code, RECIPROCAL), RECIPROCAL
    size, shown = _choose_unit(abs(scale), unit, width_px)
    wanted = WANTED_SHARE * width_px * size
    power = 10.0 ** math.floor(math.log10(wanted))
    length = min((factor * power for factor in (1, 2, 5, 10)), key=lambda item: abs(math.log(item / wanted)))
    if shown == UNCALIBRATED and size == 1.0:
        length = max(1.0, length)
    return ScaleBar(length / size, f"{length:g} {get_symbol(shown)}")


def _choose_unit(scale: float, unit: str, width_px: int) -> tuple[float, str]:
    """Move to the unit in which the bar is a number between 0.1 and 1000, where one exists."""
    for ladder in _LADDERS:
        if unit in ladder:
            rung = ladder.index(unit)
            wanted = WANTED_SHARE * width_px * scale
            while wanted < 0.08 and rung > 0:  # noqa: PLR2004 - 0.1 nm is read with ease
                rung, wanted, scale = rung - 1, wanted * 1e3, scale * 1e3
            while wanted >= 800 and rung < len(ladder) - 1:  # noqa: PLR2004 - 800 rounds to 1000
                rung, wanted, scale = rung + 1, wanted / 1e3, scale / 1e3
            return scale, ladder[rung]
    return scale, unit
