"""What the JSON Schema demands of a record: the table of requirements, as far as a record alone can answer it.

A demand whose condition the record states in a word (scan, illumination, series, radiation, purpose) is made under that
word. What only the arrays can say, such as a calibrated axis that answers for a scan step, is left to our own check.
"""

from typing import Any

from repository.schema.questions.cameras import NAMING_FIELDS, build_name_pattern
from repository.schema.questions.fields import RequirementRow, load_catalogue
from repository.schema.questions.situation import NOT_ELECTRONS

JsonSchema = dict[str, Any]

NOT_STEM = frozenset({"other", "derived_table"})
_VOLTAGE = "acceleration_voltage"
_ASKED = {"R", "r"}
_SERIES = ("time", "tilt")

_GAP: JsonSchema = {"$ref": "#/$defs/declared_missing"}
_ANSWERED: JsonSchema = {"$ref": "#/$defs/answered"}
_ANSWERED_OR_GAP: JsonSchema = {"$ref": "#/$defs/answered_or_missing"}
_EMPTY: JsonSchema = {"enum": ["", [], {}]}


def build_common_demands() -> list[JsonSchema]:
    """Return what every record says, whatever its technique; and that axes are stated, not declared as missing."""
    rows = [row for row in load_catalogue().rows if set(row.codes.values()) == {"R"}]
    no_gap = {"properties": {row.path: {"not": _GAP} for row in rows if row.axes == "all"}}
    return [*(_build_demand(row) for row in rows if row.axes is None), no_gap]


def build_demand_definitions() -> dict[str, JsonSchema]:
    """Return the forms that demands share: something stands there, nothing is declared as missing, or either."""
    wrapped = {"type": "object", "properties": {"value": _EMPTY}, "required": ["value"]}
    return {
        "declared_missing": {"type": "object", "required": ["missing"]},
        "answered": {"not": {"anyOf": [_GAP, _EMPTY, wrapped]}},
        "answered_or_missing": {"not": {"anyOf": [_EMPTY, wrapped]}},
    }


def build_technique_demands(technique: str) -> JsonSchema:
    """Return the keywords of a technique's file; a simulation is asked for what simulations are asked for."""
    measured = {"allOf": _list_demands(technique, technique)}
    if technique in NOT_STEM:
        return measured
    measured["allOf"] += [
        {"if": say("series", {"const": series}), "then": {"allOf": demands}}
        for series in _SERIES
        if (demands := _list_demands(technique, series))
    ]
    return {
        "if": say("origin", {"const": "simulated"}),
        "then": {"allOf": _list_demands(technique, "simulated")},
        "else": measured,
    }


def say(key: str, words: JsonSchema) -> JsonSchema:
    """Return the schema of a record that says a word, alone or with its provenance."""
    stated = {
        "if": {"type": "object"},
        "then": {"properties": {"value": words}, "required": ["value"]},
        "else": words,
    }
    return {"properties": {key: stated}, "required": [key]}


def list_contained(word: str) -> JsonSchema:
    """Return the schema of a list that has a word."""
    return {"type": "array", "contains": {"const": word}}


def _list_demands(technique: str, column: str) -> list[JsonSchema]:
    rows = [row for row in load_catalogue().rows if row.axes is None]
    if column == "simulated":
        rows = [row for row in rows if not (row.detector and row.codes[technique] == "-")]
    demands = [_build_conditional(row, row.codes[column], technique) for row in rows]
    return [demand for demand in demands if demand is not None]


def _build_conditional(row: RequirementRow, code: str, technique: str) -> JsonSchema | None:
    """Return the demand of a row under the conditions of its code; None where it is never demanded."""
    letters = code.rpartition(":")[2]
    if letters[0] not in _ASKED or (letters[0] == "r" and row.required_for is None):
        return None
    flags = [*code.partition(":")[0], *letters[1:]] if ":" in code else [*letters[1:]]
    conditions = [_CONDITIONS[flag] for flag in flags if flag != "c"]
    if letters[0] == "r":
        conditions.append(say("purpose", list_contained(str(row.required_for))))
    if row.path == _VOLTAGE and technique not in NOT_STEM:
        conditions.append({"not": say("radiation", {"enum": sorted(NOT_ELECTRONS)})})
    demand = _build_demand(row)
    if not conditions:
        return demand
    return {"if": conditions[0] if len(conditions) == 1 else {"allOf": conditions}, "then": demand}


def _build_demand(row: RequirementRow) -> JsonSchema:
    """Return what answers a row: any one of its answers, or a declared gap where one is allowed."""
    gaps = row.escape
    plain = [paths[0] for paths in row.answers if len(paths) == 1 and not _is_special(paths[0])]
    choices = [_build_presence(path, gaps=gaps) for path in plain]
    for paths in row.answers:
        if len(paths) > 1 or _is_special(paths[0]):
            values = [_build_presence(path, gaps=False) for path in paths]
            choices.append(values[0] if len(values) == 1 else {"allOf": values})
            if gaps:
                choices += [gap for path in paths for gap in _list_gaps(path)]
    if row.settled_by is not None:
        choices += _SETTLED[row.settled_by]
    demand = choices[0] if len(choices) == 1 else {"anyOf": choices}
    return {"$comment": f"{load_catalogue().measurement[row.path].title}: {row.why}", **demand}


def _is_special(path: str) -> bool:
    return "[]" in path or path.endswith("{}") or path.startswith("links:")


def _build_presence(path: str, *, gaps: bool) -> JsonSchema:
    """Return the schema of a record with an answer at a path."""
    if path.startswith("links:"):
        role = {"type": "object", "properties": {"role": {"const": path.removeprefix("links:")}}}
        links = {"type": "array", "contains": {**role, "required": ["role"]}}
        return {"properties": {"links": links}, "required": ["links"]}
    if path.endswith("{}"):
        filled: JsonSchema = {
            "type": "object",
            "anyOf": [{"required": ["values"]}, {"required": ["array"]}],
            "not": _GAP,
        }
        return _nest(path.removesuffix("{}").split("."), filled, gaps=gaps)
    return _nest(path.split("."), _ANSWERED_OR_GAP if gaps else _ANSWERED, gaps=gaps)


def _nest(parts: list[str], leaf: JsonSchema, *, gaps: bool) -> JsonSchema:
    """Return the schema of a mapping with the leaf at a path; with `gaps`, a group on the way may be one."""
    head, rest = parts[0], parts[1:]
    key = head.removesuffix("[]")
    if not rest:
        return {"properties": {key: leaf}, "required": [key]}
    inner = {"type": "object", **_nest(rest, leaf, gaps=gaps)}
    if head.endswith("[]"):
        inner = {"type": "array", "minItems": 1, "items": inner}
    if gaps:
        inner = {"if": _GAP, "else": inner}
    return {"properties": {key: inner}, "required": [key]}


def _list_gaps(path: str) -> list[JsonSchema]:
    """Return the schemas of records that declare a gap at a path, or at a group or list that it lies in."""
    if path.startswith("links:"):
        return []
    parts = path.removesuffix("{}").split(".")
    return [_build_gap(parts[: depth + 1]) for depth in range(len(parts))]


def _build_gap(parts: list[str]) -> JsonSchema:
    head, rest = parts[0], parts[1:]
    key = head.removesuffix("[]")
    if not rest:
        return {"properties": {key: _GAP}, "required": [key]}
    inner = {"type": "object", **_build_gap(rest)}
    found = {"type": "array", "contains": inner} if head.endswith("[]") else inner
    return {"properties": {key: found}, "required": [key]}


_SCANNED = say("scan", {"enum": ["line", "raster", "positions"]})
_CONDITIONS: dict[str, JsonSchema] = {
    "a": _SCANNED,
    "d": _SCANNED,
    "b": {
        "allOf": [
            {"not": say("illumination", {"enum": ["parallel", "precession"]})},
            {"anyOf": [_SCANNED, {"not": _build_gap(["illumination"])}]},
        ]
    },
    "e": say("radiation", {"const": "electrons"}),
    "i": say("in_situ", {"const": True}),
    "p": say("purpose", list_contained("ptychography")),
    "q": say("momentum_resolved", {"const": True}),
    "t": say("series", {"const": "tilt"}),
}
_NAMED: JsonSchema = {"type": "string", "pattern": build_name_pattern()}
_SETTLED: dict[str, list[JsonSchema]] = {
    "camera": [
        {
            "properties": {"camera": {"type": "object", **say(path.split(".")[1], _NAMED)}},
            "required": ["camera"],
        }
        for path in NAMING_FIELDS
    ],
    "line": [say("scan", {"const": "line"})],
}
