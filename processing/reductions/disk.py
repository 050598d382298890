"""Center and radius of the direct disk on a mean diffraction pattern.

The radius is where the azimuthal mean about the center crosses half of the plateau inside the disk; center,
radius and edge width are then refined together on the pixels around the edge. A pattern without one
dominant round disk gives a reason instead of numbers. Hot and dead pixels are mended first.

Two errors are stated apart. *Shot noise* is the scatter that another exposure would show. The *model error* is what
the picture of an even disk with one edge leaves out: Bragg disks that overlap it, an uneven rim, an edge that descan
has smeared. It does not shrink with the dose.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from processing.reductions.outliers import mend_outliers, scale_to_one

FloatImage = npt.NDArray[np.float64]

MINIMUM_RADIUS_PX = 2.0
MINIMUM_CONTRAST = 2.0  # plateau against what lies around the disk
MINIMUM_FILLING = 0.75  # share of a round disk that is above half plateau
RIVAL_SHARE = 0.3  # a second spot of this share of the area makes it a pattern of spots
N_SECTORS = 8
SECTOR_TOLERANCE = 0.2
N_ITERATIONS = 12
# Scatter over the covariance's own estimate, measured on simulated disks of 8 to 40 px at 10^3 to 10^6
# electrons.
SCATTER_FACTOR = 1.6
SCATTER_FLOOR_PX = 0.01
# By how much overlapping Bragg disks moved the radius of simulated MoS2 disks: −2.3 % of 8 px, −1 % of 21.4 px.
OVERLAP_PX = 0.2
OVERLAP_SHARE = 0.01
CENTER_FLOOR_PX = 0.1  # reached on simulated disks of 40 px


@dataclass(frozen=True, slots=True)
class DirectDisk:
    """The direct disk, in detector pixels (pixel centers at integers, (y, x)).

    Attributes
    ----------
    center_uncertainty, radius_uncertainty
        Shot noise alone: one standard deviation, scaled with the scatter of the pixels about the fitted edge and with
        the scatter found on simulated disks.
    center_model_error, radius_model_error
        How far an edge that is not that of one even disk may have moved them.
    """

    center: tuple[float, float]
    radius: float
    center_uncertainty: float
    radius_uncertainty: float
    center_model_error: float
    radius_model_error: float
    edge_width: float

    @property
    def radius_error(self) -> float:
        """Both errors of the radius together."""
        return float(np.hypot(self.radius_uncertainty, self.radius_model_error))


@dataclass(frozen=True, slots=True)
class NoDisk:
    """Why no direct disk was found, in words."""

    reason: str


def find_direct_disk(pattern: npt.NDArray[Any]) -> DirectDisk | NoDisk:
    """Find the direct disk on a mean pattern (detector_y, detector_x)."""
    image = scale_to_one(mend_outliers(pattern))
    if min(image.shape) < 8 or image.max() <= image.min():  # noqa: PLR2004 - nothing round fits in less
        return NoDisk("the pattern is flat or too small")
    start = _find_plateau(_smooth(image))
    if isinstance(start, NoDisk):
        return start
    return _measure_disk(image, *start)


def _measure_disk(image: FloatImage, center: tuple[float, float], radius: float) -> DirectDisk | NoDisk:
    if radius < MINIMUM_RADIUS_PX:
        return NoDisk(f"the brightest spot has a radius of {radius:.1f} px, which is too small to measure")
    center, radius = _refine_by_profile(image, center, radius)
    inside, outside = _levels(image, center, radius)
    if inside <= 0 or inside < MINIMUM_CONTRAST * max(outside, 0.0):
        return NoDisk("the brightest region does not stand out from its surroundings")
    sectors = _measure_sectors(image, center, radius, 0.5 * (inside + max(outside, 0.0)))
    uneven = float(abs(sectors - 1.0).max())
    if uneven > SECTOR_TOLERANCE:
        return NoDisk(f"the edge of the brightest region is not round (varies by {uneven:.0%})")
    fitted = _fit_edge(image, center, radius, inside, outside)
    if fitted is None:
        return NoDisk("the edge of the brightest region has no clear position")
    moved = float(np.hypot(fitted.center[0] - center[0], fitted.center[1] - center[1]))
    scatter = float(sectors.std()) * fitted.radius / np.sqrt(N_SECTORS)
    return replace(
        fitted,
        center_model_error=float(np.hypot(CENTER_FLOOR_PX, moved)),
        radius_model_error=float(np.hypot(max(OVERLAP_PX, OVERLAP_SHARE * fitted.radius), scatter)),
    )


def _smooth(image: FloatImage) -> FloatImage:
    """Average over 3×3 pixels: enough to find a plateau in noise, too little to move it."""
    padded = np.pad(image, 1, mode="edge")
    height, width = image.shape
    total = np.zeros_like(image)
    for dy in range(3):
        for dx in range(3):
            total += padded[dy : dy + height, dx : dx + width]
    return total / 9.0


def _grow(seed: tuple[int, int], allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return the connected part of `allowed` that holds `seed`."""
    region = np.zeros_like(allowed)
    region[seed] = True
    while True:
        grown = region.copy()
        grown[1:] |= region[:-1]
        grown[:-1] |= region[1:]
        grown[:, 1:] |= region[:, :-1]
        grown[:, :-1] |= region[:, 1:]
        grown &= allowed
        if (grown == region).all():
            return region
        region = grown


def _find_plateau(smooth: FloatImage) -> tuple[tuple[float, float], float] | NoDisk:
    """Return center and radius of equal area of the largest connected bright region."""
    floor = float(np.median(smooth))
    if smooth.max() <= floor:
        return NoDisk("more than half of the pattern is as bright as its brightest part")
    # The median of the brightest region is its plateau; a hot pixel or a bright rim is not.
    level = floor + 0.5 * (float(smooth.max()) - floor)
    region = np.zeros(smooth.shape, dtype=bool)
    for _ in range(4):
        rest = smooth > level
        areas: list[int] = []
        largest = region
        while rest.any() and len(areas) < 64:  # noqa: PLR2004 - more pieces are noise
            seed = np.unravel_index(np.argmax(np.where(rest, smooth, -np.inf)), smooth.shape)
            piece = _grow((int(seed[0]), int(seed[1])), rest)
            rest &= ~piece
            areas.append(int(piece.sum()))
            if areas[-1] == max(areas):
                largest = piece
        region = largest
        plateau = float(np.median(smooth[region]))
        level = floor + 0.5 * (plateau - floor)
    areas.sort(reverse=True)
    if len(areas) > 1 and areas[1] > RIVAL_SHARE * areas[0]:
        return NoDisk(f"{len(areas)} separate bright regions of similar brightness")
    y, x = np.nonzero(region)
    center = (float(y.mean()), float(x.mean()))
    radius = float(np.sqrt(len(y) / np.pi))
    if np.hypot(y - center[0], x - center[1]).max() > radius / np.sqrt(MINIMUM_FILLING) + 1.5:
        return NoDisk("the brightest region is not round")
    if region[0].any() or region[-1].any() or region[:, 0].any() or region[:, -1].any():
        return NoDisk("the brightest region is cut by the edge of the detector")
    return center, radius


def _radii(shape: tuple[int, ...], center: tuple[float, float]) -> FloatImage:
    y = np.arange(shape[0], dtype=np.float64)[:, None] - center[0]
    x = np.arange(shape[1], dtype=np.float64)[None, :] - center[1]
    return np.sqrt(y * y + x * x)


def _levels(image: FloatImage, center: tuple[float, float], radius: float) -> tuple[float, float]:
    """Return the mean inside 0.8 R and the lowest azimuthal mean between R and 1.6 R."""
    r = _radii(image.shape, center)
    inside = float(image[r < max(0.8 * radius, 1.0)].mean())
    edges = np.arange(radius + 1.0, max(1.6 * radius, radius + 3.0), 1.0)
    means = [image[(r >= edge) & (r < edge + 1.0)] for edge in edges]
    outside = min((float(ring.mean()) for ring in means if ring.size), default=0.0)
    return inside, outside


def _refine_by_profile(
    image: FloatImage, center: tuple[float, float], radius: float
) -> tuple[tuple[float, float], float]:
    """Iterate the crossing of half plateau, and the center as the centroid of what lies above it."""
    smooth = _smooth(image)
    for _ in range(4):
        inside, outside = _levels(image, center, radius)
        half = 0.5 * (inside + outside)
        r = _radii(image.shape, center)
        rings = np.arange(0.5 * radius, 1.5 * radius + 1.0, 0.5)
        profile = np.array([image[abs(r - ring) < 0.75].mean() for ring in rings])  # noqa: PLR2004 - px
        below = np.flatnonzero(profile < half)
        if not len(below) or below[0] == 0:
            return center, radius
        last = int(below[0])
        fraction = (profile[last - 1] - half) / (profile[last - 1] - profile[last])
        radius = float(rings[last - 1] + fraction * 0.5)
        inner = (smooth > half) & (r < 1.2 * radius)
        y, x = np.nonzero(inner)
        center = (float(y.mean()), float(x.mean()))
    return center, radius


def _measure_sectors(
    image: FloatImage, center: tuple[float, float], radius: float, half: float
) -> FloatImage:
    """Return the radius of equal area of each of eight sectors, in units of their mean; zero where none is bright."""
    y = np.arange(image.shape[0], dtype=np.float64)[:, None] - center[0]
    x = np.arange(image.shape[1], dtype=np.float64)[None, :] - center[1]
    near = np.sqrt(y * y + x * x) < 1.4 * radius
    sector = ((np.arctan2(y, x) + np.pi) / (2 * np.pi) * N_SECTORS).astype(int) % N_SECTORS
    bright = (_smooth(image) > half) & near
    areas = np.bincount(sector[bright], minlength=N_SECTORS) / np.maximum(
        np.bincount(sector[near], minlength=N_SECTORS), 1
    )
    if areas.mean() == 0:
        return np.zeros(N_SECTORS)
    radii: FloatImage = np.sqrt(areas / areas.mean())
    return radii


def _fit_edge(
    image: FloatImage, center: tuple[float, float], radius: float, inside: float, outside: float
) -> DirectDisk | None:
    """Fit ``b + (a - b)·s((R - r)/w)``, s a logistic step, on the pixels around the edge, weighted as counts.

    Gauss–Newton in (cy, cx, R, ln w, a, b); the covariance is scaled with the reduced chi square.
    """
    reach = max(3.0, 0.3 * radius)
    r = _radii(image.shape, center)
    y, x = np.nonzero(abs(r - radius) <= reach)
    values = image[y, x]
    parameters = np.array([*center, radius, np.log(0.5), inside, outside])
    covariance = np.zeros((6, 6))
    chi2 = 1.0
    for _ in range(N_ITERATIONS):
        model, jacobian = _model_edge(y, x, parameters)
        weights = 1.0 / np.maximum(model, 0.02 * max(parameters[4], 1e-30))
        residual = values - model
        normal = jacobian.T @ (weights[:, None] * jacobian)
        damping = 1e-9 * np.trace(normal) * np.eye(6)
        damping[3, 3] += 0.05 * normal[2, 2]  # the width of a hard edge is not defined: hold it
        try:
            covariance = np.linalg.inv(normal + damping)
        except np.linalg.LinAlgError:
            return None
        step = covariance @ (jacobian.T @ (weights * residual))
        step[:3] = np.clip(step[:3], -0.1 * radius, 0.1 * radius)
        step[3] = np.clip(step[3], -0.5, 0.5)
        parameters = parameters + step
        parameters[3] = np.clip(parameters[3], np.log(0.15), np.log(0.3 * radius))
        chi2 = float((weights * residual**2).sum()) / max(len(values) - 6, 1)
    cy, cx, fitted, log_width = (float(value) for value in parameters[:4])
    moved = np.hypot(cy - center[0], cx - center[1])
    if not np.isfinite(parameters).all() or abs(fitted - radius) > reach or moved > reach:
        return None
    variance = np.maximum(np.diag(covariance), 0.0) * chi2
    sigma = np.sqrt(SCATTER_FACTOR**2 * variance + SCATTER_FLOOR_PX**2)
    return DirectDisk(
        center=(cy, cx),
        radius=fitted,
        center_uncertainty=float(np.hypot(sigma[0], sigma[1])),
        radius_uncertainty=float(sigma[2]),
        center_model_error=0.0,
        radius_model_error=0.0,
        edge_width=float(np.exp(log_width)),
    )


def _model_edge(
    y: npt.NDArray[np.intp], x: npt.NDArray[np.intp], parameters: FloatImage
) -> tuple[FloatImage, FloatImage]:
    cy, cx, radius, log_width, inside, outside = parameters
    width = np.exp(log_width)
    dy, dx = y - cy, x - cx
    r = np.maximum(np.sqrt(dy * dy + dx * dx), 1e-9)
    u = np.clip((radius - r) / width, -40.0, 40.0)
    step = 1.0 / (1.0 + np.exp(-u))
    slope = (inside - outside) * step * (1.0 - step) / width
    jacobian = np.stack([slope * dy / r, slope * dx / r, slope, -slope * width * u, step, 1.0 - step], axis=1)
    return outside + (inside - outside) * step, jacobian
