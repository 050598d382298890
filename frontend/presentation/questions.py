"""One question of the deposit page's form: its words, its inputs, and what the person said before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontend.presentation.quantities import show_value
from repository.schema.export import LICENSES
from repository.schema.places import get_plain, is_gap
from repository.schema.quantities.quantity import (
    QuantityTextError,
    is_number,
    parse_quantity_text,
    write_amount,
)
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import Field, Term, load_catalogue

_INPUT_KINDS: Mapping[str, str] = {
    "text": "text",
    "timestamp": "text",
    "date": "date",
    "license": "choice",
    "orcid": "text",
    "ror": "text",
    "funder_id": "text",
    "reference": "text",
    "texts": "texts",
    "elements": "list",
    "choice": "choice",
    "choices": "choices",
    "integer": "number",
    "number": "number",
    "integers": "shape",
    "shape": "shape",
    "boolean": "boolean",
    "quantity": "quantity",
    "quantity_or_series": "quantity",
    "objects": "objects",
    "matrix2x2": "matrix",
}
_IDENTIFIERS = frozenset({"orcid", "ror", "funder_id", "reference"})
_LONG_TEXTS = frozenset({"abstract", "methods", "notes", "sample.preparation"})
_WIDE = frozenset({"title", "license"})


@dataclass(frozen=True, slots=True)
class UnitChoice:
    """A unit as it is stored and as it is printed."""

    code: str
    symbol: str


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the form.

    Attributes
    ----------
    paths
        Where the answer is written in the supplied document; more than one where single measurements lack it.
    read_value, read_source
        What is known already, in words, and where from; shown beside the empty input.
    problems
        What the checks say against what stands there now.
    rows
        For lists of objects: the rows as questions about their parts, an empty one last.
    check
        Which kind of identifier it is to be, where pages say at once what is wrong with one.
    """

    key: str
    title: str
    kind: str
    paths: tuple[tuple[str, ...], ...]
    why: str = ""
    description: str = ""
    looked_for: tuple[str, ...] = ()
    state: str = "missing"
    is_required: bool = False
    may_be_gap: bool = False
    is_long: bool = False
    is_wide: bool = False
    input: str = ""
    chosen: tuple[str, ...] = ()
    unit: str = ""
    basis: str = ""
    gap: str = ""
    units: tuple[UnitChoice, ...] = ()
    terms: tuple[Term, ...] = ()
    example: str = ""
    read_value: str = ""
    read_source: str = ""
    asked_for: tuple[str, ...] = ()
    rows: tuple[tuple["Question", ...], ...] = ()
    problems: tuple[str, ...] = ()
    check: str = ""

    @property
    def path_key(self) -> str:
        """Return the last key of the path: the key inside a row of a list."""
        return self.paths[0][-1]

    @property
    def is_missing(self) -> bool:
        """Return whether publishing waits for the answer."""
        return self.is_required and self.state == "missing"


def build_question(
    field: Field,
    *,
    targets: tuple[tuple[str, ...], ...],
    document: Mapping[str, Any],
    known: Any,
    extra: Mapping[str, Any] | None = None,
) -> Question:
    """Return the question about one field, filled with what the person said before."""
    supplied = _value_at(document, targets[0])
    is_known = known is not None and supplied is None and field.kind != "objects"
    shown = show_value(known, vocabulary=field.vocabulary) if is_known else None
    return Question(
        key="-".join(targets[0]).replace("/", "-").replace(".", "-").replace(" ", "-"),
        title=field.title,
        kind=_INPUT_KINDS.get(field.kind, "json"),
        paths=targets,
        description=field.description,
        is_long=field.path in _LONG_TEXTS,
        is_wide=field.path in _LONG_TEXTS or field.path in _WIDE,
        units=tuple(UnitChoice(unit, get_symbol(unit) or "1") for unit in _order_units(field)),
        terms=_list_terms(field),
        example=_show_example(field),
        check=field.kind if field.kind in _IDENTIFIERS else "",
        read_value=shown.text if shown and not shown.gap else "",
        read_source=shown.source if shown else "",
        rows=_build_object_rows(field, supplied if supplied is not None else known),
        **_fill(field, supplied),
        **(extra or {}),
    )


def _order_units(field: Field) -> Sequence[str]:
    if field.unit is None:
        return ()
    return (field.unit, *(unit for unit in field.units if unit != field.unit))


def _list_terms(field: Field) -> tuple[Term, ...]:
    if field.kind == "license":
        return tuple(Term(license_.id, f"{license_.id}: {license_.name}") for license_ in LICENSES.values())
    return load_catalogue().vocabularies.get(field.vocabulary or "", ())


def _show_example(field: Field) -> str:
    if not field.examples:
        return ""
    example = field.examples[0]
    return ", ".join(map(str, example)) if isinstance(example, list) else str(example)


def _fill(field: Field, supplied: Any) -> dict[str, Any]:
    """Return what stands in the inputs: text, chosen words, unit, basis or declared gap."""
    frame = {"unit": field.unit or ""}
    if supplied is None:
        return frame
    if is_gap(supplied):
        return {**frame, "gap": str(supplied["missing"])}
    if _INPUT_KINDS.get(field.kind) == "quantity":
        return _fill_quantity(field, supplied if isinstance(supplied, Mapping) else {"value": supplied})
    plain = get_plain(supplied)
    if isinstance(plain, bool):
        return {"input": "true" if plain else "false"}
    words = tuple(map(str, plain)) if isinstance(plain, list) else (str(plain),)
    return {**frame, "input": _join(field, plain) if isinstance(plain, list) else str(plain), "chosen": words}


def _fill_quantity(field: Field, supplied: Mapping[str, Any]) -> dict[str, Any]:
    """Return amount and unit apart; what is not understood stands as it was typed."""
    frame = {"unit": str(supplied.get("unit") or field.unit or ""), "basis": str(supplied.get("basis") or "")}
    value = supplied.get("range", supplied.get("value", supplied.get("values")))
    if isinstance(value, str):
        return {**frame, **_fill_typed(field, value, supplied.get("unit"))}
    numbers = value if isinstance(value, list) else [value]
    if not all(map(is_number, numbers)):
        return {**frame, "input": str(supplied.get("array") or value or "")}
    return {**frame, "input": write_amount({**supplied, "basis": None})}


def _fill_typed(field: Field, text: str, beside: Any) -> dict[str, str]:
    try:
        typed = parse_quantity_text(text, unit=beside if isinstance(beside, str) else None)
    except QuantityTextError:
        return {"input": text}
    is_clear = typed.get("unit") in field.units and beside in {None, typed["unit"]}
    return {"input": write_amount(typed), "unit": typed["unit"]} if is_clear else {"input": text}


def _join(field: Field, entries: list[Any]) -> str:
    """Return a list as its input shows it."""
    if field.kind == "matrix2x2":
        return "; ".join(" ".join(map(str, row)) for row in entries if isinstance(row, list))
    joiner = " × " if field.kind == "shape" else "\n" if field.kind == "texts" else ", "
    return joiner.join(map(str, entries))


def _build_object_rows(field: Field, entries: Any) -> tuple[tuple[Question, ...], ...]:
    """Return one row of questions per entry of a list of objects, and an empty row for the next."""
    if field.kind != "objects":
        return ()
    catalogue = load_catalogue()
    fields = catalogue.dataset if field.group == "dataset" else catalogue.measurement
    parts = [
        inner
        for path, inner in fields.items()
        if path.startswith(f"{field.path}[].") and path.count("[]") == 1
    ]
    items = [item for item in entries if isinstance(item, Mapping)] if isinstance(entries, list) else []
    return tuple(
        tuple(
            build_question(
                inner,
                targets=((f"{field.key}-{number}", inner.key),),
                document={f"{field.key}-{number}": item},
                known=None,
            )
            for inner in parts
        )
        for number, item in enumerate([*items, {}])
    )


def _value_at(document: Mapping[str, Any], keys: Iterable[str]) -> Any:
    node: Any = document
    for key in keys:
        if not isinstance(node, Mapping) or key not in node:
            return None
        node = node[key]
    return node
