"""Rows, requests and manifests of another version of Stemma: each a sentence, and everything else works on."""

from typing import Any

import pytest

from processing.declarations.manifest import MANIFEST_VERSION
from processing.services import conversion
from repository.errors import ReductionRefusedError, TransientError
from repository.models import Measurement, Product
from repository.workflows.jobs import enqueue_job
from tests.reducing import ALPHA, PIXEL, answer, products_of, request, run

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"manifest_version": MANIFEST_VERSION, "program": 5}, "manifest_not_understood"),
        ("a word", "manifest_not_understood"),
    ],
)
def test_a_manifest_that_is_none_is_a_finding_about_the_file(
    converted: Measurement, monkeypatch: pytest.MonkeyPatch, given: Any, code: str
) -> None:
    monkeypatch.setattr(conversion, "run_over_files", lambda **_: given)
    enqueue_job(kind="convert_measurement", target=converted.pk, deposit=converted.deposit)
    run("convert_measurement")
    (finding,) = converted.findings.filter(stage="conversion")
    assert (finding.code, finding.severity) == (code, "error")
    converted.refresh_from_db()
    assert converted.state == "failed"


def test_a_conversion_with_a_program_of_another_release_is_tried_again_and_named(
    converted: Measurement, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversion, "run_over_files", lambda **_: {"program": "convert", "version": 1})
    enqueue_job(kind="convert_measurement", target=converted.pk, deposit=converted.deposit)
    with pytest.raises(
        TransientError, match=r"of version 1; processing/declarations/manifest\.py holds version"
    ):
        run("convert_measurement")
    converted.refresh_from_db()
    assert converted.state == "converted"


def test_old_rows_of_unknown_recipes_and_versions_hinder_nothing_and_are_named(
    converted: Measurement,
) -> None:
    request(converted, "radial_profile", ring_width=2.0)
    run("reduce_measurement")
    row = converted.products.filter(recipe="radial_profile", kind="array")
    row.update(recipe_version=9, settings={"parameters": {"sectors": 8}, "needs": {}})
    Product.objects.create(
        measurement=converted, signal=converted.signals.get(), recipe="forgotten", recipe_version=7,
        output="forgotten", kind="array", code_version="convert 1", digest="f" * 64,
        media_type="application/x-npy", size=1, sha256="0" * 64,
    )  # fmt: skip
    answer(converted.deposit, semi_convergence_angle=ALPHA, diffraction_pixel_size=PIXEL)
    run("reduce_measurement")
    said = dict(converted.findings.filter(stage="reduction").values_list("code", "message"))
    assert set(said) == {"recipe_parameters_replaced", "recipe_not_here"}
    assert (
        "those of version 9; processing/recipes/radial_profile.py holds version"
        in said["recipe_parameters_replaced"]
    )
    assert "no parameter 'sectors'" in said["recipe_parameters_replaced"]
    assert "there is no processing/recipes/forgotten.py any more" in said["recipe_not_here"]
    made = products_of(converted)
    assert made["radial_mean"].settings["parameters"] == {"ring_width": 1.0, "counts_per_electron": 1.0}
    assert made["annular_dark_field"].parameters["inner_mrad"] == pytest.approx(22.0)
    assert made["forgotten"].recipe_version == 7


@pytest.mark.parametrize(
    ("asked", "sentence"),
    [
        (
            {"recipe": "radial_profile"},
            "Another version of Stemma wrote the request: what the job was asked holds recipe",
        ),
        (
            {"name": "radial_profile", "version": 9, "parameters": {}},
            r"processing/recipes/radial_profile\.py holds version \d of its recipe; version 9 was asked for",
        ),
    ],
)
def test_a_request_that_another_release_wrote_is_refused_with_a_sentence(
    converted: Measurement, asked: dict[str, Any], sentence: str
) -> None:
    enqueue_job(kind="reduce_measurement", target=converted.pk, deposit=converted.deposit, parameters=asked)
    with pytest.raises(ReductionRefusedError, match=sentence):
        run("reduce_measurement")
