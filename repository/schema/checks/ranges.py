"""The quantity layer: accepted units, possible and usual values, likely slips by name.

It walks the document itself. Angles, counts and fluences share no dimension here, so that 25 mrad never
passes as 2.5 %.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from repository.schema.checks.slips import name_slip
from repository.schema.checks.suggestions import suggest_unit, suggest_word
from repository.schema.findings import Finding
from repository.schema.places import escape_pointer, get_plain, is_gap
from repository.schema.quantities.elements import ELEMENT_SYMBOLS
from repository.schema.quantities.quantity import Reading, format_quantity, is_number, read_quantity
from repository.schema.quantities.scales import find_wavelength
from repository.schema.quantities.units import UNITS, UnitMismatchError, convert, to_si
from repository.schema.questions.field_tree import Leaf, find_leaves
from repository.schema.questions.fields import DocumentName, Field

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
        elif leaf.field.kind == "orcid":
            findings.extend(_check_orcid(leaf))
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
    field = leaf.field
    if reading.is_range and reading.numbers[0] > reading.numbers[-1]:
        message = f"{field.title}: the range {format_quantity(reading)} runs backwards."
        yield Finding(
            "error", "range_reversed", message, leaf.pointer, "Write the smaller end first.", "quantity"
        )
        return
    numbers = _in_field_unit(reading, field, wavelength_m)
    if numbers is None:
        return
    for limits, severity in ((field.hard, "error"), (field.soft, "warning")):
        if limits is None or all(limits[0] <= number <= limits[1] for number in numbers):
            continue
        outside = next(number for number in numbers if not limits[0] <= number <= limits[1])
        yield _report_range(leaf, reading, outside, limits, impossible=severity == "error")
        return


def _report_range(
    leaf: Leaf, reading: Reading, outside: float, limits: tuple[float, float], *, impossible: bool
) -> Finding:
    field = leaf.field
    slip = name_slip(field, outside, reading.unit)
    judged = "cannot be right" if impossible else "is unusual"
    shown = (
        format_quantity(reading)
        if len(reading.numbers) <= _ENDS
        else f"{outside:.6g} {field.unit} in the series"
    )
    return Finding(
        "error" if impossible else "warning",
        "value_impossible" if impossible else "value_unusual",
        f"{field.title} of {shown} {judged}: expected {limits[0]:g} to {limits[1]:g} {field.unit}.",
        leaf.pointer,
        f"{slip} {field.range_reason}".strip() + ("" if impossible else " Keep it if it is so, with a note."),
        "quantity",
    )


def _in_field_unit(reading: Reading, field: Field, wavelength_m: float | None) -> tuple[float, ...] | None:
    if field.unit is None:
        return None
    try:
        return reading.in_unit(field.unit)
    except UnitMismatchError:
        if wavelength_m is None or UNITS[reading.unit].dimension != "reciprocal_length":
            return None
        return tuple(
            convert(to_si(k, reading.unit) * wavelength_m, "rad", field.unit) for k in reading.numbers
        )


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
                f'"{symbol}" is not the symbol of an element.',
                f"{leaf.pointer}/{index}",
                f"{hint}Write symbols such as Sr, Ti, O.",
                "quantity",
            )


def _check_orcid(leaf: Leaf) -> Iterator[Finding]:
    orcid = get_plain(leaf.entry)
    if not isinstance(orcid, str) or not is_orcid_wrong(orcid):
        return
    message = f"{orcid} is not an ORCID: its check digit does not fit."
    yield Finding(
        "error", "orcid_invalid", message, leaf.pointer, "Compare it with the ORCID page.", "quantity"
    )


def is_orcid_wrong(orcid: str) -> bool:
    """Say whether the check digit (ISO 7064 mod 11-2) of a well-formed ORCID does not fit."""
    digits = orcid.replace("-", "")
    if len(digits) != len("0000000000000000") or not digits[:-1].isdigit():
        return False  # the structure layer says so
    total = 0
    for digit in digits[:-1]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits[-1] != ("X" if check == len("XXXXXXXXXX") else str(check))
