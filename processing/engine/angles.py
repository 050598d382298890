"""From the optics in an order, or the detector axes of a file, to what recipes are told of angles."""

import math

from ingest.readers.contract import Axis, SignalSource
from processing.declarations.manifest import Optics, Pair
from processing.reductions.detector_plan import AngleKnowledge, DetectorPlan
from processing.reductions.facts import SignalFacts, Step
from processing.reductions.outliers import Outliers
from repository.schema.documents.scales import find_diffraction_pixel
from repository.schema.findings import Finding
from repository.schema.quantities.electrons import compute_wavelength
from repository.schema.quantities.signals import SignalShape
from repository.schema.quantities.units import UNITS, convert, find_unit_code

SQUARE_TOLERANCE = 0.01  # detector pixels whose sides differ by more have no single angle


def resolve_angles(optics: Optics, axes: tuple[Axis, ...]) -> tuple[AngleKnowledge, Finding | None]:
    """Return what is known of the angles, and a finding where optics were given that cannot be used.

    The depositor's pixel size goes before the one on the file's detector axes.
    """
    alpha = optics.semi_convergence_angle_mrad
    given = optics.diffraction_pixel_mrad
    if given is not None:
        single = _find_single(given)
        problem = (
            "" if single else f"Detector pixels of {given[0]:g} × {given[1]:g} mrad have no single angle."
        )
    else:
        found = read_axes(optics, axes)
        single = None if found is None else _find_single(found)
        problem = optics.pixel_problem or ("" if found else _find_problem(optics, axes))
    if not problem:
        return AngleKnowledge(alpha, single), None
    finding = Finding(
        "info",
        "diffraction_calibration_unused",
        problem,
        "/diffraction_pixel_size",
        "Virtual detectors follow the measured disk. Give one angle per pixel, or 1/length with the voltage.",
        "consistency",
    )
    return AngleKnowledge(alpha, single), finding


def read_axes(optics: Optics, axes: tuple[Axis, ...]) -> Pair | None:
    """Return the angle (y, x) of a detector pixel in mrad as the file's own axes have it."""
    voltage = optics.acceleration_voltage_kv
    document = {} if voltage is None else {"acceleration_voltage": {"value": voltage, "unit": "kV"}}
    shape = SignalShape.from_dict({"name": "data", "axes": [axis.as_dict() for axis in axes]})
    pair = find_diffraction_pixel(document, [shape])
    return (
        None
        if pair is None or not all(pair)
        else (convert(pair[0], "rad", "mrad"), convert(pair[1], "rad", "mrad"))
    )


def _find_problem(optics: Optics, axes: tuple[Axis, ...]) -> str:
    """Return what keeps the file's own detector axes from being angles, where they say something."""
    # The two axes of a pattern are the last.
    units = {axis.unit for axis in axes[-2:] if axis.unit and axis.scale}
    codes = {find_unit_code(unit) for unit in units}
    dimensions = {UNITS[code].dimension for code in codes if code is not None}
    if dimensions != {"reciprocal_length"} or optics.acceleration_voltage_kv is not None:
        return ""
    return (
        f"Detector axes in {', '.join(sorted(units))} need an acceleration voltage to be turned into angles."
    )


def _find_single(pair: Pair) -> float | None:
    if abs(pair[0] - pair[1]) > SQUARE_TOLERANCE * max(pair):
        return None
    return math.sqrt(pair[0] * pair[1])  # as the facts by which measurements are found


def build_facts(
    source: SignalSource,
    optics: Optics,
    plan: DetectorPlan | None,
    outliers: Outliers | None = None,
) -> SignalFacts:
    """Return what the recipes are told of a signal."""
    voltage = optics.acceleration_voltage_kv
    return SignalFacts(
        shape=source.shape,
        dtype=source.dtype,
        axis_names=tuple(axis.name for axis in source.axes),
        n_signal_axes=source.n_signal_axes,
        intensity_unit=source.intensity_unit,
        steps={
            axis.name: Step(axis.scale, axis.unit)
            for axis in source.axes
            if axis.scale is not None and axis.unit is not None
        },
        plan=plan,
        wavelength_pm=None if voltage is None else compute_wavelength(voltage * 1e3) * 1e12,
        detector_to_scan=optics.detector_to_scan,
        outliers=outliers,
    )
