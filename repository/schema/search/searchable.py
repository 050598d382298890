"""The quantities by which measurements are searched and compared: what the catalogue says of each, and their values.

One entry in the catalogue makes one: a column of the facts, a range parameter with its short names, a span, a row of
the documentation. Nothing else lists them.
"""

import dataclasses
import functools
import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from repository.schema.documents.scales import find_scalar
from repository.schema.places import get_entry, get_plain
from repository.schema.quantities.quantity import is_number
from repository.schema.quantities.signals import SignalShape
from repository.schema.quantities.units import UNITS, convert, to_si
from repository.schema.questions.fields import Check, Search, load_catalogue
from repository.schema.search.facts import Facts, derive_facts
from repository.schema.search.formulas import CONSTANTS, FormulaError, read_formula

Origin = Literal["declared", "derived", "achieved"]


@dataclass(frozen=True, slots=True)
class SearchableQuantity:
    """One quantity.

    Attributes
    ----------
    origin
        `declared`: a field says it (`path`), else `formula` where there is one; `derived`: `formula` over other
        columns; `achieved`: measured in the data and told by `source`.
    column, column_unit
        Where and in which unit its values are kept.
    unit, units
        What people type by default, and what they may type.
    """

    name: str
    title: str
    description: str
    origin: Origin
    column: str
    column_unit: str
    unit: str
    units: tuple[str, ...]
    aliases: tuple[str, ...]
    log: bool
    form: bool
    path: str | None = None
    formula: str | None = None
    check: Check | None = None
    source: str | None = None


_COLUMNS_OF_FACTS = frozenset(field.name for field in dataclasses.fields(Facts))


class QuantityClashError(ValueError):
    """Two quantities share a name, or a formula needs what nothing gives."""


@functools.cache
def list_quantities() -> tuple[SearchableQuantity, ...]:
    """Return all quantities in the order of the catalogue: declared, derived, achieved.

    Raises
    ------
    QuantityClashError
        The catalogue contradicts itself.
    """
    catalogue = load_catalogue()
    quantities = [
        _build(
            field.search, field.search.name or field.key, "declared", title=field.title,
            description=field.description, path=path, units=field.units, formula=field.search.otherwise,
            check=field.search.check,
        )
        for path, field in catalogue.measurement.items()
        if field.search is not None
    ]  # fmt: skip
    quantities += [
        _build(
            computed.search, computed.search.name or computed.name, "derived" if computed.formula else "achieved",
            title=computed.title, description=computed.description, formula=computed.formula, check=computed.check,
            source=computed.source,
        )
        for computed in catalogue.computed
    ]  # fmt: skip
    _refuse_contradictions(quantities)
    return tuple(quantities)


@functools.cache
def find_quantities() -> Mapping[str, SearchableQuantity]:
    """Return every quantity by its name and by each of its short names."""
    return {name: quantity for quantity in list_quantities() for name in (quantity.name, *quantity.aliases)}


@functools.cache
def digest_quantities() -> str:
    """Return a digest of what is computed of a record: where it differs, values are computed again."""
    told = [(one.column, one.path, one.formula) for one in list_quantities() if one.origin != "achieved"]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _build(
    search: Search, name: str, origin: Origin, *, units: Sequence[str] = (), **about: Any
) -> SearchableQuantity:
    dimension = UNITS[search.unit].dimension
    column_unit = "eV" if dimension == "energy" else _find_si_unit(dimension)
    return SearchableQuantity(
        name=name,
        origin=origin,
        column=search.column,
        column_unit=column_unit,
        unit=search.unit,
        units=(search.unit, *(unit for unit in units if unit != search.unit)),
        aliases=search.aliases,
        log=search.log,
        form=search.form,
        **about,
    )


def _find_si_unit(dimension: str) -> str:
    return next(
        code
        for code, unit in UNITS.items()
        if unit.dimension == dimension and unit.factor == 1 and unit.offset == 0
    )


def _refuse_contradictions(quantities: Sequence[SearchableQuantity]) -> None:
    seen: set[str] = set()
    for quantity in quantities:
        for name in {quantity.name, *quantity.aliases, f"column {quantity.column}"}:
            if name in seen:
                raise QuantityClashError(f"{name} is said twice in the catalogue's quantities")
            seen.add(name)
    variables = set(_list_variables(Facts((), "none", "none", "measured")))
    known = {quantity.column for quantity in quantities} | variables
    for quantity in quantities:
        if quantity.column in variables | CONSTANTS.keys():
            raise QuantityClashError(f"the column {quantity.column} means something else in formulas")
        if quantity.formula is None:
            continue
        try:
            missing = read_formula(quantity.formula).names - known
        except FormulaError as error:
            raise QuantityClashError(f"{quantity.name}: {error}") from error
        if missing:
            raise QuantityClashError(f"the formula of {quantity.name} needs {', '.join(sorted(missing))}")


def derive_quantities(
    document: Mapping[str, Any], signals: Sequence[SignalShape] | None = None
) -> dict[str, float | None]:
    """Return the value of every declared and derived quantity by column, in the unit of the column.

    What a record does not say, and what does not follow from it, is None; nothing is raised.
    """
    facts = derive_facts(document, signals)
    values: dict[str, float | None] = _list_variables(facts)
    known = {quantity.column: quantity for quantity in list_quantities() if quantity.origin != "achieved"}
    told = {column: _read(quantity, document, facts) for column, quantity in known.items()}
    values |= {column: value for column, value in told.items() if value is not None}
    waiting = [column for column in known if told[column] is None]
    while waiting:  # a formula may need what another gives
        computed = {column: _compute(known[column], values) for column in waiting}
        gained = {column: value for column, value in computed.items() if value is not None}
        if not gained:
            break
        values |= gained
        waiting = [column for column in waiting if column not in gained]
    return {column: values.get(column) for column in known}


def _read(quantity: SearchableQuantity, document: Mapping[str, Any], facts: Facts) -> float | None:
    """Return what the record says of a declared quantity; the facts know it where arrays speak for the record."""
    if quantity.path is None:
        return None
    if quantity.formula is None and quantity.column in _COLUMNS_OF_FACTS:
        found: float | None = getattr(facts, quantity.column)
        return found
    plain = get_plain(get_entry(document, quantity.path))
    if is_number(plain):
        return float(plain) if math.isfinite(plain) else None
    value = find_scalar(document, quantity.path)
    if value is None:
        return None
    return value / to_si(1.0, quantity.column_unit) if quantity.column_unit == "eV" else value


def _compute(quantity: SearchableQuantity, values: Mapping[str, float | None]) -> float | None:
    return None if quantity.formula is None else read_formula(quantity.formula).compute(values)


def _list_variables(facts: Facts) -> dict[str, float | None]:
    """Return the numbers of the facts that formulas may name."""
    once = None
    if facts.scan != "none" and facts.time_per_position_s is not None:
        once = facts.time_per_position_s / (facts.frames_summed or 1)
    return {
        "scan_step_y_m": facts.scan_step_y_m,
        "scan_step_x_m": facts.scan_step_x_m,
        "scan_extent_m": facts.field_of_view_m,
        "time_per_position_s": facts.time_per_position_s if facts.scan != "none" else None,
        # A camera that takes one pattern at a position exposes as long as the probe dwells there.
        "exposure_per_position_s": once,
        "n_positions": float(math.prod(facts.scan_shape)) if facts.scan_shape else None,
        "diffraction_pixel_rad": facts.diffraction_pixel_rad,
        "diffraction_half_width_rad": facts.diffraction_half_width_rad,
    }


def convert_from_column(quantity: SearchableQuantity, value: float) -> float:
    """Return a number of the column in the unit that people type."""
    return convert(value, quantity.column_unit, quantity.unit)
