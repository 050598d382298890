"""Reducing again: products, statistics and findings change together, and a failure demotes nothing."""

from functools import partial
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ingest.tasks  # noqa: F401 - registers its kinds of jobs
import processing.tasks  # noqa: F401
from confined import runs
from confined.sandbox import ReaderCrashedError, processes
from processing.declarations.manifest import MANIFEST_VERSION
from processing.services import reduction
from repository.errors import ReductionRefusedError, StateConflictError, TransientError
from repository.models import Deposit, Job, Measurement, Product
from repository.schema.findings import Finding as Found
from repository.selectors.access import get_measurement
from repository.selectors.byte_objects import find_product
from repository.selectors.thumbnails import find_thumbnails
from repository.selectors.visibility import Visitor
from repository.services.jobs import claim_job, fail_job, lock_claim
from repository.services.publishing import publish_deposit
from repository.services.storage import get_object_store
from repository.tasks.job_kinds import get_kind
from tests.deposits import publish
from tests.reducing import ALPHA, PIXEL, answer, products_of, request, run
from tests.toy_recipe import TOY, recipes_from

pytestmark = pytest.mark.django_db


def statistics_of(measurement: Measurement) -> dict[str, Any]:
    found: dict[str, Any] = measurement.signals.get().statistics
    return found


def codes_of(measurement: Measurement) -> set[str]:
    return set(measurement.findings.filter(stage="reduction").values_list("code", flat=True))


def test_a_changed_angle_changes_products_statistics_and_findings_together(converted: Measurement) -> None:
    before = products_of(converted)
    assert statistics_of(converted)["virtual_detectors"]["source_of_angles"] == "detector_fraction"
    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    run("reduce_measurement")

    after = products_of(converted)
    assert statistics_of(converted)["virtual_detectors"]["mrad_per_px"] == pytest.approx(1.5)
    assert after["annular_dark_field"].parameters["inner_mrad"] == pytest.approx(22.0)
    assert after["annular_dark_field"].pk != before["annular_dark_field"].pk
    # 2.5 α is 50 mrad now: the outer ring has another name, and the former one is gone.
    assert "high_angle_annular_dark_field" in after
    assert "outer_virtual_dark_field" not in after
    # What does not hang on angles is the same product as before.
    for output in ("mean_diffraction_pattern", "center_of_mass", "summed_intensity"):
        assert after[output].pk == before[output].pk
    converted.refresh_from_db()
    assert not reduction.is_outdated(converted)

    answer(
        converted.deposit,
        semi_convergence_angle=ALPHA,
        diffraction_pixel_size={"value": [1.0, 2.0], "unit": "mrad"},
    )
    run("reduce_measurement")
    assert codes_of(converted) == {"diffraction_calibration_unused"}
    assert statistics_of(converted)["virtual_detectors"]["mrad_per_px"] is None
    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    run("reduce_measurement")
    assert codes_of(converted) == set()


def test_what_is_published_right_after_says_the_new_angles(converted: Measurement) -> None:
    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    deposit = Deposit.objects.get(pk=converted.deposit_id)
    with pytest.raises(StateConflictError):  # the reduction waits: what would be frozen is of yesterday
        publish_deposit(deposit_id=deposit.pk, actor=deposit.owner)
    run("reduce_measurement")
    version = publish(Deposit.objects.get(pk=deposit.pk))
    (said,) = version.content["measurements"]
    detectors = said["signals"][0]["statistics"]["virtual_detectors"]
    assert (detectors["source_of_angles"], detectors["mrad_per_px"]) == ("calibrated", pytest.approx(1.5))


def break_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(**_: Any) -> None:
        raise ReaderCrashedError(Found("error", "reader_crashed", "The process ended.", layer="reading"))

    monkeypatch.setattr(reduction, "run_over_files", crash)


def test_a_failure_is_a_finding_and_demotes_nothing(
    converted: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = products_of(converted)
    break_reading(monkeypatch)
    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    run("reduce_measurement")

    converted.refresh_from_db()
    assert converted.state == "converted"
    assert products_of(converted).keys() == before.keys()
    (finding,) = converted.findings.filter(stage="reduction")
    assert (finding.severity, finding.code) == ("warning", "reduction_failed")
    version = publish(Deposit.objects.get(pk=converted.deposit_id))
    (said,) = version.content["measurements"]
    assert said["id"] == converted.pk
    assert "reduction_failed" in {one["code"] for one in said["findings"]}
    # It says the angles that its products were made with.
    assert said["signals"][0]["statistics"]["virtual_detectors"]["source_of_angles"] == "detector_fraction"


def test_a_job_that_dies_for_good_demotes_nothing_either(converted: Measurement) -> None:
    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    claim = claim_job(job_id=Job.objects.get(kind="reduce_measurement").pk)
    assert claim is not None
    lock_claim(claim=claim)
    fail_job(claim=claim, reason="The worker died 5 times.")
    get_kind("reduce_measurement").apply_failure(claim, "The worker died 5 times.")
    converted.refresh_from_db()
    assert converted.state == "converted"
    assert codes_of(converted) == {"reduction_failed"}
    assert Deposit.objects.get(pk=converted.deposit_id).state in {"ready", "needs_attention"}


def test_a_recipe_on_request_is_made_and_made_again_with_its_parameters(converted: Measurement) -> None:
    before = products_of(converted)
    job = request(converted, "radial_profile", ring_width=2.0)
    assert job.parameters["parameters"] == {"ring_width": 2.0, "counts_per_electron": 1.0}
    assert request(converted, "radial_profile", ring_width=2.0).pk == job.pk
    assert Deposit.objects.get(pk=converted.deposit_id).state == "processing"
    run("reduce_measurement")
    made = products_of(converted)
    assert made.keys() - before.keys() == {
        "radial_mean", "radial_mean_uncertainty", "radial_variance", "radial_variance_uncertainty",
    }  # fmt: skip
    assert all(made[output].pk == product.pk for output, product in before.items())

    request(converted, "radial_profile", ring_width=4.0)
    run("reduce_measurement")
    again = products_of(converted)
    assert again.keys() == made.keys()
    assert again["radial_mean"].digest != made["radial_mean"].digest
    assert again["radial_mean"].parameters["ring_width_px"] == 4.0

    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    run("reduce_measurement")
    calibrated = products_of(converted)["radial_mean"]
    assert calibrated.settings["parameters"]["ring_width"] == 4.0
    assert calibrated.parameters["axis_steps"]["scattering_angle"] == {
        "offset": 3.0,
        "scale": 6.0,
        "unit": "mrad",
    }


def test_what_is_published_is_only_added_to(converted: Measurement) -> None:
    owner = converted.deposit.owner
    request(converted, "radial_profile", ring_width=2.0)
    run("reduce_measurement")
    publish(Deposit.objects.get(pk=converted.deposit_id))
    published = {product.pk: product.sha256 for product in converted.products.all()}
    address = "data.radial_mean"
    let_in = partial(get_measurement, Visitor(owner), converted.pk, for_bytes=True)
    canonical = find_product(let_in(), address, "array")

    for _ in range(2):  # asked for twice, it is there once
        request(converted, "radial_profile", ring_width=8.0)
        run("reduce_measurement")
    added = converted.products.filter(is_added=True)
    assert {product.output for product in added.filter(kind="array")} == {
        "radial_mean", "radial_mean_uncertainty", "radial_variance", "radial_variance_uncertainty",
    }  # fmt: skip
    assert {
        pk: sha for pk, sha in converted.products.values_list("pk", "sha256") if pk in published
    } == published
    assert find_product(let_in(), address, "array").sha256 == canonical.sha256
    newest = added.get(kind="array", output="radial_mean")
    assert find_product(let_in(), newest.digest, "array").sha256 == newest.sha256 != canonical.sha256
    assert Deposit.objects.get(pk=converted.deposit_id).state == "published"


def test_a_failure_after_publishing_is_told_by_the_job(
    converted: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(Deposit.objects.get(pk=converted.deposit_id))
    break_reading(monkeypatch)
    request(converted, "radial_profile")
    with pytest.raises(ReductionRefusedError, match="The process ended"):
        run("reduce_measurement")


@pytest.mark.parametrize(
    ("recipe", "parameters", "sentence"),
    [
        ("no_such_recipe", {}, "There is no recipe 'no_such_recipe'"),
        ("radial_profile", {"ring_width": 1e9}, "ring_width is 1e\\+09 px; it lies between 0.5 and 64"),
        ("sum_spectrum", {}, "is made of a spectrum scan"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(
    converted: Measurement, recipe: str, parameters: dict[str, float], sentence: str
) -> None:
    with pytest.raises(ReductionRefusedError, match=sentence):
        request(converted, recipe, **parameters)


def test_products_from_before_recipes_had_versions_are_replaced(converted: Measurement) -> None:
    converted.products.filter(recipe="virtual_detectors").delete()
    signal = converted.signals.get()
    for output in ("annular_dark_field", "outer_virtual_dark_field"):
        Product.objects.create(
            measurement=converted, signal=signal, recipe=output, output=output, kind="array", code_version="convert 1",
            digest=output.encode().hex()[:10].ljust(64, "0"), media_type="application/x-npy", size=1, sha256="0" * 64,
        )  # fmt: skip
    Measurement.objects.filter(pk=converted.pk).update(
        calibration={"semi_convergence_angle_mrad": 3.0, "old": 1}
    )
    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    run("reduce_measurement")
    made = products_of(converted)
    assert made["annular_dark_field"].recipe == "virtual_detectors"
    assert "outer_virtual_dark_field" not in made


def test_a_manifest_of_another_release_is_tried_again_and_named(
    converted: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reduction, "run_over_files", lambda **_: {"manifest_version": MANIFEST_VERSION + 1})
    request(converted, "radial_profile")
    with pytest.raises(TransientError, match=r"processing/declarations/manifest\.py holds version"):
        run("reduce_measurement")


def test_a_recipe_that_is_one_new_file_runs_confined_from_end_to_end(
    converted: Measurement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The child is a process of its own: it scans the folder as web and worker do, and finds the file there."""
    extended = f"import processing.recipes\nprocessing.recipes.__path__.append({str(tmp_path / 'more')!r})\n"
    (tmp_path / "sitecustomize.py").write_text(extended)
    monkeypatch.setattr(processes, "CODE_ROOT", f"{tmp_path}:{processes.CODE_ROOT}")
    monkeypatch.setattr(runs, "get_zygotes", lambda: None)  # the one that is there has another folder
    with recipes_from(tmp_path / "more", monkeypatch, toy=TOY):
        request(converted, "toy", factor=3.0)
        run("reduce_measurement")
        made = products_of(converted)
        product = made["toy_image"]
        assert (product.recipe, product.recipe_version) == ("toy", 3)
        assert product.settings == {"parameters": {"factor": 3.0}, "needs": {}}
        access = get_measurement(Visitor(converted.deposit.owner), converted.pk, for_bytes=True)
        values = {
            output: np.load(
                BytesIO(b"".join(get_object_store().open_range(found.sha256, 0, found.size))),
                allow_pickle=False,
            )
            for output in ("toy_image", "summed_intensity")
            if (found := find_product(access, f"data.{output}", "array"))
        }
        np.testing.assert_array_equal(values["toy_image"], 3.0 * values["summed_intensity"])
        picture = converted.products.get(output="toy_image", kind="preview")
        assert picture.cover_rank == 1
        shown = find_thumbnails(Visitor(converted.deposit.owner), [converted.pk])
        assert shown[converted.pk].endswith("/data.toy_image/preview.png")


def test_a_result_says_the_program_that_made_it_and_its_libraries(
    converted: Measurement, settings: Any
) -> None:
    request(converted, "radial_profile", ring_width=2.0)
    run("reduce_measurement")
    made = products_of(converted)
    commit = f"+{settings.COMMIT[:12]}" if settings.COMMIT else ""
    for output, program in (("annular_dark_field", "convert"), ("radial_mean", "reduce")):
        product = made[output]
        software = product.parameters["software"]
        assert software["program"].split() == [program, software["program"].split()[1]]
        assert product.code_version == f"stemma {settings.PACKAGE_VERSION}{commit}"
        assert (software["version"], software["commit"]) == (settings.PACKAGE_VERSION, settings.COMMIT)
        assert software["libraries"]["numpy"] == np.__version__
        assert software["libraries"]["numba"] == metadata.version("numba")
    files = {part.data_file.sha256 for part in converted.parts.all()}
    assert set(made["annular_dark_field"].input_digests) == files
    assert not files & set(made["radial_mean"].input_digests)
    assert statistics_of(converted)["software"]["program"].startswith("convert ")
    # Analog-to-digital units are counts; until now images of an EMPAD had no unit at all.
    assert (converted.signals.get().intensity_unit, made["annular_dark_field"].parameters["unit"]) == (
        "1",
        "1",
    )


def test_the_note_on_radii_is_that_of_the_reduction_that_made_the_images(converted: Measurement) -> None:
    former = products_of(converted)["annular_dark_field"]
    signal = converted.signals.get()
    note = signal.statistics["virtual_detectors"]["note"]
    assert former.parameters["radii_note"] == note
    # As an earlier release may have found the disk: its images stay, and so does what was said of them.
    signal.statistics["virtual_detectors"]["note"] = "Radii are multiples of what was found then."
    signal.save(update_fields=["statistics"])
    request(converted, "radial_profile", ring_width=2.0)
    run("reduce_measurement")
    assert products_of(converted)["annular_dark_field"].pk == former.pk
    assert statistics_of(converted)["virtual_detectors"]["note"].endswith("found then.")

    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    run("reduce_measurement")
    after = products_of(converted)["annular_dark_field"].parameters["radii_note"]
    assert after.startswith("Radii are multiples of the convergence semi-angle: 20 mrad")
    assert statistics_of(converted)["virtual_detectors"]["note"] == after
