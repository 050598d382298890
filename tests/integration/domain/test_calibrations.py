"""Calibrations of records: only added to, taken for measurements by value, and followed by a scan of known step."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import processing.tasks  # noqa: F401 - they register their kinds of jobs
from repository.errors import (
    DepositAlreadyPublishedError,
    InvalidMetadataError,
    NotFoundError,
    RevisionConflictError,
)
from repository.models import Calibration, Deposit, Facts, Measurement, User
from repository.schema.search.searchable import derive_quantities
from repository.selectors.calibrations import get_calibration, page_calibrations, page_numbers, read_sources
from repository.selectors.deposits import describe_measurement
from repository.selectors.records import list_history
from repository.selectors.visibility import Visitor
from repository.services import calibrations
from repository.services.answers import undo_change
from repository.services.calibrations import CalibrationWish, add_number, create_calibration
from repository.services.instruments import create_instrument
from repository.services.samples import create_sample
from tests.calibrations import GRATING, make_calibration, make_wish, take
from tests.deposits import add_measurement, publish
from tests.deposits import settle as settle_deposit
from tests.factories import make_deposit, make_user
from tests.followed_axes import (
    attributes_of,
    list_objects,
    load,
    read_file,
    require_agreement,
    settle,
    shown_axes,
)
from tests.known_axes import measure_bar
from tests.vendor_files.hdf5 import write_py4dstem

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stemma_home")]

IN_FILE_NM, TRUE_NM = 0.063, 0.5


def cell(measurement: Measurement, field: str) -> dict[str, Any]:
    return dict(Measurement.objects.get(pk=measurement.pk).cells[field])


@pytest.mark.long
def test_a_scan_of_known_step_follows_its_calibration(tmp_path: Path, client: Any) -> None:
    counts = np.random.default_rng(3).poisson(4.0, (40, 60, 16, 16)).astype(np.uint16)
    scan = read_file(write_py4dstem(tmp_path / "cube.h5", counts, step_nm=IN_FILE_NM, pixel=0.02))
    deposit = Deposit.objects.get(pk=scan.deposit_id)
    row = make_calibration(deposit.owner, value="0.5 ± 0.01 nm")
    chunks = {key: sha256 for key, sha256 in list_objects(scan).items() if not key.endswith("zarr.json")}
    # The header says something else and holds: both are shown.
    assert [one.message for one in take(deposit, row).results] == [
        "Scan step: the header says 0.063 nm, the calibration 0.5 nm; the header holds."
    ]
    said = cell(scan, "scan_step")
    assert (said["state"], said["text"], said["level"]) == ("conflict", "0.063 nm", "header")
    assert said["below"] == [{"level": "calibration", "text": "0.5 ± 0.01 nm"}]
    assert shown_axes(scan)["calibrations"] == []
    # The person says so: coordinates, zarr.json, scale bar and facts follow, and no chunk is touched.
    take(deposit, row, stands_over=True)
    settle(scan)
    np.testing.assert_allclose(require_agreement(scan)["scan_x"], np.arange(60) * TRUE_NM)
    axes = {axis["name"]: axis for axis in attributes_of(scan)["axes"]}
    assert axes["scan_x"]["calibration"] == row.reference
    assert "calibration" not in axes["detector_x"]
    (carried,) = shown_axes(scan)["calibrations"]
    assert (carried["id"], carried["number"], carried["axes"]) == (row.series, 1, ["scan_y", "scan_x"])
    assert carried["calibrated_from"] == "Standard sample: cross grating, 463 nm"
    picture = scan.products.get(kind="preview", output="summed_intensity")
    label = float(picture.parameters["scale_bar"].split()[0])
    assert measure_bar(load(picture.sha256)) / (512 // 60) * TRUE_NM == pytest.approx(label, rel=0.02)
    after = {key: sha256 for key, sha256 in list_objects(scan).items() if not key.endswith("zarr.json")}
    assert after == chunks
    # A better number of the same value: only the number in zarr.json changes.
    better = add_number(
        actor=deposit.owner,
        calibration_id=row.series,
        wish=CalibrationWish(method="fitted", sources=GRATING),
    )
    take(deposit, better, stands_over=True)
    settle(scan)
    assert attributes_of(scan)["axes"][0]["calibration"] == better.reference
    check_published(client, deposit, scan, better)


def check_published(client: Any, deposit: Deposit, scan: Measurement, row: Calibration) -> None:
    """Require that the published value stays, whatever becomes of the record, and that search finds it."""
    version = publish(Deposit.objects.get(pk=deposit.pk))
    (said,) = version.content["measurements"]
    assert said["signals"][0]["calibrations"][0]["number"] == row.number
    assert said["metadata"]["scan_step"]["calibration"] == row.reference
    facts = Facts.objects.values().get(measurement=scan)
    assert facts["scan_step_m"] == pytest.approx(TRUE_NM * 1e-9)
    counts = [
        client.get("/api/v1/search/", {"where": f"scan_step:{low}..{high}:nm"}).json()["count"]
        for low, high in ((0.45, 0.55), (0.05, 0.07))
    ]
    assert counts == [1, 0]
    found, objects = json.dumps(said, sort_keys=True), list_objects(scan)
    later = CalibrationWish(value="0.7 nm", is_retired=True)
    add_number(actor=deposit.owner, calibration_id=row.series, wish=later)
    version.refresh_from_db()
    assert json.dumps(version.content["measurements"][0], sort_keys=True) == found
    assert list_objects(scan) == objects
    with pytest.raises(DepositAlreadyPublishedError):
        take(Deposit.objects.get(pk=deposit.pk), row)


def test_it_is_taken_for_many_and_undone_and_says_where_it_does_not_fit(
    django_assert_max_num_queries: Any,
) -> None:
    deposit = make_deposit()
    said = {"technique": ["four_d_stem"], "scan": "raster", "scan_rotation": None}
    scans = [add_measurement(deposit, f"{number}.raw", **said) for number in range(3)]
    other = add_measurement(deposit, "other.raw", **said, instrument={"name": "ARM"})
    settle_deposit(deposit)
    microscope = create_instrument(actor=deposit.owner, fields={"name": "Titan"})
    turn = make_calibration(deposit.owner, "scan_rotation", record=microscope, value="12.5 ± 0.2 deg")
    with django_assert_max_num_queries(12):
        shown = take(deposit, turn, is_dry_run=True)
    assert shown.count("saved") == 3
    assert "calibrations" not in Deposit.objects.get(pk=deposit.pk).document
    change = take(deposit, turn)
    assert {one.code for one in change.results if one.key == other.pk} == {"other_instrument"}
    for scan in scans:
        found = cell(scan, "scan_rotation")
        assert (found["level"], found["source"], found["basis"]) == (
            "calibration",
            "calibration",
            "calibrated",
        )
        (signal,) = describe_measurement(Measurement.objects.get(pk=scan.pk), ()).signals
        assert [(one.field, one.axes) for one in signal.calibrations] == [("scan_rotation", ())]
    # Whoever chooses the measurement means it.
    assert take(deposit, turn, keys=[other.pk]).count("saved") == 1
    # What a rule says gives way to it, a person's answer for the file does not.
    undone = undo_change(deposit_id=deposit.pk, actor=deposit.owner, change_id=change.id)
    assert undone.count("saved") == 3
    document = Deposit.objects.get(pk=deposit.pk).document
    assert set(document["calibrations"]) == {"other.raw"}
    energy = make_calibration(deposit.owner, "energy_axis.bin_width", value="0.25 eV")
    refused = take(deposit, energy)
    assert {(one.result, one.code) for one in refused.results} == {("refused", "calibration_does_not_fit")}
    assert refused.results[0].hint
    assert "axis of energies" in refused.results[0].message
    gone = take(deposit, turn, keys=["0000-0000"])
    assert [one.code for one in gone.results] == ["not_found"]


def test_an_axis_that_the_file_scales_is_taken_over_only_where_the_person_says_so() -> None:
    deposit = make_deposit()
    scan = add_measurement(deposit, "a.raw", technique=["four_d_stem"], acceleration_voltage="80 kV")
    settle_deposit(deposit)
    row = make_calibration(deposit.owner, value="0.5 nm", conditions={"acceleration_voltage": "80 kV"})
    (refused,) = take(deposit, row).results
    assert (refused.code, "0.2 nm per sample of scan_y" in refused.message) == ("file_scales_axis", True)
    elsewhere = make_calibration(deposit.owner, value="0.5 nm", conditions={"acceleration_voltage": "200 kV"})
    (refused,) = take(deposit, elsewhere, stands_over=True).results
    assert (refused.code, "80 kV" in refused.message) == ("conditions_differ", True)
    over = take(deposit, row, stands_over=True)
    fresh = Measurement.objects.get(pk=scan.pk)
    assert derive_quantities(fresh.present_document, fresh.shapes)["scan_step_m"] == pytest.approx(0.5e-9)
    axes = fresh.calibrated_shapes[0].axes
    assert [(axis.scale, axis.calibration) for axis in axes[:2]] == [(0.5, row.reference)] * 2
    assert axes[2].calibration is None
    # An answer that a person gives later is that person's, and carries nothing.
    assert over.id is not None
    undo_change(deposit_id=deposit.pk, actor=deposit.owner, change_id=over.id)
    assert Deposit.objects.get(pk=deposit.pk).document.get("measurements") is None


def test_numbers_are_only_added_and_each_stays_under_its_address() -> None:
    owner, stranger = make_user(), make_user()
    row = make_calibration(owner, value="0.5 nm")
    record = row.record
    later = add_number(
        actor=owner, calibration_id=row.series, wish=CalibrationWish(value="0.51 nm", note="New coil.")
    )
    assert (later.number, later.calibrated_from, later.method) == (2, row.calibrated_from, row.method)
    visitor = Visitor(owner)
    assert get_calibration(visitor, row.series, 1).value == {"value": 0.5, "unit": "nm"}
    assert [one.number for one in page_numbers(visitor, row.series)] == [2, 1]
    assert [one.number for one in page_calibrations(visitor, record)] == [2]
    record.refresh_from_db()
    newest = list_history(record)[0]
    assert (record.revision, newest.note) == (3, "New coil.")
    assert {change["pointer"] for change in newest.changes} == {
        f"/calibration {row.series}/number",
        f"/calibration {row.series}/value/value",
    }
    with pytest.raises(NotFoundError):
        get_calibration(Visitor(stranger), row.series)
    with pytest.raises(InvalidMetadataError, match="says the same"):
        add_number(actor=owner, calibration_id=row.series, wish=CalibrationWish(value="0.51 nm"))
    with pytest.raises(RevisionConflictError):
        add_number(actor=owner, calibration_id=row.series, wish=CalibrationWish(value="1 nm"), expected=[1])


@pytest.mark.parametrize(
    ("quantity", "wish", "words"),
    [
        ("dwell_time", {}, "nothing that a calibration says"),
        ("scan_step", {"value": "0.5 mrad"}, "not measured in"),
        ("scan_step", {"value": 0.5}, "unit"),
        ("scan_step", {"value": "0.4 to 0.5 nm"}, "one value"),
        ("scan_step", {"value": "not recorded"}, "one value"),
        ("scan_step", {"value": None}, "no value"),
        ("scan_step", {"method": None}, "not said how"),
        ("scan_step", {"method": "guess"}, "no way to calibrate"),
        ("scan_step", {"sources": None}, "calibrated from"),
        ("scan_step", {"conditions": {"dwell_time": "1 us"}}, "no condition"),
        ("detector_to_scan_matrix", {"value": [[1, 0]]}, "Matrix detector to scan"),
        ("detector_to_scan_matrix", {"value": [[0, 0], [0, 0]]}, "keep areas"),
        ("detector_to_scan_matrix", {"value": [[1, 1], [1, 1]]}, "keep areas"),
        ("detector_to_scan_matrix", {"value": [[1e300, 0], [0, 1e300]]}, "keep areas"),
        ("diffraction_ellipse.ratio", {"value": "0.5"}, "0.5 cannot be right: expected 1 to 2"),
    ],
)
def test_what_is_wrong_is_refused_with_a_hint(quantity: str, wish: dict[str, Any], words: str) -> None:
    owner = make_user()
    with pytest.raises(InvalidMetadataError, match=words) as refusal:
        make_calibration(owner, quantity, **wish)
    assert refusal.value.hint
    assert refusal.value.pointer
    assert not Calibration.objects.exists()


def test_a_calibration_never_rests_on_itself() -> None:
    owner = make_user()
    visitor = Visitor(owner)
    first = make_calibration(owner, value="0.5 nm")
    second = make_from(owner, {"calibration": first.reference})
    assert second.rests_on == [first.series]
    third = make_from(owner, {"calibration": second.reference, "text": "twice"})
    assert third.rests_on == sorted([first.series, second.series])
    for reference in (third.reference, first.reference):
        sources = read_sources(visitor, "scan_step", {"calibration": reference})
        with pytest.raises(InvalidMetadataError, match="rest on itself"):
            add_number(
                actor=owner,
                calibration_id=first.series,
                wish=CalibrationWish(method="fitted", sources=sources),
            )
    # A measurement that carries it is no source either, unless it was measured there in the first place.
    deposit = make_deposit(owner)
    scan = add_measurement(deposit, "a.raw", technique=["four_d_stem"])
    settle_deposit(deposit)
    own = make_from(owner, {"measurement": scan.pk})
    take(deposit, own, stands_over=True)
    assert read_sources(visitor, "scan_step", {"measurement": scan.pk}).rests_on == ()
    take(deposit, third, stands_over=True)
    beneath = read_sources(visitor, "scan_step", {"measurement": scan.pk}).rests_on
    assert set(beneath) == {first.series, second.series, third.series}
    for missing in (
        {"measurement": "0000-0000"},
        {"version": "0000-0000.v1"},
        {"calibration": "0000-0000/1"},
    ):
        with pytest.raises(NotFoundError):
            read_sources(visitor, "scan_step", missing)
    for malformed in ({"version": "x"}, {"calibration": "x"}):
        with pytest.raises(InvalidMetadataError):
            read_sources(visitor, "scan_step", malformed)


def make_from(owner: User, given: dict[str, str]) -> Calibration:
    sources = read_sources(Visitor(owner), "scan_step", given)
    return make_calibration(owner, value="0.5 nm", method="fitted", sources=sources)


def test_a_samples_calibration_and_the_most_that_a_record_keeps(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    owner = make_user()
    standard = create_sample(actor=owner, fields={"name": "Au on carbon"})
    row = create_calibration(
        actor=owner, record=standard, quantity="diffraction_pixel_size", wish=make_wish("0.38 mrad")
    )
    assert row.record == standard
    sources = read_sources(Visitor(owner), "scan_step", {"sample": standard.pk})
    assert sources.words == f"sample Au on carbon ({standard.pk})"
    for number in range(5):
        make_calibration(owner, record=standard, value=f"{number + 1} nm", name=f"{number}")
    with django_assert_num_queries(1):
        assert len(page_calibrations(Visitor(owner), standard)) == 6
    monkeypatch.setattr(calibrations, "MOST_CALIBRATIONS", 6)
    with pytest.raises(InvalidMetadataError, match="more are not kept"):
        make_calibration(owner, record=standard, value="9 nm")
