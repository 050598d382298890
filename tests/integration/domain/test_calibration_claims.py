"""Only the value of a calibration says that it is from one: what is changed by hand lets go of it."""

from typing import Any

import pytest

from processing.workflows import correct_version
from repository.errors import InvalidMetadataError
from repository.models import Deposit, Job, Measurement
from repository.services.answer_writes import Wish
from repository.services.answers import write_answers
from repository.services.deposits import create_deposit, update_deposit
from repository.services.judgements import merge_measurement
from tests.calibrations import make_calibration, take
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit, make_user

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]
STEP = {"value": 0.7, "unit": "nm"}


def make_carrying() -> tuple[Deposit, Measurement, dict[str, Any]]:
    """Return a draft with a measurement that carries a calibration over what its file says, and the entry."""
    deposit = make_deposit()
    scan = add_measurement(deposit)
    settle(deposit)
    take(deposit, make_calibration(deposit.owner), stands_over=True)
    Job.objects.filter(deposit=deposit).delete()
    deposit.refresh_from_db()
    entry = deposit.document["measurements"]["scan.raw"]["scan_step"]
    assert (entry["value"], entry["uncertainty"], entry["source"]) == (0.5, 0.01, "calibration")
    return deposit, scan, entry


def change(deposit: Deposit, entry: Any) -> Deposit:
    patch = {"measurements": {"scan.raw": {"scan_step": entry}}}
    return update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch=patch)


def test_a_value_by_hand_lets_go_of_its_calibration() -> None:
    deposit, scan, entry = make_carrying()
    kept = change(deposit, {**entry, "note": "as measured"})
    assert kept.document["measurements"]["scan.raw"]["scan_step"] == {**entry, "note": "as measured"}
    changed = change(deposit, {**STEP, "uncertainty": 0.2})
    said = changed.document["measurements"]["scan.raw"]["scan_step"]
    assert said == {**STEP, "uncertainty": 0.2, "note": "as measured"}
    merged = merge_measurement(scan, changed.document)[0]["scan_step"]
    assert (merged["value"], merged["source"], "calibration" in merged) == (0.7, "depositor", False)


def test_the_uncertainty_of_a_calibration_is_that_of_its_value() -> None:
    deposit, _, _ = make_carrying()
    assert change(deposit, STEP).document["measurements"]["scan.raw"]["scan_step"] == STEP


def test_what_is_true_may_be_said_again_wherever_it_stands() -> None:
    owner = make_user()
    row = make_calibration(owner, "energy_axis.bin_width", value="0.25 eV")
    entry = {**row.value, "calibration": row.reference, "calibrated_from": row.calibrated_from}
    layers = {"kinds": {"eels": {"energy_axis": {"bin_width": entry}}}}
    assert create_deposit(owner=owner, document=layers).document == layers
    layers["kinds"]["eels"] = {"energy_axis": {"start": entry}}
    with pytest.raises(InvalidMetadataError, match="not that of the calibration") as refused:
        create_deposit(owner=owner, document=layers)
    assert refused.value.pointer == "/kinds/eels/energy_axis/start"


def test_a_correction_of_the_value_lets_go_of_it_too() -> None:
    deposit, _, entry = make_carrying()
    Deposit.objects.filter(pk=deposit.pk).update(state="ready")
    version = publish(Deposit.objects.get(pk=deposit.pk))
    made = correct_version(
        dataset_id=version.dataset_id,
        number=1,
        actor=version.published_by,
        patch={"measurements": {"scan.raw": {"scan_step": STEP}}},
        reason="The grating was another one.",
        accept_warnings=[{"code": code} for code in ("header_conflict", "axes_disagree")],
    )
    (corrected,) = made.measurements.values()
    assert corrected["metadata"]["scan_step"]["value"] == 0.7
    assert not {"calibration", "calibrated_from"} & corrected["metadata"]["scan_step"].keys()
    assert entry["calibration"] in str(version.content)


def test_nobody_claims_a_calibration_that_says_something_else() -> None:
    deposit, _, entry = make_carrying()
    other = make_calibration(make_user(), quantity="pixel_size")
    for wrong in (
        {**STEP, "calibration": "0000-0000/1", "calibrated_from": "Standard sample: gold"},
        {**STEP, "calibration": other.reference},
        {"value": 0.5, "unit": "nm", "uncertainty": 0.01, "calibration": other.reference},
        {**entry, "calibration": entry["calibration"].partition("/")[0] + "/2"},
    ):
        with pytest.raises(InvalidMetadataError, match="not that of the calibration") as refused:
            change(deposit, wrong)
        assert refused.value.pointer == "/measurements/scan.raw/scan_step"
    for layers in (
        {"defaults": {"scan_step": {**STEP, "calibration": "0000-0000/1"}}},
        {
            "calibrations": {
                "scan.raw": {
                    "energy_axis": {"start": {"value": 1, "unit": "eV", "calibration": "0000-0000/1"}}
                }
            }
        },
    ):
        with pytest.raises(InvalidMetadataError, match="not that of the calibration"):
            create_deposit(owner=deposit.owner, document=layers)
    claims = Wish("scan_step", "all", "value", value={**STEP, "calibration": "0000-0000/1"})
    with pytest.raises(InvalidMetadataError, match="not that of the calibration"):
        write_answers(deposit_id=deposit.pk, actor=deposit.owner, wishes=[claims])
    copied = create_deposit(owner=deposit.owner, document={"defaults": {"scan_step": entry}})
    assert copied.document["defaults"]["scan_step"] == entry, "what is true may be said again"


def test_many_claims_are_looked_up_at_once(django_assert_max_num_queries: Any) -> None:
    deposit, _, entry = make_carrying()
    layers = {f"{number}.raw": {"scan_step": entry} for number in range(50)}
    with django_assert_max_num_queries(15):
        update_deposit(deposit_id=deposit.pk, actor=deposit.owner, patch={"measurements": layers})
