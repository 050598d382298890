"""HAADF, bright field and four DPC segments of a titanate, written as an NCEM EMD file."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from project.examples.crystal_optics import (
    Atoms,
    FloatImage,
    Grid,
    build_aperture,
    interaction_constant,
    project_potential,
    wavelength_angstrom,
)
from repository.schema.quantities.units import ELEMENTARY_CHARGE_C

VOLTAGE_KV = 200.0
ALPHA_MRAD = 20.0
SHAPE = (256, 256)
LATTICE_NM = 0.3905
N_CELLS = 10
STEP_NM = N_CELLS * LATTICE_NM / SHAPE[0]  # whole cells: the model is periodic
N_LAYERS = 5
TITANIUM_SHIFT_NM = 0.014
DWELL_US = 40.0
CURRENT_PA = 60.0
ELECTRONS = CURRENT_PA * 1e-12 * DWELL_US * 1e-6 / ELEMENTARY_CHARGE_C
HAADF_FRACTION = 0.03
SEED = 20_192
AZIMUTHS_DEG = (45.0, 135.0, 225.0, 315.0)
HAADF_MRAD, BRIGHT_MRAD, SEGMENT_MRAD = (70.0, 200.0), (0.0, 10.0), (5.0, 30.0)
FILE_NAME = "titanate_domain.emd"
SEGMENT_NAMES = ("dpc_a", "dpc_b", "dpc_c", "dpc_d")


def simulate_images() -> tuple[dict[str, npt.NDArray[np.uint16]], dict[str, Any]]:
    """Return images (scan_y, scan_x) in counts by name, and what is known of them."""
    grid = Grid(SHAPE[0], STEP_NM * 10)
    columns = _place_columns()
    probe = _probe_intensity(grid)
    rng = np.random.default_rng(SEED)
    heavy: FloatImage = np.zeros(SHAPE)
    for positions, number in columns:
        heavy += _draw_columns(grid, positions) * number**1.7
    haadf = _blur(heavy, probe)
    atoms = [Atoms(positions * 10, number, 0.08) for positions, number in columns]
    phase = N_LAYERS * interaction_constant(VOLTAGE_KV) * project_potential(grid, atoms)
    slopes = [_blur(np.asarray(np.gradient(phase, grid.step, axis=axis)), probe) for axis in (0, 1)]
    to_mrad = wavelength_angstrom(VOLTAGE_KV) / (2 * np.pi) * 1e3
    deflection = np.stack(slopes, axis=-1) * to_mrad
    dark = HAADF_FRACTION * haadf / haadf.mean()
    images = {"annular_dark_field": dark, "bright_field": 0.25 * (1 - 2 * dark)}
    # The disk reaches from 0 to α; a segment holds the quarter of its ring 5 mrad..α, and the edge that
    # moves.
    ring = (ALPHA_MRAD**2 - SEGMENT_MRAD[0] ** 2) / ALPHA_MRAD**2 / 4
    for name, azimuth in zip(SEGMENT_NAMES, AZIMUTHS_DEG, strict=True):
        toward = np.array([np.sin(np.deg2rad(azimuth)), np.cos(np.deg2rad(azimuth))])
        change = (
            np.sqrt(2) / (np.pi * ALPHA_MRAD) * (1 - SEGMENT_MRAD[0] / ALPHA_MRAD) * (deflection @ toward)
        )
        images[name] = ring + change
    counts = {
        name: rng.poisson(np.clip(image, 0.0, None) * ELECTRONS).astype(np.uint16)
        for name, image in images.items()
    }
    return counts, _describe_truth(columns, deflection)


def _place_columns() -> list[tuple[FloatImage, int]]:
    """Return (positions in nm from the middle, mean atomic number) of A site, Ti-O and O columns."""
    cells = np.array(
        [(i, j) for i in range(-N_CELLS // 2, N_CELLS // 2) for j in range(-N_CELLS // 2, N_CELLS // 2)]
    )
    corner = cells * LATTICE_NM
    titanium = corner + LATTICE_NM / 2
    titanium[titanium[:, 1] > 0, 0] += TITANIUM_SHIFT_NM  # the right half is polar, along +y
    oxygen = np.concatenate([corner + np.array([LATTICE_NM / 2, 0]), corner + np.array([0, LATTICE_NM / 2])])
    return [(corner, 38), (titanium, 22), (oxygen, 8)]


def _draw_columns(grid: Grid, positions: FloatImage, width_nm: float = 0.012) -> FloatImage:
    k = grid.frequencies
    middle = grid.size // 2 * grid.step
    rows = np.exp(-2j * np.pi * np.outer(k, positions[:, 0] * 10 + middle))
    columns = np.exp(-2j * np.pi * np.outer(positions[:, 1] * 10 + middle, k))
    squared = k[:, None] ** 2 + k[None, :] ** 2
    image: FloatImage = np.fft.ifft2(
        rows @ columns * np.exp(-2 * np.pi**2 * (width_nm * 10) ** 2 * squared)
    ).real
    drawn: FloatImage = np.clip(image, 0.0, None)
    return drawn


def _probe_intensity(grid: Grid) -> FloatImage:
    aperture = build_aperture(grid, wavelength_angstrom(VOLTAGE_KV), ALPHA_MRAD)
    intensity: FloatImage = np.abs(np.fft.ifft2(aperture)) ** 2
    # A source of finite size, 0.07 nm wide (FWHM), rounds the probe off.
    k = grid.frequencies
    source = np.exp(-2 * np.pi**2 * (0.7 / 2.355) ** 2 * (k[:, None] ** 2 + k[None, :] ** 2))
    blurred: FloatImage = np.fft.ifft2(np.fft.fft2(intensity) * source).real
    blurred /= blurred.sum()
    return blurred


def _blur(image: FloatImage, probe: FloatImage) -> FloatImage:
    blurred: FloatImage = np.fft.ifft2(np.fft.fft2(image) * np.fft.fft2(probe)).real
    return blurred


def _describe_truth(columns: list[tuple[FloatImage, int]], deflection: FloatImage) -> dict[str, Any]:
    middle = np.array(SHAPE) // 2
    return {
        "acceleration_voltage_kv": VOLTAGE_KV,
        "semi_convergence_angle_mrad": ALPHA_MRAD,
        "scan_step_nm": STEP_NM,
        "lattice_constant_nm": LATTICE_NM,
        "titanium_shift_nm": [TITANIUM_SHIFT_NM, 0.0],
        "electrons_per_pixel": ELECTRONS,
        "column_positions_px": {
            name: np.round(positions / STEP_NM + middle, 4).tolist()
            for name, (positions, _) in zip(("a_site", "titanium", "oxygen"), columns, strict=True)
        },
        "largest_deflection_mrad": float(np.hypot(deflection[..., 0], deflection[..., 1]).max()),
    }


def write_emd(folder: Path, images: dict[str, npt.NDArray[np.uint16]]) -> list[Path]:
    """Write all images into one EMD file of the NCEM layout 0.2, one array group each."""
    path = folder / FILE_NAME
    with h5py.File(path, "w", track_order=False) as file:
        file.attrs["version_major"] = 0
        file.attrs["version_minor"] = 2
        signals = file.create_group("signals")
        for name, image in images.items():
            group = signals.create_group(name)
            group.attrs["emd_group_type"] = 1
            stored = group.create_dataset("data", data=image)
            stored.attrs["units"] = "counts"
            for number, (axis, size) in enumerate(zip("yx", image.shape, strict=True), start=1):
                dimension = group.create_dataset(f"dim{number}", data=np.arange(size) * STEP_NM)
                dimension.attrs["name"] = axis
                dimension.attrs["units"] = "[n_m]"
        microscope = file.create_group("microscope")
        microscope.attrs["name"] = "Model microscope"
        microscope.attrs["high tension"] = VOLTAGE_KV * 1e3
        microscope.attrs["convergence angle"] = ALPHA_MRAD * 1e-3
        microscope.attrs["dwell time"] = DWELL_US * 1e-6
        sample = file.create_group("sample")
        sample.attrs["material"] = "SrTiO3 with a polar domain (model)"
        for empty in ("user", "comments"):
            file.create_group(empty)
    return [path]


def describe() -> dict[str, Any]:
    """Return the metadata document of the measurement."""
    return {
        "title": "Polar domain in a titanate: HAADF, bright field and segmented DPC",
        "technique": ["annular", "segmented_detector"],
        "scan": "raster",
        "origin": "simulated",
        "level": "counted",
        "acquired_at": "2025-03-04T10:05:00+01:00",
        "sample": {
            "name": "SrTiO3 with a polar domain (model)",
            "elements": ["Sr", "Ti", "O"],
            "formula": "SrTiO3",
            "preparation": "Model of five cells along [001]; in the right half titanium is shifted by 14 pm.",
            "form": "thinned_foil",
            "thickness": "1.95 nm",
        },
        "instrument": {"name": "Model microscope", "manufacturer": "Stemma examples"},
        "acceleration_voltage": f"{VOLTAGE_KV:g} kV",
        "illumination": "convergent",
        "semi_convergence_angle": {"value": ALPHA_MRAD, "unit": "mrad", "basis": "calibrated"},
        "probe_current": {"value": CURRENT_PA, "unit": "pA", "basis": "calibrated"},
        "scan_shape": list(SHAPE),
        "scan_step": {"value": round(STEP_NM, 9), "unit": "nm", "basis": "calibrated"},
        "scan_pattern": "raster",
        "dwell_time": f"{DWELL_US:g} us",
        "frames_summed": 1,
        "zone_axis": [0, 0, 1],
        "stage_tilt_x": "0 deg",
        "stage_tilt_y": "0 deg",
        "defocus": {"value": 0.0, "unit": "nm", "basis": "nominal"},
        "detector_to_scan_matrix": [[1.0, 0.0], [0.0, 1.0]],
        "diffraction_pixel_size": {"missing": "not_applicable", "note": "The segments are not pixels."},
        "annular_detectors": [
            _describe_ring("HAADF", "data", HAADF_MRAD),
            _describe_ring("BF", "bright_field", BRIGHT_MRAD),
        ],
        "segments": [
            {
                **_describe_ring(name, name, SEGMENT_MRAD),
                "azimuth": {"value": azimuth, "unit": "deg"},
                "azimuth_extent": {"value": 90.0, "unit": "deg"},
            }
            for name, azimuth in zip(SEGMENT_NAMES, AZIMUTHS_DEG, strict=True)
        ],
        "series_tilts": {"missing": "not_applicable"},
        "detector_response": {"gain": 1.0, "dark_level": 0.0},
        "simulation": _describe_simulation(),
    }


def _describe_simulation() -> dict[str, Any]:
    return {
        "code": "project.examples",
        "version": "1",
        "structure": "SrTiO3 along [001], a = 0.3905 nm, Ti shifted by 0.014 nm to +y in the right half",
        "parameters": (
            "Incoherent HAADF with Z^1.7 columns; segments from the gradient of the projected "
            "potential (disk shift, first order); probe with 0.07 nm source; Poisson counts at 14980 "
            "electrons per pixel."
        ),
        "seed": str(SEED),
    }


def _describe_ring(name: str, signal: str, angles: tuple[float, float]) -> dict[str, Any]:
    return {
        "name": name,
        "signal": signal,
        "inner_angle": {"value": angles[0], "unit": "mrad", "basis": "calibrated"},
        "outer_angle": {"value": angles[1], "unit": "mrad", "basis": "calibrated"},
    }
