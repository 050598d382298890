"""DPC and iDPC: how far each pattern is deflected, and the phase whose gradient that is."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from processing.declarations.recipe import Output, Parameter, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping

    from processing.reductions.facts import AnyArray, Made, SignalFacts
    from processing.reductions.gathering import Gathered

RECIPE = Recipe(
    name="differential_phase",
    version=2,
    title="Differential phase contrast",
    description=(
        "Deflection of the center of mass against a plane fitted over the scan (descan), and its integral. Electrons "
        "are deflected towards positive potential: ⟨θ⟩ = (λ/2π) ∇φ, φ = σ V. The matrix detector to scan turns and "
        "flips it; without one the axes of detector and scan are taken to be parallel, and the result says so."
    ),
    applies_to=("pattern_scan",),
    gathers=("clean_totals", "moments"),
    needs=("angles", "wavelength", "detector_to_scan", "scan_step"),
    parameters=(
        Parameter("descan_order", "Descan: 0 takes off the mean, 1 a plane", "1", 1, 0, 1, is_whole=True),
    ),
    outputs=(
        Output(
            "deflection",
            "Deflection (DPC)",
            "vector_image",
            "(…, 2) as (y, x) along the scan axes, in mrad where the detector is calibrated, else in pixels; seen as "
            "the arrays are, y down and x right. NaN where the pattern sums to zero.",
        ),
        Output(
            "deflection_uncertainty",
            "Deflection, shot noise",
            "image",
            "One standard deviation of each component, R / (2 √N) for a disk of radius R and N counts; only where a "
            "disk was measured and values are counts.",
        ),
        Output(
            "integrated_phase",
            "Integrated phase (iDPC)",
            "image",
            "Least-squares integral of the deflection with mirrored borders and zero mean: rad where angle, wavelength "
            "and scan step are known, else pixels of deflection times steps. Slow variations are the least certain.",
        ),
    ),
    run="processing.recipes.differential_phase:make_phase",
    rank=60,
)
PLANE = 2  # axes of an image
PM_PER_UNIT = {"pm": 1.0, "Ao": 100.0, "nm": 1e3, "um": 1e6}


def make_phase(gathered: Gathered, facts: SignalFacts, parameters: Mapping[str, float]) -> list[Made]:
    """Return deflection, its shot noise, and the integrated phase where the scan is an image."""
    import numpy as np

    from processing.reductions.center_of_mass import divide_moments
    from processing.reductions.facts import Made

    totals = gathered["clean_totals"]
    order = int(parameters["descan_order"])
    shifts = remove_descan(divide_moments(totals, gathered["moments"]), order)
    matrix = np.array(facts.detector_to_scan or ((1.0, 0.0), (0.0, 1.0)))
    scale = facts.plan.mrad_per_px if facts.plan is not None else None
    deflection = shifts @ matrix.T * (scale or 1.0)
    unit = "mrad" if scale else "px"
    said: dict[str, Any] = {
        "components": ["y", "x"],
        "reference": "a plane fitted over the scan" if order else "the mean over the scan",
        "sign": "towards positive potential",
        "detector_to_scan": matrix.tolist(),
        "detector_to_scan_from": "metadata"
        if facts.detector_to_scan
        else "not measured: axes taken as parallel",
    }
    if scale:
        said["mrad_per_px"] = scale
    leading = facts.leading_names
    made = [Made("deflection", deflection, (*leading, "component"), unit, said)]
    noise = _find_noise(totals, facts, scale or 1.0)
    if noise is not None:
        made.append(Made("deflection_uncertainty", noise, leading, unit, {"of": "each component"}))
    if len(leading) >= PLANE and min(facts.leading_shape[-PLANE:]) > 1:
        phase, phase_unit, why = _integrate(deflection, facts, is_calibrated=bool(scale))
        made.append(Made("integrated_phase", phase, leading, phase_unit, {**said, **why}))
    return made


def remove_descan(positions: AnyArray, order: int) -> AnyArray:
    """Return (…, 2) less their mean (order 0) or the plane fitted over the last two scan axes (order 1); NaN stay."""
    import numpy as np

    shifts = positions.copy()
    is_plane = order > 0 and positions.ndim > PLANE
    frames = shifts.reshape(-1, *shifts.shape[-3:]) if is_plane else shifts.reshape(1, 1, -1, 2)
    y, x = (np.linspace(-1.0, 1.0, size) for size in frames.shape[1:3])
    columns = (np.ones(frames.shape[1:3]), *np.broadcast_arrays(y[:, None], x[None, :])[: 2 * is_plane])
    terms = np.stack(columns, axis=-1)
    for frame in frames:
        known = np.isfinite(frame).all(axis=-1)
        weighted = terms * known[..., None]
        normal = np.tensordot(weighted, terms, axes=((0, 1), (0, 1)))
        moments = np.tensordot(weighted, np.where(known[..., None], frame, 0.0), axes=((0, 1), (0, 1)))
        np.subtract(frame, terms @ (np.linalg.pinv(normal) @ moments), out=frame)
    return shifts


def _find_noise(totals: AnyArray, facts: SignalFacts, scale: float) -> AnyArray | None:
    """Return the shot noise of each component; None where its size is not known."""
    import numpy as np

    plan = facts.plan
    if plan is None or plan.source_of_center != "measured_disk" or totals.dtype.kind not in "ui":
        return None
    with np.errstate(divide="ignore", invalid="ignore"):  # signed counts may sum to less than nothing
        noise: AnyArray = scale * plan.disk_radius_px / (2.0 * np.sqrt(totals.astype(np.float64)))
    return np.where(totals > 0, noise, np.nan)


def _integrate(
    deflection: AnyArray, facts: SignalFacts, *, is_calibrated: bool
) -> tuple[AnyArray, str | None, dict[str, Any]]:
    """Return the phase of every frame, its unit, and why it is not in rad where it is not."""
    import numpy as np

    steps = [facts.steps.get(name) for name in facts.leading_names[-PLANE:]]
    lengths = [abs(one.value) * PM_PER_UNIT[one.unit] for one in steps if one and one.unit in PM_PER_UNIT]
    lacking = [
        word
        for word, is_known in (
            ("angle of a detector pixel", is_calibrated),
            ("acceleration voltage", facts.wavelength_pm is not None),
            ("scan step", len(lengths) == PLANE and all(lengths)),
        )
        if not is_known
    ]
    if lacking or facts.wavelength_pm is None:
        step_y, step_x, factor, unit = 1.0, 1.0, 1.0, None
        said = {"not_in_rad_because": f"not known: {', '.join(lacking)}"}
    else:
        (step_y, step_x), unit, said = lengths, "rad", {}
        factor = 2.0 * math.pi / facts.wavelength_pm * 1e-3  # mrad to rad per pm
    frames = deflection.reshape(-1, *deflection.shape[-3:])
    phases = [integrate_gradient(factor * frame, (step_y, step_x)) for frame in frames]
    return np.stack(phases).reshape(deflection.shape[:-1]), unit, {**said, "border": "mirrored", "mean": 0}


def integrate_gradient(gradient: AnyArray, steps: tuple[float, float]) -> AnyArray:
    """Return the image with zero mean whose gradient is nearest, in least squares, to a vector image.

    Parameters
    ----------
    gradient
        (y, x, 2) as (y, x) components; NaN counts as no gradient.
    steps
        Lengths from one sample to the next along y and x.
    """
    import numpy as np

    known = np.nan_to_num(gradient, nan=0.0)
    # Mirrored about the border, a component changes its sign along its own axis: the image is then even and periodic.
    along_y = np.block([[known[..., 0], known[:, ::-1, 0]], [-known[::-1, :, 0], -known[::-1, ::-1, 0]]])
    along_x = np.block([[known[..., 1], -known[:, ::-1, 1]], [known[::-1, :, 1], -known[::-1, ::-1, 1]]])
    k_y = np.fft.fftfreq(along_y.shape[0], steps[0])[:, None]
    k_x = np.fft.rfftfreq(along_y.shape[1], steps[1])[None, :]
    squared = k_y**2 + k_x**2
    squared[0, 0] = 1.0
    k_y[len(k_y) // 2], k_x[0, -1] = 0.0, 0.0  # the fastest wave has no slope at the samples
    summed = (k_y * np.fft.rfft2(along_y) + k_x * np.fft.rfft2(along_x)) / (2j * np.pi * squared)
    whole = np.fft.irfft2(summed, along_y.shape)
    phase: AnyArray = whole[: gradient.shape[0], : gradient.shape[1]].copy()
    phase -= phase.mean()
    return phase
