"""The description of the dataset as its form asks for it: sentences, and one consequence beside each choice."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from frontend.presentation.questions import Question, build_question
from repository.schema.export.licenses import LICENSES
from repository.schema.places import get_plain
from repository.schema.questions.fields import Term, load_catalogue
from repository.schema.questions.relations import RELATIONS, find_relation
from repository.selectors.deposits import DepositView

_USUAL_LICENSES = ("CC-BY-4.0", "CC0-1.0", "CC-BY-NC-4.0")
_ACCESS: Mapping[str, str] = {
    "open": "Anybody can look at and download the data from the moment you publish.",
    "embargoed": "Title, authors and DOI are public at once, the data from the day that you name.",
    "restricted": "Title, authors and DOI are public at once; the data stay with you and your co-owners.",
}
_FIELDS = (
    "title",
    "creators",
    "abstract",
    "related_identifiers",
    "license",
    "access",
    "embargo_until",
    "funding",
    "keywords",
)
_PAPER = RELATIONS[0]


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing to choose, and what follows from it."""

    value: str
    title: str
    means: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Description:
    """What the form of the description asks.

    Attributes
    ----------
    licenses
        Those that are usual for data, and the one that is chosen; all of them stand in the question.
    rights_words, funding_words
        What stands in the parts that are folded.
    document
        The part of the supplied document that it changes.
    relations
        What stands between "this data" and the thing, in the order in which it is offered.
    """

    questions: Mapping[str, Question]
    licenses: tuple[Choice, ...]
    access: tuple[Choice, ...]
    relations: tuple[Choice, ...]
    meanings: Mapping[str, str]
    document: Mapping[str, Any]
    license: str
    rights_words: str
    funding_words: str
    shows_rights: bool
    embargo_until: str


def build_description(deposit: DepositView) -> Description:
    """Return the questions about the dataset as a whole, beside the defaults that hold so far."""
    questions = {path: _ask(path, deposit) for path in _FIELDS}
    related = questions["related_identifiers"]
    questions["related_identifiers"] = replace(related, rows=tuple(map(_word_relation, related.rows)))
    chosen = str(get_plain(deposit.dataset.get("license")) or "")
    access = str(get_plain(deposit.dataset.get("access")) or "open")
    until = str(get_plain(deposit.dataset.get("embargo_until")) or "")
    titles = {term.value: term.title for term in load_catalogue().vocabularies["access"]}
    return Description(
        questions=questions,
        licenses=tuple(
            Choice(name, name.replace("-4.0", " 4.0"), LICENSES[name].means, name == chosen)
            for name in dict.fromkeys((*_USUAL_LICENSES, *([chosen] if chosen in LICENSES else [])))
        ),
        access=tuple(
            Choice(value, titles[value], means, value == access) for value, means in _ACCESS.items()
        ),
        relations=tuple(Choice(one.relation, one.words, one.means, one is _PAPER) for one in RELATIONS),
        license=chosen,
        rights_words=_say_rights(chosen, titles.get(access, access), until if access == "embargoed" else ""),
        funding_words=_say_funding(deposit.dataset.get("funding")),
        shows_rights=access == "embargoed" and not until,
        embargo_until=until,
        document={"dataset": deposit.document.get("dataset", {})},
        meanings={license_.id: license_.means for license_ in LICENSES.values()},
    )


def _ask(path: str, deposit: DepositView) -> Question:
    field, known = load_catalogue().dataset[path], deposit.dataset.get(path)
    said = deposit.document.get("dataset")
    question = build_question(
        field, supplied=said.get(path) if isinstance(said, Mapping) else None, known=known
    )
    return replace(question, is_missing=field.required and not known)


def _say_rights(license_id: str, access: str, until: str) -> str:
    day = f", from {until}" if until else ""
    return f"{license_id}; {access.lower()}{day}"


def _say_funding(funding: Any) -> str:
    rows = funding if isinstance(funding, list) else []
    names = [str(row["funder"]) for row in rows if isinstance(row, Mapping) and row.get("funder")]
    return ", ".join(names) or "none named"


def _word_relation(row: tuple[Question, ...]) -> tuple[Question, ...]:
    """Return a row whose relation is asked for in words; a type for which there are none keeps its own."""
    asked = []
    for part in row:
        if part.key != "relation":
            asked.append(part)
            continue
        known = find_relation(part.input)
        terms = [Term(one.relation, one.words) for one in RELATIONS]
        if part.input and known is None:
            terms.append(Term(part.input, part.input))
        chosen = known.relation if known else part.input or _PAPER.relation
        asked.append(replace(part, terms=tuple(terms), input=chosen))
    return tuple(asked)
