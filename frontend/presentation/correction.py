"""The form by which what a published version says is corrected: what stands there now, and what was typed instead."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from frontend.presentation.metadata_rows import group_title
from frontend.presentation.questions import Question, build_question
from repository.schema.checks.cell_values import GAP_WORDS, CellRefusedError, format_entry, read_typed
from repository.schema.documents.levels import OF_ONE_FILE, place_entry
from repository.schema.places import get_entry
from repository.schema.questions.fields import Field, Term, load_catalogue
from repository.selectors.revisions import Description

DESCRIBED = (
    "title",
    "creators",
    "contributors",
    "abstract",
    "methods",
    "keywords",
    "related_identifiers",
    "license",
    "funding",
    "language",
)
"""What is said of the dataset and may be corrected: all but who may have the bytes."""
_NOT_TYPED = frozenset({"group", "lookup", "extensions", "objects", "aberrations"})
_HIDDEN = OF_ONE_FILE | {"looked_for", "extensions"}

Typed = Mapping[str, str]
"""What a form sent, by the names of its inputs."""


@dataclass(frozen=True, slots=True)
class ValueInput:
    """One value of a measurement; `was` is what stands there now, `typed` what the person made of it.

    `terms` is what can be chosen, where that is a closed list.
    """

    name: str
    title: str
    was: str
    typed: str
    problem: str = ""
    terms: tuple[Term, ...] = ()


@dataclass(frozen=True, slots=True)
class ValueGroup:
    """Inputs under one heading."""

    title: str
    inputs: tuple[ValueInput, ...]


@dataclass(frozen=True, slots=True)
class MeasurementChoice:
    """A measurement whose values can be corrected."""

    id: str
    path: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class CorrectionForm:
    """What the page of a correction shows.

    Attributes
    ----------
    values
        Of the measurement that is chosen.
    more
        Fields about which nothing is said there yet.
    patch
        What was changed, as the API takes it; empty where nothing was.
    problems
        What cannot be read of what was typed.
    """

    questions: tuple[Question, ...]
    choices: tuple[MeasurementChoice, ...]
    values: tuple[ValueGroup, ...]
    more: tuple[Field, ...]
    patch: Mapping[str, Any]
    problems: tuple[str, ...]


def build_correction_form(description: Description, typed: Typed) -> CorrectionForm:
    """Return the form over what a version says now, with what was typed into it.

    Parameters
    ----------
    typed
        Empty where the page was only opened. `measurement` says whose values are shown, `for_all` whether what is typed
        there is meant for all measurements.
    """
    present = description.present
    entries = description.measurements
    chosen = typed.get("measurement") or (entries[0]["id"] if entries else "")
    questions, wanted = _ask_description(present, typed)
    wordings = description.wordings
    said = wordings[chosen].present if chosen in wordings else {}
    values, layer, problems = _ask_values(said, typed)
    patch: dict[str, Any] = {"dataset": wanted} if wanted else {}
    if layer:
        ids = [entry["id"] for entry in entries] if typed.get("for_all") else [chosen]
        patch["measurements"] = dict.fromkeys(ids, layer)
    shown = {one.name for group in values for one in group.inputs}
    return CorrectionForm(
        questions=tuple(questions),
        choices=tuple(
            MeasurementChoice(entry["id"], (entry.get("files") or [entry["id"]])[0], entry["id"] == chosen)
            for entry in entries
        ),
        values=tuple(values),
        more=tuple(field for path, field in _list_typed_fields() if f"value.{path}" not in shown),
        patch=patch,
        problems=tuple(problems),
    )


def _ask_description(present: Mapping[str, Any], typed: Typed) -> tuple[list[Question], dict[str, Any]]:
    questions: list[Question] = []
    wanted: dict[str, Any] = {}
    for path in DESCRIBED:
        question = build_question(load_catalogue().dataset[path], supplied=present.get(path), known=None)
        if question.terms and question.input not in {term.value for term in question.terms}:
            question = replace(question, terms=(Term(question.input, question.input), *question.terms))
        if not typed:
            questions.append(question)
        elif question.kind == "objects":
            rows = tuple(
                tuple(replace(part, input=_read(typed, f"{path}.{number}.{part.key}", part)) for part in row)
                for number, row in enumerate(question.rows)
            )
            questions.append(replace(question, rows=rows))
            if rows != question.rows:
                given = [{part.key: part.input for part in row if part.input} for row in rows]
                wanted[path] = [item for item in given if item] or None
        else:
            asked = replace(question, input=_read(typed, path, question))
            questions.append(asked)
            if asked.input != question.input:
                lines = [line.strip() for line in asked.input.split("\n") if line.strip()]
                wanted[path] = (lines if question.kind == "texts" else asked.input) or None
    return questions, wanted


def _read(typed: Typed, path: str, question: Question) -> str:
    """Return what was typed; an input that was not sent says what stood there."""
    return typed.get(f"dataset.{path}", question.input).replace("\r\n", "\n").strip()


def _list_typed_fields() -> Iterator[tuple[str, Field]]:
    fields = load_catalogue().measurement
    parents = {path.rsplit(".", maxsplit=1)[0] for path in fields if "." in path and "[]" not in path}
    for path, field in fields.items():
        is_value = "[]" not in path and path not in parents and field.kind not in _NOT_TYPED
        if is_value and path.split(".", maxsplit=1)[0] not in _HIDDEN:
            yield path, field


def _ask_values(said: Mapping[str, Any], typed: Typed) -> tuple[list[ValueGroup], dict[str, Any], list[str]]:
    grouped: dict[str, list[ValueInput]] = {}
    layer: dict[str, Any] = {}
    problems: list[str] = []
    for path, field in _list_typed_fields():
        was = format_entry(path, get_entry(said, path))
        now = _find_typed(typed, path, was)
        if not was and not now:
            continue
        problem = ""
        if now != was:
            try:
                layer = place_entry(layer, path, read_typed(path, now).entry if now else None)
            except CellRefusedError as refusal:
                problem = f"{refusal.message} {refusal.hint}".strip()
                problems.append(problem)
        asked = ValueInput(f"value.{path}", field.title, was, now, problem, _list_terms(field, (was, now)))
        grouped.setdefault(group_title(field.group), []).append(asked)
    return [ValueGroup(title, tuple(inputs)) for title, inputs in grouped.items()], layer, problems


def _list_terms(field: Field, texts: Sequence[str]) -> tuple[Term, ...]:
    """Return what can be chosen at a field of one word, what stands there first; nothing where it is typed freely."""
    if field.kind == "boolean":
        words: tuple[Term, ...] = (Term("yes", "Yes"), Term("no", "No"))
    elif field.kind == "choice" and field.vocabulary:
        words = tuple(load_catalogue().vocabularies[field.vocabulary])
    else:
        return ()
    gaps = tuple(Term(word, word.capitalize()) for word in (GAP_WORDS["not_recorded"], GAP_WORDS["withheld"]))
    known = {term.value for term in (*words, *gaps)}
    others = tuple(Term(text, text) for text in dict.fromkeys(texts) if text and text not in known)
    return (*others, *words, *gaps)


def _find_typed(typed: Typed, path: str, was: str) -> str:
    if typed.get("more_field") == path and typed.get("more_value", "").strip():
        return typed["more_value"].strip()
    return typed.get(f"value.{path}", was).replace("\r\n", "\n").strip()
