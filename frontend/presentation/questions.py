"""What the deposit page asks: one question per field and session, written where the answer belongs.

A field that every measurement lacks is asked once and stored in the document's `defaults`. Where only some
lack it, the answer goes to those alone, so that it never stands against the other files' headers.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontend.presentation.metadata_rows import GROUP_TITLES, group_title
from frontend.presentation.quantities import show_value, unit_symbol
from repository.schema.documents import get_entry, get_plain, is_gap
from repository.schema.fields import Field, Term, load_catalogue
from repository.selectors.deposits import DepositView, MeasurementView

_INPUT_KINDS: Mapping[str, str] = {
    "text": "text",
    "timestamp": "text",
    "date": "text",
    "license": "text",
    "orcid": "text",
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
}
_LONG_TEXTS = frozenset({"abstract", "methods", "notes", "sample.preparation"})
_ALSO_OFFERED = ("purpose", "notes")


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
    rows
        For lists of objects: the rows as questions about their parts, an empty one last.
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

    @property
    def path_key(self) -> str:
        """Return the last key of the path: the key inside a row of a list."""
        return self.paths[0][-1]

    @property
    def is_missing(self) -> bool:
        """Return whether publishing waits for the answer."""
        return self.is_required and self.state == "missing"


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """Questions under one heading."""

    title: str
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Questionnaire:
    """Everything that is asked of one deposit: what is needed, what is answered, what would help."""

    needed: tuple[QuestionGroup, ...]
    answered: tuple[QuestionGroup, ...]
    helpful: tuple[QuestionGroup, ...]

    @property
    def n_needed(self) -> int:
        """Return how many answers publishing waits for."""
        return sum(len(group.questions) for group in self.needed)

    @property
    def n_answered(self) -> int:
        """Return how many required fields are answered."""
        return sum(len(group.questions) for group in self.answered)


def build_questionnaire(deposit: DepositView) -> Questionnaire:
    """Return the questions about the measurements, grouped."""
    read = [measurement for measurement in deposit.measurements if measurement.metadata]
    states: dict[str, list[tuple[MeasurementView, Any]]] = {}
    for measurement in read:
        for requirement in measurement.requirements:
            states.setdefault(requirement.path, []).append((measurement, requirement))
    questions = [
        _ask(path, asked, deposit, len(read))
        for path, asked in states.items()
        if path in load_catalogue().measurement
    ]
    if read:
        questions += [_ask_freely(path, deposit) for path in _ALSO_OFFERED if path not in states]
    return Questionnaire(
        needed=_group(question for question in questions if question.is_missing),
        answered=_group(
            question for question in questions if question.is_required and not question.is_missing
        ),
        helpful=_group(question for question in questions if not question.is_required),
    )


def _ask(
    path: str, asked: Sequence[tuple[MeasurementView, Any]], deposit: DepositView, n_measurements: int
) -> Question:
    requirement = asked[0][1]
    lacking = [measurement for measurement, each in asked if each.state == "missing"]
    concerned = lacking or [measurement for measurement, _ in asked]
    is_for_all = len(concerned) == n_measurements
    keys = tuple(path.split("."))
    targets = (
        (("defaults", *keys),)
        if is_for_all or not lacking
        else tuple(("measurements", measurement.path, *keys) for measurement in concerned)
    )
    known = next((entry for m, _ in asked if (entry := get_entry(m.metadata, path)) is not None), None)
    return build_question(
        load_catalogue().measurement[path],
        targets=targets,
        document=deposit.document,
        known=known,
        extra={
            "why": requirement.why,
            "looked_for": requirement.looked_for,
            "state": "missing" if lacking else requirement.state,
            "is_required": any(each.level == "required" for _, each in asked),
            "may_be_gap": requirement.escape,
            "asked_for": () if is_for_all else tuple(measurement.path for measurement in concerned),
        },
    )


def _ask_freely(path: str, deposit: DepositView) -> Question:
    field = load_catalogue().measurement[path]
    return build_question(
        field, targets=(("defaults", *path.split(".")),), document=deposit.document, known=None
    )


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
    shown = show_value(known, vocabulary=field.vocabulary) if known is not None and supplied is None else None
    return Question(
        key="-".join(targets[0]).replace("/", "-").replace(".", "-").replace(" ", "-"),
        title=field.title,
        kind=_INPUT_KINDS.get(field.kind, "json"),
        paths=targets,
        description=field.description,
        is_long=field.path in _LONG_TEXTS,
        units=tuple(UnitChoice(unit, unit_symbol(unit) or "1") for unit in _order_units(field)),
        terms=load_catalogue().vocabularies.get(field.vocabulary or "", ()),
        example=_show_example(field),
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


def _show_example(field: Field) -> str:
    if not field.examples:
        return ""
    example = field.examples[0]
    return ", ".join(map(str, example)) if isinstance(example, list) else str(example)


def _fill(field: Field, supplied: Any) -> dict[str, Any]:
    """Return what stands in the inputs: text, chosen words, unit, basis or declared gap."""
    if supplied is None:
        return {"unit": field.unit or ""}
    if is_gap(supplied):
        return {"gap": str(supplied["missing"]), "unit": field.unit or ""}
    if isinstance(supplied, Mapping) and ("unit" in supplied or "range" in supplied):
        value = supplied.get("range", supplied.get("value", supplied.get("values")))
        joiner = "–" if "range" in supplied else ", "
        text = joiner.join(map(str, value)) if isinstance(value, list) else str(value)
        return {
            "input": text,
            "unit": str(supplied.get("unit", "")),
            "basis": str(supplied.get("basis") or ""),
        }
    plain = get_plain(supplied)
    if isinstance(plain, list):
        words = tuple(map(str, plain))
        joiner = " × " if field.kind == "shape" else "\n" if field.kind == "texts" else ", "
        return {"input": joiner.join(words), "chosen": words, "unit": field.unit or ""}
    if isinstance(plain, bool):
        return {"input": "true" if plain else "false"}
    return {"input": str(plain), "chosen": (str(plain),), "unit": field.unit or ""}


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


def _group(questions: Iterable[Question]) -> tuple[QuestionGroup, ...]:
    fields = load_catalogue().measurement
    grouped: dict[str, list[Question]] = {title: [] for title in GROUP_TITLES.values()}
    for question in questions:
        keys = question.paths[0]
        path = ".".join(keys[1:] if keys[0] == "defaults" else keys[2:])
        grouped.setdefault(group_title(fields[path].group), []).append(question)
    return tuple(QuestionGroup(title, tuple(entries)) for title, entries in grouped.items() if entries)


def build_dataset_questions(deposit: DepositView) -> tuple[Question, ...]:
    """Return the questions about the dataset as a whole, beside the defaults that hold so far."""
    fields = load_catalogue().dataset
    wanted = (
        "title",
        "abstract",
        "creators",
        "license",
        "keywords",
        "related_identifiers",
        "funding",
        "access",
        "embargo_until",
    )
    return tuple(
        build_question(
            fields[path],
            targets=(("dataset", path),),
            document=deposit.document,
            known=deposit.dataset.get(path),
            extra={
                "is_required": fields[path].required,
                "state": "value" if deposit.dataset.get(path) else "missing",
            },
        )
        for path in wanted
    )
