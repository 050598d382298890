"""Small measurements with known truth, for tests and benchmarks."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ingest.readers.contract import Axis, Region, SignalSource

Image = npt.NDArray[np.float64]
TWO_AXES = 2


def render_disk(
    shape: tuple[int, int], center: tuple[float, float], radius: float, edge: float = 1.0
) -> Image:
    """Return a disk of height 1 whose edge falls linearly over `edge` pixels; half height is at `radius`."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    r = np.hypot(y - center[0], x - center[1])
    disk: Image = np.clip((radius - r) / edge + 0.5, 0.0, 1.0)
    return disk


@dataclass(frozen=True, slots=True)
class PatternScan:
    """A 4D scan and what it was made from; `shifts` are (y, x) of the disk against `center`, in pixels."""

    data: npt.NDArray[Any]
    center: tuple[float, float]
    radius: float
    shifts: Image


def make_pattern_scan(
    *,
    scan_shape: tuple[int, int] = (6, 7),
    detector_shape: tuple[int, int] = (48, 48),
    radius: float = 9.3,
    electrons: float | None = 2000.0,
    shift: float = 0.0,
    edge: float = 1.0,
    dtype: npt.DTypeLike = np.uint16,
    seed: int = 7,
) -> PatternScan:
    """Make a scan of shifted soft disks with faint Bragg disks; `electrons=None` leaves the noise out."""
    rng = np.random.default_rng(seed)
    center = ((detector_shape[0] - 1) / 2 + 0.3, (detector_shape[1] - 1) / 2 - 0.7)
    shifts = shift * rng.standard_normal((*scan_shape, 2))
    data = np.empty((*scan_shape, *detector_shape))
    for index in np.ndindex(*scan_shape):
        at = (center[0] + shifts[index][0], center[1] + shifts[index][1])
        data[index] = render_disk(detector_shape, at, radius, edge)
    if electrons is not None:
        data = rng.poisson(data / data.sum(axis=(-2, -1), keepdims=True) * electrons).astype(np.float64)
    return PatternScan(data.astype(dtype), center, radius, shifts)


def make_lattice_image(
    shape: tuple[int, int] = (128, 128), period_px: float = 12.0, counts: float = 200.0, seed: int = 3
) -> npt.NDArray[np.uint16]:
    """Make a Poisson image of a square lattice of soft columns."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    wave = (1 + np.cos(2 * np.pi * y / period_px)) * (1 + np.cos(2 * np.pi * x / period_px)) / 4
    image: npt.NDArray[np.uint16] = (
        np.random.default_rng(seed).poisson(counts * (0.1 + wave**2)).astype(np.uint16)
    )
    return image


@dataclass(frozen=True, slots=True)
class SpectrumImage:
    """An EELS spectrum image: power law A·E^-r and one edge whose strength is `edge_map`."""

    data: npt.NDArray[np.uint32]
    energy_ev: Image
    exponent: float
    edge_onset_ev: float
    edge_map: Image


def make_spectrum_image(
    scan_shape: tuple[int, int] = (5, 8), channels: int = 256, seed: int = 5
) -> SpectrumImage:
    """Make a spectrum image whose edge grows along scan_x."""
    energy = 400.0 + np.arange(channels, dtype=np.float64)
    exponent, onset = 3.0, 532.0
    background = 3e10 * energy**-exponent
    edge = np.where(energy >= onset, 60.0 * np.exp(-(energy - onset) / 60.0), 0.0)
    edge_map = np.broadcast_to(np.linspace(0, 1, scan_shape[1]), scan_shape).copy()
    expected = background + edge_map[..., None] * edge
    counts = np.random.default_rng(seed).poisson(expected).astype(np.uint32)
    return SpectrumImage(counts, energy, exponent, onset, edge_map)


def source_of(
    data: npt.NDArray[Any],
    *,
    n_signal_axes: int = TWO_AXES,
    axis_names: tuple[str, ...] | None = None,
    name: str = "data",
    load: Callable[[Region], npt.NDArray[Any]] | None = None,
) -> SignalSource:
    """Wrap an array as an opened signal; the axes are named as a reader would."""
    names = axis_names or name_axes(data.ndim, n_signal_axes)
    axes = tuple(Axis(axis, size) for axis, size in zip(names, data.shape, strict=True))
    return SignalSource(name, data.shape, data.dtype, axes, n_signal_axes, load or data.__getitem__, "1")


def name_axes(n_axes: int, n_signal_axes: int) -> tuple[str, ...]:
    """Return usual axis names: detector or energy last, scan before, series first."""
    signal = ("energy",) if n_signal_axes == 1 else ("detector_y", "detector_x")
    n_leading = n_axes - len(signal)
    if n_leading == 1:
        return ("position", *signal)
    return (
        *(f"series_{index}" for index in range(n_leading - 2)),
        *("scan_y", "scan_x")[:n_leading],
        *signal,
    )
