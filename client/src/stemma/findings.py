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


def iterate_findings(record: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield (where, finding): of the whole, of each file (its path), of each measurement (title or id)."""
    for finding in record.get("findings") or ():
        yield "", finding
    for file in record.get("files") or ():
        for finding in file.get("findings") or ():
            yield str(file.get("path", "")), finding
    for measurement in record.get("measurements") or ():
        if isinstance(measurement, dict):
            title = (measurement.get("metadata") or {}).get("title")
            for finding in measurement.get("findings") or ():
                yield str(title or measurement.get("id", "")), finding


def count_errors(record: JsonObject) -> int:
    return sum(finding.get("severity") == "error" for _, finding in iterate_findings(record))


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


def add_findings(record: JsonObject, findings: Iterable[JsonObject]) -> JsonObject:
    """Return the record with those findings that it does not hold anywhere yet."""
    known = {(finding.get("code"), finding.get("message")) for _, finding in iterate_findings(record)}
    added = [finding for finding in findings if (finding.get("code"), finding.get("message")) not in known]
    return {**record, "findings": [*(record.get("findings") or ()), *added]} if added else record
