"""The document for `--metadata`: {schema, dataset, defaults, measurements: {path or glob: …}}."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any

from repository.schema.checks.structure import check_structure
from repository.schema.checks.suggestions import suggest_word
from repository.schema.checks.validation import check_supplied_layer
from repository.schema.documents.normalization import normalize_document
from repository.schema.findings import Finding
from repository.schema.places import escape_pointer
from repository.schema.versions.in_force import SCHEMA_KEY, VERSION_IN_FORCE, list_versions
from repository.schema.versions.steps import MovedDocument, UnknownVersionError, move_supplied

TOP_KEYS = ("dataset", "defaults", "measurements")
_WILD = frozenset("*?")


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
    for pointer, layer in _list_layers(document):
        findings.extend(_move(finding, pointer) for finding in check_supplied_layer(layer))
    return findings


def select_supplied(
    document: Mapping[str, Any], path: str, *, companions: Sequence[str] = ()
) -> list[tuple[str, dict[str, Any]]]:
    """Return the layers that apply to a file as (label, document): defaults, then patterns in their order.

    Later layers override earlier ones.

    Parameters
    ----------
    path
        Path of the measurement's primary file in the deposit.
    companions
        Its other files: a pattern that names one of them applies too.
    """
    layers = []
    defaults = document.get("defaults")
    if isinstance(defaults, Mapping):
        layers.append(("defaults", dict(defaults)))
    measurements = document.get("measurements")
    for pattern, layer in measurements.items() if isinstance(measurements, Mapping) else ():
        if isinstance(layer, Mapping) and any(
            matches_pattern(name, str(pattern)) for name in (path, *companions)
        ):
            layers.append((f"measurements/{pattern}", dict(layer)))
    return layers


def list_unmatched(document: Mapping[str, Any], paths: Sequence[str]) -> list[Finding]:
    """Report patterns of the document that name none of the files."""
    measurements = document.get("measurements")
    return [
        Finding(
            "warning",
            "pattern_matches_nothing",
            f'"{pattern}" names none of the {len(paths)} files.',
            f"/measurements/{escape_pointer(str(pattern))}",
            "Write the path as it stands in the deposit, or a pattern: * within a folder, ** across folders.",
            "structure",
        )
        for pattern in (measurements if isinstance(measurements, Mapping) else ())
        if not any(matches_pattern(path, str(pattern)) for path in paths)
    ]


def matches_pattern(path: str, pattern: str) -> bool:
    """Say whether a path is named by a pattern.

    Equal texts always match (also with brackets in them). `*` and `?` stay within a folder, `**` crosses
    folders; a pattern without a slash is compared with the name of the file in any folder.
    """
    path, pattern = path.removeprefix("./"), pattern.removeprefix("./")
    if path == pattern:
        return True
    name = path if "/" in pattern else PurePosixPath(path).name
    # In a deposit of many files most patterns are plain paths: what they cost is paid for each pair.
    if not _WILD.intersection(pattern):
        return name == pattern
    return name == pattern or re.fullmatch(_translate(pattern), name) is not None


@lru_cache(maxsize=1024)
def _translate(pattern: str) -> str:
    pieces = re.split(r"(\*\*/|\*\*|\*|\?)", pattern)
    wild = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return "".join(wild.get(piece, re.escape(piece)) for piece in pieces)


def _list_layers(document: Mapping[str, Any]) -> list[tuple[str, Any]]:
    layers: list[tuple[str, Any]] = []
    if document.get("defaults") is not None:
        layers.append(("/defaults", document["defaults"]))
    measurements = document.get("measurements")
    if isinstance(measurements, Mapping):
        layers.extend(
            (f"/measurements/{escape_pointer(str(pattern))}", {} if layer is None else layer)
            for pattern, layer in measurements.items()
        )
    elif measurements is not None:
        layers.append(("/measurements", measurements))
    return layers


def _check_dataset(dataset: Any) -> list[Finding]:
    if not isinstance(dataset, Mapping):
        return [_move(finding, "/dataset") for finding in check_structure(dataset)]
    normal = normalize_document(dataset, kind="dataset")
    findings = check_structure(normal, kind="dataset")  # title, creators and license are filled in later
    kept = [finding for finding in findings if finding.pointer or finding.code != "key_missing"]
    return [_move(finding, "/dataset") for finding in kept]


def _report_unknown(key: str) -> Finding:
    closest = suggest_word(key, TOP_KEYS)
    meant = f'Did you mean "{closest}"? ' if closest else ""
    return Finding(
        "error",
        "unknown_key",
        f'"{key}" is not a part of a metadata document.',
        f"/{escape_pointer(key)}",
        f"{meant}Its parts are dataset, defaults (for all) and measurements (by path or pattern).",
    )


def _move(finding: Finding, prefix: str) -> Finding:
    return Finding(
        severity=finding.severity,
        code=finding.code,
        message=finding.message,
        pointer=prefix + finding.pointer,
        hint=finding.hint,
        layer=finding.layer,
    )
