"""Recording what reading and converting found. Called inside the transaction that settles a job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils import timezone

from repository.errors import StateConflictError
from repository.models import (
    ArrayObject,
    DataFile,
    Deposit,
    Finding,
    Measurement,
    Signal,
)
from repository.schema.findings import Finding as Found
from repository.services.findings import replace_findings
from repository.services.products import (
    StoredArrayObject,
    StoredProduct,
    create_array_objects,
    create_products,
)
from repository.services.stored_objects import hold_objects
from repository.services.succession import create_measurement
from repository.states import MeasurementMove, MeasurementState

WITHOUT_IT = "Or take its files out of the deposit: the rest can be published without them."


@dataclass(frozen=True, slots=True)
class RecognizedFile:
    """What a stored file is."""

    path: str
    format: str
    label: str
    is_read: bool
    opens_alone: bool = False


@dataclass(frozen=True, slots=True)
class GroupedFiles:
    """Files that make one measurement, the primary one first."""

    format: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignalDescription:
    """An array before it is converted."""

    name: str
    title: str
    shape: tuple[int, ...]
    dtype: str
    axes: tuple[Mapping[str, Any], ...]
    n_signal_axes: int
    intensity_unit: str
    shape_origin: str
    orientation: str


@dataclass(frozen=True, slots=True)
class ConvertedSignal:
    """A converted array with everything that was derived in the same pass; `axes` are those that it was made with."""

    name: str
    statistics: Mapping[str, Any]
    axes: tuple[Mapping[str, Any], ...] = ()
    objects: tuple[StoredArrayObject, ...] = ()
    products: tuple[StoredProduct, ...] = ()


def record_recognition(
    *,
    deposit: Deposit,
    files: Sequence[RecognizedFile],
    groups: Sequence[GroupedFiles],
    findings: Mapping[str, Sequence[Found]],
) -> list[str]:
    """Write down what the files are and which belong together; return the ids of measurements to open.

    Measurements that still consist of the same files keep their id; those whose files are gone are dropped,
    unless a published version holds them.
    """
    stored = deposit.current_files.filter(state=DataFile.State.STORED)
    by_path = {file.path: file for file in stored}
    # What a version says of its files stays, though a newer program may know better.
    published = set(stored.filter(published_in__isnull=False).values_list("path", flat=True))
    changed = []
    for recognized in files:
        if recognized.path not in published:
            data_file = by_path[recognized.path]
            data_file.format = recognized.format
            data_file.format_label = recognized.label
            data_file.is_read = recognized.is_read
            data_file.opens_alone = recognized.opens_alone
            changed.append(data_file)
    DataFile.objects.bulk_update(changed, ["format", "format_label", "is_read", "opens_alone"])
    for path, data_file in by_path.items():
        replace_findings(
            deposit=deposit,
            stage=Finding.Stage.RECOGNITION,
            data_file=data_file,
            found=findings.get(path, ()),
        )
    return _record_groups(deposit, by_path, groups)


def _record_groups(
    deposit: Deposit, by_path: Mapping[str, DataFile], groups: Sequence[GroupedFiles]
) -> list[str]:
    existing = {
        measurement.primary_file.path: measurement
        for measurement in deposit.current_measurements.select_related("primary_file").prefetch_related(
            "parts__data_file"
        )
    }
    kept: list[str] = []
    to_open: list[str] = []
    for ordinal, group in enumerate(groups):
        measurement = existing.get(group.paths[0])
        if measurement is not None and _is_unchanged(measurement, group):
            Measurement.objects.filter(pk=measurement.pk, frozen_at__isnull=True).update(ordinal=ordinal)
            kept.append(measurement.pk)
            if measurement.state != Measurement.State.CONVERTED:
                to_open.append(measurement.pk)
            continue
        created = create_measurement(
            deposit=deposit,
            files=[by_path[path] for path in group.paths],
            file_format=group.format,
            ordinal=ordinal,
            former=measurement,
        )
        kept.append(created.pk)
        to_open.append(created.pk)
    deposit.measurements.filter(frozen_at__isnull=True).exclude(pk__in=kept).delete()
    return to_open


def _is_unchanged(measurement: Measurement, group: GroupedFiles) -> bool:
    paths = tuple(part.data_file.path for part in measurement.parts.all())
    return measurement.format == group.format and paths == group.paths


def record_opening(
    *,
    measurement: Measurement,
    reader: str,
    hints: Mapping[str, Any],
    header: Mapping[str, Any],
    extracted: Mapping[str, Any],
    looked_for: Mapping[str, Sequence[str]],
    personal_pointers: Mapping[str, str],
    signals: Sequence[SignalDescription],
    findings: Sequence[Found],
) -> None:
    """Write down what a file's header says and which arrays it holds."""
    measurement.reader = reader
    measurement.hints = dict(hints)
    measurement.header = dict(header)
    measurement.extracted = dict(extracted)
    measurement.looked_for = {path: list(keys) for path, keys in looked_for.items()}
    measurement.personal_pointers = dict(personal_pointers)
    _move(measurement, MeasurementMove.OPEN)
    measurement.save()
    _drop_converted(measurement)
    measurement.signals.exclude(name__in=[signal.name for signal in signals]).delete()
    for ordinal, signal in enumerate(signals):
        Signal.objects.update_or_create(
            measurement=measurement,
            name=signal.name,
            defaults={
                "ordinal": ordinal,
                "title": signal.title,
                "shape": list(signal.shape),
                "dtype": signal.dtype,
                "axes": [dict(axis) for axis in signal.axes],
                "n_signal_axes": signal.n_signal_axes,
                "intensity_unit": signal.intensity_unit,
                "shape_origin": signal.shape_origin,
                "orientation": signal.orientation,
            },
        )
    replace_findings(
        deposit=measurement.deposit, stage=Finding.Stage.READING, measurement=measurement, found=findings
    )


def _drop_converted(measurement: Measurement) -> None:
    """Forget what an earlier reading gave: it may have had another shape, and a conversion follows."""
    measurement.products.all().delete()
    ArrayObject.objects.filter(signal__measurement=measurement).delete()
    measurement.signals.update(converted_at=None, statistics={}, calibrated_axes=[])
    replace_findings(
        deposit=measurement.deposit, stage=Finding.Stage.REDUCTION, measurement=measurement, found=()
    )


def record_first_pictures(
    *,
    measurement: Measurement,
    hints: Mapping[str, Any],
    products: Mapping[str, Sequence[StoredProduct]],
    axes: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
    kinds: Mapping[str, str | None] | None = None,
) -> None:
    """Write down pictures from a part of the values, unless the measurement is past needing them.

    That is so when its conversion has ended, or when it was opened again meanwhile with other words of the person.
    """
    if measurement.state != Measurement.State.OPENED or measurement.hints != dict(hints):
        return
    for signal in measurement.signals.filter(name__in=products):
        signal.products.all().delete()
        create_products(measurement, signal, products[signal.name], is_preliminary=True)
        signal.calibrated_axes = [dict(axis) for axis in (axes or {}).get(signal.name, ())]
        signal.statistics = {"kind": kinds.get(signal.name)} if kinds else {}
        signal.save(update_fields=["calibrated_axes", "statistics"])


def record_conversion(
    *,
    measurement: Measurement,
    optics: Mapping[str, Any],
    converted: Sequence[ConvertedSignal],
    findings: Sequence[Found],
    reduction_findings: Sequence[Found] = (),
) -> None:
    """Write down the converted arrays and what was derived from them, in place of an earlier conversion."""
    hold_objects(item.sha256 for result in converted for item in result.objects)
    measurement.products.filter(is_preliminary=True).delete()
    signals = {signal.name: signal for signal in measurement.signals.all()}
    for result in converted:
        signal = signals[result.name]
        signal.objects_stored.all().delete()
        create_array_objects(signal, result.objects)
        signal.products.all().delete()  # of another array, perhaps
        create_products(measurement, signal, result.products)
        signal.statistics = dict(result.statistics)
        signal.calibrated_axes = [dict(axis) for axis in result.axes]
        signal.converted_at = timezone.now()
        signal.save()
    _move(measurement, MeasurementMove.CONVERT)
    measurement.calibration = dict(optics)
    measurement.save(update_fields=["state", "calibration"])
    replace_findings(
        deposit=measurement.deposit, stage=Finding.Stage.CONVERSION, measurement=measurement, found=findings
    )
    replace_findings(
        deposit=measurement.deposit,
        stage=Finding.Stage.REDUCTION,
        measurement=measurement,
        found=reduction_findings,
    )


def record_reading_failure(
    *, measurement: Measurement, stage: Finding.Stage, finding: Found, hints: Mapping[str, Any]
) -> None:
    """Say why a measurement could not be read; its files stay, and the other measurements go on."""
    measurement.hints = dict(hints)
    _move(measurement, MeasurementMove.FAIL)
    measurement.save(update_fields=["hints", "state"])
    # What stood at the file before it was opened is said of the measurement now, and not twice.
    Finding.objects.filter(
        deposit=measurement.deposit,
        stage=Finding.Stage.RECOGNITION,
        data_file=measurement.primary_file,
        code=finding.code,
    ).delete()
    if finding.severity == "error":
        finding = replace(finding, hint=f"{finding.hint} {WITHOUT_IT}".strip())
    replace_findings(deposit=measurement.deposit, stage=stage, measurement=measurement, found=[finding])


def _move(measurement: Measurement, move: MeasurementMove) -> None:
    """Give a measurement its next state, for the caller to save; the job that settles holds the deposit's row."""
    if measurement.state not in move.value.sources:
        raise StateConflictError(
            f"The measurement {measurement.pk} is {measurement.get_state_display().lower()}, "
            f"and cannot become {MeasurementState(move.value.target).label.lower()}."
        )
    measurement.state = move.value.target
