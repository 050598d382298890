"""The document for `--metadata`: schema, dataset, defaults, kinds, measurements by path or glob, and what is beside.

`differs` has the fields of a file for which no rule speaks; `instruments` what an instrument record says, by path, and
`calibrations` what was taken from calibrations.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.checks.outside_identifiers import check_identifiers
from repository.schema.checks.structure import check_structure
from repository.schema.checks.suggestions import suggest_word
from repository.schema.checks.validation import check_supplied_layer
from repository.schema.documents.levels import (
    CALIBRATIONS,
    DIFFERS,
    INSTRUMENTS,
    KINDS,
    OF_ONE_FILE,
    name_kind,
    remove_entry,
)
from repository.schema.documents.normalization import normalize_document
from repository.schema.documents.path_patterns import matches_pattern
from repository.schema.findings import Finding
from repository.schema.places import escape_pointer
from repository.schema.questions.fields import load_catalogue
from repository.schema.versions.in_force import SCHEMA_KEY, VERSION_IN_FORCE, list_versions
from repository.schema.versions.steps import MovedDocument, UnknownVersionError, move_supplied

TOP_KEYS = ("dataset", "defaults", "kinds", "measurements", "differs", "instruments", "calibrations")


def read_version(document: Mapping[str, Any]) -> MovedDocument:
    """Return what a person handed in, in the words of the version in force and without the version that it names.

    Raises
    ------
    UnknownVersionError
        It names a version that does not exist.
    """
    rest = {key: part for key, part in document.items() if key != SCHEMA_KEY}
    return move_supplied(rest, since=str(document.get(SCHEMA_KEY) or VERSION_IN_FORCE))


def validate_supplied(document: Any) -> list[Finding]:
    """Judge a metadata document before it is merged: keys, kinds and quantities; nothing is demanded."""
    if not isinstance(document, Mapping):
        return check_structure(document)
    try:
        document = read_version(document).document
    except UnknownVersionError as error:
        hint = f"Versions are {', '.join(list_versions())}. Without the line it is {VERSION_IN_FORCE}."
        return [Finding("error", "schema_version_unknown", str(error), f"/{SCHEMA_KEY}", hint)]
    findings = [_report_unknown(str(key)) for key in document if key not in TOP_KEYS]
    dataset = document.get("dataset")
    if dataset is not None:
        findings.extend(_check_dataset(dataset))
    findings += [*_check_kinds(document), *_check_differing(document)]
    for pointer, layer in _list_layers(document):
        findings.extend(_move(finding, pointer) for finding in check_supplied_layer(layer))
    return findings


def select_supplied(
    document: Mapping[str, Any], path: str, *, companions: Sequence[str] = ()
) -> list[tuple[str, dict[str, Any]]]:
    """Return the layers that may apply to a file as (label, document): for all, for kinds, by pattern, by its path.

    Before them all stands what an instrument record says of the file, and after the rules what calibrations
    say of it. Later layers override earlier ones. Layers of all kinds are there: which one speaks of the file follows
    from its techniques, when they are merged. What differs for the file is left out of the rules.

    Parameters
    ----------
    path
        Path of the measurement's primary file in the deposit.
    companions
        Its other files: a pattern that names one of them applies too.
    """
    defaults, kinds, measurements = (_read_part(document, key) for key in ("defaults", KINDS, "measurements"))
    known = _read_part(document, INSTRUMENTS).get(path)
    rules = [(f"{INSTRUMENTS}/{path}", known)] if known else []
    rules += [("defaults", defaults)] if "defaults" in document else []
    rules += [(f"{KINDS}/{kind}", layer) for kind, layer in kinds.items()]
    taken = _read_part(document, CALIBRATIONS).get(path)
    rules += [(f"{CALIBRATIONS}/{path}", taken)] if taken else []
    layers = [
        (label, _leave_out(layer, list_differing(document, path)))
        for label, layer in rules
        if isinstance(layer, Mapping)
    ]
    named = [
        (f"measurements/{pattern}", dict(layer))
        for pattern, layer in measurements.items()
        if isinstance(layer, Mapping)
        and any(matches_pattern(name, str(pattern)) for name in (path, *companions))
    ]
    own = f"measurements/{path}"
    return [*layers, *sorted(named, key=lambda entry: entry[0] == own)]


def list_differing(document: Mapping[str, Any], path: str) -> list[str]:
    """Return the fields for which no rule speaks of this file: the person said that it differs there."""
    differing = _read_part(document, DIFFERS).get(path)
    return [str(field) for field in differing] if isinstance(differing, list) else []


def _read_part(document: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    part = document.get(key)
    return part if isinstance(part, Mapping) else {}


def _leave_out(layer: Mapping[str, Any], fields: Sequence[str]) -> dict[str, Any]:
    kept = dict(layer)
    for field in fields:
        kept = remove_entry(kept, field)
    return kept


def list_unmatched(document: Mapping[str, Any], paths: Sequence[str]) -> list[Finding]:
    """Report patterns of the document that name none of the files."""
    measurements = document.get("measurements")
    return [
        Finding(
            "warning",
            "pattern_matches_nothing",
            f'"{pattern}" names none of the {len(paths)} files.',
            f"/measurements/{escape_pointer(str(pattern))}",
            "What is answered there reaches no data. Write the path as it stands in the deposit, or a pattern: "
            "* within a "
            "folder, ** across folders.",
            "structure",
        )
        for pattern in (measurements if isinstance(measurements, Mapping) else ())
        if not any(matches_pattern(path, str(pattern)) for path in paths)
    ]


def _list_layers(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    layers: list[tuple[str, Any]] = []
    if document.get("defaults") is not None:
        layers.append(("/defaults", document["defaults"]))
    for part in (KINDS, "measurements", INSTRUMENTS, CALIBRATIONS):
        named = document.get(part)
        if isinstance(named, Mapping):
            layers.extend(
                (f"/{part}/{escape_pointer(str(name))}", {} if layer is None else layer)
                for name, layer in named.items()
            )
        elif named is not None:
            layers.append((f"/{part}", named))
    return layers


def _check_kinds(document: Mapping[str, Any]) -> list[Finding]:
    """Report kinds that no measurement can have, and fields that are each file's own."""
    known = load_catalogue().words("technique")
    findings = []
    for kind, layer in _read_part(document, KINDS).items():
        place = f"/{KINDS}/{escape_pointer(str(kind))}"
        if name_kind(str(kind).split("+")) != kind:
            hint = f"Join the techniques of the measurements by +, in this order: {', '.join(known)}."
            message = f'"{kind}" is no kind of measurement.'
            findings.append(Finding("error", "kind_unknown", message, place, hint))
        for key in sorted(OF_ONE_FILE & set(layer)) if isinstance(layer, Mapping) else ():
            message = f'"{key}" is each file\'s own, and no rule for a kind of measurement.'
            hint = "Give it under measurements, for the files that have it."
            findings.append(Finding("error", "field_of_one_file", message, f"{place}/{key}", hint))
    return findings


def _check_differing(document: Mapping[str, Any]) -> list[Finding]:
    """Report what is no list of fields for a file."""
    part = document.get(DIFFERS)
    fields = load_catalogue().measurement
    entries = part.items() if isinstance(part, Mapping) else [("", part)] if part is not None else []
    return [
        Finding(
            "error",
            "wrong_type",
            f'What differs for "{path}" is a list of fields.',
            f"/{DIFFERS}/{escape_pointer(str(path))}",
            "For example: {differs: {scan_1.dm4: [probe_current]}}.",
        )
        for path, names in entries
        if not isinstance(names, list) or not all(isinstance(name, str) and name in fields for name in names)
    ]


def _check_dataset(dataset: Any) -> list[Finding]:
    if not isinstance(dataset, Mapping):
        return [_move(finding, "/dataset") for finding in check_structure(dataset)]
    normal = normalize_document(dataset, kind="dataset")
    findings = check_structure(normal, kind="dataset")  # title, creators and license are filled in later
    kept = [finding for finding in findings if finding.pointer or finding.code != "key_missing"]
    return [_move(finding, "/dataset") for finding in (*kept, *check_identifiers(normal, kind="dataset"))]


def _report_unknown(key: str) -> Finding:
    closest = suggest_word(key, TOP_KEYS)
    meant = f'Did you mean "{closest}"? ' if closest else ""
    return Finding(
        "error",
        "unknown_key",
        f'"{key}" is not a part of a metadata document.',
        f"/{escape_pointer(key)}",
        f"{meant}Its parts are dataset, defaults (for all), kinds (by technique), measurements (by path or pattern).",
    )


def _move(finding: Finding, prefix: str) -> Finding:
    return Finding(
        severity=finding.severity,
        code=finding.code,
        message=finding.message,
        pointer=prefix + finding.pointer,
        hint=finding.hint,
        layer=finding.layer,
        why=finding.why,
    )
