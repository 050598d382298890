"""What the next number of a calibration keeps, what taking one leaves at its place, and which are offered."""

import pytest
from django.utils import timezone

from repository.models import Deposit, Instrument, Sample
from repository.selectors.calibrations import list_offered
from repository.selectors.visibility import Visitor
from repository.services.answer_writes import Wish
from repository.services.answers import write_answers
from repository.services.calibrations import CalibrationWish, add_number
from repository.services.samples import create_sample
from tests.calibrations import make_calibration, take
from tests.deposits import add_measurement, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]


def test_the_next_number_keeps_what_it_does_not_say() -> None:
    owner = make_user()
    first = make_calibration(owner, conditions={"acceleration_voltage": "80 kV"}, name="At 80 kV")
    retired = add_number(actor=owner, calibration_id=first.series, wish=CalibrationWish(is_retired=True))
    assert retired.conditions == first.conditions != {}
    later = add_number(actor=owner, calibration_id=first.series, wish=CalibrationWish(value="0.6 nm"))
    assert (later.is_retired, later.conditions, later.name) == (True, first.conditions, "At 80 kV")
    back = add_number(actor=owner, calibration_id=first.series, wish=CalibrationWish(is_retired=False))
    assert (back.is_retired, back.value) == (False, later.value)


def test_one_that_is_taken_over_what_the_file_says_stands_at_one_place() -> None:
    deposit = make_deposit()
    one = add_measurement(deposit, technique=["four_d_stem"], scan="raster")
    settle(deposit)
    turn = make_calibration(deposit.owner, "scan_rotation", value="12 deg")
    take(deposit, turn)
    document = Deposit.objects.get(pk=deposit.pk).document
    assert document["calibrations"]["scan.raw"]["scan_rotation"]["calibration"] == turn.reference
    take(deposit, turn, stands_over=True)
    document = Deposit.objects.get(pk=deposit.pk).document
    assert "calibrations" not in document
    assert document["measurements"]["scan.raw"]["scan_rotation"]["calibration"] == turn.reference
    differs = Wish(field="scan_rotation", level="measurement", act="differs", keys=(one.pk,))
    write_answers(deposit_id=deposit.pk, actor=deposit.owner, wishes=[differs])
    assert Deposit.objects.get(pk=deposit.pk).document["differs"] == {"scan.raw": ["scan_rotation"]}
    take(deposit, turn)
    assert "differs" not in Deposit.objects.get(pk=deposit.pk).document, "what was taken holds for the file"


def test_conditions_are_compared_within_a_share_of_their_value() -> None:
    deposit = make_deposit()
    add_measurement(deposit, technique=["four_d_stem"], scan="raster", acceleration_voltage="79.98 kV")
    settle(deposit)
    near, far = (
        make_calibration(
            deposit.owner, "scan_rotation", value="12 deg", conditions={"acceleration_voltage": voltage}
        )
        for voltage in ("80 kV", "82 kV")
    )
    assert [one.code for one in take(deposit, far).results] == ["conditions_differ"]
    assert [one.result for one in take(deposit, near).results] == ["saved"]


def test_what_a_retired_record_says_is_not_offered() -> None:
    owner = make_user()
    of_instrument = make_calibration(owner)
    sample = create_sample(actor=owner, fields={"name": "Cross grating"})
    of_sample = make_calibration(owner, record=sample)
    shown = make_calibration(owner)
    assert {row.pk for row in list_offered(Visitor(owner))} == {of_instrument.pk, of_sample.pk, shown.pk}
    Instrument.objects.filter(pk=of_instrument.record.pk).update(retired_at=timezone.now())
    Sample.objects.filter(pk=sample.pk).update(retired_at=timezone.now())
    assert [row.pk for row in list_offered(Visitor(owner))] == [shown.pk]
