"""EELS spectrum image across a LaAlO3/SrTiO3 interface, few counts, written as a HyperSpy file."""

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import numpy.typing as npt

from project.examples.crystal_optics import FloatImage

VOLTAGE_KV = 200.0
ALPHA_MRAD, BETA_MRAD = 20.0, 30.0
SCAN_SHAPE = (24, 60)
STEP_NM = 0.1
START_EV, BIN_EV, CHANNELS = 400.0, 0.4, 640
EXPONENT = 3.1
BACKGROUND = 25.0  # counts per channel at the start
INTERFACE_NM, ROUGHNESS_NM = 3.05, 0.3
TITANIUM_ONSET_EV, OXYGEN_ONSET_EV = 456.0, 532.0
CURRENT_PA, EXPOSURE_MS = 50.0, 20.0
SEED = 20_193
NOT_APPLICABLE = {"missing": "not_applicable"}
FILE_NAME = "lao_sto_interface.hspy"


def simulate_spectra() -> tuple[npt.NDArray[np.uint16], dict[str, Any]]:
    """Return counts (scan_y, scan_x, energy) and what is known of them."""
    energy = START_EV + BIN_EV * np.arange(CHANNELS, dtype=np.float64)
    x = STEP_NM * np.arange(SCAN_SHAPE[1])
    titanium = 0.5 * (1 + np.tanh((x - INTERFACE_NM) / ROUGHNESS_NM))
    background = BACKGROUND * (energy / START_EV) ** -EXPONENT
    expected = background + titanium[:, None] * _titanium_edge(energy) + 1.0 * _oxygen_edge(energy)
    shape = (*SCAN_SHAPE, CHANNELS)
    counts = np.random.default_rng(SEED).poisson(np.broadcast_to(expected, shape)).astype(np.uint16)
    truth = {
        "power_law_exponent": EXPONENT,
        "background_at_start_counts": BACKGROUND,
        "titanium_onset_ev": TITANIUM_ONSET_EV,
        "oxygen_onset_ev": OXYGEN_ONSET_EV,
        "titanium_counts_per_spectrum": np.round(titanium * _titanium_edge(energy).sum(), 4).tolist(),
        "oxygen_counts_per_spectrum": float(_oxygen_edge(energy).sum()),
        "interface_position_nm": INTERFACE_NM,
        "interface_width_nm": ROUGHNESS_NM,
    }
    return counts, truth


def _titanium_edge(energy: FloatImage) -> FloatImage:
    """Four white lines (L3 and L2, each t2g and eg) on two small steps."""
    lines = ((457.0, 4.0), (459.3, 6.0), (462.4, 4.5), (464.7, 6.5))
    edge = sum(
        (height * 0.8**2 / ((energy - at) ** 2 + 0.8**2) for at, height in lines), np.zeros_like(energy)
    )
    for onset, height in ((TITANIUM_ONSET_EV, 1.2), (TITANIUM_ONSET_EV + 5.4, 0.6)):
        edge += (
            height / (1 + np.exp(-(energy - onset) / 0.5)) * np.exp(-np.clip(energy - onset, 0, None) / 120)
        )
    return edge


def _oxygen_edge(energy: FloatImage) -> FloatImage:
    """Return a step with two broad maxima."""
    step = 2.0 / (1 + np.exp(-(energy - OXYGEN_ONSET_EV) / 0.6))
    edge = step * np.exp(-np.clip(energy - OXYGEN_ONSET_EV, 0, None) / 90)
    for at, height, width in ((535.0, 2.2, 1.6), (543.0, 1.8, 4.0)):
        edge += height * np.exp(-0.5 * ((energy - at) / width) ** 2)
    return edge


def write_hspy(folder: Path, counts: npt.NDArray[np.uint16]) -> list[Path]:
    """Write one experiment in HyperSpy's HDF5 layout 3.1."""
    path = folder / FILE_NAME
    with h5py.File(path, "w") as file:
        file.attrs["file_format"] = "HyperSpy"
        file.attrs["file_format_version"] = "3.1"
        experiment = file.create_group("Experiments/LAO STO interface")
        experiment.attrs["package"] = "hyperspy"
        experiment.attrs["package_version"] = "2.0"
        experiment.create_dataset(
            "data",
            data=counts,
            chunks=(6, 10, CHANNELS),
            compression="gzip",
            compression_opts=4,
            shuffle=True,
        )
        axes = (
            ("y", STEP_NM, "nm", 0.0, True),
            ("x", STEP_NM, "nm", 0.0, True),
            ("Energy loss", BIN_EV, "eV", START_EV, False),
        )
        for number, ((name, scale, unit, offset, navigate), size) in enumerate(
            zip(axes, counts.shape, strict=True)
        ):
            axis = experiment.create_group(f"axis-{number}")
            axis.attrs["name"] = name
            axis.attrs["scale"] = scale
            axis.attrs["offset"] = offset
            axis.attrs["units"] = unit
            axis.attrs["size"] = size
            axis.attrs["navigate"] = navigate
            axis.attrs["is_binned"] = not navigate
            axis.attrs["_type"] = "UniformDataAxis"
        _write_metadata(experiment)
    return [path]


def _write_metadata(experiment: h5py.Group) -> None:
    metadata = experiment.create_group("metadata")
    general = metadata.create_group("General")
    general.attrs["title"] = "LAO STO interface"
    general.attrs["date"] = "2025-03-05"
    general.attrs["time"] = "16:40:00"
    signal = metadata.create_group("Signal")
    signal.attrs["signal_type"] = "EELS"
    signal.attrs["quantity"] = "Electrons (Counts)"
    microscope = metadata.create_group("Acquisition_instrument/TEM")
    microscope.attrs["acquisition_mode"] = "STEM"
    microscope.attrs["beam_energy"] = VOLTAGE_KV
    microscope.attrs["convergence_angle"] = ALPHA_MRAD
    microscope.attrs["beam_current"] = CURRENT_PA * 1e-3
    spectrometer = microscope.create_group("Detector/EELS")
    spectrometer.attrs["collection_angle"] = BETA_MRAD
    spectrometer.attrs["exposure"] = EXPOSURE_MS * 1e-3
    experiment.create_group("original_metadata")
    metadata.create_group("_HyperSpy/Folding").attrs["unfolded"] = False


def describe() -> dict[str, Any]:
    """Return the metadata document of the measurement."""
    return {
        "title": "LaAlO3/SrTiO3 interface, EELS of Ti L and O K",
        "technique": ["eels"],
        "scan": "raster",
        "origin": "simulated",
        "level": "counted",
        "acquired_at": "2025-03-05T16:40:00+01:00",
        "sample": {
            "name": "LaAlO3/SrTiO3 interface (model)",
            "elements": ["La", "Al", "Sr", "Ti", "O"],
            "preparation": "Model of a cross-section lamella.",
            "form": "lamella",
            "thickness": "30 nm",
            "geometry": "Cross-section; LaAlO3 on the left, SrTiO3 on the right.",
        },
        "instrument": {"name": "Model microscope with spectrometer", "manufacturer": "Stemma examples"},
        "acceleration_voltage": f"{VOLTAGE_KV:g} kV",
        "illumination": "convergent",
        "semi_convergence_angle": {"value": ALPHA_MRAD, "unit": "mrad", "basis": "calibrated"},
        "collection_semi_angle": {"value": BETA_MRAD, "unit": "mrad", "basis": "calibrated"},
        "probe_current": {"value": CURRENT_PA, "unit": "pA", "basis": "nominal"},
        "scan_shape": list(SCAN_SHAPE),
        "scan_step": {"value": STEP_NM, "unit": "nm", "basis": "calibrated"},
        "scan_pattern": "raster",
        "exposure_time": f"{EXPOSURE_MS:g} ms",
        "frames_summed": 1,
        "stage_tilt_x": "0 deg",
        "stage_tilt_y": "0 deg",
        "defocus": {"missing": "not_recorded"},
        "monochromated": False,
        "diffraction_pixel_size": NOT_APPLICABLE,
        "series_tilts": NOT_APPLICABLE,
        "zero_loss_width": "0.8 eV",
        "energy_axis": {
            "start": {"value": START_EV, "unit": "eV", "basis": "calibrated"},
            "bin_width": {"value": BIN_EV, "unit": "eV", "basis": "calibrated"},
            "channels": CHANNELS,
        },
        "simulation": {
            "code": "project.examples",
            "version": "1",
            "structure": "LaAlO3 and SrTiO3, interface at 3.05 nm, 0.3 nm wide (tanh)",
            "parameters": "Power law r = 3.1, white lines and steps of Ti L2,3, a model of O K; Poisson.",
            "seed": str(SEED),
        },
    }
