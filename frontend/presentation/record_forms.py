"""The forms of instrument presets and sample records: fields of the schema, typed as in the session's table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontend.presentation.quantities import describe_entry
from repository.schema.checks.cell_values import (
    CellRefusedError,
    find_field,
    format_entry,
    format_example,
    read_typed,
)
from repository.schema.checks.cells import find_in
from repository.schema.documents.levels import place_entry
from repository.schema.documents.presets import CONDITION_FIELDS, list_entries
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import load_catalogue

PRESET_GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("Beam", ("semi_convergence_angle", "illumination", "probe_current", "monochromated", "corrector")),
    (
        "Detectors and camera",
        (
            "annular_detectors[].name",
            "annular_detectors[].inner_angle",
            "annular_detectors[].outer_angle",
            "diffraction_pixel_size",
            "detector_to_scan_matrix",
            "camera.mode",
        ),
    ),
    ("EELS and EDS", ("collection_semi_angle", "eds.elevation", "eds.azimuth", "eds.solid_angle")),
)
SAMPLE_FIELDS = (
    "sample.formula",
    "sample.elements",
    "sample.preparation",
    "sample.form",
    "sample.thickness",
    "sample.support",
    "sample.geometry",
    "sample.identifier",
)
MORE = "more"


@dataclass(frozen=True, slots=True)
class FormField:
    """One input: what it is called, what stands in it, and what is wrong with that."""

    path: str
    name: str
    title: str
    help: str
    text: str
    example: str
    choices: tuple[tuple[str, str], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class ReadForm:
    """What was typed, as a document, and what is wrong by name of input."""

    document: dict[str, Any]
    problems: dict[str, str]


def build_fields(
    paths: Sequence[str],
    document: Mapping[str, Any],
    *,
    prefix: str,
    typed: Mapping[str, str] | None = None,
    problems: Mapping[str, str] | None = None,
) -> list[FormField]:
    """Return the inputs of fields, with what was typed, else with what the document says."""
    return [
        _build_field(path, document, f"{prefix}:{path}", typed, (problems or {}).get(f"{prefix}:{path}", ""))
        for path in paths
    ]


def _build_field(
    path: str, document: Mapping[str, Any], name: str, typed: Mapping[str, str] | None, problem: str
) -> FormField:
    field = find_field(path)
    text = typed.get(name, "") if typed is not None else format_entry(path, find_in(document, path))
    choices: tuple[tuple[str, str], ...] = ()
    if field.kind == "boolean":
        choices = (("yes", "Yes"), ("no", "No"))
    elif field.kind == "choice" and field.vocabulary:
        terms = load_catalogue().vocabularies[field.vocabulary]
        choices = tuple((term.value, term.title) for term in terms)
    symbol = get_symbol(field.unit) if field.unit else ""
    unit = f"In {symbol}, or with another unit." if symbol else ""
    if "[]" in path:
        unit = f"{unit} Of several detectors, parted by semicolons.".strip()
    title = field.title
    if path.startswith("annular_detectors[]"):
        title = f"Annular detectors: {field.title.lower()}"
    return FormField(
        path,
        name,
        title,
        f"{field.description} {unit}".strip(),
        text,
        format_example(field),
        choices,
        problem,
    )


def list_others(paths: Sequence[str], document: Mapping[str, Any]) -> str:
    """Return what a document says beyond the inputs, a line for each field."""
    shown = {path.split("[]", maxsplit=1)[0] for path in paths}
    return "\n".join(
        f"{path} = {format_entry(path, entry)}"
        for path, entry in list_entries(document).items()
        if path not in shown
    )


def read_fields(
    paths: Sequence[str], typed: Mapping[str, str], *, prefix: str, unit_of_bare: bool = True
) -> ReadForm:
    """Return what was typed into the inputs of fields; a bare number is in the unit that the form names."""
    document: dict[str, Any] = {}
    problems: dict[str, str] = {}
    lists: dict[str, list[dict[str, Any]]] = {}
    for path in paths:
        name = f"{prefix}:{path}"
        text = typed.get(name, "").strip()
        if not text:
            continue
        try:
            if "[]" in path:
                _read_list(path, text, lists)
            else:
                document = place_entry(document, path, _read(path, text, unit_of_bare=unit_of_bare))
        except CellRefusedError as refusal:
            problems[name] = f"{refusal.message} {refusal.hint}".strip()
    for head, items in lists.items():
        document = place_entry(document, head, items)
    return ReadForm(document, problems)


def read_lines(text: str, document: Mapping[str, Any]) -> ReadForm:
    """Return the document with what was typed line by line as `field = value`."""
    said = dict(document)
    problems: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        path, sign, value = line.partition("=")
        try:
            _refuse_without_sign(line, sign)
            said = place_entry(said, path.strip(), _read(path.strip(), value.strip(), unit_of_bare=False))
        except CellRefusedError as refusal:
            problems[MORE] = f"Line {number}: {refusal.message} {refusal.hint}".strip()
    return ReadForm(said, problems)


def _refuse_without_sign(line: str, sign: str) -> None:
    if not sign:
        raise CellRefusedError("no_value", f'"{line.strip()[:60]}" has no "=".', "Write field = value.")


def _read(path: str, text: str, *, unit_of_bare: bool) -> Any:
    return read_typed(path, text, unit=find_field(path).unit if unit_of_bare else None).entry


def _read_list(path: str, text: str, lists: dict[str, list[dict[str, Any]]]) -> None:
    head, _, rest = path.partition("[].")
    parts = [part.strip() for part in text.split(";")]
    items = lists.setdefault(head, [{} for _ in parts])
    if len(items) != len(parts):
        raise CellRefusedError(
            "wrong_count",
            f"{len(parts)} values were given for {len(items)} detectors.",
            "Give one for each, parted by semicolons.",
        )
    for item, part in zip(items, parts, strict=True):
        item[rest] = _read(path, part, unit_of_bare=True)


def describe_values(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return what a document says, field by field, as people read it."""
    known = load_catalogue().measurement
    lines: list[tuple[str, str]] = []
    for path, entry in list_entries(document).items():
        if isinstance(entry, list) and entry and isinstance(entry[0], Mapping):
            for key in dict.fromkeys(key for item in entry for key in item):
                inner = f"{path}[].{key}"
                title = known[inner].title if inner in known else key
                whole = known[path].title if path in known else path
                lines.append(
                    (
                        f"{whole}: {title.lower()}",
                        "; ".join(describe_entry(inner, item.get(key)) for item in entry if key in item),
                    )
                )
        else:
            lines.append((known[path].title if path in known else path, describe_entry(path, entry)))
    return lines


CONDITIONS = CONDITION_FIELDS
VALUES = tuple(path for _, paths in PRESET_GROUPS for path in paths)
