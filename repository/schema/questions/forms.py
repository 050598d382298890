"""What a form asks: the fields of the catalogue in groups, with what is required in the situation at hand."""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.cameras import find_camera_mode
from repository.schema.questions.fields import Field, Term, load_catalogue
from repository.schema.questions.requirements import Requirement, list_requirements


def describe_form(
    techniques: Sequence[str],
    *,
    document: Mapping[str, Any] | None = None,
    signals: Sequence[SignalShape] | None = None,
    include_optional: bool = True,
) -> dict[str, Any]:
    """Return the questions for these techniques as JSON: `{groups: [{name, title, fields: [...]}]}`.

    Each field: path, title, help, kind, unit, units, choices [{value, title}], vector, examples, level
    (required | recommended | optional), why, escape (whether "not recorded" is an answer), answers (what else
    settles it) and, where a document is given, state (value | gap | missing). Groups stand in the order of
    the vocabulary.
    """
    asked = {**(document or {}), "technique": list(techniques)}
    requirements = {
        requirement.path: requirement for requirement in list_requirements(asked, signals=signals)
    }
    catalogue = load_catalogue()
    groups = []
    for term in catalogue.vocabularies["group"]:
        fields = [
            _describe_field(field, _find_requirement(path, requirements), _list_terms(field, asked))
            for path, field in catalogue.measurement.items()
            if _group_of(path) == term.value and field.kind not in {"group", "lookup", "extensions"}
        ]
        kept = [field for field in fields if include_optional or field["level"] != "optional"]
        if kept:
            groups.append({"name": term.value, "title": term.title, "fields": kept})
    return {"techniques": list(techniques), "groups": groups}


def _group_of(path: str) -> str:
    """Return the group of a field; entries of lists are asked with their list."""
    fields = load_catalogue().measurement
    return fields[path.split("[]", maxsplit=1)[0]].group if "[]" in path else fields[path].group


def _find_requirement(path: str, requirements: Mapping[str, Requirement]) -> Requirement | None:
    direct = requirements.get(path)
    if direct is not None:
        return direct
    return next(
        (asked for asked in requirements.values() if asked.answers and path in asked.answers[0]), None
    )


def _list_terms(field: Field, document: Mapping[str, Any]) -> tuple[Term, ...]:
    """Return the words to choose from; of a camera that has one mode only that one."""
    terms = load_catalogue().vocabularies[field.vocabulary] if field.vocabulary else ()
    mode = find_camera_mode(document) if field.path == "camera.mode" else None
    return terms if mode is None else tuple(term for term in terms if term.value == mode)


def _describe_field(field: Field, requirement: Requirement | None, terms: Sequence[Term]) -> dict[str, Any]:
    return {
        "path": field.path,
        "title": field.title,
        "help": field.description,
        "kind": field.kind,
        "unit": field.unit,
        "units": list(field.units),
        "choices": [{"value": term.value, "title": term.title} for term in terms],
        "vector": field.vector,
        "examples": list(field.examples),
        "level": requirement.level if requirement is not None else "optional",
        "why": requirement.why if requirement is not None else "",
        "escape": requirement.escape if requirement is not None else True,
        "answers": [list(paths) for paths in requirement.answers] if requirement is not None else [],
        "state": requirement.state if requirement is not None else None,
        "looked_for": list(requirement.looked_for) if requirement is not None else [],
    }
