"""Projected potentials of crystals and probes, as far as small examples with known truth need them.

Atoms are screened Coulomb potentials (Wentzel), whose Fourier transform is known in closed form; a crystal
of one or few layers is a phase object. Arrays are (y, x); lengths in Å, reciprocal lengths in 1/Å without
2π.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from repository.schema.quantities.electrons import ELECTRON_REST_V, compute_wavelength

FloatImage = npt.NDArray[np.float64]

COULOMB_V_ANGSTROM = 14.399645  # e / 4πε₀
BOHR_ANGSTROM = 0.529177


@dataclass(frozen=True, slots=True)
class Grid:
    """A square periodic grid: `size` pixels of `step` Å."""

    size: int
    step: float

    @property
    def frequencies(self) -> FloatImage:
        """Spatial frequencies of one axis in 1/Å, in FFT order."""
        return np.fft.fftfreq(self.size, self.step).astype(np.float64)


@dataclass(frozen=True, slots=True)
class Atoms:
    """Positions (n, 2) as (y, x) in Å from the middle of the grid, atomic number, thermal amplitude in Å."""

    positions: FloatImage
    number: int
    amplitude: float


def wavelength_angstrom(voltage_kv: float) -> float:
    """Return the relativistic wavelength in Å."""
    return compute_wavelength(voltage_kv * 1e3) * 1e10


def interaction_constant(voltage_kv: float) -> float:
    """Return σ in rad / (V Å): 2π / (λ V) · (mc² + eV) / (2 mc² + eV)."""
    volts = voltage_kv * 1e3
    relativistic = (ELECTRON_REST_V + volts) / (2 * ELECTRON_REST_V + volts)
    return 2 * np.pi / (wavelength_angstrom(voltage_kv) * volts) * relativistic


def project_potential(grid: Grid, species: list[Atoms]) -> FloatImage:
    """Return the projected potential in V Å of screened atoms, V(k) = 4π Z e² / (4π² k² + 1/R²)."""
    k = grid.frequencies
    squared = k[:, None] ** 2 + k[None, :] ** 2
    total = np.zeros((grid.size, grid.size), np.complex128)
    middle = grid.size // 2 * grid.step
    for atoms in species:
        radius = 0.885 * BOHR_ANGSTROM * atoms.number ** (-1 / 3)
        scattering = 4 * np.pi * COULOMB_V_ANGSTROM * atoms.number / (4 * np.pi**2 * squared + radius**-2)
        damping = np.exp(-2 * np.pi**2 * atoms.amplitude**2 * squared)
        rows = np.exp(-2j * np.pi * np.outer(k, atoms.positions[:, 0] + middle))
        columns = np.exp(-2j * np.pi * np.outer(atoms.positions[:, 1] + middle, k))
        total += scattering * damping * (rows @ columns)
    potential: FloatImage = np.fft.ifft2(total).real / grid.step**2
    return potential


def build_aperture(grid: Grid, wavelength: float, alpha_mrad: float) -> FloatImage:
    """Return the probe-forming aperture in FFT order, with an edge one pixel wide."""
    k = grid.frequencies
    radius = np.hypot(k[:, None], k[None, :]) * wavelength * 1e3
    pixel = abs(k[1]) * wavelength * 1e3
    aperture: FloatImage = np.clip((alpha_mrad - radius) / pixel + 0.5, 0.0, 1.0)
    return aperture
