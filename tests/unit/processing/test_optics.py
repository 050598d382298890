"""Whatever answer the schema accepts for an angle, search facts and the plan of the virtual detectors agree on it."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.readers.contract import Axis
from processing.declarations.book import get_book
from processing.declarations.manifest import Optics
from processing.declarations.typed_documents import ManifestError
from processing.engine.angles import build_facts, resolve_angles
from processing.reductions.detector_plan import plan_virtual_detectors
from processing.reductions.disk import NoDisk
from processing.services.optics import (
    Known,
    build_optics,
    list_stale,
    read_optics,
    select_needs,
)
from repository.schema import SignalShape, validate_measurement
from repository.schema.documents.calibrated_axes import calibrate_signals
from repository.schema.quantities.units import UNITS, to_si
from repository.schema.search.facts import derive_facts
from tests.synthetic import source_of

ANGLES = ("mrad", "rad", "urad")
RECIPROCAL = ("nm-1", "Ao-1")
PER_MRAD = {"mrad": 1.0, "rad": 1e-3, "urad": 1e3}


@st.composite
def quantities(
    draw: st.DrawFn, low: float, high: float, unit: str, *, is_vector: bool = False
) -> dict[str, Any]:
    """Return a value, a range or a (y, x) pair, in the unit."""
    forms = ["value", "range", *(["pair"] if is_vector else [])]
    numbers = sorted(draw(st.lists(st.floats(low, high), min_size=2, max_size=2)))
    said = {"unit": unit, "source": "depositor", "basis": "estimated"}
    form = draw(st.sampled_from(forms))
    if form == "range":
        return {"range": numbers, **said}
    return {"value": numbers if form == "pair" else numbers[0], **said}


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    document: dict[str, Any] = {"technique": ["four_d_stem"], "origin": "measured", "level": "raw"}
    if draw(st.booleans()):
        document["acceleration_voltage"] = draw(quantities(60.0, 300.0, "kV"))
    unit = draw(st.sampled_from(ANGLES))
    if draw(st.booleans()):
        document["semi_convergence_angle"] = draw(
            quantities(5.0 * PER_MRAD[unit], 40.0 * PER_MRAD[unit], unit)
        )
    which = draw(st.sampled_from(["angle", "reciprocal", "other_field", "gap", "nothing"]))
    if which == "angle":
        document["diffraction_pixel_size"] = draw(
            quantities(0.1 * PER_MRAD[unit], 2.0 * PER_MRAD[unit], unit, is_vector=True)
        )
    elif which in {"reciprocal", "other_field"}:
        name = "diffraction_pixel_size" if which == "reciprocal" else "reciprocal_pixel_size"
        document[name] = draw(quantities(0.002, 0.02, draw(st.sampled_from(RECIPROCAL)), is_vector=True))
    elif which == "gap":
        document["diffraction_pixel_size"] = {"missing": "not_recorded"}
    return document


def axes_of(unit: str | None, scale: float | None) -> tuple[Axis, ...]:
    scan = (Axis("scan_y", 4), Axis("scan_x", 5))
    return (*scan, *(Axis(f"detector_{name}", 32, unit, scale) for name in "yx"))


@settings(max_examples=300)
@given(
    document=documents(),
    axes=st.sampled_from([axes_of(None, None), axes_of("mrad", 0.7), axes_of("nm-1", 0.05)]),
)
def test_facts_and_the_detector_plan_agree(document: dict[str, Any], axes: tuple[Axis, ...]) -> None:
    shapes = [SignalShape.from_dict({"name": "data", "axes": [axis.as_dict() for axis in axes]})]
    accepted = not [
        finding
        for finding in validate_measurement(document, signals=shapes)
        if finding.layer in {"structure", "quantity"}
        and finding.severity == "error"
        and finding.code != "missing"
    ]
    facts = derive_facts(document, shapes)
    optics = build_optics(document)
    assert Optics.read(optics.as_dict()) == optics
    (calibrated,) = calibrate_signals(shapes, document)
    angles, finding = resolve_angles(optics, tuple(Axis(**axis.as_dict()) for axis in calibrated.axes))

    assert angles.semi_convergence_angle_mrad == pytest.approx(_in_mrad(facts.semi_convergence_angle_rad))
    if angles.mrad_per_px is not None:
        assert facts.diffraction_pixel_rad is not None
        assert angles.mrad_per_px * 1e-3 == pytest.approx(facts.diffraction_pixel_rad)
    elif facts.diffraction_pixel_rad is not None:
        assert finding is not None  # its sides differ: no single angle, and that is said
        assert "no single angle" in finding.message
    if finding is None and accepted and "diffraction_pixel_size" in document:
        is_gap = "missing" in document["diffraction_pixel_size"]
        assert is_gap or angles.mrad_per_px is not None  # an answer is used, or a sentence says why not

    plan = plan_virtual_detectors(np.ones((32, 32)), disk=NoDisk("none"), angles=angles)
    is_known = angles.semi_convergence_angle_mrad is not None and angles.mrad_per_px is not None
    assert (plan.source_of_angles == "calibrated") == is_known
    told = build_facts(source_of(np.ones((4, 5, 8, 8))), optics, plan)
    assert told.wavelength_pm == pytest.approx(
        None if facts.wavelength_m is None else facts.wavelength_m * 1e12
    )


@settings(max_examples=200, deadline=None)
@given(document=documents())
def test_pages_calibrate_axes_as_the_facts_do(document: dict[str, Any]) -> None:
    read = SignalShape.from_dict({"name": "data", "axes": [axis.as_dict() for axis in axes_of(None, None)]})
    (calibrated,) = calibrate_signals([read], document)
    shown = [axis.as_dict() for axis in calibrated.axes[2:]]
    facts = derive_facts(document, None)
    if shown[0]["scale"] is None:
        assert facts.diffraction_pixel_rad is None
        return
    y, x = (to_si(axis["scale"], axis["unit"]) for axis in shown)
    if UNITS[shown[0]["unit"]].dimension == "angle":
        assert facts.diffraction_pixel_rad == pytest.approx((y * x) ** 0.5)
    elif facts.wavelength_m is not None:
        assert facts.diffraction_pixel_rad == pytest.approx(facts.wavelength_m * (y * x) ** 0.5)
    else:
        assert facts.diffraction_pixel_rad is None  # a length; without the voltage it is no angle


def _in_mrad(angle: float | None) -> float | None:
    return None if angle is None else angle * 1e3


@pytest.mark.parametrize(
    ("answer", "mrad"),
    [
        ({"value": 0.5, "unit": "mrad"}, 0.5),
        ({"range": [0.4, 0.6], "unit": "mrad"}, 0.5),
        ({"value": [0.5, 0.5], "unit": "mrad"}, 0.5),
        ({"value": 0.1, "unit": "nm-1"}, 0.1 * 2.5079),
        ({"value": 0.01, "unit": "Ao-1"}, 0.1 * 2.5079),
    ],
)
@pytest.mark.parametrize("field", ["diffraction_pixel_size", "reciprocal_pixel_size"])
def test_every_form_of_a_pixel_size_is_an_angle(field: str, answer: dict[str, Any], mrad: float) -> None:
    document = {"acceleration_voltage": {"value": 200, "unit": "kV"}, field: answer}
    angles, finding = resolve_angles(build_optics(document), axes_of(None, None))
    assert angles.mrad_per_px == pytest.approx(mrad, rel=1e-4)
    assert finding is None


def test_a_reciprocal_answer_without_a_voltage_is_named() -> None:
    optics = build_optics({"reciprocal_pixel_size": {"value": 0.1, "unit": "nm-1"}})
    assert optics.diffraction_pixel_mrad is None
    assert "without an acceleration voltage" in optics.pixel_problem


def list_names(former: Known, now: Known) -> set[str]:
    return {recipe.name for recipe in list_stale(former, now, get_book().recipes)}


def test_what_changed_decides_what_is_made_again() -> None:
    recipes = get_book().recipes
    now = Optics(20.0, (0.5, 0.5), 200.0)
    assert list_names(Known(now), Known(now)) == set()
    assert list_names(Known(None), Known(now)) == {recipe.name for recipe in recipes if recipe.needs}
    turned = Optics(20.0, (0.5, 0.5), 200.0, ((0.0, 1.0), (-1.0, 0.0)))
    assert list_names(Known(now), Known(turned)) == {"differential_phase"}
    other_alpha = Optics(21.0, (0.5, 0.5), 200.0)
    with_angles = {recipe.name for recipe in recipes if "angles" in recipe.needs}
    assert list_names(Known(now), Known(other_alpha)) == with_angles
    recipe = get_book().get("mean_diffraction_pattern")
    assert select_needs(recipe, now, ()) == {}


def test_the_step_of_the_scan_decides_the_integrated_phase_alone() -> None:
    now = Optics(20.0, (0.5, 0.5), 200.0)
    fine, coarse = (
        [Axis("scan_y", 4, "nm", step).as_dict(), Axis("scan_x", 5, "nm", 0.1).as_dict()]
        for step in (0.1, 0.2)
    )
    assert list_names(Known(now, fine), Known(now, fine)) == set()
    assert list_names(Known(now, fine), Known(now, coarse)) == {"differential_phase"}


def test_angles_of_axes_count_where_no_field_says_them() -> None:
    fine, coarse = ([axis.as_dict() for axis in axes_of("mrad", step)] for step in (0.7, 0.8))
    silent, told = Optics(20.0, None, 200.0), Optics(20.0, (0.7, 0.7), 200.0)
    with_angles = {recipe.name for recipe in get_book().recipes if "angles" in recipe.needs}
    assert list_names(Known(silent, fine), Known(silent, coarse)) == with_angles
    assert list_names(Known(told, fine), Known(told, coarse)) == set()


def test_a_calibration_of_an_older_form_is_none() -> None:
    assert read_optics({"semi_convergence_angle_mrad": 20.0, "diffraction_pixel_size": {"value": 1}}) is None
    assert read_optics({}) == Optics()
    with pytest.raises(ManifestError):
        Optics.read({"pixel_problem": 3})


def test_angles_are_told_as_they_were_written() -> None:
    """9.3 mrad are 9.3, and not 9.299999999999999: on the way to radians and back nothing is added."""
    written = {
        "semi_convergence_angle": (9.3, "mrad"),
        "diffraction_pixel_size": (0.57, "mrad"),
        "acceleration_voltage": (80.1, "kV"),
    }
    document = {path: {"value": value, "unit": unit} for path, (value, unit) in written.items()}
    optics = build_optics(document)
    told = (optics.semi_convergence_angle_mrad, optics.diffraction_pixel_mrad, optics.acceleration_voltage_kv)
    assert told == (9.3, (0.57, 0.57), 80.1)
    axes = tuple(Axis(f"detector_{side}", 8, "mrad", 0.57) for side in "yx")
    assert resolve_angles(Optics(), axes)[0].mrad_per_px == 0.57
