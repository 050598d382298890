"""Findings of the deposit object: collected from everywhere in it, grouped for reading."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from stemma.errors import JsonObject

SEVERITIES = ("error", "warning", "info")
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class FindingGroup:
    """Findings of one kind.

    Attributes
    ----------
    lines
        What was found, each with its place.
    causes
        How many findings that is: one cause in forty files is one.
    """

    severity: str
    code: str
    hint: str
    lines: tuple[str, ...]
    causes: int


@dataclass(frozen=True, slots=True)
class MissingField:
    """A field of the schema that has neither a value nor a declared gap, and in how many measurements."""

    path: str
    level: str
    why: str
    looked_for: tuple[str, ...]
    measurements: int


def is_withheld(entry: JsonObject) -> bool:
    """Return whether a file or measurement of a deposit is not to be published: nothing of it is in the way."""
    return bool(entry.get("fate", "publish") != "publish")


def iterate_findings(record: JsonObject) -> Iterator[tuple[str, JsonObject]]:
    """Yield (where, finding): of the whole, of each file (its path), of each measurement (its file).

    Where the whole says each cause once with its places, files and measurements only repeat it.
    """
    whole = record.get("findings") or ()
    for finding in whole:
        yield "", finding
    if any(finding.get("where") for finding in whole):
        return
    for file in record.get("files") or ():
        if not isinstance(file, dict):  # a measurement names its files; their findings are the deposit's
            continue
        if is_withheld(file):
            continue
        for finding in file.get("findings") or ():
            yield str(file.get("path", "")), finding
    for measurement in record.get("measurements") or ():
        if isinstance(measurement, dict) and not is_withheld(measurement):
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
    causes: Counter[tuple[str, str, str]] = Counter()
    for where, finding in iterate_findings(record):
        key = (str(finding.get("severity")), str(finding.get("code")), str(finding.get("hint") or ""))
        lines = groups.setdefault(key, [])
        new = [line for line in _write_lines(where, finding) if line not in lines]
        lines += new
        causes[key] += 1 if finding.get("where") else len(new)
    ordered = sorted(
        groups.items(), key=lambda item: SEVERITIES.index(item[0][0]) if item[0][0] in SEVERITIES else 9
    )
    return [FindingGroup(*key, tuple(lines), causes[key]) for key, lines in ordered]


def _write_lines(where: str, finding: JsonObject) -> list[str]:
    """Return what was found, with its place; of one cause in many places the first names and their number."""
    places = [place for place in finding.get("where") or () if isinstance(place, dict)]
    messages = {str(place.get("message") or "") for place in places}
    if not places:
        return [_write_line(where or str(finding.get("pointer") or ""), str(finding.get("message") or ""))]
    if len(messages) > 1:
        return [
            _write_line(str(place.get("path") or ""), str(place.get("message") or "")) for place in places
        ]
    names = [str(place.get("path") or place.get("measurement") or "") for place in places]
    if len(names) == 1:
        return [_write_line(names[0], messages.pop())]
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return [f"{messages.pop()} In {len(names)}: {', '.join(names[:_MOST_NAMES])}{more}."]


def _write_line(place: str, message: str) -> str:
    return message if not place or place in message else f"{place}: {message}"


def list_missing(record: JsonObject) -> list[MissingField]:
    """Return the unanswered fields of all measurements, each once."""
    missing: dict[tuple[str, str], MissingField] = {}
    for measurement in record.get("measurements") or ():
        for one in () if is_withheld(measurement) else measurement.get("requirements") or ():
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
