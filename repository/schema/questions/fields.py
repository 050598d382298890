"""The field catalogue: what a document may say in the version in force, read once from the YAML files.

Form, JSON Schema, JSON-LD context, templates and checks are all made from it; nothing else lists fields.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml

Kind = Literal[
    "text", "texts", "choice", "choices", "integer", "integers", "number", "boolean", "elements", "shape",
    "timestamp", "date", "orcid", "ror", "funder_id", "reference", "license", "quantity", "quantity_or_series",
    "series", "matrix2x2", "aberrations", "objects", "lookup", "extensions", "group",
]  # fmt: skip
DocumentName = Literal["measurement", "dataset"]

CATALOGUE = Path(__file__).parents[1] / "catalogue"
_MEASUREMENT_FILES = (
    "core", "sample_instrument", "beam", "scan", "detectors", "spectroscopy", "orientation_series",
    "simulation_derived",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Check:
    """What a record says and what must come out of it: the value with the digits that count.

    `detector` is the side, in pixels, of the patterns that the record is about.
    """

    given: Mapping[str, Any]
    value: str
    detector: int | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """How a quantity is searched and compared.

    Attributes
    ----------
    column
        Of the facts, and in formulas; it ends with the unit: SI, energies in eV.
    unit
        What people type.
    name
        Of the range parameter; the key of the field by default.
    log
        Whether it spans decades, so that it is shown on a logarithmic axis.
    form
        Whether the search page asks for it.
    otherwise
        The formula where a record does not say it.
    """

    column: str
    unit: str
    name: str | None = None
    aliases: tuple[str, ...] = ()
    log: bool = False
    form: bool = False
    otherwise: str | None = None
    check: Check | None = None


@dataclass(frozen=True, slots=True)
class ComputedQuantity:
    """A quantity that no field holds: derived by a formula, or achieved and told by a source other than the record."""

    name: str
    title: str
    description: str
    search: Search
    formula: str | None = None
    check: Check | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class ForeignTerm:
    """A word of a published vocabulary, with the label that it has there; of a path in NeXus, its unit or type."""

    term: str
    label: str


@dataclass(frozen=True, slots=True)
class Field:
    """One thing that a document may say.

    Attributes
    ----------
    path
        Dotted place in the document; `[]` stands for every entry of a list
        ("annular_detectors[].inner_angle").
    unit, units
        The unit that ranges are written in and that people are shown; the units that are accepted.
    hard, soft
        Ranges in `unit`: outside `hard` a value cannot be right, outside `soft` it is unusual.
    vector
        Whether two numbers (y, x) may stand in place of one.
    aliases
        What people call it elsewhere; named in the answer to an unknown key, never accepted silently.
    iri
        The term that means the same, by vocabulary: EM Glossary, a path of NeXus, the QUDT unit.
    search
        How it is searched, where it is a quantity by which measurements are found.
    why
        Why a reader needs it, where the table of requirements does not say it.
    """

    path: str
    title: str
    description: str
    kind: Kind
    group: str = "none"
    unit: str | None = None
    units: tuple[str, ...] = ()
    hard: tuple[float, float] | None = None
    soft: tuple[float, float] | None = None
    range_reason: str = ""
    full_angle_slip: bool = False
    vector: bool = False
    length: int | None = None
    vocabulary: str | None = None
    required: bool = False
    iri: Mapping[str, "ForeignTerm"] = field(default_factory=dict)
    hyperspy: str | None = None
    examples: tuple[Any, ...] = ()
    aliases: tuple[str, ...] = ()
    search: Search | None = None
    why: str = ""

    @property
    def key(self) -> str:
        """The last part of the path: the key as it stands in the document."""
        return self.path.rsplit(".", maxsplit=1)[-1].removesuffix("[]")


@dataclass(frozen=True, slots=True)
class Term:
    """One word of a closed list."""

    value: str
    title: str
    iri: str | None = None
    iri_label: str | None = None
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequirementRow:
    """One question of the table: which answers settle it, and whom it is asked.

    `codes` maps a column (technique, series time or tilt, simulated) to R, r, -, = or L with its conditions.
    `is_one_cell`: the session's table shows its whole list as one text, and not each part as a column.
    """

    path: str
    answers: tuple[tuple[str, ...], ...]
    codes: Mapping[str, str]
    why: str
    escape: bool = True
    axes: str | None = None
    sized_only: bool = False
    detector: bool = False
    required_for: str | None = None
    settled_by: Literal["camera", "line"] | None = None
    is_one_cell: bool = False


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Everything that the YAML files say."""

    measurement: Mapping[str, Field]
    dataset: Mapping[str, Field]
    vocabularies: Mapping[str, tuple[Term, ...]]
    rows: tuple[RequirementRow, ...]
    computed: tuple[ComputedQuantity, ...]
    cameras: Mapping[str, tuple[str, ...]]

    def fields(self, document: DocumentName) -> Mapping[str, Field]:
        """Return the fields of one kind of document by path."""
        return self.measurement if document == "measurement" else self.dataset

    def words(self, vocabulary: str) -> tuple[str, ...]:
        """Return the values of a closed list."""
        return tuple(term.value for term in self.vocabularies[vocabulary])


class CatalogueError(ValueError):
    """The catalogue says something twice: of two entries with a name, one would go unread."""


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # one of two classes
    """Reads YAML in which every key of a mapping stands once."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if key.value in seen:
                mark = key.start_mark
                raise CatalogueError(
                    f"{key.value} stands twice in {mark.name}, again in line {mark.line + 1}"
                )
            seen.add(key.value)
        mapping: dict[Any, Any] = super().construct_mapping(node, deep=deep)
        return mapping


def _read(name: str) -> Any:
    with (CATALOGUE / f"{name}.yaml").open(encoding="utf-8") as file:
        return yaml.load(file, Loader=_Loader)  # noqa: S506 - a safe loader


def _pair(entry: Any) -> tuple[float, float] | None:
    return None if entry is None else (float(entry[0]), float(entry[1]))


def _build_field(path: str, entry: dict[str, Any]) -> Field:
    rest = dict(entry)
    return Field(
        path=path,
        units=tuple(rest.pop("units", ())),
        hard=_pair(rest.pop("hard", None)),
        soft=_pair(rest.pop("soft", None)),
        iri=MappingProxyType({name: _build_foreign(word) for name, word in rest.pop("iri", {}).items()}),
        examples=tuple(rest.pop("examples", ())),
        aliases=tuple(rest.pop("aliases", ())),
        search=_build_search(rest.pop("search", None)),
        **rest,
    )


def _build_foreign(entry: Mapping[str, str]) -> ForeignTerm:
    ((term, label),) = entry.items()
    return ForeignTerm(term, label)


def _build_search(entry: Mapping[str, Any] | None) -> Search | None:
    if entry is None:
        return None
    rest = dict(entry)
    return Search(aliases=tuple(rest.pop("aliases", ())), check=_build_check(rest.pop("check", None)), **rest)


def _build_check(entry: Mapping[str, Any] | None) -> Check | None:
    return None if entry is None else Check(**entry)


def _build_computed() -> tuple[ComputedQuantity, ...]:
    quantities = []
    for name, entry in _read("quantities").items():
        rest = dict(entry)
        search = _build_search(rest.pop("search"))
        if search is None or ("formula" in rest) is ("source" in rest):
            raise ValueError(f"{name} in quantities.yaml needs `search`, and either `formula` or `source`")
        quantities.append(
            ComputedQuantity(name=name, search=search, check=_build_check(rest.pop("check", None)), **rest)
        )
    return tuple(quantities)


def _build_fields(names: tuple[str, ...]) -> Mapping[str, Field]:
    fields: dict[str, Field] = {}
    for name in names:
        for path, entry in _read(name).items():
            if path in fields:
                raise CatalogueError(f"{path} stands in {name}.yaml, and in another file before")
            fields[path] = _build_field(path, entry)
    return MappingProxyType(fields)


def complete_fields(
    fields: Mapping[str, Field], examples: Mapping[str, Any], reasons: Mapping[str, str]
) -> Mapping[str, Field]:
    """Return the fields with those examples and reasons that do not stand beside them.

    Raises
    ------
    CatalogueError
        An example or a reason is of no field, or its field has an example beside it.
    """
    for path in (*examples, *reasons):
        if path not in fields:
            raise CatalogueError(f"{path} has an example or a reason, and is no field")
    for path in examples:
        if fields[path].examples:
            raise CatalogueError(f"{path} has an example in examples.yaml, and another one beside it")
    return MappingProxyType(
        {
            path: replace(
                one,
                why=reasons.get(path, ""),
                examples=(examples[path],) if path in examples else one.examples,
            )
            for path, one in fields.items()
        }
    )


def _build_rows() -> tuple[RequirementRow, ...]:
    table = _read("requirements")
    columns = table["columns"]
    rows = []
    for entry in table["rows"]:
        rest = dict(entry)
        codes = dict(zip(columns, rest.pop("codes").split(), strict=True))
        answers = tuple(tuple(paths) for paths in rest.pop("answers"))
        rows.append(RequirementRow(answers=answers, codes=MappingProxyType(codes), **rest))
    return tuple(rows)


def _build_term(value: str, entry: dict[str, Any]) -> Term:
    aliases = tuple(str(alias) for alias in entry.get("aliases", ()))
    foreign = _build_foreign(entry["iri"]) if "iri" in entry else None
    iri, label = (foreign.term, foreign.label) if foreign else (None, None)
    return Term(value, entry["title"], iri, label, aliases)


def _build_vocabularies() -> Mapping[str, tuple[Term, ...]]:
    return MappingProxyType(
        {
            name: tuple(_build_term(value, entry) for value, entry in words.items())
            for name, words in _read("vocabularies").items()
        }
    )


@functools.cache
def load_catalogue() -> Catalogue:
    """Return the catalogue, read on the first call."""
    return Catalogue(
        measurement=complete_fields(_build_fields(_MEASUREMENT_FILES), _read("examples"), _read("reasons")),
        dataset=_build_fields(("dataset",)),
        vocabularies=_build_vocabularies(),
        rows=_build_rows(),
        computed=_build_computed(),
        cameras=MappingProxyType({mode: tuple(names) for mode, names in _read("cameras").items()}),
    )
