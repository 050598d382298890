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
# Conversion to SI units rounds: "=" means equal up to that.
_TOLERANCE = 1e-6
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_CONDITION = re.compile(
    r"^\s*(?P<field>[A-Za-z_][\w.]*)\s*(?P<sign><=|>=|≤|≥|==|=|<|>|:)\s*(?P<rest>.+?)\s*$"
)
_INTERVAL = re.compile(rf"^(?P<low>{_NUMBER})?\s*(?:\.\.|…)\s*(?P<high>{_NUMBER})?\s*(?P<unit>\D.*)?$")
_SINGLE = re.compile(rf"^(?P<value>{_NUMBER})\s*(?P<unit>[^\s\d.].*)?$")


@dataclass(frozen=True, slots=True)
class Condition:
    """A closed range of one quantity; a missing end is open."""

    field: str
    low: float | None
    high: float | None
    unit: str | None = None

    def as_parameter(self) -> str:
        """Return the value of a ``where`` query parameter: ``field:low..high:unit``."""
        text = f"{self.field}:{_write(self.low)}..{_write(self.high)}"
        return f"{text}:{self.unit}" if self.unit else text


@dataclass(frozen=True, slots=True)
class Facet:
    """An equality of text, ``instrument=Titan``: a query parameter of its own."""

    field: str
    value: str


def parse_condition(text: str) -> Condition | Facet:
    """Read one ``--where``: ``voltage=80..300 kV``, ``alpha>=20 mrad``, ``step<0.5 Ao``, ``format=empad``.

    Ranges are closed on the server, so ``<`` means ``<=``. A value that is no number asks for that very text.

    Raises
    ------
    UsageError
        The text is no condition, or its range is empty.
    """
    found = _CONDITION.match(text)
    if found is None:
        raise UsageError(
            f"{text!r} is not a condition.",
            hint='Write it as "voltage=80..300 kV", "alpha>=20 mrad" or "format=empad".',
        )
    field = found["field"]
    sign, rest = found["sign"], found["rest"]
    interval = _INTERVAL.match(rest)
    if interval is not None:
        if sign not in {"=", "==", ":"}:
            raise UsageError(f"{text!r} has both {sign} and a range.", hint="Write a range with =.")
        return _checked(
            text,
            Condition(field, _number(interval["low"]), _number(interval["high"]), _unit(interval["unit"])),
        )
    single = _SINGLE.match(rest)
    if single is None:
        if sign not in {"=", "==", ":"}:
            raise UsageError(f"{text!r} compares with something that is no number.")
        return Facet(_FACET_NAMES.get(field, field), rest)
    value, unit = float(single["value"]), _unit(single["unit"])
    if sign in {">", ">=", "≥"}:
        return Condition(field, value, None, unit)
    if sign in {"<", "<=", "≤"}:
        return Condition(field, None, value, unit)
    return Condition(field, value - abs(value) * _TOLERANCE, value + abs(value) * _TOLERANCE, unit)


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
    unit = bounds[2] if len(bounds) == 3 else None  # noqa: PLR2004 - (low, high, unit)
    return _checked(f"{field}={bounds}", Condition(field, low, high, unit))


def _checked(text: str, condition: Condition) -> Condition:
    ends = [end for end in (condition.low, condition.high) if end is not None]
    if not ends or not all(math.isfinite(end) for end in ends) or ends != sorted(ends):
        raise UsageError(
            f"{text!r} is an empty range.", hint="The lower end comes first; one end may be left out."
        )
    return condition


def _number(text: str | None) -> float | None:
    return None if not text else float(text)


def _unit(text: str | None) -> str | None:
    return text.strip() or None if text else None


def _write(value: float | None) -> str:
    return "" if value is None else f"{value:.15g}"
