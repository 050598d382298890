"""The document of ``--metadata``: YAML or JSON, read strictly, with the place of each fault."""

import json
import math
import re
from pathlib import Path
from typing import Any

import yaml

from stemma.errors import JsonObject, UsageError

_MOST_DIGITS = 400


class MetadataFileError(UsageError):
    """The metadata file cannot be read; line and column are named where they are known."""

    default_code = "bad_metadata_file"


_RESOLVED_OTHERWISE = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("timestamp", "float", "int"))


class _StrictLoader(yaml.SafeLoader):
    """YAML as scientists mean it: numbers of YAML 1.2, dates as text, no key twice, only what JSON has."""

    yaml_implicit_resolvers = {  # noqa: RUF012 - the library's own attribute
        first: [(tag, pattern) for tag, pattern in resolvers if tag not in _RESOLVED_OTHERWISE]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = str(self.construct_object(key_node, deep=True))
            if key in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key!r} is there twice", problem_mark=key_node.start_mark
                )
            seen.add(key)
        mapping = super().construct_mapping(node, deep=deep)
        return {str(key): value for key, value in mapping.items()}

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        digits = node.value.replace("_", "")
        if len(digits) > _MOST_DIGITS:
            problem = f"{digits[:20]}… is too long for a number"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return int(digits, 16) if "x" in digits else int(digits)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        value = float(super().construct_yaml_float(node))
        if not math.isfinite(value):
            problem = f"{node.value} is not a value; leave the field out, or write {{missing: not_recorded}}"
            raise yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)
        return value


# "1e-3" is a number in YAML 1.2 and in every laboratory; YAML 1.1 reads it as text.
_FLOAT = re.compile(
    r"^[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|\.\d[\d_]*(?:[eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+|\.(?:inf|Inf|INF|nan|NaN|NAN))$"
)
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
# To YAML 1.1 "12:30" is 750 and "0123" is 83.
_INTEGER = re.compile(r"^[-+]?(?:0x[0-9a-fA-F]+|[0-9][0-9_]*)$")
_StrictLoader.add_implicit_resolver("tag:yaml.org,2002:int", _INTEGER, list("-+0123456789"))
_StrictLoader.add_constructor("tag:yaml.org,2002:int", _StrictLoader.construct_yaml_int)
_StrictLoader.add_constructor("tag:yaml.org,2002:float", _StrictLoader.construct_yaml_float)


def load_document(path: Path) -> JsonObject:
    """Read a metadata document ``{dataset, defaults, measurements}``.

    Raises
    ------
    UsageError
        The file cannot be read, is not YAML or JSON (line and column are named), or is no mapping.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise MetadataFileError(f"The metadata file {path} cannot be read: {fault.strerror}.") from fault
    except UnicodeDecodeError as fault:
        raise MetadataFileError(
            f"The metadata file {path} is not UTF-8 text: {fault.reason} at byte {fault.start}."
        ) from fault
    document = _parse_json(path, text) if path.suffix.lower() == ".json" else _parse_yaml(path, text)
    if not isinstance(document, dict):
        raise MetadataFileError(
            f"{path} holds {'nothing' if document is None else type(document).__name__}, not a mapping.",
            hint="Its keys are dataset, defaults, measurements; `stemma template four_d_stem` prints one.",
        )
    return document


def set_title(document: JsonObject, title: str | None) -> JsonObject:
    """Return the document with the dataset's title; a `dataset` that is no mapping is left to the server."""
    dataset = document.get("dataset") or {}
    if not title or not isinstance(dataset, dict):
        return document
    return {**document, "dataset": {**dataset, "title": title}}


def _parse_json(path: Path, text: str) -> Any:
    def refuse(word: str) -> float:
        raise MetadataFileError(
            f"{path}: {word} is not a value.", hint="Leave the field out, or declare it missing."
        )

    def read_integer(digits: str) -> int:
        if len(digits) > _MOST_DIGITS:
            raise MetadataFileError(f"{path}: {digits[:20]}… is too long for a number.")
        return int(digits)

    def read_float(digits: str) -> float:
        value = float(digits)
        return value if math.isfinite(value) else refuse(digits)

    try:
        return json.loads(text, parse_constant=refuse, parse_int=read_integer, parse_float=read_float)
    except json.JSONDecodeError as fault:
        raise MetadataFileError(f"{path}, line {fault.lineno}, column {fault.colno}: {fault.msg}.") from fault


def _parse_yaml(path: Path, text: str) -> Any:
    try:
        return yaml.load(text, Loader=_StrictLoader)  # noqa: S506 - a SafeLoader, only stricter
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise MetadataFileError(f"{path}{place}: {fault.problem or fault.context}.") from fault
    except yaml.YAMLError as fault:
        raise MetadataFileError(f"{path}: {fault}.") from fault
    except ValueError as fault:
        raise MetadataFileError(f"{path}: {fault}.") from fault
