"""The whole judgement on a document: structure, quantities, cross-field, and what is missing."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.checks.cross_field import detector_checks, scan_checks, spectrum_checks, time_checks
from repository.schema.checks.cross_field.context import Check, build_context
from repository.schema.checks.outside_identifiers import check_identifiers
from repository.schema.checks.ranges import check_quantities
from repository.schema.checks.structure import check_structure
from repository.schema.documents.normalization import normalize_document
from repository.schema.export.licenses import LICENSES
from repository.schema.findings import Finding
from repository.schema.places import build_pointer, get_plain, get_value, is_gap, is_value
from repository.schema.quantities.signals import SignalShape
from repository.schema.questions.answers import list_unexplained_axes
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.requirements import Requirement, list_requirements

CROSS_FIELD_CHECKS: tuple[Check, ...] = (
    *scan_checks.CHECKS,
    *detector_checks.CHECKS,
    *spectrum_checks.CHECKS,
    *time_checks.CHECKS,
)


def validate_measurement(
    document: Any,
    *,
    signals: Sequence[SignalShape] | None = None,
    looked_for: Mapping[str, Sequence[str]] | None = None,
    requirements: Sequence[Requirement] | None = None,
    now: dt.datetime | None = None,
) -> list[Finding]:
    """Judge a measurement document, merged and normalized or as typed.

    Parameters
    ----------
    signals
        The arrays that were read; None when they are not known.
    looked_for
        Keys of the vendor header that were searched, per field path; named where a required value is missing.
    requirements
        What is asked of this document, where that is known already; worked out without it.
    now
        The clock that dates are compared with; the system's by default.

    Returns
    -------
    list of Finding
        Structure first, then quantities, cross-field, and unanswered questions. No error means fit to
        publish.
    """
    if not isinstance(document, Mapping):
        return check_structure(document)
    normal = normalize_document(document)
    context = build_context(normal, signals, now)
    if requirements is None:
        requirements = list_requirements(normal, signals=signals, looked_for=looked_for)
    return [
        *check_structure(normal),
        *check_quantities(normal),
        *(finding for check in CROSS_FIELD_CHECKS for finding in check(context)),
        *_check_requirements(normal, signals, requirements),
    ]


def check_supplied_layer(document: Any) -> list[Finding]:
    """Judge what a person supplied for a measurement before it is merged; nothing is demanded."""
    if not isinstance(document, Mapping):
        return check_structure(document)
    normal = normalize_document(document)
    return [*check_structure(normal), *check_quantities(normal)]


def validate_dataset(document: Any, *, now: dt.datetime | None = None) -> list[Finding]:
    """Judge the document about the whole dataset; creators and license have been filled in by then."""
    if not isinstance(document, Mapping):
        return check_structure(document, kind="dataset")
    normal = normalize_document(document, kind="dataset")
    return [
        *check_structure(normal, kind="dataset"),
        *check_quantities(normal, kind="dataset"),
        *check_identifiers(normal, kind="dataset"),
        *_check_dataset_fields(normal, now or dt.datetime.now(dt.UTC)),
    ]


def _check_requirements(
    document: Mapping[str, Any],
    signals: Sequence[SignalShape] | None,
    requirements: Sequence[Requirement],
) -> list[Finding]:
    findings = [_report_refused_axes()] if is_gap(document.get("axes")) else []
    for requirement in requirements:
        if requirement.level != "required" or _is_judged(requirement, document):
            continue
        if requirement.state == "missing":
            findings.append(_report_missing(requirement, _name_axes(requirement, document, signals)))
        elif requirement.state == "gap" and not requirement.escape:
            findings.append(_report_refused_gap(requirement))
    return findings


def _is_judged(requirement: Requirement, document: Mapping[str, Any]) -> bool:
    """Whether what stands at the field has been refused already: words that are none, axes declared as missing."""
    if requirement.path == "axes":
        return is_gap(document.get("axes"))
    return requirement.path == "technique" and is_value(get_plain(document.get("technique")))


def _name_axes(
    requirement: Requirement, document: Mapping[str, Any], signals: Sequence[SignalShape] | None
) -> str:
    if requirement.path != "axes":
        return ""
    axes = [f'{axis.name} of "{signal}"' for signal, axis in list_unexplained_axes(document, signals or ())]
    return f" Without unit: {', '.join(axes)}."


def _report_missing(requirement: Requirement, detail: str) -> Finding:
    searched = (
        f"It was looked for in the file's header under {', '.join(requirement.looked_for)}."
        if requirement.looked_for
        else ""
    )
    fields = [path for paths in requirement.answers for path in paths]
    others = " (or: " + ", ".join(dict.fromkeys(fields[1:])) + ")" if len(set(fields)) > 1 else ""
    gap = (
        f' If it is not known, declare {{"missing": "not_recorded"}} for {requirement.path.split("[]")[0]}.'
        if requirement.escape
        else " It cannot be left out."
    )
    example = _find_example(requirement.path)
    return Finding(
        "error",
        "required_field_missing",
        f"{requirement.title} is missing. {requirement.why}{detail} No file header gave it.",
        build_pointer(requirement.path),
        f"Give {requirement.path}{others}{example}.{gap}",
        "structure",
        why=searched,
    )


def _report_refused_gap(requirement: Requirement) -> Finding:
    return Finding(
        "error",
        "gap_not_allowed",
        f"{requirement.title} cannot be declared as missing. {requirement.why}",
        build_pointer(requirement.path),
        f"Give {requirement.path}{_find_example(requirement.path)}; an estimate is an answer.",
        "structure",
    )


def _report_refused_axes() -> Finding:
    """Return the finding on axes that are declared as missing, whether or not they are asked for."""
    return Finding(
        "error",
        "gap_not_allowed",
        "Axes with units cannot be declared as missing: they say what the numbers of an array stand for.",
        "/axes",
        "Leave it out. A step or scale that nobody knows is declared at its own field, such as scan_step.",
        "structure",
    )


def _find_example(path: str) -> str:
    field = load_catalogue().measurement.get(path)
    if field is not None and field.vocabulary is not None:
        return f": {', '.join(load_catalogue().words(field.vocabulary))}"
    return f", for example {field.examples[0]!r}" if field is not None and field.examples else ""


def _check_dataset_fields(document: Mapping[str, Any], now: dt.datetime) -> list[Finding]:
    findings = []
    creators = document.get("creators")
    if isinstance(creators, list) and not creators:
        hint = "Name at least one creator; by default it is the account that deposits."
        findings.append(Finding("error", "key_missing", "The dataset has no creator.", "/creators", hint))
    if not get_value(document, "abstract"):
        hint = "Two or three sentences make the dataset findable; publication does not depend on them."
        findings.append(
            Finding("info", "abstract_missing", "The dataset has no abstract.", "/abstract", hint)
        )
    license_id = get_value(document, "license")
    if isinstance(license_id, str) and license_id not in LICENSES:
        message = f'"{license_id}" is not a licence that is known here.'
        hint = "Readers cannot tell what they may do with the data. Usual: CC-BY-4.0, CC0-1.0, CC-BY-SA-4.0, "
        "ODbL-1.0. SPDX identifiers are case-sensitive."
        findings.append(Finding("warning", "license_unknown", message, "/license", hint))
    kept = [finding for finding in findings if not is_gap(document.get(finding.pointer[1:]))]
    return [*kept, *_check_embargo(document, now)]


def _check_embargo(document: Mapping[str, Any], now: dt.datetime) -> list[Finding]:
    access, until = get_value(document, "access"), get_value(document, "embargo_until")
    if access == "embargoed" and until is None:
        message, hint = (
            "Embargoed access needs the date on which it ends: readers are told it, and then the data open.",
            "Give embargo_until, for example 2027-01-31; a day that nobody has recorded is no end. Or choose open.",
        )
        return [Finding("error", "embargo_date_missing", message, "/embargo_until", hint, "cross_field")]
    try:
        ends = dt.date.fromisoformat(str(until))
    except ValueError:
        return []  # open access, or no date: the structure layer has said so
    if ends <= now.date():
        message, hint = (
            f"The embargo ends on {until}, which has passed.",
            "Give a later date, or open access.",
        )
        return [Finding("error", "embargo_date_past", message, "/embargo_until", hint, "cross_field")]
    return []
