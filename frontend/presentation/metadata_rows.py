"""A measurement's metadata document as the rows of a table, grouped and ordered like the catalogue."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from frontend.presentation.calibrations import name_value_source
from frontend.presentation.quantities import ShownValue, show_value, term_title
from repository.schema.places import get_entry
from repository.schema.questions.fields import Field, load_catalogue
from repository.schema.versions.namespaces import list_field_iris

GROUP_TITLES: Mapping[str, str] = {
    "measurement": "Measurement",
    "sample": "Sample",
    "instrument": "Instrument",
    "beam": "Beam",
    "scan": "Scan",
    "time": "Time",
    "detector": "Detector",
    "camera": "Camera",
    "spectrum": "Spectrum",
    "orientation": "Orientation",
    "series": "Series",
    "environment": "Environment",
    "simulation": "Simulation",
    "derivation": "Derivation",
    "dataset": "Dataset",
}
_HIDDEN = frozenset({"looked_for", "extensions"})


@dataclass(frozen=True, slots=True)
class MetadataRow:
    """One field with its value in words."""

    title: str
    value: ShownValue
    iri: str = ""


@dataclass(frozen=True, slots=True)
class MetadataGroup:
    """Rows under one heading."""

    title: str
    rows: tuple[MetadataRow, ...]


def group_title(group: str) -> str:
    """Return the heading of a group of fields."""
    return GROUP_TITLES.get(group, "Other")


def build_metadata_groups(
    document: Mapping[str, Any], *, from_file: Collection[str] = ()
) -> tuple[MetadataGroup, ...]:
    """Return everything that a measurement says; a declared gap is a row like any other.

    Plain words carry no provenance of their own: those named in `from_file` were read from the file or worked out from
    its arrays, the others a person gave.
    """
    grouped: dict[str, list[MetadataRow]] = {title: [] for title in GROUP_TITLES.values()}
    fields = load_catalogue().measurement
    parents = {path.rsplit(".", maxsplit=1)[0] for path in fields if "." in path and "[]" not in path}
    for path, field in fields.items():
        if "[]" in path or path in _HIDDEN or path in parents:
            continue
        entry = get_entry(document, path)
        if entry is None or entry in ("", [], {}):
            continue
        grouped.setdefault(group_title(field.group), []).extend(
            _name_source(row, is_from_file=path.split(".")[0] in from_file)
            for row in _build_rows(field, entry)
        )
    return tuple(MetadataGroup(title, tuple(rows)) for title, rows in grouped.items() if rows)


def _name_source(row: MetadataRow, *, is_from_file: bool) -> MetadataRow:
    if row.value.source:
        return row
    source = term_title("source", "header" if is_from_file else "depositor")
    return replace(row, value=replace(row.value, source=source))


def _build_rows(field: Field, entry: Any) -> Iterable[MetadataRow]:
    iri = list_field_iris(field).get("emg", "")
    if field.kind == "objects" and isinstance(entry, list):
        for number, item in enumerate(entry, start=1):
            name = str(item.get("name") or number) if isinstance(item, Mapping) else str(number)
            yield MetadataRow(title=f"{field.title}: {name}", value=_show_object(field, item))
        return
    value = show_value(entry, vocabulary=field.vocabulary)
    if field.kind == "shape":
        value = replace(value, text=value.text.replace(", ", " × "))
    value = replace(value, source=name_value_source(entry, value.source))
    yield MetadataRow(title=field.title, value=value, iri=iri)


def _show_object(field: Field, item: Any) -> ShownValue:
    if not isinstance(item, Mapping):
        return show_value(item)
    fields = load_catalogue().measurement
    parts = []
    for key, entry in item.items():
        inner = fields.get(f"{field.path}[].{key}")
        if key == "name" or entry in (None, "", [], {}):
            continue
        title = inner.title if inner else key.replace("_", " ")
        parts.append(f"{title} {show_value(entry, vocabulary=inner.vocabulary if inner else None).text}")
    return ShownValue(text="; ".join(parts) or "–")
