"""Findings of the deposit object: collected from everywhere in it, grouped for reading."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stemma.errors import JsonObject

SEVERITIES = ("error", "warning", "info")


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one kind, with where each was found."""

    severity: str
    code: str
    hint: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field of the schema that has neither a value nor a declared gap, and in how many measurements."""

    path: str
    level: str
    why: str
    looked_for: tuple[str, ...]
    measurements: int


def iterate_findings(record: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield (where, finding): of the whole, of each file (its path), of each measurement (its file)."""
    for finding in record.get("findings") or ():
        yield "", finding
    for file in record.get("files") or ():
        if not isinstance(file, dict):  # a measurement names its files; their findings are the deposit's
            continue
        for finding in file.get("findings") or ():
            yield str(file.get("path", "")), finding
    for measurement in record.get("measurements") or ():
        if isinstance(measurement, dict):
            for finding in measurement.get("findings") or ():
                yield str(measurement.get("path") or measurement.get("id", "")), finding


def count_errors(record: JsonObject) -> int:
    return sum(finding.get("severity") == "error" for _, finding in iterate_findings(record))


def list_codes(record: JsonObject, severity: str) -> list[str]:
    """Return the codes of the findings of one severity, each once."""
    codes = (
        finding.get("code") for _, finding in iterate_findings(record) if finding.get("severity") == severity
    )
    return list(dict.fromkeys(str(code) for code in codes))


def group_findings(record: JsonObject) -> list[FindingGroup]:
    """Return findings by severity, code and hint, errors first: one cause in 40 files is read once."""
    groups: dict[tuple[str, str, str], list[str]] = {}
    for where, finding in iterate_findings(record):
        key = (str(finding.get("severity")), str(finding.get("code")), str(finding.get("hint") or ""))
        place = where or str(finding.get("pointer") or "")
        message = str(finding.get("message") or "")
        line = message if not place or place in message else f"{place}: {message}"
        lines = groups.setdefault(key, [])
        if line not in lines:
            lines.append(line)
    ordered = sorted(
        groups.items(), key=lambda item: SEVERITIES.index(item[0][0]) if item[0][0] in SEVERITIES else 9
    )
    return [FindingGroup(severity, code, hint, tuple(lines)) for (severity, code, hint), lines in ordered]


def list_missing(record: JsonObject) -> list[MissingField]:
    """Return the unanswered fields of all measurements, each once."""
    missing: dict[tuple[str, str], MissingField] = {}
    for measurement in record.get("measurements") or ():
        for one in measurement.get("requirements") or ():
            if one.get("state") != "missing":
                continue
            key = (str(one.get("level")), str(one.get("path")))
            count = missing[key].measurements if key in missing else 0
            missing[key] = MissingField(
                path=key[1],
                level=key[0],
                why=str(one.get("why") or one.get("title") or ""),
                looked_for=tuple(one.get("looked_for") or ()),
                measurements=count + 1,
            )
    return list(missing.values())


def add_findings(record: JsonObject, findings: Iterable[JsonObject]) -> JsonObject:
    """Return the record with those findings that it does not hold anywhere yet."""
    known = {(finding.get("code"), finding.get("message")) for _, finding in iterate_findings(record)}
    added = [finding for finding in findings if (finding.get("code"), finding.get("message")) not in known]
    return {**record, "findings": [*(record.get("findings") or ()), *added]} if added else record
