"""What a correction of a published version would change: made for the preview, and again when it is written down."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.errors import InvalidMetadataError, RevisionChangesNothingError, RevisionNeedsVersionError
from repository.models import DatasetVersion, Deposit, Measurement
from repository.models.deposit import ID_PATTERN
from repository.models.revision import Description
from repository.schema import (
    normalize_document,
    validate_dataset,
    validate_measurement,
    validate_supplied,
)
from repository.schema.checks.corrections import (
    Correction,
    apply_corrections,
    list_corrections,
    rebase_corrections,
)
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.merge_patch import apply_merge_patch
from repository.schema.documents.pattern_order import follow_order
from repository.schema.findings import Finding as Found
from repository.schema.places import build_pointer
from repository.schema.quantities.signals import SignalAxis
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.versions.in_force import VERSION_IN_FORCE
from repository.services.calibration_claims import settle_claims
from repository.services.deposits import read_supplied, refuse_findings
from repository.services.judgements import merge_measurement, select_layers

AXES_STAY = "axes_stay"
_NAMED = 5  # files in one sentence


@dataclass(frozen=True, slots=True)
class CorrectedMeasurement:
    """What a correction makes of one measurement.

    Attributes
    ----------
    new
        What the checks find that they did not find in it before.
    findings
        All that readers are shown of it then.
    """

    id: str
    path: str
    metadata: Mapping[str, Any]
    corrections: tuple[Correction, ...]
    new: tuple[Found, ...]
    findings: tuple[Mapping[str, str], ...]


@dataclass(frozen=True, slots=True)
class RevisionPlan:
    """What the next revision of a version would say, and what stands in its way.

    Attributes
    ----------
    before
        What the version says now.
    supplied
        What persons supplied, corrected.
    new
        What the checks find in the description that they did not find before.
    """

    before: Description
    supplied: Mapping[str, Any]
    document: Mapping[str, Any]
    corrections: tuple[Correction, ...]
    measurements: tuple[CorrectedMeasurement, ...]
    new: tuple[Found, ...]

    @property
    def number(self) -> int:
        """Return the number that the revision will have."""
        return self.before.newest + 1

    @property
    def changes(self) -> list[dict[str, Any]]:
        """Return every field that changes, of the description first."""
        own = [{"measurement": "", "path": "", **one.as_dict()} for one in self.corrections]
        return own + [
            {"measurement": corrected.id, "path": corrected.path, **one.as_dict()}
            for corrected in self.measurements
            for one in corrected.corrections
        ]

    @property
    def found(self) -> list[tuple[str, str | None, Found]]:
        """Return what the checks newly find, each with the file and the measurement in which."""
        placed: list[tuple[str, str | None, Found]] = [("", None, one) for one in self.new]
        return placed + [
            (corrected.path, corrected.id, one) for corrected in self.measurements for one in corrected.new
        ]

    @property
    def entries(self) -> dict[str, dict[str, Any]]:
        """Return what the revision keeps of measurements: all that are not any more as they were published."""
        former = self.before.revision
        kept = dict(former.measurements) if former is not None else {}
        if former is not None and former.schema_version != VERSION_IN_FORCE:
            wordings = self.before.wordings
            kept = {key: {**entry, "metadata": wordings[key].present} for key, entry in kept.items()}
        for corrected in self.measurements:
            kept[corrected.id] = {
                "metadata": dict(corrected.metadata),
                "findings": [dict(finding) for finding in corrected.findings],
            }
        return kept


def plan_revision(
    *, version: DatasetVersion, before: Description, deposit: Deposit, patch: Mapping[str, Any]
) -> RevisionPlan:
    """Return what a correction would change; nothing is read of any file, and nothing is written.

    Parameters
    ----------
    before
        What the version says now.
    patch
        A merge patch of what persons supplied: dataset, defaults, kinds, measurements by path, pattern or id.

    Raises
    ------
    InvalidMetadataError
        The correction itself cannot be read.
    RevisionNeedsVersionError
        It concerns what files are read by, or who may have the bytes; the findings name each file and field.
    RevisionChangesNothingError
        Every value is said already.
    """
    supplied = before.supplied
    if supplied is None:  # published before versions kept it
        supplied = deposit.document
    rows = _list_measurements(version)
    wanted = _name_files(read_supplied(patch), rows)
    merged = apply_merge_patch(supplied, wanted)
    _refuse_newly_invalid(supplied, merged)
    corrected = follow_order(settle_claims(supplied, merged), wanted)
    document = _correct_dataset(before, wanted.get("dataset"))
    plan = RevisionPlan(
        before=before,
        supplied=corrected,
        document=document,
        corrections=tuple(list_corrections(before.present, document, kind="dataset")),
        measurements=tuple(_correct_measurements(before, rows, supplied, corrected)),
        new=_list_new(validate_dataset(before.present), validate_dataset(document)),
    )
    _refuse_reading(plan)
    if not plan.changes:
        raise RevisionChangesNothingError(
            f"The correction changes nothing of {version}: "
            + (
                "what it says is said already."
                if corrected == supplied
                else "what was said for many files never stands over what a file says itself."
            ),
            hint="" if corrected == supplied else "Give the value for the file, by its path or id.",
        )
    return plan


def _list_measurements(version: DatasetVersion) -> list[Measurement]:
    links = version.measurements.select_related("measurement__primary_file").prefetch_related(
        "measurement__signals", "measurement__parts__data_file"
    )
    return [link.measurement for link in links.defer("measurement__header")]


def _name_files(patch: Mapping[str, Any], rows: Sequence[Measurement]) -> dict[str, Any]:
    """Return the patch with paths in the place of ids of measurements."""
    layers = patch.get("measurements")
    if not isinstance(layers, Mapping):
        return dict(patch)
    paths = {row.pk: row.primary_file.path for row in rows}
    strangers = [
        str(key)
        for key in layers
        if re.fullmatch(ID_PATTERN, str(key)) and key not in paths and key not in paths.values()
    ]
    if strangers:
        raise InvalidMetadataError(
            f"The version has no measurement {strangers[0]}.",
            pointer=f"/measurements/{strangers[0]}",
            hint=f"It has {', '.join(list(paths)[:10])}.",
        )
    return {**patch, "measurements": {paths.get(str(key), str(key)): layer for key, layer in layers.items()}}


def _refuse_newly_invalid(supplied: Mapping[str, Any], corrected: Mapping[str, Any]) -> None:
    errors = [one for one in validate_supplied(corrected) if one.severity == "error"]
    if errors:
        known = validate_supplied(supplied)
        errors = [one for one in errors if one not in known]
    if errors:
        refuse_findings(errors)


def _correct_dataset(before: Description, patch: Any) -> dict[str, Any]:
    if not isinstance(patch, Mapping):
        return before.present
    # Nothing is filled in: who takes the creators away is asked for them, and nobody becomes one unasked.
    corrected = apply_merge_patch(before.present, patch)
    return normalize_document(corrected, kind="dataset")


def _correct_measurements(
    before: Description,
    rows: Iterable[Measurement],
    supplied: Mapping[str, Any],
    corrected: Mapping[str, Any],
) -> Iterable[CorrectedMeasurement]:
    """Yield the measurements of which something else is said.

    Header and answers are merged with the former and with the corrected answers, both by the rules of today, and only
    in what these two differ the version is corrected: what the rules have become since then changes nothing.
    """
    wordings = before.wordings
    for row in rows:
        if select_layers(row, supplied) == select_layers(row, corrected):
            continue
        former, conflicts = merge_measurement(row, supplied)
        merged, new_conflicts = merge_measurement(row, corrected)
        wanted = list_corrections(normalize_document(former), normalize_document(merged), kind="measurement")
        said = wordings[row.pk].present
        corrections = rebase_corrections(said, wanted)
        if corrections:
            metadata = normalize_document(apply_corrections(said, corrections))
            yield _judge(row, before, metadata, corrections, conflicts, new_conflicts)


def _judge(
    row: Measurement,
    before: Description,
    metadata: Mapping[str, Any],
    corrections: tuple[Correction, ...],
    conflicts: Sequence[Found],
    new_conflicts: Sequence[Found],
) -> CorrectedMeasurement:
    said, shapes = before.wordings[row.pk].present, row.shapes
    former = [*conflicts, *validate_measurement(said, signals=shapes)]
    now = [*new_conflicts, *validate_measurement(metadata, signals=shapes)]
    new = _list_new(former, now)
    gone = {_key(one) for one in former} - {_key(one) for one in now}
    shown = [
        one
        for one in before.get_entry(row.pk)["findings"]
        if _key_of(one) not in gone and one["code"] != AXES_STAY
    ]
    stay = _describe_axes(row, metadata)
    return CorrectedMeasurement(
        id=row.pk,
        path=row.primary_file.path,
        metadata=metadata,
        corrections=corrections,
        new=(*new, *stay),
        findings=(*shown, *(_as_dict(one) for one in (*new, *stay))),
    )


def _describe_axes(row: Measurement, metadata: Mapping[str, Any]) -> list[Found]:
    """Return a note where the corrected record would calibrate the arrays otherwise than they were published."""
    made = {shape.name: shape for shape in row.calibrated_shapes}
    return [
        Found(
            "info",
            AXES_STAY,
            f"The array {shape.name} keeps the axes with which it was published: {_show_axis(was)}. "
            f"The corrected description says {_show_axis(axis)}.",
            hint="Arrays, pictures and numbers computed from them are those of the published version.",
            layer="cross_field",
        )
        for shape in calibrate_signals(row.shapes, metadata)
        for was, axis in zip(made[shape.name].axes, shape.axes, strict=True)
        if (was.scale, was.unit, was.offset) != (axis.scale, axis.unit, axis.offset)
    ]


def _show_axis(axis: SignalAxis) -> str:
    if axis.scale is None:
        return f"{axis.name} without a scale"
    start = f" from {axis.offset:.6g}" if axis.offset else ""
    return f"{axis.name} {axis.scale:.6g} {get_symbol(axis.unit or '1')} a step{start}"


def _list_new(former: Iterable[Found], now: Iterable[Found]) -> tuple[Found, ...]:
    known = {_key(one) for one in former}
    return tuple(one for one in now if _key(one) not in known)


def _key(one: Found) -> tuple[str, str, str]:
    return (one.code, one.pointer, one.message)


def _key_of(one: Mapping[str, str]) -> tuple[str, str, str]:
    return (one["code"], one["pointer"], one["message"])


def _as_dict(one: Found) -> dict[str, str]:
    return {
        "severity": one.severity,
        "code": one.code,
        "pointer": one.pointer,
        "message": one.message,
        "hint": one.hint,
    }


def _refuse_reading(plan: RevisionPlan) -> None:
    """Refuse what words alone do not change, and say of which file, and why."""
    refused = [("", one) for one in plan.corrections if one.needs_version]
    refused += [
        (corrected.path, one)
        for corrected in plan.measurements
        for one in corrected.corrections
        if one.needs_version
    ]
    if not refused:
        return
    findings = [_explain(path, one) for path, one in refused]
    files = list(dict.fromkeys(path for path, _ in refused if path))
    names = f"{', '.join(files[:_NAMED])}{' …' if len(files) > _NAMED else ''}"
    what = f"{names} would have to be read again" if files else "it decides who may have the bytes"
    raise RevisionNeedsVersionError(
        f"This is more than a correction of words: {what}. It needs a new version.", findings=findings
    )


def _explain(path: str, one: Correction) -> Found:
    told = one.as_dict()
    change = f"{told['old_text'] or 'nothing'} → {told['new_text'] or 'nothing'}"
    if path:
        message = f"{one.title} of {path} ({change}) decides how the file is read, or what is made of it."
        hint = "In a new version this file is read again; all others stay as they are."
    else:
        message = f"{one.title} ({change}) decides who may have the bytes, and is no matter of description."
        hint = "Say it with a new version; what is published keeps what was promised with it."
    return Found("error", "needs_new_version", message, build_pointer(one.path), hint)
