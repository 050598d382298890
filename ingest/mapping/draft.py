"""The draft of a metadata document: values with their origin, fields with where they were looked for."""

import math
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from ingest.mapping.keys import Basis, HeaderKey, Key, KeyTable, Roots, by_field
from repository.schema.findings import Finding
from repository.schema.places import build_pointer
from repository.schema.quantities.quantity import QuantityTextError, parse_quantity_text
from repository.schema.quantities.units import convert, find_unit_code, get_unit
from repository.schema.questions.fields import load_catalogue

Source = Literal["header", "derived", "assumed"]
_NEAR = 1e-3
IMPLAUSIBLE = "header_implausible"
_LARGEST = 3.4e38  # of a 32-bit float; nothing in a microscope is larger
_VENDOR_UNITS = {"mR": "mrad"}  # EMSA files and what was made of them
_SAYS_NOTHING = frozenset(
    {"", "none", "_none_", "null", "unknown", "undefined", "n/a", "na", "-", "not specified", "unspecified"}
)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a header where a quantity may stand, in which unit, and what kind of number it is."""

    key: Key
    unit: str
    basis: Basis = "nominal"


@dataclass(frozen=True, slots=True)
class MetadataDraft:
    """What a vendor header says, in our words.

    Attributes
    ----------
    document
        A (partial) measurement document.
    looked_for
        For each field path the vendor keys that were searched, found or not.
    findings
        Values that stood in the header and were not used, with the reason.
    personal_pointers
        JSON pointers into the header at names of people, comments, paths and serial numbers, and what stands there.
    """

    document: dict[str, Any]
    looked_for: dict[str, tuple[str, ...]]
    findings: tuple[Finding, ...] = ()
    personal_pointers: Mapping[str, str] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "document": self.document,
            "looked_for": {path: list(keys) for path, keys in self.looked_for.items()},
            "findings": [finding.as_dict() for finding in self.findings],
            "personal_pointers": dict(self.personal_pointers),
        }


@dataclass(slots=True)
class DraftBuilder:
    """Collects values from one header; the first place that holds a usable value wins."""

    header: Mapping[str, Any]
    signals: Sequence[Mapping[str, Any]] = ()
    document: dict[str, Any] = field(default_factory=dict)
    looked_for: dict[str, tuple[str, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def find(self, *key: str) -> Any:
        """Return what stands at a path of header keys, or None."""
        found: Any = self.header
        for part in key:
            if not isinstance(found, Mapping) or part not in found:
                return None
            found = found[part]
        return found

    def find_number(self, *key: str) -> float | None:
        """Return the finite number at a path, or None; text that is a plain number counts."""
        return as_number(self.find(*key))

    def find_text(self, *key: str) -> str:
        """Return the text at a path, empty where it says nothing."""
        found = self.find(*key)
        text = found.strip() if isinstance(found, str) else ""
        return "" if text.casefold() in _SAYS_NOTHING else text

    def take(self, table: KeyTable, *, roots: Roots | None = None, modes: Collection[str] = ()) -> None:
        """Put what a table of keys says, field by field; what is worked out is only looked for.

        Vendors write 0 where nothing was measured, so 0 is passed over in silence unless it counts. A negative number
        is refused unless it counts, and one outside the hard range of the catalogue is called implausible; then the
        next key is asked. A unit that stands in the value itself ("300kV") or beside it wins over the table's.

        Parameters
        ----------
        table
            In the order in which keys win.
        roots
            Where the roots of this header lie.
        modes
            What holds of this file.
        """
        for path, rows in by_field(table):
            self.look(path, *(row.find(roots or {}) for row in rows))
            for row in rows:
                if row.take != "worked out" and row.counts_in(modes) and self._take_row(row, roots or {}):
                    break

    def _take_row(self, row: HeaderKey, roots: Roots) -> bool:
        """Put the value of one key; False where it holds none that can be used."""
        key = row.find(roots)
        if row.take == "quantity":
            return self._take_place(
                row.field, Place(key, row.unit, row.basis), zero=row.zero, negative=row.negative
            )
        if row.take == "text":
            text = self.find_text(*key)
            if text:
                self.put(row.field, f"{row.prefix}{text}", key=key)
            return bool(text)
        number = self.find_number(*key)
        if number is None or (number == 0 and not row.zero):
            return False
        if row.take == "integer" and not number.is_integer():
            self.call_implausible(row.field, key, f"{number:g} is no whole number")
            return False
        low, high = row.within or load_catalogue().measurement[row.field].hard or (-_LARGEST, _LARGEST)
        if not low <= number <= high:
            self.call_implausible(row.field, key, f"{number:g} is outside {low:g} to {high:g}")
            return False
        self.put(row.field, int(number) if row.take == "integer" else number, key=key)
        return True

    def take_quantity(
        self, path: str, *places: Place, zero_counts: bool = False, negative_counts: bool = False
    ) -> None:
        """Put the first usable number of these places at `path`, as `take` does by a table."""
        self.look(path, *(place.key for place in places))
        for place in places:
            if self._take_place(path, place, zero=zero_counts, negative=negative_counts):
                return

    def _take_place(self, path: str, place: Place, *, zero: bool, negative: bool) -> bool:
        number, unit = self._read(place)
        if number is None:
            found = self.find(*place.key)
            if isinstance(found, int | float) and abs(found) > _LARGEST:
                self.call_implausible(path, place.key, "no quantity is as large as what stands there")
            return False
        if number == 0 and not zero:
            return False
        if number < 0 and not negative:
            # Some programs write a sign of their own; only the size of the number tells damage.
            is_absurd = not _is_of_a_size(path, -number, unit)
            report = self.call_implausible if is_absurd else self.refuse
            report(path, place.key, f"{number:g} {unit} is negative")
            return False
        return self.put_quantity(path, number, unit, basis=place.basis, key=place.key)

    def _read(self, place: Place) -> tuple[float | None, str]:
        """Return number and unit at a place; a stated unit of another kind makes it unusable."""
        found = self.find(*place.key)
        unit: Any = self.find(*place.key[:-1], f"{place.key[-1]}_units")
        if isinstance(found, str) and as_number(found) is None:
            try:
                quantity = parse_quantity_text(found)
            except (QuantityTextError, ValueError):
                return None, place.unit
            found, unit = quantity.get("value"), quantity.get("unit")
        if not isinstance(unit, str) or not unit:
            return as_number(found), place.unit
        known = _VENDOR_UNITS.get(unit) or find_unit_code(unit)
        if known is None or get_unit(known).dimension != get_unit(place.unit).dimension:
            return None, place.unit
        return as_number(found), known

    def _is_possible(self, path: str, key: Key, number: float, given: str) -> bool:
        known = load_catalogue().measurement[path]
        value, unit = _in_catalogue_unit(path, number, given)
        if known.hard is not None and unit == known.unit and not known.hard[0] <= value <= known.hard[1]:
            low, high = known.hard
            reason = f"{value:g} {unit} is outside {low:g} to {high:g}. {known.range_reason}"
            self.call_implausible(path, key, reason)
            return False
        return True

    def put_quantity(
        self,
        path: str,
        number: float | Sequence[float],
        unit: str,
        *,
        basis: Basis,
        key: Key = (),
        source: Source = "header",
        note: str = "",
    ) -> bool:
        """Put a number, or a pair (y, x), at `path` in the catalogue's unit; an earlier value stays.

        Returns
        -------
        bool
            False where a number is outside the hard range of the catalogue: that is said, and it is not put.
        """
        numbers = number if isinstance(number, Sequence) else [number]
        if not all(self._is_possible(path, key, part, unit) for part in numbers):
            return False
        converted = [_in_catalogue_unit(path, tidy_number(part), unit) for part in numbers]
        values = [value for value, _ in converted]
        entry = {
            "value": values if isinstance(number, Sequence) else values[0],
            "unit": converted[0][1],
            "source": source,
            "basis": basis,
        }
        self._put(path, entry | _origin(key, note))
        return True

    def put(self, path: str, value: Any, *, key: Key = (), source: Source = "header", note: str = "") -> None:
        """Put a text, word, number or yes/no at `path` with its source; an earlier value stays."""
        self._put(path, {"value": value, "source": source} | _origin(key, note))

    def put_word(self, path: str, word: Any) -> None:
        """Put one of the words that describe the measurement: technique, scan, series, origin, level."""
        self._put(path, word)

    def _put(self, path: str, entry: Any) -> None:
        group = self.document
        *parents, last = path.split(".")
        for parent in parents:
            group = group.setdefault(parent, {})
        group.setdefault(last, entry)

    def has(self, path: str) -> bool:
        """Whether something stands at `path` already."""
        group: Any = self.document
        for part in path.split("."):
            if not isinstance(group, Mapping) or part not in group:
                return False
            group = group[part]
        return True

    def look(self, path: str, *keys: Key) -> None:
        """Remember that these keys were searched for the field at `path`."""
        shown = (*self.looked_for.get(path, ()), *(show_key(key) for key in keys))
        self.looked_for[path] = tuple(dict.fromkeys(shown))

    def refuse(self, path: str, key: Key, reason: str) -> None:
        """Report a value of the header that is not used."""
        said = f"what the file's header says was not used: {reason}."
        self.findings.append(
            Finding(
                severity="info",
                code="header_value_not_used",
                message=f"{_name_field(path)}: {said}".replace("..", "."),
                pointer=build_pointer(path),
                hint="Readers of the data are not told it. Give the value yourself if you know it.",
                layer="quantity",
                why=_name_place(key),
            )
        )

    def call_implausible(self, path: str, key: Key, reason: str) -> None:
        """Report a value of the header that no instrument gives; it is kept there, and not used."""
        said = f"what the file's header says is implausible and not used: {reason}."
        self.findings.append(
            Finding(
                severity="warning",
                code=IMPLAUSIBLE,
                message=f"{_name_field(path)}: {said}".replace("..", "."),
                pointer=build_pointer(path),
                hint="Readers of the data are not told it. Give the value yourself, and check that the file is whole.",
                layer="quantity",
                why=_name_place(key),
            )
        )

    def warn(self, code: str, message: str, hint: str, *, path: str = "") -> None:
        """Report something that somebody has to look at."""
        pointer = build_pointer(path) if path else ""
        self.findings.append(Finding("warning", code, message, pointer=pointer, hint=hint, layer="quantity"))

    def tell(self, code: str, message: str, hint: str, *, path: str = "") -> None:
        """Report something a reader of the data should know."""
        pointer = build_pointer(path) if path else ""
        self.findings.append(Finding("info", code, message, pointer=pointer, hint=hint, layer="quantity"))


def _name_field(path: str) -> str:
    field = load_catalogue().measurement.get(path)
    return field.title if field is not None else path


def _name_place(key: Key) -> str:
    return f"It stands in the header under {show_key(key)}, and is kept there as it is."


def show_key(key: Key) -> str:
    """Return a header path as people read it."""
    return ".".join(key)


def as_number(found: Any) -> float | None:
    """Return a finite number, also from its plain text; None for anything else."""
    if isinstance(found, str):
        try:
            found = float(found)
        except ValueError:
            return None
    if isinstance(found, bool) or not isinstance(found, int | float) or abs(found) > _LARGEST:
        return None
    return None if math.isnan(found) else float(found)


def tidy_number(number: float) -> float:
    """Return the shortest number that is the same in the precision it was stored in.

    Headers hold 32-bit floats; 32.4 would otherwise be shown as 32.400001525878906.
    """
    if number.is_integer() or abs(number) > _LARGEST:
        return number
    (narrow,) = struct.unpack("<f", struct.pack("<f", number))
    return float(f"{number:.7g}") if narrow == number else number


def _is_of_a_size(path: str, number: float, given: str) -> bool:
    """Whether a number is near the hard range of its field, or within."""
    hard = load_catalogue().measurement[path].hard
    value, _ = _in_catalogue_unit(path, number, given)
    return hard is None or hard[0] * _NEAR <= value <= hard[1]


def _in_catalogue_unit(path: str, number: float, unit: str) -> tuple[float, str]:
    """Return number and unit as the catalogue shows them; an allowed unit of another kind stays."""
    target = str(load_catalogue().measurement[path].unit)
    if get_unit(unit).dimension != get_unit(target).dimension:
        return number, unit
    return float(f"{convert(number, unit, target):.12g}"), target


def _origin(key: Key, note: str) -> dict[str, str]:
    return ({"origin_key": show_key(key)} if key else {}) | ({"note": note} if note else {})
