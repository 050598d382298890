"""4D-STEM of a MoS2 monolayer at 80 kV with one sulfur vacancy, written as an EMPAD pair (xml and raw)."""

from pathlib import Path
from typing import Any

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

VOLTAGE_KV = 80.0
ALPHA_MRAD = 21.4
MRAD_PER_PX = 1.0
SCAN_SHAPE = (20, 28)
STEP_NM = 0.04
ROTATION_DEG = 12.0  # of the detector against the scan
LATTICE_ANGSTROM = 3.16
CRYSTAL_DEG = 7.0
ELECTRONS = 20_000.0  # per pattern: 3.2 pA for 1 ms
COUNTS_PER_ELECTRON = 151.0
READOUT_NOISE = 1.5
SEED = 20_191
MOLYBDENUM, SULFUR = 42, 16
DETECTOR, RAW_ROWS = 128, 130
XML_NAME, RAW_NAME = "mos2_vacancy.xml", "scan_x28_y20.raw"


def detector_to_scan_matrix() -> FloatImage:
    """Return A of v_scan = A v_detector on (y, x) vectors."""
    angle = np.deg2rad(ROTATION_DEG)
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def simulate_scan() -> tuple[npt.NDArray[np.float32], dict[str, Any]]:
    """Return patterns (scan_y, scan_x, 128, 128) in counts and what is known of them."""
    wavelength = wavelength_angstrom(VOLTAGE_KV)
    grid = Grid(DETECTOR, wavelength / (DETECTOR * MRAD_PER_PX * 1e-3))
    atoms, vacancy = _place_atoms(grid)
    transmission = np.exp(1j * interaction_constant(VOLTAGE_KV) * project_potential(grid, atoms))
    aperture = build_aperture(grid, wavelength, ALPHA_MRAD)
    positions = _probe_positions()
    rng = np.random.default_rng(SEED)
    k = grid.frequencies
    middle = grid.size // 2 * grid.step
    patterns = np.empty((*SCAN_SHAPE, DETECTOR, DETECTOR), np.float32)
    shifts = np.empty((*SCAN_SHAPE, 2))
    pixels = np.arange(DETECTOR, dtype=np.float64)
    for index in np.ndindex(*SCAN_SHAPE):
        y, x = positions[index] + middle
        ramp = np.exp(-2j * np.pi * (k[:, None] * y + k[None, :] * x))
        wave = np.fft.fft2(np.fft.ifft2(aperture * ramp) * transmission)
        expected = np.fft.fftshift(np.abs(wave) ** 2)
        expected *= ELECTRONS / expected.sum()
        shifts[index] = expected.sum(axis=1) @ pixels / ELECTRONS, expected.sum(axis=0) @ pixels / ELECTRONS
        noise = rng.normal(0.0, READOUT_NOISE, expected.shape)
        patterns[index] = COUNTS_PER_ELECTRON * rng.poisson(expected) + noise
    return patterns, _describe_truth(shifts, vacancy)


def _place_atoms(grid: Grid) -> tuple[list[Atoms], FloatImage]:
    angle = np.deg2rad(CRYSTAL_DEG)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    first = turn @ (LATTICE_ANGSTROM * np.array([0.0, 1.0]))
    second = turn @ (LATTICE_ANGSTROM * np.array([np.sqrt(3) / 2, 0.5]))
    reach = int(grid.size * grid.step / LATTICE_ANGSTROM) + 2
    cells = np.array([(i, j) for i in range(-reach, reach + 1) for j in range(-reach, reach + 1)], float)
    molybdenum = cells @ np.array([first, second])
    sulfur = molybdenum + (first + second) / 3
    half = grid.size * grid.step / 2
    molybdenum, sulfur = (p[np.abs(p).max(axis=1) < half] for p in (molybdenum, sulfur))
    nearest = int(np.argmin(np.hypot(*(sulfur - np.array([1.0, -1.5])).T)))
    vacancy = sulfur[nearest]
    both = np.concatenate([np.delete(sulfur, nearest, axis=0)] * 2 + [sulfur[nearest : nearest + 1]])
    return [Atoms(molybdenum, MOLYBDENUM, 0.06), Atoms(both, SULFUR, 0.08)], vacancy


def _probe_positions() -> FloatImage:
    """Return the probe positions (scan_y, scan_x, 2) in Å, in the frame of detector and crystal."""
    y = (np.arange(SCAN_SHAPE[0]) - (SCAN_SHAPE[0] - 1) / 2) * STEP_NM * 10
    x = (np.arange(SCAN_SHAPE[1]) - (SCAN_SHAPE[1] - 1) / 2) * STEP_NM * 10
    scan = np.stack(np.meshgrid(y, x, indexing="ij"), axis=-1)
    positions: FloatImage = scan @ np.linalg.inv(detector_to_scan_matrix()).T
    return positions


def _describe_truth(shifts: FloatImage, vacancy: FloatImage) -> dict[str, Any]:
    in_scan = detector_to_scan_matrix() @ vacancy / (STEP_NM * 10)
    middle = [(size - 1) / 2 for size in SCAN_SHAPE]
    return {
        "acceleration_voltage_kv": VOLTAGE_KV,
        "semi_convergence_angle_mrad": ALPHA_MRAD,
        "disk_center_px": [DETECTOR // 2, DETECTOR // 2],
        "disk_radius_px": ALPHA_MRAD / MRAD_PER_PX,
        "mrad_per_px": MRAD_PER_PX,
        "scan_shape": list(SCAN_SHAPE),
        "scan_step_nm": STEP_NM,
        "detector_to_scan_matrix": detector_to_scan_matrix().tolist(),
        "electrons_per_pattern": ELECTRONS,
        "counts_per_electron": COUNTS_PER_ELECTRON,
        "lattice_constant_nm": LATTICE_ANGSTROM / 10,
        "single_sulfur_vacancy_at_scan_px": [float(middle[0] + in_scan[0]), float(middle[1] + in_scan[1])],
        "center_of_mass_without_noise_px": np.round(shifts, 5).tolist(),
    }


def write_empad(folder: Path, patterns: npt.NDArray[np.float32]) -> list[Path]:
    """Write xml and raw as EMPAD software 0.51 does: float32 frames of 130 × 128, the last two rows empty."""
    frames = patterns.reshape(-1, DETECTOR, DETECTOR)
    with (folder / RAW_NAME).open("wb") as raw:
        for frame in frames:
            padded = np.zeros((RAW_ROWS, DETECTOR), "<f4")
            padded[:DETECTOR] = frame
            raw.write(padded.tobytes())
    (folder / XML_NAME).write_text(_build_xml(), encoding="utf-8")
    return [folder / XML_NAME, folder / RAW_NAME]


def _build_xml() -> str:
    scan_y, scan_x = SCAN_SHAPE
    scan_size = 0.5
    field_of_view = STEP_NM * 1e-9 * max(SCAN_SHAPE) / scan_size
    scan = (
        f"<scan_center_y>0.5</scan_center_y><scan_resolution_x>{scan_x}</scan_resolution_x>"
        f"<scan_size>{scan_size}</scan_size><scan_resolution_y>{scan_y}</scan_resolution_y>"
        "<scan_center_x>0.5</scan_center_x>"
    )
    return (
        '<root name="mos2_vacancy">'
        '<timestamp timestamp="1741008000.0" isoformat="2025-03-03T14:20:00"/>'
        "<software_version>0.51 211118</software_version>"
        f"<type>scan</type><pix_x>{scan_x}</pix_x><pix_y>{scan_y}</pix_y>"
        f'<raw_file filename="{RAW_NAME}"/>'
        "<exposure_time>1</exposure_time><post_exposure_time>0</post_exposure_time>"
        f'<scan_parameters mode="search">{scan}</scan_parameters>'
        f'<scan_parameters mode="acquire">{scan}</scan_parameters>'
        "<iom_measurements>"
        "<optics.get_cameralength>0.285</optics.get_cameralength>"
        f"<source.get_voltage>{VOLTAGE_KV * 1e3}</source.get_voltage>"
        f"<optics.get_full_scan_field_of_view>[{field_of_view!r}, {field_of_view!r}]"
        "</optics.get_full_scan_field_of_view>"
        "<column.get_scanrotation>0.0</column.get_scanrotation>"
        "<beam.get_spotsizeindex>9</beam.get_spotsizeindex>"
        f"<calibrated_diffraction_angle>{MRAD_PER_PX * 1e-3}</calibrated_diffraction_angle>"
        "</iom_measurements></root>"
    )


def describe() -> dict[str, Any]:
    """Return the metadata document of the measurement."""
    return {
        "title": "MoS2 monolayer with a sulfur vacancy, 4D-STEM",
        "technique": ["four_d_stem"],
        "scan": "raster",
        "origin": "simulated",
        "level": "raw",
        "purpose": ["center_of_mass", "ptychography"],
        "acquired_at": "2025-03-03T14:20:00+01:00",
        "sample": {
            "name": "MoS2 monolayer, freestanding (model)",
            "elements": ["Mo", "S"],
            "formula": "MoS2",
            "preparation": "Model of a freestanding monolayer; one sulfur atom of one column is missing.",
            "form": "two_dimensional",
            "thickness": "0.65 nm",
        },
        "instrument": {"name": "Model microscope with EMPAD", "manufacturer": "Stemma examples"},
        "acceleration_voltage": f"{VOLTAGE_KV:g} kV",
        "illumination": "convergent",
        "semi_convergence_angle": {"value": ALPHA_MRAD, "unit": "mrad", "basis": "calibrated"},
        "probe_current": {"value": 3.204, "unit": "pA", "basis": "calibrated"},
        "scan_shape": list(SCAN_SHAPE),
        "scan_step": {"value": STEP_NM, "unit": "nm", "basis": "calibrated"},
        "scan_pattern": "raster",
        "exposure_time": "1 ms",
        "frames_summed": 1,
        "orientation": "[001], untilted",
        "stage_tilt_x": "0 deg",
        "stage_tilt_y": "0 deg",
        "defocus": {"value": 0.0, "unit": "nm", "basis": "nominal"},
        "detector_to_scan_matrix": np.round(detector_to_scan_matrix(), 8).tolist(),
        "diffraction_pixel_size": {"value": MRAD_PER_PX, "unit": "mrad", "basis": "calibrated"},
        "camera": {
            "name": "EMPAD",
            "mode": "charge_integrating",
            "frame_time": "1 ms",
            "electrons_per_count": round(1 / COUNTS_PER_ELECTRON, 8),
        },
        "detector_response": {"gain": COUNTS_PER_ELECTRON, "dark_level": 0.0},
        "series_tilts": {"missing": "not_applicable"},
        "vacuum_probe": "None: the aperture is a disk with an edge of one pixel.",
        "simulation": _describe_simulation(),
    }


def _describe_simulation() -> dict[str, Any]:
    return {
        "code": "project.examples",
        "version": "1",
        "structure": "MoS2 monolayer, a = 3.16 Å, screened Coulomb atoms, one S vacancy",
        "parameters": (
            "One phase object, 128 × 128 pixels, thermal damping 0.06 Å (Mo) and 0.08 Å (S), Poisson "
            "counts at 20000 electrons per pattern, 151 counts per electron, Gaussian read-out noise "
            "of 1.5 counts."
        ),
        "seed": str(SEED),
    }
