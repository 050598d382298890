"""Calibrations of records as tests make and take them."""

from typing import Any

from processing.workflows import refresh_deposit
from repository.models import Calibration, Instrument, Sample, User
from repository.schema.checks.taken_calibrations import CalibrationSources
from repository.schema.identifiers import generate_id
from repository.selectors.calibrations import describe_taken
from repository.services.calibration_answers import take_calibration
from repository.services.calibrations import CalibrationWish, create_calibration
from repository.services.instruments import create_instrument

GRATING = CalibrationSources({"text": "cross grating, 463 nm"}, "cross grating, 463 nm")


def make_wish(value: Any = "0.5 ± 0.01 nm", **more: Any) -> CalibrationWish:
    return CalibrationWish(**{"value": value, "method": "standard_sample", "sources": GRATING, **more})


def make_calibration(
    owner: User, quantity: str = "scan_step", *, record: Instrument | Sample | None = None, **wish: Any
) -> Calibration:
    """Return the first number of a calibration, of a record of its own without one."""
    kept = record or create_instrument(actor=owner, fields={"name": f"Microscope {generate_id()}"})
    return create_calibration(actor=owner, record=kept, quantity=quantity, wish=make_wish(**wish))


def take(deposit: Any, row: Calibration, **more: Any) -> Any:
    """Take a calibration as the owner of the deposit, and have looked at what it is about."""
    change = take_calibration(deposit_id=deposit.pk, actor=deposit.owner, taken=describe_taken(row), **more)
    if change.id is not None:
        refresh_deposit(deposit_id=deposit.pk, measurement_ids=change.measurement_ids)
    return change
