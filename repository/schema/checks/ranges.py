"""The quantity layer: accepted units, possible and usual values, likely slips by name.

It walks the document itself. Angles, counts and fluences share no dimension here, so that 25 mrad never
passes as 2.5 %.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema.checks.slips import name_slip
from repository.schema.checks.suggestions import suggest_unit, suggest_word
from repository.schema.documents.scales import find_wavelength
from repository.schema.findings import Finding
from repository.schema.places import escape_pointer, get_plain, is_gap
from repository.schema.quantities.elements import ELEMENT_SYMBOLS
from repository.schema.quantities.quantity import Reading, add_unit, format_quantity, is_number, read_quantity
from repository.schema.quantities.units import UNITS
from repository.schema.questions.field_tree import Leaf, find_leaves
from repository.schema.questions.fields import DocumentName
from repository.schema.questions.limits import Limits, convert_limits, find_hard_limits

_QUANTITIES = frozenset({"quantity", "quantity_or_series", "series"})
_ENDS = 2


def check_quantities(document: Mapping[str, Any], *, kind: DocumentName = "measurement") -> list[Finding]:
    """Return the findings of the quantity layer on a normalized document."""
    wavelength_m = find_wavelength(document)
    findings: list[Finding] = []
    for leaf in find_leaves(document, kind=kind):
        if is_gap(leaf.entry):
            continue
        if leaf.field.kind in _QUANTITIES:
            findings.extend(_check_quantity(leaf, wavelength_m))
        elif leaf.field.kind == "aberrations":
            findings.extend(_check_aberrations(leaf))
        elif leaf.field.kind == "elements":
            findings.extend(_check_elements(leaf))
    return findings


def _check_quantity(leaf: Leaf, wavelength_m: float | None) -> Iterator[Finding]:
    unit = leaf.entry.get("unit") if isinstance(leaf.entry, Mapping) else None
    if not isinstance(unit, str):
        return  # the structure layer has said so
    refusal = _check_unit(leaf, unit)
    if refusal is not None:
        yield refusal
        return
    if isinstance(leaf.entry.get("values"), list) and not all(
        is_number(entry) for entry in leaf.entry["values"]
    ):
        message = f"{leaf.field.title}: a series holds numbers only."
        yield Finding("error", "wrong_form", message, leaf.pointer, "Give one number per frame.", "quantity")
        return
    reading = read_quantity(leaf.entry)
    if reading is not None:
        yield from _check_range(leaf, reading, wavelength_m)


def _check_unit(leaf: Leaf, unit: str) -> Finding | None:
    field, pointer = leaf.field, f"{leaf.pointer}/unit"
    accepted = f"Accepted units: {', '.join(field.units)}." if field.units else "Use a UCUM unit."
    closest = suggest_unit(unit, field.units)
    meant = f'Did you mean "{closest}"? ' if closest else ""
    if unit not in UNITS:
        message = f'{field.title}: the unit "{unit}" is not known.'
        return Finding("error", "unit_unknown", message, pointer, f"{meant}{accepted}", "quantity")
    if field.units and unit not in field.units:
        message = f'{field.title} is not measured in "{unit}".'
        return Finding("error", "unit_not_allowed", message, pointer, accepted, "quantity")
    return None


def _check_range(leaf: Leaf, reading: Reading, wavelength_m: float | None) -> Iterator[Finding]:
    field, unit = leaf.field, reading.unit
    if reading.is_range and reading.numbers[0] > reading.numbers[-1]:
        message = f"{field.title}: the range {format_quantity(reading)} runs backwards."
        yield Finding(
            "error", "range_reversed", message, leaf.pointer, "Write the smaller end first.", "quantity"
        )
        return
    wavelengths = None if wavelength_m is None else (wavelength_m, wavelength_m)
    for limits, impossible in (
        (find_hard_limits(field, unit), True),
        (convert_limits(field, field.hard, unit, wavelengths), True),
        (convert_limits(field, field.soft, unit, wavelengths), False),
    ):
        outside = _find_outside(reading, limits)
        if limits is not None and outside is not None:
            yield _report_range(leaf, reading, outside, limits, impossible=impossible)
            return


def _find_outside(reading: Reading, limits: Limits | None) -> float | None:
    if limits is None:
        return None
    return next((number for number in reading.numbers if not limits[0] <= number <= limits[1]), None)


def _report_range(
    leaf: Leaf, reading: Reading, outside: float, limits: Limits, *, impossible: bool
) -> Finding:
    field, unit = leaf.field, reading.unit
    slip = name_slip(field, outside, unit)
    judged = "cannot be right" if impossible else "is unusual"
    shown = _show_outside(reading, outside, limits)
    written = field.hard if impossible else field.soft
    in_field_unit = UNITS[unit].dimension == UNITS[str(field.unit)].dimension
    low, high = written if written is not None and in_field_unit else limits
    expected = add_unit(f"{low:g} to {high:g}", str(field.unit) if in_field_unit else unit)
    return Finding(
        "error" if impossible else "warning",
        "value_impossible" if impossible else "value_unusual",
        f"{field.title} of {shown} {judged}: expected {expected}.",
        leaf.pointer,
        f"{slip} {field.range_reason}".strip()
        + ("" if impossible else " Readers will ask: keep it if it is so, with a note."),
        "quantity",
    )


def _show_outside(reading: Reading, outside: float, limits: Limits) -> str:
    """Return the numbers with enough digits that the one outside does not look like the limit that it passes."""
    if limits[0] <= float(f"{outside:.6g}") <= limits[1]:
        return add_unit(f"{outside!r}", reading.unit)
    if len(reading.numbers) <= _ENDS:
        return format_quantity(reading)
    return f"{add_unit(f'{outside:.6g}', reading.unit)} in the series"


def _check_aberrations(leaf: Leaf) -> Iterator[Finding]:
    coefficients = leaf.entry.get("coefficients") if isinstance(leaf.entry, Mapping) else None
    for name, entry in coefficients.items() if isinstance(coefficients, Mapping) else ():
        unit = entry.get("unit") if isinstance(entry, Mapping) else None
        if isinstance(unit, str) and (unit not in UNITS or UNITS[unit].dimension != "length"):
            pointer = f"{leaf.pointer}/coefficients/{escape_pointer(str(name))}/unit"
            message = f'Aberration {name}: "{unit}" is not a length.'
            yield Finding(
                "error", "unit_not_allowed", message, pointer, "Use pm, nm, um, mm or m.", "quantity"
            )


def _check_elements(leaf: Leaf) -> Iterator[Finding]:
    symbols = get_plain(leaf.entry)
    for index, symbol in enumerate(symbols if isinstance(symbols, list) else ()):
        if isinstance(symbol, str) and symbol not in ELEMENT_SYMBOLS:
            closest = suggest_word(symbol, sorted(ELEMENT_SYMBOLS))
            hint = f'Did you mean "{closest}"? ' if closest and closest.lower() == symbol.lower() else ""
            yield Finding(
                "error",
                "element_unknown",
                f'"{symbol[:40]}" is not the symbol of an element.',
                f"{leaf.pointer}/{index}",
                f"{hint}Write symbols such as Sr, Ti, O.",
                "quantity",
            )
