"""Scan, steps and dose against each other and against the arrays."""

import math
from collections.abc import Iterator

from repository.schema.checks.cross_field.context import Check, Context, report
from repository.schema.findings import Finding
from repository.schema.places import get_plain, get_value
from repository.schema.quantities.quantity import is_number
from repository.schema.quantities.signals import SignalAxis
from repository.schema.quantities.units import UNITS, convert, find_unit_code

GRID_M = 3.05e-3
LARGE_FIELD_M = 1e-3
HIGH_FLUENCE_PER_M2 = 1e29  # 1e9 electrons per square angstrom
DOSE_FACTOR = 2.0
STEP_TOLERANCE = 1e-3
_CORNERS = 4


def check_scan_shape(context: Context) -> Iterator[Finding]:
    """Demand scan shape = shape of the first array, after a declared flyback or crop.

    Further arrays are views of their own: a survey image is finer than the spectrum image it was taken for.
    """
    stated = get_value(context.document, "scan_shape")
    if not isinstance(stated, list) or not all(isinstance(size, int) for size in stated):
        return
    for signal in context.signals[:1]:
        found = [axis.size for axis in signal.axes if axis.name in {"scan_y", "scan_x", "position"}]
        if found and not _shapes_agree(stated, found, context):
            yield report(
                "error",
                "scan_shape_mismatch",
                f'The scan shape {_show(stated)} is not that of the array "{signal.name}", {_show(found)}.',
                "/scan_shape",
                "Correct it, or state flyback_pixels or scan_crop if columns or rows were left out.",
            )


def _shapes_agree(stated: list[int], found: list[int], context: Context) -> bool:
    crop = get_value(context.document, "scan_crop")
    if isinstance(crop, list) and len(crop) == _CORNERS:
        stated = [crop[1] - crop[0], crop[3] - crop[2]]
    flyback = get_value(context.document, "flyback_pixels")
    columns = flyback if isinstance(flyback, int) else 0
    widths = {stated[-1], stated[-1] + columns, stated[-1] - columns}
    if len(stated) != len(found):
        return _count(stated) == _count(found)
    return stated[:-1] == found[:-1] and found[-1] in widths


def _count(shape: list[int]) -> int:
    total = 1
    for size in shape:
        total *= size
    return total


def _show(shape: list[int]) -> str:
    return " × ".join(str(size) for size in shape)


def check_stated_axes(context: Context) -> Iterator[Finding]:
    """Compare the axes that a person stated with those that were read."""
    stated = context.document.get("axes")
    if not isinstance(stated, list) or not context.signals:
        return
    sizes = {axis.name: axis.size for signal in context.signals for axis in signal.axes}
    for index, entry in enumerate(stated):
        name, size = (entry.get("name"), entry.get("size")) if isinstance(entry, dict) else (None, None)
        if isinstance(name, str) and name in sizes and isinstance(size, int) and size != sizes[name]:
            yield report(
                "error",
                "axis_size_mismatch",
                f"Axis {name} is stated with {size} samples; the array has {sizes[name]}.",
                f"/axes/{index}/size",
                "The array is right about its length; leave the size out or correct it.",
            )


def check_technique_axes(context: Context) -> Iterator[Finding]:
    """Expect a technique to show in the axes of some array."""
    if not context.signals:
        return
    names = {axis.name for signal in context.signals for axis in signal.axes}
    kinds = {decision.kind for decision in context.decisions.values()}
    has_energies = "energy" in names or bool(kinds & {"spectrum", "spectrum_scan"})
    wanted = {
        "four_d_stem": (bool(kinds & {"pattern", "pattern_scan", "pattern_series"}), "diffraction patterns"),
        "eels": (has_energies, "an energy axis"),
        "eds": (has_energies, "an energy axis"),
    }
    if any(decision.contradiction for decision in context.decisions.values()):
        return  # that is asked already
    for technique in context.facts.techniques:
        is_there, words = wanted.get(technique, (True, ""))
        if not is_there:
            yield report(
                "warning",
                "technique_without_axes",
                f"The technique is {technique}, but no array has {words} ({', '.join(sorted(names))}).",
                "/technique",
                "Readers search by technique and would not find in it what they look for. Correct it, or state "
                "what the axes "
                "mean under axes.",
            )


def check_signal_kinds(context: Context) -> Iterator[Finding]:
    """Ask where unit, technique and answers contradict each other about what an array is."""
    for name, decision in context.decisions.items():
        if not decision.contradiction:
            continue
        field = decision.contradicted_by
        yield report(
            "warning",
            "signal_kind_contradicted",
            f'What "{name}" shows is not clear. {decision.contradiction}',
            f"/{field}",
            "Correct the technique, where the unit is right. Where the unit in the file is wrong, give the pixel size "
            "that holds together with the technique, or the axes with unit and step under axes."
            if field == "technique"
            else "Take the answer away, where the unit is right. Where the unit in the file is wrong, say so by the "
            "technique as well, or give the axes with unit and step under axes.",
        )


def check_field_of_view(context: Context) -> Iterator[Finding]:
    """Refuse a scan wider than a grid; warn of one wider than 1 mm."""
    view = context.facts.field_of_view_m
    if view is None or view <= LARGE_FIELD_M:
        return
    impossible = view > GRID_M
    yield report(
        "error" if impossible else "warning",
        "field_of_view_impossible" if impossible else "field_of_view_large",
        f"Scan step times number of positions makes {view * 1e3:.3g} mm"
        + (", more than a grid of 3.05 mm." if impossible else "."),
        "/scan_step",
        "All distances that readers measure follow from it. Is the unit of the step right (nm, not um)?",
    )


def check_fluence(context: Context) -> Iterator[Finding]:
    """Judge the dose that current, time and step make, also against a stated one."""
    facts = context.facts
    if facts.fluence_origin == "derived" and (facts.electron_fluence_per_m2 or 0) > HIGH_FLUENCE_PER_M2:
        yield report(
            "warning",
            "fluence_unusual",
            f"Current, time and step make {(facts.electron_fluence_per_m2 or 0) / 1e20:.3g} "
            "electrons per square angstrom.",
            "/probe_current",
            "Readers judge beam damage by it. Are the units of current (pA), dwell time (us) and step (nm) right?",
        )
    step, electrons = facts.scan_step_m, facts.electrons_per_position
    if facts.fluence_origin != "declared" or not step or not electrons or not facts.electron_fluence_per_m2:
        return
    ratio = facts.electron_fluence_per_m2 / (electrons / step**2)
    if not 1 / DOSE_FACTOR <= ratio <= DOSE_FACTOR:
        yield report(
            "warning",
            "fluence_disagrees",
            f"The fluence stated is {ratio:.3g} times what current, time and step make.",
            "/electron_fluence",
            "Readers judge beam damage by it. One of current, dwell time, step, frames summed and fluence is "
            "off: correct it.",
        )


def check_stated_scales(context: Context) -> Iterator[Finding]:
    """Say where a step under `axes` is not the one in use, because a field of its own says another."""
    stated = context.document.get("axes")
    for index, entry in enumerate(stated if isinstance(stated, list) else ()):
        if not isinstance(entry, dict):
            continue
        name, scale, unit = (get_plain(entry.get(key)) for key in ("name", "scale", "unit"))
        axis = context.find_axis(name) if isinstance(name, str) else None
        code = find_unit_code(unit) if isinstance(unit, str) else None
        if axis is None or code is None or not is_number(scale) or _is_used(axis, float(scale or 0), code):
            continue
        yield report(
            "warning",
            "axis_scale_not_used",
            f"Axis {name} is stated with steps of {scale:g} {unit}; {abs(axis.scale or 0):.6g} {axis.unit} is used, "
            f"as {axis.said_by or 'the file'} says.",
            f"/axes/{index}/scale",
            "Readers are shown the step that is used. Correct the field that holds the step, or leave the axis out.",
        )


def _is_used(axis: SignalAxis, scale: float, code: str) -> bool:
    """Return whether an axis has a stated step, or none at all."""
    used = find_unit_code(axis.unit) if axis.unit else None
    if used is None or axis.scale is None:
        return True
    if UNITS[used].dimension != UNITS[code].dimension:
        return False
    return math.isclose(abs(scale), convert(abs(axis.scale), used, code), rel_tol=STEP_TOLERANCE)


CHECKS: tuple[Check, ...] = (
    check_scan_shape,
    check_stated_axes,
    check_stated_scales,
    check_technique_axes,
    check_signal_kinds,
    check_field_of_view,
    check_fluence,
)
