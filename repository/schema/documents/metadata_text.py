"""Metadata documents as text: YAML or JSON, read strictly.

YAML's surprises are switched off: `No` is nobelium and not false, dates stay texts, 1e-3 is a number, a key
stands once.
"""

import json
import re
from typing import Any

import yaml

from repository.schema.findings import Finding

LARGEST_TEXT = 4 * 1024 * 1024


class MetadataTextError(ValueError):
    """The text is not a readable metadata document; `finding` says where and why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(finding.message)
        self.finding = finding


class _StrictLoader(yaml.SafeLoader):
    """Safe YAML without yes/no booleans, timestamps, aliases and double keys."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        if self.check_event(yaml.events.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.constructor.ConstructorError(
                None, None, "aliases (*name) are not read; use defaults", mark
            )
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key_node, _ in node.value:
            if isinstance(key_node, yaml.ScalarNode):
                if key_node.value in seen:
                    problem = f'the key "{key_node.value}" stands twice'
                    raise yaml.constructor.ConstructorError(None, None, problem, key_node.start_mark)
                seen.add(key_node.value)
        return super().construct_mapping(node, deep=deep)


_StrictLoader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if tag
        not in {
            "tag:yaml.org,2002:bool",
            "tag:yaml.org,2002:timestamp",
            "tag:yaml.org,2002:float",
            "tag:yaml.org,2002:int",
        }
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"),
    ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
    (
        "float",
        r"^(?:[-+]?(?:(?:\d+\.\d*|\.\d+)(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        "-+0123456789.",
    ),
):
    _StrictLoader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), list(_first))


def read_metadata_text(text: str) -> dict[str, Any]:
    """Return the document of a YAML or JSON text; an empty text is an empty document.

    Raises
    ------
    MetadataTextError
        When it is too long, not YAML or JSON, not a mapping, or has double keys or aliases.
    """
    if len(text) > LARGEST_TEXT:
        raise _refuse(f"The document has {len(text)} characters; at most {LARGEST_TEXT} are read.")
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else _load_yaml(text)
    except json.JSONDecodeError as error:
        raise _refuse(f"Line {error.lineno}, column {error.colno} is not JSON: {error.msg}.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f"Line {mark.line + 1}, column {mark.column + 1}" if mark else "The document"
        raise _refuse(f"{place} is not readable YAML: {error.problem}.") from error
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise _refuse("The document is not readable YAML or JSON.") from error
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise _refuse("A metadata document is a mapping of fields, not a list or a single value.")
    return document


def _load_yaml(text: str) -> Any:
    return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a safe loader


def _refuse(message: str) -> MetadataTextError:
    hint = "Write YAML (`field: value` lines) or JSON; `stemma template` prints a document to fill in."
    return MetadataTextError(Finding("error", "metadata_unreadable", message, "", hint, "structure"))
