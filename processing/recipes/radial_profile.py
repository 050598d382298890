"""Mean and variance of the intensity by scattering angle: rings, halos, and how much they speckle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from processing.declarations.recipe import Accumulator, Output, Parameter, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.reductions.facts import AnyArray, Made, SignalFacts
    from processing.reductions.gathering import Gathered

RECIPE = Recipe(
    name="radial_profile",
    version=1,
    title="Radial mean and variance",
    description=(
        "Over all pixels of a ring and all positions: the mean ⟨I⟩, and the normalized variance "
        "⟨I²⟩/⟨I⟩² − 1 − g/⟨I⟩ of fluctuation microscopy, g counts for each electron: the last term takes off shot "
        "noise. A pixel belongs to the ring in whose width its center lies; radii are those of the middle of rings."
    ),
    applies_to=("pattern_scan",),
    made="request",
    gathers=("pixel_sums", "valid"),
    needs=("angles",),
    accumulates=(Accumulator("pixel_squares", "sum"),),
    measure="processing.recipes.radial_profile:measure_squares",
    parameters=(
        Parameter("ring_width", "Width of a ring", "px", 1.0, 0.5, 64.0),
        Parameter("counts_per_electron", "Counts for each electron", "1", 1.0, 1e-6, 1e6),
    ),
    outputs=(
        Output(
            "radial_mean",
            "Radial mean",
            "spectrum",
            "(scattering_angle), float64: counts per pixel and pattern; NaN where a ring has no pixel.",
        ),
        Output(
            "radial_mean_uncertainty",
            "Radial mean, standard error",
            "spectrum",
            "One standard deviation, from the scatter of the pixels of a ring; NaN where it has fewer than two.",
        ),
        Output(
            "radial_variance",
            "Radial variance",
            "spectrum",
            "(scattering_angle), float64, dimensionless: 0 for shot noise alone; NaN where nothing was counted.",
        ),
        Output(
            "radial_variance_uncertainty",
            "Radial variance, standard error",
            "spectrum",
            "One standard deviation, by leaving out one pixel of the ring after the other.",
        ),
    ),
    run="processing.recipes.radial_profile:make_profiles",
    rank=70,
)
FEWEST_PIXELS = 2


def measure_squares(patterns: AnyArray, _: SignalFacts, __: Mapping[str, float]) -> dict[str, AnyArray]:
    """Return Σ I² of each pixel over (n, detector_y, detector_x) patterns; exact for counts, NaN counts as absent."""
    import numpy as np

    from processing.reductions.fused import sum_type

    wide = sum_type(patterns.dtype)
    if patterns.dtype.kind == "f":
        patterns = np.nan_to_num(patterns, nan=0.0, posinf=np.inf, neginf=-np.inf)
    return {"pixel_squares": np.einsum("nyx,nyx->yx", patterns, patterns, dtype=wide, casting="unsafe")}


def make_profiles(gathered: Gathered, facts: SignalFacts, parameters: Mapping[str, float]) -> list[Made]:
    """Return mean and variance by ring, with their standard errors."""
    import numpy as np

    from processing.reductions.facts import Made, Step

    plan = facts.plan
    if plan is None:
        return []
    width, gain = parameters["ring_width"], parameters["counts_per_electron"]
    rings = number_rings(facts, width)
    n_rings = int(rings.max()) + 1
    # One entry for each pixel: how many patterns had a number there, and the sums of I and I².
    counts, sums, squares = (
        gathered[name].astype(np.float64).ravel() for name in ("valid", "pixel_sums", "pixel_squares")
    )
    total = tuple(np.bincount(rings, values, n_rings) for values in (counts, sums, squares))
    n_pixels = np.bincount(rings, counts > 0, n_rings)
    mean, variance = _compare(total, gain)
    without = tuple(whole[rings] - own for whole, own in zip(total, (counts, sums, squares), strict=True))
    errors = [
        _jackknife(one, rings, counts > 0, n_pixels, whole)
        for one, whole in zip(_compare(without, gain), (mean, variance), strict=True)
    ]
    step = Step(width * plan.mrad_per_px, "mrad") if plan.mrad_per_px else Step(width, "px")
    said: dict[str, Any] = {
        "center_px": list(plan.center),
        "center_from": plan.source_of_center,
        "ring_width_px": width,
        "counts_per_electron": gain,
        "variance": "over the pixels of the ring and all positions, less shot noise g/mean",
        "n_positions": int(np.prod(facts.leading_shape)),
    }
    axis = {"scattering_angle": (0.5 * step.value, step)}
    named = {
        "radial_mean": (mean, facts.intensity_unit),
        "radial_mean_uncertainty": (errors[0], facts.intensity_unit),
        "radial_variance": (variance, "1"),
        "radial_variance_uncertainty": (errors[1], "1"),
    }
    return [
        Made(name, values, ("scattering_angle",), unit, said, axis) for name, (values, unit) in named.items()
    ]


def number_rings(facts: SignalFacts, width: float) -> AnyArray:
    """Return for each pixel, flat, which ring about the center of the pattern its own center lies in."""
    import numpy as np

    center = facts.plan.center if facts.plan is not None else (0.0, 0.0)
    y, x = np.indices(facts.signal_shape, dtype=np.float64)
    radius: AnyArray = np.hypot(y - center[0], x - center[1])
    return (radius / width).astype(np.int64).ravel()


def _compare(accumulated: tuple[AnyArray, ...], gain: float) -> tuple[AnyArray, AnyArray]:
    """Return mean and normalized variance without shot noise, from numbers of values, their sums and squares.

    NaN where there is nothing to divide by.
    """
    import numpy as np

    counts, sums, squares = accumulated
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = np.where(counts > 0, sums / counts, np.nan)
        variance = np.where(mean != 0, squares / counts / mean**2 - 1.0 - gain / mean, np.nan)
    return mean, variance


def _jackknife(
    left_out: AnyArray, rings: AnyArray, is_used: AnyArray, n_pixels: AnyArray, whole: AnyArray
) -> AnyArray:
    """Return the standard error of a ring's value from what it is without each of its pixels."""
    import numpy as np

    deviation = np.where(is_used, left_out - whole[rings], 0.0)
    spread = np.bincount(rings, deviation**2, len(whole))
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt((n_pixels - 1) / n_pixels * spread)
    return np.where(n_pixels >= FEWEST_PIXELS, error, np.nan)
