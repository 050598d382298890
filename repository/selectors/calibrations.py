"""Calibrations as the people see them who may use their record; who that is is asked in `visibility`."""

from collections.abc import Mapping

from repository.errors import InvalidMetadataError, NotFoundError
from repository.models import Instrument, Sample
from repository.schema.checks.carried_calibrations import CALIBRATED_FIELDS
from repository.schema.checks.taken_calibrations import CalibrationSources, TakenCalibration
from repository.schema.documents.calibrated_axes import name_calibration
from repository.schema.documents.scales import DIFFRACTION_PIXEL_FIELDS
from repository.selectors.records import build_identity, get_sample
from repository.selectors.visibility import (
    CalibrationRow,
    Visitor,
    newest_calibrations,
    visible_calibrations,
    visible_measurements,
    visible_versions,
)

LARGEST_PAGE = 200
LARGEST_NUMBER = 99_999  # more than a record keeps
SOURCES = ("measurement", "version", "sample", "calibration", "text")


def page_calibrations(
    visitor: Visitor, record: Instrument | Sample, *, first: int = 0, size: int = LARGEST_PAGE
) -> list[CalibrationRow]:
    """Return the newest number of each calibration of a record, those that are offered first."""
    own = {"instrument": record} if isinstance(record, Instrument) else {"sample": record}
    shown = newest_calibrations(visitor).filter(**own).select_related("by")
    return list(shown.order_by("is_retired", "quantity", "name", "series")[first : first + size])


def list_offered(visitor: Visitor, *, size: int = LARGEST_PAGE) -> list[CalibrationRow]:
    """Return the newest number of the calibrations that the visitor may take, of all records."""
    shown = newest_calibrations(visitor).filter(is_retired=False)
    shown = shown.exclude(instrument__retired_at__isnull=False).exclude(sample__retired_at__isnull=False)
    return list(shown.select_related("instrument", "sample").order_by("quantity", "name", "series")[:size])


def page_numbers(
    visitor: Visitor, calibration_id: str, *, first: int = 0, size: int = LARGEST_PAGE
) -> list[CalibrationRow]:
    """Return the numbers of a calibration that the visitor may use, the newest first."""
    rows = visible_calibrations(visitor).filter(series=calibration_id).select_related("by")
    return list(rows.order_by("-number")[first : first + size])


def get_calibration(visitor: Visitor, calibration_id: str, number: int | None = None) -> CalibrationRow:
    """Return a number of a calibration, the newest without one.

    Raises
    ------
    NotFoundError
        It does not exist, or its record is not shared with this visitor: a stranger cannot tell which.
    """
    rows = visible_calibrations(visitor).filter(series=calibration_id)
    if number is not None:
        rows = rows.filter(number=number)
    related = ("by", "instrument__group", "instrument__owner", "sample__group", "sample__owner")
    is_possible = number is None or number <= LARGEST_NUMBER
    row = rows.select_related(*related).order_by("-number").first() if is_possible else None
    if row is None:
        which = calibration_id if number is None else f"{calibration_id}/{number}"
        raise NotFoundError(
            f"There is no calibration {which}.",
            hint="The owner of its record can share that with your group.",
        )
    return row


def describe_taken(row: CalibrationRow) -> TakenCalibration:
    """Return a number of a calibration as it is taken for measurements."""
    return TakenCalibration(
        row.reference,
        row.quantity,
        row.value,
        row.conditions,
        row.calibrated_from,
        build_identity(row.instrument) if row.instrument is not None else None,
    )


def read_sources(visitor: Visitor, quantity: str, given: Mapping[str, str]) -> CalibrationSources:
    """Return what a calibration was calibrated from, of which the visitor may see everything.

    Parameters
    ----------
    given
        {measurement, version, sample, calibration, text}: ids, `<dataset>.v<n>`, `<calibration>/<number>`, and words.

    Raises
    ------
    NotFoundError
        It names something that does not exist for the visitor.
    InvalidMetadataError
        It names something of no known form.
    """
    said = {key: " ".join(str(given[key]).split()) for key in SOURCES if str(given.get(key) or "").strip()}
    words: list[str] = []
    rests_on: set[str] = set()
    if "sample" in said:
        words.append(f"sample {get_sample(visitor, said['sample']).name} ({said['sample']})")
    if "measurement" in said:
        rests_on |= _find_beneath(visitor, quantity, said["measurement"])
        words.append(f"measurement {said['measurement']}")
    if "version" in said:
        _require_version(visitor, said["version"])
        words.append(f"version {said['version']}")
    if "calibration" in said:
        row = _find_named(visitor, said["calibration"])
        rests_on |= {row.series, *row.rests_on}
        words.append(f"calibration {row.reference}")
    if "text" in said:
        words.append(said["text"])
    return CalibrationSources(said, "; ".join(words), tuple(sorted(rests_on)))


def _find_named(visitor: Visitor, reference: str) -> CalibrationRow:
    series, _, number = reference.partition("/")
    if not (number.isascii() and number.isdecimal() and len(number) < 6):  # noqa: PLR2004  # more than there can be
        _refuse_form(f'"{reference[:80]}" names no number of a calibration.', "Write it as 6nhc-tyhy/3.")
    return get_calibration(visitor, series, int(number))


def _require_version(visitor: Visitor, reference: str) -> None:
    dataset, _, number = reference.partition(".v")
    if not (number.isascii() and number.isdecimal() and len(number) < 6):  # noqa: PLR2004  # more than there can be
        _refuse_form(f'"{reference[:80]}" names no published version.', "Write it as 6nhc-tyhy.v1.")
    if not visible_versions(visitor).filter(dataset_id=dataset, number=int(number)).exists():
        raise NotFoundError(f"There is no published version {reference}.")


def _refuse_form(message: str, hint: str) -> None:
    raise InvalidMetadataError(message, pointer="/calibrated_from", hint=hint)


def _find_beneath(visitor: Visitor, quantity: str, measurement_id: str) -> set[str]:
    """Return the calibrations on which a measurement rests that carries one of the same quantity.

    One that was itself made of this measurement is none: what was measured there does not hang on it.
    """
    row = visible_measurements(visitor).filter(pk=measurement_id).first()
    if row is None:
        raise NotFoundError(f"There is no measurement {measurement_id}.")
    alike = DIFFRACTION_PIXEL_FIELDS if quantity in DIFFRACTION_PIXEL_FIELDS else (quantity,)
    named = {name_calibration(row.present_document, field) for field in alike} - {None}
    beneath: set[str] = set()
    for reference in filter(None, named):
        series, _, number = reference.partition("/")
        made = visible_calibrations(visitor).filter(series=series, number=number).first()
        if made is None or made.sources.get("measurement") != measurement_id:
            beneath |= {series, *(made.rests_on if made is not None else ())}
    return beneath


def list_calibrated_fields() -> tuple[str, ...]:
    """Return the quantities that a calibration can say."""
    return CALIBRATED_FIELDS
