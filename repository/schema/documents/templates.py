"""What a dataset says before its depositor says otherwise, and skeletons to fill in: what `stemma template` prints.

Both defaults are shown.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from repository.schema.documents.normalization import normalize_document
from repository.schema.questions.fields import Field, load_catalogue
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
        `name`, `orcid` and `affiliation` of the depositor; empty ones are left out.
    """
    described = normalize_document(dataset, kind="dataset") if isinstance(dataset, Mapping) else {}
    if not described.get("creators"):
        described["creators"] = [{key: value for key, value in account.items() if value}]
    described.setdefault("license", DEFAULT_LICENSE)
    return described


_WIDTH = 44


def template(techniques: Sequence[str]) -> dict[str, Any]:
    """Return a document for `--metadata` with every field that these techniques ask for, unanswered (None).

    Unanswered lines count as absent, so a template that was not filled in publishes nothing by accident.

    Raises
    ------
    ValueError
        When a technique is not in the vocabulary.
    """
    return {
        SCHEMA_KEY: VERSION_IN_FORCE,
        "dataset": {
            "title": None,
            "creators": [{"name": None, "orcid": None}],
            "abstract": None,
            "license": DEFAULT_LICENSE,
        },
        "defaults": _build_defaults(techniques),
        "measurements": {"*": {"title": None}},
    }


def render_template(techniques: Sequence[str]) -> str:
    """Return the same document as YAML with a comment on every line: title, units, example, why it is asked.

    Raises
    ------
    ValueError
        When a technique is not in the vocabulary.
    """
    document = template(techniques)
    requirements = {requirement.path.replace("[]", ""): requirement for requirement in _ask(techniques)}
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
        ("measurements", "for single files: a path or a pattern; overrides the defaults"),
    ):
        lines.append(f"\n{section}:  # {comment}")
        lines.extend(_render(document[section], 1, "", requirements if section == "defaults" else {}))
    return "\n".join(lines) + "\n"


def _ask(techniques: Sequence[str]) -> list[Requirement]:
    known = load_catalogue().words("technique")
    unknown = [technique for technique in techniques if technique not in known]
    if unknown or not techniques:
        raise ValueError(f"{unknown[0] if unknown else 'no technique'!r}: techniques are {', '.join(known)}")
    return list_requirements({"technique": list(techniques), "origin": "measured"})


def _build_defaults(techniques: Sequence[str]) -> dict[str, Any]:
    defaults: dict[str, Any] = {"technique": list(techniques)}
    for requirement in _ask(techniques):
        for path in requirement.answers[0]:
            _place(defaults, path.removesuffix("{}").split("."))
    return defaults


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


def _render(
    entry: dict[str, Any], depth: int, prefix: str, requirements: dict[str, Requirement]
) -> list[str]:
    lines = []
    indent = "  " * depth
    for key, child in entry.items():
        path = f"{prefix}{key}"
        shown = '"*"' if key == "*" else key
        if isinstance(child, dict):
            lines.append(f"{indent}{shown}:")
            lines.extend(_render(child, depth + 1, f"{path}.", requirements))
        elif isinstance(child, list) and child and isinstance(child[0], dict):
            lines.append(f"{indent}{shown}:")
            items = _render(child[0], depth + 2, f"{path}.", requirements)
            first = items[0]
            lines.append(f"{indent}  - {first.lstrip()}")
            lines.extend(items[1:])
        else:
            lines.append(_render_line(f"{indent}{shown}:", child, path, requirements))
    return lines


def _render_line(start: str, child: Any, path: str, requirements: dict[str, Requirement]) -> str:
    value = (
        ""
        if child is None
        else " " + yaml.safe_dump(child, default_flow_style=True).removesuffix("...\n").strip()
    )
    comment = _comment(path, requirements.get(path))
    return f"{start}{value}".ljust(_WIDTH) + f"  # {comment}" if comment else f"{start}{value}"


def _comment(path: str, requirement: Requirement | None) -> str:
    fields = load_catalogue().measurement
    field: Field | None = fields.get(path) or next(
        (known for name, known in fields.items() if name.replace("[]", "") == path), None
    )
    if field is None:
        return ""
    parts = [field.title]
    if field.units:
        parts.append(f"[{', '.join(field.units)}]")
    if field.vocabulary:
        parts.append(f"one of {', '.join(load_catalogue().words(field.vocabulary))}")
    elif field.examples:
        parts.append(f"e.g. {field.examples[0]}")
    if requirement is not None:
        others = [path for paths in requirement.answers[1:] for path in paths]
        parts.append(f"(or {', '.join(others)})" if others else "")
        parts.append(f"- {requirement.level}" if requirement.level == "recommended" else "")
        parts.append("" if requirement.escape else "- cannot be left out")
    return " ".join(part for part in parts if part)
