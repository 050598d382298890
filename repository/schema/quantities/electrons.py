"""Relativistic electrons: what follows from voltage and current. SI throughout (CODATA 2018)."""

import math

from repository.schema.quantities.units import ELEMENTARY_CHARGE_C

PLANCK_J_S = 6.62607015e-34
LIGHT_SPEED_M_S = 299_792_458.0
ELECTRON_MASS_KG = 9.1093837015e-31
ELECTRON_REST_V = ELECTRON_MASS_KG * LIGHT_SPEED_M_S**2 / ELEMENTARY_CHARGE_C
"""m c² / e."""


def compute_wavelength(voltage_v: float) -> float:
    """Return the relativistic de Broglie wavelength in m: h / √(2 m e V (1 + e V / 2 m c²)).

    Raises
    ------
    ValueError
        When the voltage is not positive and finite.
    """
    if not (math.isfinite(voltage_v) and voltage_v > 0):
        raise ValueError("a wavelength needs a positive acceleration voltage")
    # The root is taken of each factor: the product of two tiny numbers would vanish.
    momentum = math.sqrt(2 * ELECTRON_MASS_KG * ELEMENTARY_CHARGE_C) * math.sqrt(voltage_v)
    return PLANCK_J_S / (momentum * math.sqrt(1 + voltage_v / (2 * ELECTRON_REST_V)))


def compute_fluence(current_a: float, time_s: float, area_m2: float) -> float:
    """Return incident electrons per m²: I t / (e · area).

    For overlapping probes the area is that of one scan step.
    """
    return current_a * time_s / (ELEMENTARY_CHARGE_C * area_m2)
