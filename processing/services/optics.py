"""What the metadata say of angles, as numbers: the translation is the schema's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from processing.declarations.manifest import AxisEntry, Optics
from processing.declarations.recipe import Need, Recipe
from processing.declarations.typed_documents import ManifestError
from repository.models import Measurement
from repository.schema.documents.scales import (
    DETECTOR_AXES,
    DIFFRACTION_PIXEL_FIELDS,
    IMAGE_AXES,
    find_diffraction_pixel,
    find_scalar,
)
from repository.schema.places import get_entry, get_value
from repository.schema.quantities.quantity import is_number, read_quantity
from repository.schema.quantities.units import convert

N_COMPONENTS = 2


def build_optics(document: Mapping[str, Any]) -> Optics:
    """Return what a metadata document says of angles, voltage and the detector's orientation."""
    alpha = find_scalar(document, "semi_convergence_angle")
    voltage = find_scalar(document, "acceleration_voltage")
    pixel = find_diffraction_pixel(document, None)
    if pixel is not None and not all(side > 0 for side in pixel):
        pixel = None
    is_answered = any(
        read_quantity(get_entry(document, path)) is not None for path in DIFFRACTION_PIXEL_FIELDS
    )
    return Optics(
        semi_convergence_angle_mrad=convert(alpha, "rad", "mrad") if alpha and alpha > 0 else None,
        diffraction_pixel_mrad=None
        if pixel is None
        else (convert(pixel[0], "rad", "mrad"), convert(pixel[1], "rad", "mrad")),
        acceleration_voltage_kv=convert(voltage, "V", "kV") if voltage and voltage > 0 else None,
        detector_to_scan=_read_matrix(get_value(document, "detector_to_scan_matrix")),
        pixel_problem=(
            "The diffraction pixel size cannot be turned into an angle: it is not positive, or a reciprocal length "
            "without an acceleration voltage."
            if is_answered and pixel is None
            else ""
        ),
        semi_convergence_angle_basis=_read_word(document, "semi_convergence_angle", "basis"),
        diffraction_pixel_calibrated_from=next(
            filter(
                None, (_read_word(document, path, "calibrated_from") for path in DIFFRACTION_PIXEL_FIELDS)
            ),
            "",
        ),
    )


def _read_word(document: Mapping[str, Any], path: str, key: str) -> str:
    entry = get_entry(document, path)
    word = entry.get(key) if isinstance(entry, Mapping) else None
    return word if isinstance(word, str) else ""


def _read_matrix(found: Any) -> tuple[tuple[float, float], tuple[float, float]] | None:
    rows = found if isinstance(found, list) else []
    numbers = [number for row in rows if isinstance(row, list) for number in row if is_number(number)]
    if len(rows) != N_COMPONENTS or len(numbers) != N_COMPONENTS**2:
        return None
    (a, b, c, d) = (float(number) for number in numbers)
    return (a, b), (c, d)


def read_optics(stored: object) -> Optics | None:
    """Return the optics that a row keeps; None where it is of an older form."""
    try:
        return Optics.read(stored)
    except ManifestError:
        return None


@dataclass(frozen=True, slots=True)
class Known:
    """What a signal's recipes are told from outside its values; no optics where it is of an older form."""

    optics: Optics | None
    axes: Sequence[Mapping[str, Any]] = ()


def list_axes(measurement: Measurement) -> dict[str, tuple[AxisEntry, ...]]:
    """Return the axes of every array as the record has them, for an order."""
    return {
        shape.name: tuple(AxisEntry.read(axis.as_dict()) for axis in shape.axes)
        for shape in measurement.calibrated_shapes
    }


def list_stale(former: Known, now: Known, recipes: tuple[Recipe, ...]) -> tuple[Recipe, ...]:
    """Return the recipes whose results would be others with what the metadata say now."""
    return tuple(recipe for recipe in recipes if recipe.needs and _has_changed(recipe, former, now))


def _has_changed(recipe: Recipe, former: Known, now: Known) -> bool:
    if former.optics is None or now.optics is None:
        return True
    needed_then = select_needs(recipe, former.optics, former.axes)
    return needed_then != select_needs(recipe, now.optics, now.axes)


def select_needs(recipe: Recipe, optics: Optics, axes: Sequence[Mapping[str, Any]]) -> dict[Need, Any]:
    """Return that part of the optics which decides a recipe's results.

    Parameters
    ----------
    axes
        Of the signal, as its array was or will be made.
    """
    steps = {
        axis["name"]: [axis["scale"], axis["unit"]]
        for axis in axes
        if axis["scale"] is not None and axis["unit"] is not None
    }
    on_detector = [steps[name] for name in (*DETECTOR_AXES, *IMAGE_AXES) if name in steps]
    facts: dict[Need, Any] = {
        # The voltage turns reciprocal detector axes into angles; axes are asked where no field says the angle.
        "angles": [
            optics.semi_convergence_angle_mrad,
            optics.diffraction_pixel_mrad,
            optics.acceleration_voltage_kv,
            *(on_detector if optics.diffraction_pixel_mrad is None else []),
        ],
        "wavelength": optics.acceleration_voltage_kv,
        "detector_to_scan": optics.detector_to_scan,
        "scan_step": {name: steps[name] for name in ("scan_y", "scan_x") if name in steps},
    }
    return {need: facts[need] for need in recipe.needs}
