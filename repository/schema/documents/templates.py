"""What a dataset says before its depositor says otherwise, and skeletons to fill in: what `stemma template` prints.

Both defaults are shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from repository.schema.documents.levels import is_of_one_file, name_kind
from repository.schema.documents.normalization import normalize_document
from repository.schema.questions.fields import Field, load_catalogue
from repository.schema.questions.relations import RELATIONS
from repository.schema.questions.requirements import Requirement, list_requirements
from repository.schema.versions.in_force import SCHEMA_KEY, VERSION_IN_FORCE

DEFAULT_LICENSE = "CC-BY-4.0"


def fill_dataset_defaults(dataset: Any, *, account: Mapping[str, str]) -> dict[str, Any]:
    """Return the description with the account as creator and CC-BY-4.0 where nothing else was said.

    Parameters
    ----------
    dataset
        What the person supplied under `dataset`.
    account
        `name`, `orcid`, `affiliation` and `affiliation_ror` of the depositor; empty ones are left out.
    """
    described = normalize_document(dataset, kind="dataset") if isinstance(dataset, Mapping) else {}
    if not described.get("creators"):
        described["creators"] = [{key: value for key, value in account.items() if value}]
    described.setdefault("license", DEFAULT_LICENSE)
    return described


_WIDTH = 44
_DATASET: Mapping[str, Any] = {
    "title": None,
    "creators": [{"name": None, "orcid": None, "affiliation": None, "affiliation_ror": None}],
    "abstract": None,
    "license": DEFAULT_LICENSE,
    "keywords": None,
    "related_identifiers": [{"identifier": None, "relation": None}],
    "funding": [{"funder": None, "funder_id": None, "award": None}],
    "access": None,
    "embargo_until": None,
}


def template(kinds: Sequence[str]) -> dict[str, Any]:
    """Return a document for `--metadata` with every field that these kinds ask for, unanswered (None).

    Unanswered lines count as absent, so a template that was not filled in publishes nothing by accident.

    Parameters
    ----------
    kinds
        Of the measurements: a technique, or several that one file has, joined by +. Of one kind the fields stand under
        `defaults`; of more, what is asked of all stands there, what is asked of some under `kinds`, and a pattern of
        names for each says which files these are.

    Raises
    ------
    ValueError
        When a technique is not in the vocabulary.
    """
    asked = {name_kind(techniques): _list_asked(techniques) for techniques in map(_read_kind, kinds)}
    if not asked:
        raise ValueError(f"no technique: techniques are {', '.join(load_catalogue().words('technique'))}")
    document: dict[str, Any] = {SCHEMA_KEY: VERSION_IN_FORCE, "dataset": _DATASET}
    if len(asked) == 1:
        ((kind, paths),) = asked.items()
        defaults = {"technique": kind.split("+"), **_build_group(paths)}
        return {**document, "defaults": defaults, "measurements": {"*": {"title": None}}}
    common = [path for path in next(iter(asked.values())) if all(path in paths for paths in asked.values())]
    return {
        **document,
        "defaults": _build_group(common),
        "kinds": {
            kind: group
            for kind, paths in asked.items()
            if (group := _build_group(path for path in paths if path not in common))
        },
        "measurements": {f"{kind}/**": {"technique": kind.split("+"), "title": None} for kind in asked},
    }


def render_template(kinds: Sequence[str]) -> str:
    """Return the same document as YAML with a comment on every line: title, units, example, why it is asked.

    Raises
    ------
    ValueError
        When a technique is not in the vocabulary.
    """
    document = template(kinds)
    requirements = {
        requirement.path.replace("[]", ""): requirement
        for techniques in map(_read_kind, kinds)
        for requirement in _ask(techniques)
    }
    lines = [
        "# Metadata for a deposit. Answer each line once: a value with its unit, or not_recorded.",
        "# Values may be estimates (~50 pA) or ranges (20-30 mrad). Empty lines count as unanswered.",
    ]
    lines.append(
        f"\n{SCHEMA_KEY}: {VERSION_IN_FORCE}  # the version of the schema in whose words this is written"
    )
    for section, comment in (
        ("dataset", "about the whole dataset"),
        ("defaults", "for every measurement of this deposit"),
        ("kinds", "for the measurements of one kind"),
        ("measurements", "for single files: a path or a pattern; overrides the defaults"),
    ):
        if section not in document:
            continue
        more = ""
        if section == "measurements" and "*" not in document[section]:
            more = "; put your own patterns here, such as *_4d.mib"
        lines.append(f"\n{section}:  # {comment}{more}")
        said = requirements if section in {"defaults", "kinds"} else {}
        lines.extend(_render(document[section], 1, "", _Comments(section, said)))
    return "\n".join(lines) + "\n"


def _read_kind(text: str) -> tuple[str, ...]:
    """Return the techniques of a kind.

    Raises
    ------
    ValueError
        When one is not in the vocabulary.
    """
    known = load_catalogue().words("technique")
    techniques = tuple(part.strip() for part in text.split("+"))
    unknown = [technique for technique in techniques if technique not in known]
    if unknown:
        raise ValueError(f"{unknown[0]!r}: techniques are {', '.join(known)}")
    return techniques


def _ask(techniques: Sequence[str]) -> list[Requirement]:
    return list_requirements({"technique": list(techniques), "origin": "measured"})


def _list_asked(techniques: Sequence[str]) -> dict[str, None]:
    """Return the fields that are asked for first of this kind, in the order of the table."""
    return {
        path.removesuffix("{}"): None
        for requirement in _ask(techniques)
        for path in requirement.answers[0]
        if not is_of_one_file(path)
    }


def _build_group(paths: Iterable[str]) -> dict[str, Any]:
    group: dict[str, Any] = {}
    for path in paths:
        if path != "technique":
            _place(group, path.split("."))
    return group


def _place(document: dict[str, Any], parts: list[str]) -> None:
    head, rest = parts[0], parts[1:]
    key = head.removesuffix("[]")
    if not rest:
        document.setdefault(key, None)
        return
    if head.endswith("[]"):
        items = document.setdefault(key, [{"name": None}])
        _place(items[0], rest)
        return
    if document.get(key) is None:
        document[key] = {}
    _place(document[key], rest)


@dataclass(frozen=True, slots=True)
class _Comments:
    """What is known of the fields of one section."""

    section: str
    requirements: Mapping[str, Requirement]

    def find_field(self, path: str) -> Field | None:
        catalogue = load_catalogue()
        fields = catalogue.dataset if self.section == "dataset" else catalogue.measurement
        return fields.get(path) or next(
            (known for name, known in fields.items() if name.replace("[]", "") == path), None
        )


def _render(entry: Mapping[str, Any], depth: int, prefix: str, comments: _Comments) -> list[str]:
    lines = []
    indent = "  " * depth
    # The first keys of these parts are names of files or kinds, not fields.
    is_named = not prefix and depth == 1 and comments.section in {"kinds", "measurements"}
    for key, child in entry.items():
        path = "" if is_named else f"{prefix}{key}"
        shown = f'"{key}"' if is_named and comments.section == "measurements" else key
        if isinstance(child, dict):
            lines.append(f"{indent}{shown}:")
            lines.extend(_render(child, depth + 1, f"{path}." if path else "", comments))
        elif isinstance(child, list) and child and isinstance(child[0], dict):
            lines.append(f"{indent}{shown}:")
            items = _render(child[0], depth + 2, f"{path}.", comments)
            first = items[0]
            lines.append(f"{indent}  - {first.lstrip()}")
            lines.extend(items[1:])
        else:
            lines.append(_render_line(f"{indent}{shown}:", child, path, comments))
    return lines


def _render_line(start: str, child: Any, path: str, comments: _Comments) -> str:
    value = (
        ""
        if child is None
        else " " + yaml.safe_dump(child, default_flow_style=True).removesuffix("...\n").strip()
    )
    comment = _comment(path, comments)
    return f"{start}{value}".ljust(_WIDTH) + f"  # {comment}" if comment else f"{start}{value}"


def _comment(path: str, comments: _Comments) -> str:
    field = comments.find_field(path)
    if field is None:
        return ""
    parts = [field.title]
    if field.units:
        parts.append(f"[{', '.join(field.units)}]")
    if field.path == "related_identifiers[].relation":
        meant = "; ".join(f"{one.relation} (this data {one.words} it)" for one in RELATIONS)
        parts.append(f"one of {meant}")
    elif field.vocabulary:
        parts.append(f"one of {', '.join(load_catalogue().words(field.vocabulary))}")
    elif field.examples:
        parts.append(f"e.g. {field.examples[0]}")
    requirement = comments.requirements.get(path)
    if requirement is not None:
        others = [path for paths in requirement.answers[1:] for path in paths]
        parts.append(f"(or {', '.join(others)})" if others else "")
        parts.append(f"- {requirement.level}" if requirement.level == "recommended" else "")
        parts.append("" if requirement.escape else "- cannot be left out")
    return " ".join(part for part in parts if part)
