"""Search conditions on physical quantities, as a person writes them and as the server takes them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from stemma.errors import UsageError

Range = tuple[float | None, float | None] | tuple[float | None, float | None, str]

# Words for facets; names of quantities, also short ones, are passed on as they are: the server's catalogue has them.
_FACET_NAMES = {
    "technique": "modality",
    "techniques": "modality",
    "element": "elements",
    "licence": "license",
}
_FACETS = frozenset({*_FACET_NAMES, *_FACET_NAMES.values(), "format", "instrument", "outcome"})
_EQUAL = frozenset({"=", "==", ":"})
_CONDITION = re.compile(
    r"^\s*(?P<field>[A-Za-z_][\w.]*)\s*(?P<sign><=|>=|≤|≥|==|=|<|>|:)\s*(?P<rest>.+?)\s*$"
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A condition on a quantity in a person's words: the server reads numbers and units, of metadata and here alike."""

    text: str

    def as_parameter(self) -> str:
        """Return the value of a ``where`` query parameter."""
        return self.text


@dataclass(frozen=True, slots=True)
class Facet:
    """An equality of text, ``instrument=Titan``: a query parameter of its own."""

    field: str
    value: str


def parse_condition(text: str) -> Condition | Facet:
    """Take one ``--where`` apart: ``voltage=80..300 kV``, ``dose>1000 e/Å²``, ``step<0.5 Å``, ``format=empad``.

    What names no facet goes to the server as it is: that knows the quantities, and says what is wrong with an amount.
    Ranges are closed there, so ``<`` means ``<=``. A facet asks for that very text.

    Raises
    ------
    UsageError
        The text is no condition, or compares something that has no order.
    """
    found = _CONDITION.match(text)
    if found is None:
        raise UsageError(
            f"{text!r} is not a condition.",
            hint='Write it as "voltage=80..300 kV", "dose>1000 e/Å²" or "format=empad".',
        )
    field, sign, rest = found["field"], found["sign"], found["rest"]
    if field not in _FACETS:
        return Condition(f"{field}{sign}{rest}")
    if sign not in _EQUAL:
        raise UsageError(f"{text!r} compares with something that is no number.")
    return Facet(_FACET_NAMES.get(field, field), rest)


def build_conditions(where: str | list[str] | Mapping[str, Range] | None) -> list[Condition | Facet]:
    """Return conditions from what `Client.search` takes: text, texts, or ``{field: (low, high, unit)}``."""
    if where is None:
        return []
    if isinstance(where, str):
        return [parse_condition(where)]
    if isinstance(where, Mapping):
        return [_from_range(field, bounds) for field, bounds in where.items()]
    return [parse_condition(text) for text in where]


def build_facets(facets: Mapping[str, object]) -> list[Condition | Facet]:
    """Return equalities from ``{name: value or values}``."""
    return [
        Facet(_FACET_NAMES.get(name, name), str(one))
        for name, value in facets.items()
        for one in (value if isinstance(value, list | tuple | set) else [value])
    ]


def build_parameters(conditions: list[Condition | Facet]) -> list[tuple[str, str]]:
    """Return the query parameters of the conditions, in their order."""
    return [
        ("where", condition.as_parameter())
        if isinstance(condition, Condition)
        else (condition.field, condition.value)
        for condition in conditions
    ]


def _from_range(field: str, bounds: Range) -> Condition:
    low, high = bounds[0], bounds[1]
    unit = bounds[2] if len(bounds) == 3 else ""  # noqa: PLR2004 - (low, high, unit)
    ends = [end for end in (low, high) if end is not None]
    if not ends or not all(math.isfinite(end) for end in ends) or ends != sorted(ends):
        raise UsageError(
            f"The range {bounds!r} of {field} is empty.",
            hint="The lower end comes first; one end may be left out (None).",
        )
    return Condition(f"{field}={_write(low)}..{_write(high)} {unit}".strip())


def _write(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"
