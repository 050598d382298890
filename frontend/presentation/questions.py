"""One question of the description's form: its words, its input, and what the person said before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from frontend.presentation.quantities import show_value
from repository.schema.export import LICENSES
from repository.schema.places import get_plain, is_gap
from repository.schema.questions.fields import Field, Term, load_catalogue
from repository.schema.questions.relations import RELATIONS

_IDENTIFIERS = frozenset({"orcid", "ror", "funder_id", "reference"})


@dataclass(frozen=True, slots=True)
class Question:
    """One field of the dataset, or one part of an object in one of its lists.

    Attributes
    ----------
    key
        Of the field in its document or object.
    input
        What stands in the input: what the person said, lists one per line.
    is_missing
        Whether publishing waits for the answer.
    read_value
        What is known already, in words, where the person said nothing; shown beside the empty input.
    terms
        What can be chosen, where that is a closed list.
    rows
        For lists of objects: the rows as questions about their parts, an empty one last.
    check
        Which kind of identifier it is to be, where pages say at once what is wrong with one.
    """

    key: str
    title: str
    kind: str
    is_missing: bool = False
    input: str = ""
    read_value: str = ""
    terms: tuple[Term, ...] = ()
    rows: tuple[tuple["Question", ...], ...] = ()
    check: str = ""


def build_question(field: Field, *, supplied: Any, known: Any) -> Question:
    """Return the question about one field of the dataset.

    Parameters
    ----------
    supplied
        What the person said before.
    known
        What holds now, whoever said it.
    """
    shown = show_value(known) if known is not None and supplied is None and field.kind != "objects" else None
    return Question(
        key=field.key,
        title=field.title,
        kind=field.kind,
        input=_fill(supplied),
        read_value=shown.text if shown and not shown.gap else "",
        terms=_list_licenses() if field.kind == "license" else (),
        rows=_build_rows(field, known if supplied is None else supplied) if field.kind == "objects" else (),
        check=field.kind if field.kind in _IDENTIFIERS else "",
    )


def _list_licenses() -> tuple[Term, ...]:
    return tuple(Term(license_.id, f"{license_.id}: {license_.name}") for license_ in LICENSES.values())


def _offer_terms(field: Field, question: Question) -> Question:
    """Return a question about how things stand to each other with what can be chosen, and what was said besides."""
    if field.path != "related_identifiers[].relation":
        return question
    terms = tuple(Term(one.relation, one.words) for one in RELATIONS)
    is_known = question.input in {"", *(term.value for term in terms)}
    return replace(question, terms=terms if is_known else (Term(question.input, question.input), *terms))


def _fill(supplied: Any) -> str:
    if supplied is None or is_gap(supplied):
        return ""
    plain = get_plain(supplied)
    return "\n".join(map(str, plain)) if isinstance(plain, list) else str(plain)


def _build_rows(field: Field, entries: Any) -> tuple[tuple[Question, ...], ...]:
    """Return one row of questions per entry of a list of objects, and an empty row for the next."""
    parts = [part for path, part in load_catalogue().dataset.items() if path.startswith(f"{field.path}[].")]
    items = [item for item in entries if isinstance(item, Mapping)] if isinstance(entries, list) else []
    return tuple(
        tuple(
            _offer_terms(part, build_question(part, supplied=item.get(part.key), known=None))
            for part in parts
        )
        for item in (*items, {})
    )
