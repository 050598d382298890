"""Calibrations as pages show them: a line of a list, a sentence beside a signal, what comes of taking one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontend.presentation.quantities import describe_entry
from repository.schema.checks.carried_calibrations import CALIBRATED_FIELDS, CarriedCalibration
from repository.schema.documents.calibrated_axes import name_calibration
from repository.schema.places import get_entry
from repository.schema.quantities.unit_symbols import get_symbol
from repository.schema.questions.fields import load_catalogue
from repository.selectors.visibility import CalibrationRow
from repository.services.answer_writes import AnswerResult


@dataclass(frozen=True, slots=True)
class CalibrationLine:
    """One number of a calibration in a list."""

    row: CalibrationRow
    title: str
    text: str
    conditions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class TakenLine:
    """A calibration that was taken in a deposit: for how many files, and the newer number where there is one."""

    reference: str
    title: str
    text: str
    count: int
    newer: int | None

    @property
    def newest(self) -> str:
        """Return what is to be looked at: the newer number, else this one."""
        return self.reference if self.newer is None else f"{self.reference.rpartition('/')[0]}/{self.newer}"


@dataclass(frozen=True, slots=True)
class Preview:
    """What would come of taking a calibration.

    Attributes
    ----------
    lines
        The measurements for which it is meant.
    left_out
        Why it is not taken elsewhere, and for how many measurements.
    may_take
        Whether it can be taken for any of them.
    """

    lines: tuple[AnswerResult, ...]
    left_out: tuple[tuple[str, int], ...]
    may_take: bool


def build_line(row: CalibrationRow) -> CalibrationLine:
    """Return a number of a calibration as people read it."""
    known = load_catalogue().measurement
    return CalibrationLine(
        row,
        known[row.quantity].title,
        describe_entry(row.quantity, row.value),
        tuple((known[path].title, describe_entry(path, entry)) for path, entry in row.conditions.items()),
    )


def list_taken(document: Mapping[str, Any], offered: Sequence[CalibrationRow]) -> tuple[TakenLine, ...]:
    """Return the calibrations that a deposit's document carries, in the order of their quantities.

    Parameters
    ----------
    document
        Of the deposit: what was taken stands in it by the path of the file.
    offered
        The newest numbers that the visitor may take.
    """
    newest = {row.series: row.number for row in offered}
    found: dict[tuple[str, str], tuple[Any, set[str]]] = {}
    for field in CALIBRATED_FIELDS:
        for part in ("calibrations", "measurements"):
            for path, layer in (document.get(part) or {}).items():
                named = name_calibration(layer, field)
                if named is not None and "/" in named:
                    found.setdefault((field, named), (get_entry(layer, field), set()))[1].add(path)
    lines = []
    for (field, named), (entry, paths) in found.items():
        series, _, number = named.rpartition("/")
        later = newest.get(series, 0)
        is_newer = number.isdecimal() and later > int(number)
        title = load_catalogue().measurement[field].title
        lines.append(
            TakenLine(named, title, describe_entry(field, entry), len(paths), later if is_newer else None)
        )
    return tuple(lines)


def list_quantities(paths: Sequence[str]) -> list[tuple[str, str]]:
    """Return the quantities that may be chosen, with their titles and units."""
    known = load_catalogue().measurement
    return [
        (
            path,
            f"{known[path].title}{f' ({unit})' if (unit := get_symbol(known[path].unit or '1')) else ''}",
        )
        for path in paths
    ]


def describe_carried(carried: Sequence[CarriedCalibration]) -> tuple[str, ...]:
    """Return a sentence for each calibration that a signal carries."""
    return tuple(
        f"{one.title} {one.value}{_name_axes(one)}: calibration {one.id}, number {one.number}"
        f"{f' ({one.calibrated_from})' if one.calibrated_from else ''}."
        for one in carried
    )


def _name_axes(carried: CarriedCalibration) -> str:
    return f" on {', '.join(carried.axes)}" if carried.axes else ""


def build_preview(results: Sequence[AnswerResult]) -> Preview:
    """Return what a dry run says, what is refused together by its reason."""
    lines = tuple(one for one in results if one.result != "refused" or one.code == "file_scales_axis")
    reasons = Counter(one.message for one in results if one not in lines)
    return Preview(lines, tuple(reasons.most_common()), any(one.result != "refused" for one in results))


def name_value_source(entry: Any, source: str) -> str:
    """Return where a value is from, with id and number of the calibration that it was taken from."""
    named = entry.get("calibration") if isinstance(entry, Mapping) else None
    return f"{source} {named}" if isinstance(named, str) else source
