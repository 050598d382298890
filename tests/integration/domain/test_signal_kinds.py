"""An answer changes what is computed: all that is made of an array is replaced together, the array itself stays."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

import ingest.tasks  # noqa: F401 - they register their kinds of jobs
import processing.tasks  # noqa: F401
from ingest.workflows import read_deposit_again, submit_deposit
from processing.services import reduction
from processing.services.kinds import list_kinds
from processing.workflows import refresh_deposit
from repository.models import Finding, Job, Measurement
from repository.services.products import ReducedSignal, Retaken, record_reduction
from tests.deposits import publish
from tests.factories import make_deposit, store_file
from tests.followed_axes import list_numbers, list_objects, list_pictures, settle
from tests.realdata import need_trial
from tests.reducing import GAP, describe, run
from tests.vendor_files.hdf5 import write_hspy

pytestmark = pytest.mark.django_db
PIXEL = {"value": 0.5, "unit": "nm"}
NOT_ASKED: dict[str, Any] = {"scan": "none", "scan_shape": None, "scan_step": None}


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """Return a file of frames without units, of which nothing says what they show."""
    frames = np.random.default_rng(5).gamma(2.0, 3.0, (9, 20, 24)).astype(np.float32)
    return write_stack(tmp_path, frames, unit="")


def write_stack(folder: Path, frames: npt.NDArray[Any], unit: str) -> Path:
    axes = [
        {"name": name, "units": unit if name else "", "scale": 0.2, "navigate": not name}
        for name in ("", "y", "x")
    ]
    return write_hspy(folder / "stack.hspy", {"stack": (frames, axes)})


def read(path: Path, **answers: Any) -> Measurement:
    """Hand a file in with answers, and convert it."""
    deposit = make_deposit()
    store_file(deposit, path.name, path.read_bytes())
    describe(deposit, **answers)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    for kind in ("inspect_deposit", "open_measurement", "convert_measurement"):
        run(kind)
    measurement: Measurement = deposit.measurements.get()
    assert measurement.state == "converted"
    return measurement


def answer_again(measurement: Measurement, **answers: Any) -> None:
    describe(measurement.deposit, **answers)
    refresh_deposit(deposit_id=measurement.deposit_id, measurement_ids=[measurement.pk])
    settle(measurement)
    measurement.refresh_from_db()
    assert not reduction.is_outdated(Measurement.objects.get(pk=measurement.pk))
    assert not Job.objects.filter(
        state="queued", kind__in=["open_measurement", "convert_measurement"]
    ).exists()


def bytes_of(measurement: Measurement) -> dict[str, Any]:
    """Return all that hangs on what the array is, without where it comes from."""
    said = dict(measurement.signals.get().statistics)
    said.pop("software", None)
    return {
        "objects": list_objects(measurement),
        "pictures": {name: found[0] for name, found in list_pictures(measurement).items()},
        "numbers": {name: found[1] for name, found in list_numbers(measurement).items()},
        "statistics": said,
    }


def list_outputs(measurement: Measurement) -> tuple[set[str], set[str]]:
    """Return the names of pictures and of results."""
    return set(list_pictures(measurement)), set(list_numbers(measurement))


TECHNIQUES = {
    "other": "frame_series",
    "tem_image": "image_series",
    "diffraction_pattern": "pattern_series",
    "four_d_stem": "pattern_scan",
}


@pytest.mark.parametrize("former", ["other", "four_d_stem"])
def test_an_answer_after_the_conversion_makes_the_bytes_of_one_before(stack: Path, former: str) -> None:
    measurement = read(stack, technique=[former], **NOT_ASKED)
    for technique, kind in TECHNIQUES.items():
        answers = {**NOT_ASKED, "technique": [technique]}
        answer_again(measurement, **answers)
        assert measurement.signals.get().statistics["kind"] == kind
        assert bytes_of(measurement) == bytes_of(read(stack, **answers))


def test_what_is_made_of_each_kind(stack: Path) -> None:
    measurement = read(stack, technique=["other"], **NOT_ASKED)
    chunks = {key: sha for key, sha in list_objects(measurement).items() if key.startswith("primary")}
    assert list_outputs(measurement) == ({"frame"}, set())

    answer_again(measurement, technique=["four_d_stem"], **NOT_ASKED)
    assert {"mean_diffraction_pattern", "annular_dark_field", "center_of_mass"} <= list_numbers(
        measurement
    ).keys()
    assert any(key.startswith("companion/c/") for key in list_objects(measurement))
    assert measurement.signals.get().statistics["virtual_detectors"]

    answer_again(measurement, technique=["diffraction_pattern"], **NOT_ASKED)
    assert list_numbers(measurement).keys() == {
        "mean_diffraction_pattern",
        "max_diffraction_pattern",
        "summed_intensity",
    }

    # With a length for its pixels, which changes the axes as well.
    answer_again(measurement, technique=["tem_image"], pixel_size=PIXEL, **NOT_ASKED)
    assert list_outputs(measurement) == ({"image"}, set())
    signal = measurement.signals.get()
    assert signal.calibrated_axes[-1]["unit"] == "nm"
    assert (signal.statistics["virtual_detectors"], signal.statistics["direct_disk"]) == (None, None)
    left = list_objects(measurement)
    assert {key for key in left if left[key] != chunks.get(key)} == {"primary/zarr.json"}
    assert left.keys() == chunks.keys()
    assert signal.statistics["sum_of_counts"] is not None  # what was measured of the values stands


def test_an_array_that_was_converted_meanwhile_is_left_alone(stack: Path) -> None:
    measurement = read(stack, technique=["other"], **NOT_ASKED)
    describe(measurement.deposit, technique=["tem_image"], **NOT_ASKED)
    refresh_deposit(deposit_id=measurement.deposit_id, measurement_ids=[measurement.pk])
    before = bytes_of(measurement)
    retaken = Retaken("0" * 64, ())
    reduced = ReducedSignal(name="data", statistics={"kind": "image_series"}, products=(), retaken=retaken)
    record_reduction(measurement=measurement, optics={}, reduced=[reduced], findings=())
    assert bytes_of(measurement) == before


def test_what_is_published_stays_what_it_was_taken_for(stack: Path) -> None:
    measurement = read(stack, technique=["other"], **NOT_ASKED)
    signal = measurement.signals.get()
    # An earlier release went by the names of axes.
    signal.statistics = {**signal.statistics, "kind": "pattern_scan"}
    signal.save()
    assert reduction.is_outdated(Measurement.objects.get(pk=measurement.pk))
    before = bytes_of(measurement)
    publish(measurement.deposit)
    published = Measurement.objects.get(pk=measurement.pk)
    assert not reduction.is_outdated(published)
    assert list_kinds(published) == {signal.name: "pattern_scan"}
    assert bytes_of(published) == before


def test_unit_against_technique_is_asked_and_the_unit_holds(tmp_path: Path) -> None:
    frames = np.random.default_rng(6).poisson(9, (3, 16, 18)).astype(np.uint16)
    path = write_stack(tmp_path, frames, unit="nm")
    measurement = read(path, technique=["diffraction_pattern"], **NOT_ASKED)
    signal = measurement.signals.get()
    assert [axis["name"] for axis in signal.axes[1:]] == ["y", "x"]
    assert (signal.statistics["kind"], list_numbers(measurement)) == ("image_series", {})
    codes = Finding.objects.filter(measurement=measurement).values_list("code", flat=True)
    assert "signal_kind_contradicted" in codes
    answer_again(measurement, technique=["tem_image"], **NOT_ASKED)
    assert "signal_kind_contradicted" not in Finding.objects.filter(measurement=measurement).values_list(
        "code", flat=True
    )
    # The person says by two answers that the unit in the file is wrong.
    answers = {"technique": ["diffraction_pattern"], "diffraction_pixel_size": {"value": 0.1, "unit": "nm-1"}}
    answer_again(measurement, **answers, **NOT_ASKED)
    signal.refresh_from_db()
    assert (signal.statistics["kind"], signal.calibrated_axes[-1]["unit"]) == ("pattern_series", "nm-1")


def test_a_stack_of_images_in_nm_is_no_scan_of_patterns() -> None:
    deposit = make_deposit()
    path = need_trial("A16", "stack_nm.emd")
    store_file(deposit, path.name, path.read_bytes())
    describe(deposit, technique=None, diffraction_pixel_size=GAP)
    submit_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    for kind in ("inspect_deposit", "open_measurement", "convert_measurement"):
        run(kind)
    signals = deposit.measurements.get().signals.all()
    kinds = {len(signal.shape): signal.statistics["kind"] for signal in signals}
    assert kinds == {3: "image_series", 4: "pattern_scan"}
    (images,) = (signal for signal in signals if len(signal.shape) == 3)
    assert list(images.products.values_list("output", flat=True)) == ["image"]
    assert not images.objects_stored.filter(kind="companion").exists()


def test_a_run_of_patterns_is_the_series_that_the_person_names(tmp_path: Path) -> None:
    """The question for the scan shape offers it; whether said before the reading or after it makes no difference."""
    frames = np.random.default_rng(5).gamma(2.0, 3.0, (9, 20, 24)).astype(np.float32)
    path = write_stack(tmp_path, frames, unit="1/nm")
    unscanned = {"technique": ["diffraction_pattern"], "scan": None, "scan_shape": None, "scan_step": None}
    asked = read(path, **unscanned, series=None)
    said = read(path, **unscanned, series="time")
    assert {one.signals.get().statistics["kind"] for one in (asked, said)} == {"pattern_series"}
    assert list_numbers(said).keys() == {
        "mean_diffraction_pattern", "max_diffraction_pattern", "summed_intensity",
    }  # fmt: skip
    for one, is_asked in ((asked, True), (said, False)):
        found = Finding.objects.filter(measurement=one, code="scan_shape_missing")
        assert found.exists() == is_asked
    assert [one.signals.get().axes[0]["name"] for one in (asked, said)] == ["position", "time"]
    describe(asked.deposit, **unscanned, series="time")
    read_deposit_again(deposit_id=asked.deposit_id)
    for kind in ("open_measurement", "convert_measurement"):
        run(kind)
    asked.refresh_from_db()
    assert asked.signals.get().axes[0]["name"] == "time"
    assert not Finding.objects.filter(measurement=asked, code="scan_shape_missing").exists()
