"""A calibration as it is taken for measurements: what it may say, and what it comes to in one of them, by value."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from repository.schema.checks.carried_calibrations import NEEDS, find_meant
from repository.schema.checks.cell_values import CellRefusedError, format_entry, read_typed
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.documents.comparison import describe_difference
from repository.schema.documents.instrument_layer import InstrumentIdentity, recognise_instrument
from repository.schema.documents.levels import place_entry
from repository.schema.documents.merging import merge_metadata
from repository.schema.documents.normalization import normalize_document
from repository.schema.documents.presets import TOLERANCE, read_condition
from repository.schema.places import get_entry, is_value
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.questions.fields import load_catalogue

_VALUE_KEYS = ("value", "unit", "uncertainty")
_LEAST_AREA = 0.5
METHODS: Mapping[str, str] = {
    "header": "Read from a header",
    "standard_sample": "Standard sample",
    "fitted": "Fitted",
    "typed": "Given by a person",
}
"""How a calibration is known, in words."""


@dataclass(frozen=True, slots=True)
class CalibrationSources:
    """What a calibration was calibrated from.

    Attributes
    ----------
    document
        {measurement, version, sample, calibration, text}, as far as it was said.
    words
        The same for people.
    rests_on
        Ids of the calibrations that went into it.
    """

    document: Mapping[str, str]
    words: str
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TakenCalibration:
    """One number of a calibration that is to be taken for measurements.

    Attributes
    ----------
    reference
        Id and number, such as "6nhc-tyhy/3".
    value
        {value, unit, uncertainty} of the quantity; of a matrix {value}.
    conditions
        By field: the entry under which it holds.
    instrument
        By what the instrument is known whose calibration it is; None for a sample's.
    """

    reference: str
    quantity: str
    value: Mapping[str, Any]
    conditions: Mapping[str, Any]
    calibrated_from: str
    instrument: InstrumentIdentity | None = None

    @property
    def entry(self) -> dict[str, Any]:
        """What is copied into a measurement."""
        said = {"source": "calibration", "basis": "calibrated", "calibration": self.reference}
        return {**self.value, **said, "calibrated_from": self.calibrated_from}


@dataclass(frozen=True, slots=True)
class CalibrationSays:
    """What a calibration comes to in one measurement.

    Attributes
    ----------
    refusal
        Why it is not taken there; None where it is.
    note
        What is to be known where it is: that the header, or an answer, says something else and holds.
    signals
        Names of the arrays for which it is meant.
    """

    signals: tuple[str, ...] = ()
    refusal: CellRefusedError | None = None
    note: str = ""


def read_value(quantity: str, given: Any) -> dict[str, Any]:
    """Return the value of a calibration as it is kept: {value, unit, uncertainty}, or {value} of a matrix.

    Raises
    ------
    CellRefusedError
        It cannot be read, has a unit that does not fit, or is no single value.
    """
    field = load_catalogue().measurement[quantity]
    unit = field.unit if len(field.units) == 1 else None
    entry = read_typed(quantity, given, unit=unit).entry
    if not isinstance(entry, Mapping):
        _refuse_flattening(quantity, entry)
        return {"value": entry}
    if "value" not in entry:
        raise CellRefusedError(
            "calibration_not_one_value",
            f"{field.title} of a calibration is one value, and no range or gap.",
            "Give the value with its uncertainty, such as 0.2 ± 0.01 nm.",
        )
    return {key: entry[key] for key in _VALUE_KEYS if key in entry}


def _refuse_flattening(quantity: str, matrix: Any) -> None:
    """Refuse a matrix detector to scan that brings all directions onto one, or none anywhere near where it was."""
    if quantity != "detector_to_scan_matrix":
        return
    (a, b), (c, d) = matrix
    if not _LEAST_AREA <= abs(a * d - b * c) <= 1 / _LEAST_AREA:
        raise CellRefusedError(
            "matrix_flattens",
            "The matrix is no rotation, with or without a flip: it does not keep areas.",
            "Give [[cos, sin], [-sin, cos]] of the angle, one row negated for a flip.",
        )


def consult_calibration(
    taken: TakenCalibration,
    *,
    header: Mapping[str, Any],
    layers: Sequence[tuple[str, Mapping[str, Any]]],
    signals: Sequence[SignalShape],
    stands_over: bool = False,
    is_chosen: bool = True,
) -> CalibrationSays:
    """Return what a calibration comes to in a measurement.

    Parameters
    ----------
    header, layers
        As for `merge_metadata`.
    signals
        As they were read.
    stands_over
        Whether the person wants it over what the file and answers say.
    is_chosen
        Whether the person chose this measurement: then also where its header names another instrument.
    """
    document = merge_metadata(header=header, supplied_layers=layers).document
    found = find_meant(taken.quantity, signals, document)
    title = load_catalogue().measurement[taken.quantity].title
    if not found:
        return _refuse(
            "calibration_does_not_fit",
            f"{title} is for {NEEDS[taken.quantity]}, and this measurement has none.",
            "Choose other measurements, or look at the technique and the scan shape.",
        )
    whose = taken.instrument
    if whose is not None and not is_chosen and recognise_instrument(header, whose) == "other":
        return _refuse(
            "other_instrument",
            "The header names another instrument.",
            "Choose the measurement yourself if the header is wrong.",
        )
    contradicted = _find_contradicted(taken.conditions, document)
    if contradicted:
        return _refuse(
            "conditions_differ",
            f"The calibration holds at {'; '.join(contradicted)}.",
            "Take one that was made under these conditions, or correct what the measurement says.",
        )
    return _compare(taken, found, title, header, layers, signals, stands_over=stands_over)


def _refuse(code: str, message: str, hint: str) -> CalibrationSays:
    return CalibrationSays((), CellRefusedError(code, message, hint))


def _find_contradicted(conditions: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """Return the conditions of which a measurement says something else; what it does not say holds."""
    known = load_catalogue().measurement
    contradicted = []
    for path, wanted in conditions.items():
        said = get_entry(document, path)
        here, there = read_condition(said), read_condition(wanted)
        if here is None or there is None:
            continue
        if here[0] == there[0] == "number":
            is_same = abs(here[1] - there[1]) <= TOLERANCE * max(abs(here[1]), abs(there[1]))
        else:
            is_same = here == there
        if not is_same:
            texts = format_entry(path, wanted), format_entry(path, said)
            contradicted.append(
                f"{known[path].title.lower()} {texts[0]}, and the measurement says {texts[1]}"
            )
    return contradicted


def _compare(
    taken: TakenCalibration,
    found: tuple[str, ...],
    title: str,
    header: Mapping[str, Any],
    layers: Sequence[tuple[str, Mapping[str, Any]]],
    signals: Sequence[SignalShape],
    *,
    stands_over: bool,
) -> CalibrationSays:
    """Say what else the measurement says of the quantity, and what holds."""
    path, now = taken.quantity, format_entry(taken.quantity, taken.entry)
    own = normalize_document(header)
    if is_value(get_entry(own, path)):
        difference = describe_difference(
            load_catalogue().measurement[path], get_entry(own, path), taken.entry
        )
        if difference is not None:
            holds = "the calibration" if stands_over else "the header"
            said = (
                f"{title}: the header says {difference[1]}, the calibration {difference[0]}; {holds} holds."
            )
            return CalibrationSays(found, note=said)
    elif (axis := _find_rescaled(taken, own, signals)) is not None and not stands_over:
        return _refuse(
            "file_scales_axis",
            f"{title}: the file says {axis.scale:.6g} {axis.unit} per sample of {axis.name}, the calibration {now}.",
            "Take it over what the file says if you mean the calibration.",
        )
    answered = next(
        (
            entry
            for label, layer in reversed(layers)
            if label.startswith("measurements/")
            and is_value(entry := get_entry(normalize_document(layer), path))
        ),
        None,
    )
    if answered is not None and not stands_over:
        held = format_entry(path, answered)
        return CalibrationSays(found, note=f"{title}: {held} was answered for the file, and holds.")
    return CalibrationSays(found)


def _find_rescaled(
    taken: TakenCalibration, header: Mapping[str, Any], signals: Sequence[SignalShape]
) -> SignalAxis | None:
    """Return an axis that has a scale in the file, or by another field of it, which the calibration would change."""
    if taken.quantity.startswith(("energy_axis.", "wavelength_axis.")):
        return None  # with the other half of the axis still unsaid, nothing follows yet
    before = calibrate_signals(signals, header)
    after = calibrate_signals(signals, place_entry(header, taken.quantity, taken.entry))
    return next(
        (
            axis
            for old, new in zip(before, after, strict=True)
            for axis, changed in zip(old.axes, new.axes, strict=True)
            if axis.scale is not None and axis.scaling != changed.scaling
        ),
        None,
    )
