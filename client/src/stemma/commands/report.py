"""Records as text for people."""

from collections.abc import Iterator, Sequence
from typing import Any

from stemma.errors import JsonObject
from stemma.findings import (
    FindingGroup,
    MissingField,
    count_errors,
    group_findings,
    list_codes,
    list_missing,
)
from stemma.progress import format_size, format_time
from stemma.texts import count_things

MOST_LINES_PER_GROUP = 8
MOST_NAMES = 2
# Said once, below, with the number of measurements that lack the field.
_SAID_AS_MISSING = "required_field_missing"
_UNPUBLISHED = frozenset({"draft", "submitted", "processing", "needs_attention", "ready"})
_WORKED_ON = frozenset({"submitted", "processing"})
_FATES = {"private": "  kept private", "discard": "  discarded when you publish"}
_HEADINGS = {"error": "Errors", "warning": "Warnings", "info": "Notes"}


def describe_record(record: JsonObject) -> str:
    """Return a deposit or dataset as text: how far it is, what was read, findings, what is missing, what to do next."""
    lines = [*_describe_head(record), *_describe_progress(record), *_describe_measurements(record)]
    missing = [] if record.get("state") == "published" else list_missing(record)
    groups = group_findings(record)
    if any(one.level == "required" for one in missing):
        groups = [group for group in groups if group.code != _SAID_AS_MISSING]
    lines += [*_describe_findings(groups), *_describe_missing(missing)]
    following = next_step(record)
    if following:
        lines += ["", f"Next: {following}"]
    return "\n".join(lines)


def describe_measurement(record: JsonObject) -> str:
    """Return a measurement as text: signals with their axes, and the quantities of its metadata."""
    techniques = ", ".join(record.get("techniques") or ())
    lines = [f"Measurement {record['id']}  {techniques}  ({record.get('format') or 'unknown format'})"]
    if record.get("dataset"):
        lines.append(f"  of dataset {record['dataset']}")
    if record.get("schema_version"):
        lines.append(f"  described in schema stem {record['schema_version']}")
    lines += [f"  {line}" for signal in record.get("signals") or () for line in _describe_signal(signal)]
    for name, value in (record.get("metadata") or {}).items():
        lines.append(f"  {name}: {format_value(value)}")
    return "\n".join([*lines, *_describe_findings(group_findings(record))])


def next_step(record: JsonObject) -> str:
    """Return the command that comes next for a deposit in this state."""
    record_id = record.get("id")
    match record.get("state"):
        case "ready":
            return f"stemma publish {record_id}"
        case "needs_attention" if not count_errors(record):
            words = [f'--accept-warnings "{code}: why"' for code in list_codes(record, "warning")]
            return " ".join([f"stemma publish {record_id}", *words])
        case "needs_attention":
            return "fill in a metadata file (stemma template …) and run the same command with --metadata FILE"
        case "submitted" | "processing":
            return f"stemma status {record_id}"
        case "published":
            return f"stemma get {record_id}"
        case _:
            return ""


def format_value(value: Any) -> str:
    """Return a metadata value in one line: quantities with unit and source, gaps as such."""
    if isinstance(value, dict):
        if "missing" in value:
            return str(value["missing"]).replace("_", " ")
        if "value" in value or "range" in value:
            number = value.get("value") if "value" in value else "–".join(map(str, value["range"]))
            return f"{number} {value.get('unit') or ''}".strip() + (
                f"  [{value['source']}]" if value.get("source") else ""
            )
        return ", ".join(f"{key} {format_value(inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(format_value(inner) for inner in value)
    return str(value)


def _describe_head(record: JsonObject) -> Iterator[str]:
    yield f"{record['id']}  {record.get('state') or ''}".rstrip()
    for label, value in (
        ("title", record.get("title")),
        ("reserved DOI" if record.get("state") in _UNPUBLISHED else "DOI", record.get("doi")),
        ("page", record.get("url")),
    ):
        if value:
            yield f"  {label}: {value}"
    files = record.get("files") or ()
    if record.get("arrived"):
        yield f"  {record['arrived']}"
    if files:
        yield f"  {count_things(len(files), 'file')}, {format_size(sum(int(file.get('size') or 0) for file in files))}"
        for file in files:
            if file.get("state") not in {"stored", None}:
                yield f"    {file['path']}: {file['state']}"


def _describe_progress(record: JsonObject) -> Iterator[str]:
    """Yield how far the server is with a deposit that it works on."""
    progress = record.get("progress") or {}
    if record.get("state") not in _WORKED_ON and not progress.get("running"):
        return
    message, position = str(progress.get("message") or ""), progress.get("position")
    said = [f"{float(progress['fraction']):.0%}"] if progress.get("fraction") is not None else []
    said += [message] if message else []
    if position and str(position) not in message:  # who waits altogether is told so by the message
        said.append(f"{position} {'job' if position == 1 else 'jobs'} before the first that waits")
    if said:
        yield f"  progress: {'  '.join(said)}"


def _describe_reading(reading: JsonObject) -> str:
    """Return what is being done with a measurement just now."""
    step = str(reading.get("step") or "reading")
    if reading.get("state") == "queued":
        return f"{step}: waiting for its turn"
    share = f" {float(reading['fraction']):.0%}" if reading.get("fraction") is not None else ""
    left = reading.get("seconds_left")
    return f"{step}{share}" + (f", about {format_time(float(left))} left" if left is not None else "")


def _describe_measurements(record: JsonObject) -> Iterator[str]:
    measurements = [entry for entry in record.get("measurements") or () if isinstance(entry, dict)]
    if measurements:
        yield f"  {count_things(len(measurements), 'measurement')}"
    for measurement in measurements:
        techniques = ", ".join(measurement.get("techniques") or ()) or "technique not known"
        file_format = measurement.get("format") or "stored, not read"
        path = f"  {measurement['path']}" if measurement.get("path") else ""
        fate = _FATES.get(str(measurement.get("fate")), "")
        yield f"    {measurement.get('id')}{path}  {techniques}  ({file_format}){fate}"
        if measurement.get("reading"):
            yield f"      {_describe_reading(measurement['reading'])}"
        for signal in measurement.get("signals") or ():
            yield from (f"      {line}" for line in _describe_signal(signal))


def _describe_signal(signal: JsonObject) -> Iterator[str]:
    axes = ", ".join(str(axis.get("name")) for axis in signal.get("axes") or ())
    shape = " × ".join(map(str, signal.get("shape") or ()))
    yield f"{signal.get('name')}: {shape} {signal.get('dtype')} ({axes})"


def _describe_findings(groups: Sequence[FindingGroup]) -> Iterator[str]:
    for severity, heading in _HEADINGS.items():
        chosen = [group for group in groups if group.severity == severity]
        if not chosen:
            continue
        yield ""
        yield f"{heading} ({sum(group.causes for group in chosen)})"
        for group in chosen:
            yield f"  {group.code}"
            yield from (f"    {line}" for line in group.lines[:MOST_LINES_PER_GROUP])
            if len(group.lines) > MOST_LINES_PER_GROUP:
                yield f"    … and {len(group.lines) - MOST_LINES_PER_GROUP} more"
            if group.hint:
                yield f"    → {group.hint}"


def _describe_missing(missing: Sequence[MissingField]) -> Iterator[str]:
    for level, heading in (
        ("required", "Missing, needed to publish"),
        ("recommended", "Missing, worth having"),
    ):
        chosen = [one for one in missing if one.level == level]
        if not chosen:
            continue
        yield ""
        yield f"{heading} ({len(chosen)})"
        for one in chosen:
            looked = f" (looked for {_name_some(one.looked_for)})" if one.looked_for else ""
            times = f", in {one.measurements} measurements" if one.measurements > 1 else ""
            yield f"  {one.path}{times}: {one.why}{looked}"


def _name_some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"
