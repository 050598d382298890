"""One truth for axes: what the record says is what zarr.json, API, pictures, facts and the client's coordinates say."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ingest.tasks
import ingest.workflows
import processing.tasks  # noqa: F401 - they register their kinds of jobs
from confined import runs
from ingest.workflows import submit_deposit
from processing import workflows
from processing.services import reduction
from repository.models import ArrayObject, Deposit, Facts, Job, Measurement, Product, Signal
from repository.schema.search.searchable import derive_quantities
from repository.selectors.exports import list_signals
from repository.services.jobs import claim_job
from repository.services.products import record_reduction
from repository.tasks.job_kinds import JobProgress, get_kind
from tests.deposits import publish
from tests.factories import make_deposit, store_file
from tests.followed_axes import (
    answer_again,
    attributes_of,
    list_numbers,
    list_objects,
    list_pictures,
    load,
    read_file,
    require_agreement,
    settle,
    shown_axes,
)
from tests.known_axes import measure_bar
from tests.reducing import describe, request, run
from tests.vendor_files.hdf5 import write_hspy, write_py4dstem
from tests.vendor_files.mrc import write_mrc

pytestmark = pytest.mark.django_db
IN_FILE_NM, IN_FILE_PIXEL = 0.063, 0.02  # nm, 1/Å
STEP = {"value": [0.5, 0.25], "unit": "nm"}


@pytest.fixture
def scan(tmp_path: Path) -> Measurement:
    """Return a converted 4D scan whose file says 0.063 nm and 0.02 1/Å."""
    counts = np.random.default_rng(3).poisson(4.0, (40, 60, 16, 16)).astype(np.uint16)
    path = write_py4dstem(tmp_path / "cube.h5", counts, step_nm=IN_FILE_NM, pixel=IN_FILE_PIXEL)
    return read_file(path)


def test_the_depositors_step_is_what_everything_says(scan: Measurement) -> None:
    was = require_agreement(scan)
    np.testing.assert_allclose(was["scan_x"], np.arange(60) * IN_FILE_NM)
    objects, pictures, numbers = list_objects(scan), list_pictures(scan), list_numbers(scan)

    answer_again(scan, scan_step=STEP)
    settle(scan)
    now = require_agreement(scan)
    np.testing.assert_allclose(now["scan_y"], np.arange(40) * 0.5)
    np.testing.assert_allclose(now["scan_x"], np.arange(60) * 0.25)
    # What the file says stands beside it, in the array as in the API.
    shown = {axis["name"]: axis for axis in shown_axes(scan)["axes"]}
    assert shown["scan_x"]["in_file"] == {"unit": "nm", "scale": IN_FILE_NM, "offset": 0.0}
    assert (shown["scan_x"]["said_by"], shown["detector_x"]["in_file"]) == ("scan_step", None)
    in_file = {axis["name"]: axis["scale"] for axis in attributes_of(scan)["axes_in_file"]}
    assert in_file["scan_x"] == IN_FILE_NM
    # The companion holds the scan's axes after its own two.
    binned = {axis["name"]: axis["scale"] for axis in attributes_of(scan, "companion")["axes"]}
    assert (binned["scan_y"], binned["scan_x"]) == (0.5, 0.25)

    # Every picture with a length was drawn again, every other one and all numbers are what they were.
    after = list_pictures(scan)
    of_scan = {row.output for row in scan.products.filter(kind="array") if "scan_x" in row.parameters["axes"]}
    assert {name for name in after if after[name] != pictures[name]} == of_scan
    made = list_numbers(scan)
    changed = {name for name in made if made[name] != numbers[name]}
    assert changed == {"deflection", "deflection_uncertainty", "integrated_phase"} & set(made)
    # No chunk was touched.
    chunks = list_objects(scan)
    assert {key for key in chunks if chunks[key] != objects[key]} == {
        "primary/zarr.json",
        "companion/zarr.json",
    }
    picture = scan.products.get(kind="preview", output="summed_intensity")
    label = picture.parameters["scale_bar"]
    zoom = 512 // 60
    assert measure_bar(load(picture.sha256)) / zoom * 0.25 == pytest.approx(float(label.split()[0]), rel=0.02)

    # Nothing waits, and to ask again changes nothing.
    assert not reduction.is_outdated(Measurement.objects.get(pk=scan.pk))
    answer_again(scan, scan_step=STEP)
    assert not Job.objects.filter(kind="reduce_measurement", state="queued").exists()


def test_taken_back_everything_is_what_it_was(scan: Measurement) -> None:
    objects, pictures, numbers = list_objects(scan), list_pictures(scan), list_numbers(scan)
    of_phase = {"deflection", "deflection_uncertainty", "integrated_phase"}
    rounds = []
    for _ in range(2):
        answer_again(scan, scan_step=STEP)
        settle(scan)
        answer_again(scan, scan_step=None)
        settle(scan)
        rounds.append((list_objects(scan), list_pictures(scan), list_numbers(scan)))
    for after in rounds:
        assert after[0] == objects
        assert {name: found[0] for name, found in after[1].items()} == {
            name: found[0] for name, found in pictures.items()
        }
        # Made of the array, no more of the file, the phase has another origin; what it shows is the same.
        for name in pictures.keys() - of_phase:
            assert after[1][name] == pictures[name]
            assert name not in numbers or after[2][name] == numbers[name]
        assert {name: found[1] for name, found in after[2].items()} == {
            name: found[1] for name, found in numbers.items()
        }
    assert rounds[0][1] == rounds[1][1]


def test_an_answer_before_the_conversion_gives_the_same_bytes_as_one_after_it(
    scan: Measurement, tmp_path: Path
) -> None:
    answer_again(scan, scan_step=STEP)
    settle(scan)
    deposit = make_deposit()
    store_file(deposit, "cube.h5", (tmp_path / "cube.h5").read_bytes())
    describe(deposit, diffraction_pixel_size=None, scan_step=STEP)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    for kind in ("inspect_deposit", "open_measurement", "convert_measurement"):
        run(kind)
    other = deposit.measurements.get()
    assert list_objects(other) == list_objects(scan)
    same = {name: sha256 for name, (sha256, _) in list_pictures(other).items()}
    assert same == {name: sha256 for name, (sha256, _) in list_pictures(scan).items()}


def test_the_angle_of_a_pixel_is_what_pictures_of_patterns_say(scan: Measurement) -> None:
    pictures, numbers = list_pictures(scan), list_numbers(scan)
    answer_again(scan, diffraction_pixel_size={"value": 1.5, "unit": "mrad"})
    settle(scan)
    now = require_agreement(scan)
    np.testing.assert_allclose(now["detector_y"], np.arange(16) * 1.5)
    mean = scan.products.get(kind="preview", output="mean_diffraction_pattern")
    assert mean.parameters["scale_bar"].endswith("mrad")
    assert list_pictures(scan)["mean_diffraction_pattern"] != pictures["mean_diffraction_pattern"]
    # Its values do not hang on it.
    for output in (
        "mean_diffraction_pattern",
        "max_diffraction_pattern",
        "summed_intensity",
        "center_of_mass",
    ):
        assert list_numbers(scan)[output] == numbers[output]
    label = float(mean.parameters["scale_bar"].split()[0])
    assert measure_bar(load(mean.sha256)) / (512 // 16) * 1.5 == pytest.approx(label, rel=0.02)


def test_what_is_published_stays_and_search_finds_the_record(scan: Measurement) -> None:
    answer_again(scan, scan_step=STEP, diffraction_pixel_size={"value": 1.5, "unit": "mrad"})
    settle(scan)
    deposit = Deposit.objects.get(pk=scan.deposit_id)
    version = publish(deposit)
    (said,) = version.content["measurements"]
    axes = {axis["name"]: axis for axis in said["signals"][0]["axes"]}
    assert (axes["scan_y"]["scale"], axes["scan_y"]["in_file"]["scale"]) == (0.5, IN_FILE_NM)
    facts = Facts.objects.values().get(measurement=scan)
    assert facts["scan_step_m"] == pytest.approx((0.5 * 0.25) ** 0.5 * 1e-9)
    assert facts["detector_half_angle_rad"] == pytest.approx(8 * 1.5e-3)

    objects, pictures = list_objects(scan), list_pictures(scan)
    scan.refresh_from_db()
    assert not reduction.is_outdated(scan)
    before = Job.objects.count()
    request(scan, "radial_profile", ring_width=2.0)
    run("reduce_measurement")
    assert (list_objects(scan), list_pictures(scan)) == (objects, pictures)
    assert Job.objects.count() == before + 1
    workflows.refresh_deposit(deposit_id=deposit.pk)
    assert (list_objects(scan), list_pictures(scan)) == (objects, pictures)
    added = scan.products.filter(is_added=True)
    assert {row.kind for row in added.filter(output="radial_mean")} == {"array", "preview"}


def test_an_older_published_array_is_left_alone_though_the_record_says_more(scan: Measurement) -> None:
    """A release that did not follow the record published this: its zarr.json has no step, the API has."""
    answer_again(scan, scan_step=STEP)
    publish_now = Deposit.objects.get(pk=scan.deposit_id)
    Job.objects.filter(kind="reduce_measurement").delete()
    Deposit.objects.filter(pk=publish_now.pk).update(state="ready")
    objects = list_objects(scan)
    publish(Deposit.objects.get(pk=scan.deposit_id))
    fresh = Measurement.objects.get(pk=scan.pk)
    assert shown_axes(scan)["axes"][0]["scale"] == 0.5
    (row,) = fresh.signals.all()
    told = {"name": row.name, "shape": row.shape, "dtype": row.dtype, "axes": row.axes, "statistics": {}}
    (exported,) = list_signals(fresh, [told], with_parts=False)
    assert [axis["scale"] for axis in exported.axes[:2]] == [0.5, 0.25]
    assert workflows.follow_records() == 0
    assert not reduction.is_outdated(fresh)
    request(fresh, "radial_profile", ring_width=2.0)
    run("reduce_measurement")
    assert list_objects(scan) == objects
    assert not Job.objects.filter(kind="reduce_measurement", state="queued").exists()


def test_a_spectrum_image_follows_its_energy_axis(tmp_path: Path) -> None:
    counts = np.random.default_rng(5).poisson(3.0, (6, 7, 64)).astype(np.uint16)
    axes = [
        {"name": "y", "units": "nm", "scale": 0.3, "navigate": True},
        {"name": "x", "units": "nm", "scale": 0.3, "navigate": True},
        {"name": "Energy loss", "units": "eV", "scale": 0.5, "offset": 100.0},
    ]
    measurement = read_file(write_hspy(tmp_path / "eels.hspy", {"map": (counts, axes)}))
    pictures = list_pictures(measurement)
    answer_again(
        measurement,
        energy_axis={"start": {"value": 400, "unit": "eV"}, "bin_width": {"value": 250, "unit": "meV"}},
    )
    settle(measurement)
    np.testing.assert_allclose(require_agreement(measurement)["energy"], 400 + 0.25 * np.arange(64))
    after = list_pictures(measurement)
    assert {name for name in after if after[name] != pictures[name]} == {"sum_spectrum"}
    measurement.refresh_from_db()
    facts = derive_quantities(measurement.present_document, measurement.shapes)
    assert (facts["energy_start_ev"], facts["energy_bin_width_ev"]) == pytest.approx((400.0, 0.25))
    assert facts["energy_end_ev"] == pytest.approx(400 + 63 * 0.25)


def test_an_image_is_drawn_again_from_its_array(tmp_path: Path) -> None:
    images = np.random.default_rng(7).poisson(9.0, (40, 64, 64)).astype(np.uint16)
    # 0.02 nm a pixel, in ångström for the whole width.
    measurement = read_file(write_mrc(tmp_path / "images.mrc", images, cell=(12.8, 12.8, 0.0)))
    objects, pictures = list_objects(measurement), list_pictures(measurement)
    assert list(pictures) == ["image"]
    answer_again(measurement, pixel_size={"value": 0.5, "unit": "nm"})
    settle(measurement)
    coordinates = require_agreement(measurement)
    for name in ("y", "x"):
        np.testing.assert_allclose(coordinates[name], 0.5 * np.arange(64))
    picture = measurement.products.get(kind="preview")
    label = picture.parameters["scale_bar"]
    assert measure_bar(load(picture.sha256)) / 8 * 0.5 == pytest.approx(float(label.split()[0]), rel=0.02)
    answer_again(measurement, pixel_size=None)
    settle(measurement)
    assert (list_objects(measurement), list_pictures(measurement)) == (objects, pictures)


def test_killed_before_it_was_written_down_the_job_does_it_all_again(scan: Measurement) -> None:
    objects, pictures = list_objects(scan), list_pictures(scan)
    answer_again(scan, scan_step=STEP)
    claim = claim_job(job_id=Job.objects.get(kind="reduce_measurement", state="queued").pk)
    assert claim is not None
    get_kind("reduce_measurement").work(claim, JobProgress())  # all is in the store; then the worker dies
    assert (list_objects(scan), list_pictures(scan)) == (objects, pictures)
    assert reduction.is_outdated(Measurement.objects.get(pk=scan.pk))
    # What an earlier release left so follows when the operator says so.
    Job.objects.filter(pk=claim.id).delete()
    Deposit.objects.filter(pk=scan.deposit_id).update(state="ready")
    assert workflows.follow_records() == 1
    settle(scan)
    require_agreement(scan)


def test_an_array_that_was_converted_meanwhile_keeps_what_that_made(
    scan: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_again(scan, scan_step=STEP)
    made: list[Any] = []
    monkeypatch.setattr(reduction, "record_reduction", lambda **given: made.append(given))
    run("reduce_measurement")
    monkeypatch.undo()
    signal = Signal.objects.get(measurement=scan)
    other = ArrayObject.objects.get(signal=signal, kind="primary", key="c/0/0/0/0")
    signal.objects_stored.filter(key="zarr.json").update(sha256=other.sha256)
    pictures = list_pictures(scan)
    record_reduction(**made[0])
    assert list_objects(scan)["primary/zarr.json"] == other.sha256
    signal.refresh_from_db()
    assert signal.calibrated_axes in (signal.axes, [])
    of_others = {"deflection", "deflection_uncertainty", "integrated_phase"}
    after = list_pictures(scan)
    assert {name for name in after if after[name] != pictures[name]} <= of_others


def test_only_the_metadata_and_the_pictures_numbers_are_read_for_it(
    scan: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no recipe hangs on the step, no chunk is opened."""
    Product.objects.filter(measurement=scan, recipe="differential_phase").delete()
    monkeypatch.setattr(reduction, "_list_stale", lambda *_: [])
    read: list[str] = []
    original = runs.run_over_files

    def note(**given: Any) -> Any:
        read.extend(given["digests"])
        return original(**given)

    monkeypatch.setattr(reduction, "run_over_files", note)
    answer_again(scan, scan_step=STEP)
    run("reduce_measurement")
    assert "data/zarr/zarr.json" in read
    assert not [name for name in read if "/c/" in name]
    require_agreement(scan)


def test_first_pictures_of_a_waiting_conversion_follow_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest.workflows, "FIRST_PICTURES_FROM_BYTES", 1)
    counts = np.random.default_rng(3).poisson(4.0, (16, 16, 128, 128)).astype(np.uint16)
    path = write_py4dstem(tmp_path / "cube.h5", counts, step_nm=IN_FILE_NM, pixel=IN_FILE_PIXEL)
    deposit = make_deposit()
    store_file(deposit, path.name, path.read_bytes())
    describe(deposit, diffraction_pixel_size=None)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    for kind in ("inspect_deposit", "open_measurement", "preview_measurement"):
        run(kind)
    measurement = deposit.measurements.get()

    def bar() -> str:
        said: str = measurement.products.get(output="preview_mean_pattern").parameters["scale_bar"]
        return said

    assert bar() == "5 nm⁻¹"
    answer_again(measurement, diffraction_pixel_size={"value": 1.5, "unit": "mrad"})
    run("preview_measurement")
    assert bar() == "50 mrad"
    assert not Job.objects.filter(kind="preview_measurement", state="queued").exists()
    answer_again(measurement, diffraction_pixel_size={"value": 1.5, "unit": "mrad"})
    assert not Job.objects.filter(kind="preview_measurement", state="queued").exists()
    run("convert_measurement")
    assert not Job.objects.filter(kind="reduce_measurement", state="queued").exists()
    require_agreement(measurement)
