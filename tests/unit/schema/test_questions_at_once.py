"""Answers take questions away and bring none: whoever answered a page is not asked more on it."""

from collections.abc import Iterator
from typing import Any

import pytest

from repository.schema.documents.normalization import normalize_document
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.requirements import Requirement, list_requirements

GAP = {"missing": "not_recorded"}
NM, PER_NM = {"value": 0.5, "unit": "nm"}, {"value": 0.5, "unit": "nm-1"}
# What a person may answer beside "not recorded", where the answer could decide on another question.
ANSWERS: dict[str, tuple[Any, ...]] = {
    "illumination": ("convergent", "parallel"),
    "semi_convergence_angle": ({"value": 20, "unit": "mrad"},),
    "scan_shape": ([8, 8],),
    "scan_step": (NM,),
    "pixel_size": (NM,),
    "diffraction_pixel_size": (PER_NM, {"value": 0.5, "unit": "mrad"}),
    "camera.name": ("EMPAD",),
    "level": ("raw",),
    "origin": ("measured",),
    "sample.name": ("MoS2",),
    "acceleration_voltage": ({"value": 80, "unit": "kV"},),
    "probe_current": ({"value": 20, "unit": "pA"},),
    "stage_tilt_x": ({"value": 0, "unit": "deg"},),
    "scan_pattern": ("raster",),
}


def shape(*names: str, unit: str | None = None) -> tuple[SignalShape, ...]:
    axes = tuple(SignalAxis(name, 8, unit, None if unit is None else 0.5) for name in names)
    return (SignalShape("data", axes),)


SHAPES: dict[str, tuple[SignalShape, ...] | None] = {
    "unknown": None,
    "frame": shape("detector_y", "detector_x"),
    "image": shape("y", "x", unit="nm"),
    "pattern": shape("detector_y", "detector_x", unit="nm-1"),
    "frames": shape("series", "detector_y", "detector_x"),
    "time series": shape("time", "y", "x"),
    "tilt series": shape("tilt", "y", "x"),
    "scan of frames": shape("scan_y", "scan_x", "detector_y", "detector_x"),
    "scanned image": shape("scan_y", "scan_x"),
    "line": shape("position"),
    "spectrum": shape("energy"),
    "spectrum image": shape("scan_y", "scan_x", "energy"),
}
TECHNIQUES = [term.value for term in load_catalogue().vocabularies["technique"]]


def ask(document: dict[str, Any], signals: tuple[SignalShape, ...] | None) -> dict[str, Requirement]:
    found = list_requirements(normalize_document(document), signals=signals)
    return {one.path: one for one in found if one.state == "missing"}


def put(document: dict[str, Any], path: str, said: Any) -> dict[str, Any]:
    """Return the document with an answer at a dotted path."""
    head, _, rest = path.partition(".")
    inner = document.get(head)
    return {
        **document,
        head: put(inner if isinstance(inner, dict) else {}, rest, said) if rest else said,
    }


def list_answers(one: Requirement) -> Iterator[Any]:
    yield from ANSWERS.get(one.path, ())
    if one.escape:
        yield GAP


@pytest.mark.parametrize("technique", TECHNIQUES)
@pytest.mark.parametrize("kind", SHAPES)
def test_an_answer_brings_no_question(technique: str, kind: str) -> None:
    signals = SHAPES[kind]
    document: dict[str, Any] = {"technique": [technique]}
    asked = ask(document, signals)
    answered = 0
    for path in list(asked):  # one after the other, as a person goes down the page
        if path not in asked or "[]" in path:
            continue
        kept = document
        for said in list_answers(asked[path]):
            given = put(document, path, said)
            after = ask(given, signals)
            assert after.keys() <= asked.keys(), f"{path}: {said} brings {after.keys() - asked.keys()}"
            kept = given
        if kept is not document:
            document, asked, answered = kept, ask(kept, signals), answered + 1
    assert answered > 0


def test_the_angle_is_asked_until_the_illumination_rules_it_out() -> None:
    signals = SHAPES["pattern"]
    document: dict[str, Any] = {"technique": ["diffraction_pattern"]}
    assert {"illumination", "semi_convergence_angle"} <= ask(document, signals).keys()
    assert "semi_convergence_angle" in ask({**document, "illumination": "convergent"}, signals)
    assert "semi_convergence_angle" not in ask({**document, "illumination": "parallel"}, signals)


@pytest.mark.parametrize("said", [NM, GAP])
def test_what_a_field_calibrates_is_not_asked_again_under_axes(said: dict[str, Any]) -> None:
    document: dict[str, Any] = {"technique": ["tem_image"]}
    assert {"pixel_size"} == {"pixel_size", "axes"} & ask(document, SHAPES["frame"]).keys()
    assert not {"pixel_size", "axes"} & (
        ask({**document, "pixel_size": said}, SHAPES["frame"]).keys() - {"pixel_size"}
    )


def test_a_declared_simulation_is_asked_about_its_program() -> None:
    document: dict[str, Any] = {"technique": ["four_d_stem"]}
    after = ask({**document, "origin": "simulated"}, None)
    assert "simulation.code" in after.keys() - ask(document, None).keys()
