"""All questions follow at once from the technique: an answer takes questions away and brings none."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema.documents.levels import place_entry
from repository.schema.documents.normalization import normalize_document
from repository.schema.places import find_entries
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.requirements import Requirement, list_requirements
from repository.schema.questions.techniques import find_impossible
from tests.realdata import find_realdata, need_realdata
from tests.technique_bar import find_truth, load_truth, read_all
from tests.unit.schema.documents import eels
from tests.unit.schema.mutations import build_full

Signals = Sequence[SignalShape]
GAP = {"missing": "not_recorded"}
FULL = build_full()
TECHNIQUES = load_catalogue().words("technique")


def shape(*axes: tuple[str, int, str | None], n: int = 2) -> SignalShape:
    built = tuple(SignalAxis(name, size, unit, 0.5 if unit else None) for name, size, unit in axes)
    return SignalShape("data", built, n_signal_axes=n)


FRAME = (("detector_y", 64, None), ("detector_x", 64, None))
SCAN = (("scan_y", 8, None), ("scan_x", 8, None))
SHAPES: Mapping[str, SignalShape] = {
    "scan of patterns": shape(*SCAN, *FRAME),
    "scan in nm": shape(("scan_y", 8, "nm"), ("scan_x", 8, "nm"), *FRAME),
    "run of frames": shape(("position", 64, None), *FRAME),
    "line of patterns": shape(("scan_x", 8, None), *FRAME),
    "frame": shape(*FRAME),
    "frame in nm": shape(("y", 64, "nm"), ("x", 64, "nm")),
    "images without unit": shape(("time", 64, None), ("y", 64, None), ("x", 64, None)),
    "frames in time": shape(("time", 64, None), *FRAME),
    "frames tilted": shape(("tilt", 64, None), *FRAME),
    "frames in series": shape(("series", 64, None), *FRAME),
    "scanned image": shape(*SCAN),
    "spectrum": shape(("energy", 512, None), n=1),
    "spectrum in eV": shape(("energy", 512, "eV"), n=1),
    "spectra": shape(*SCAN, ("energy", 512, None), n=1),
    "light": shape(*SCAN, ("wavelength", 512, None), n=1),
    "momentum-resolved": shape(*SCAN, ("detector_y", 64, None), ("energy", 512, None), n=2),
}


def ask(document: Mapping[str, Any], signals: Signals | None) -> dict[str, Requirement]:
    """Return what is asked and not answered."""
    listed = list_requirements(normalize_document(document), signals=signals)
    return {one.path: one for one in listed if one.state == "missing"}


def answer(document: Mapping[str, Any], asked: Requirement, rng: Random) -> dict[str, Any]:
    """Answer one question, in any of the ways that answer it."""
    if asked.path == "axes":
        return dict(
            document
        )  # worked out: answered by the fields of the axes, or under `axes` by their names
    if asked.escape and rng.random() < 0.3:
        return place_entry(document, asked.path.split("[]")[0], GAP)
    ways = [paths for paths in asked.answers if not any("{}" in path for path in paths)]
    for path in rng.choice(ways):
        document = _give(document, path, rng)
    return dict(document)


def _give(document: Mapping[str, Any], path: str, rng: Random) -> dict[str, Any]:
    if path.startswith("links:"):
        link = {"role": path.removeprefix("links:"), "target": "other.dm4"}
        return place_entry(document, "links", [*document.get("links", ()), link])
    head, _, rest = path.partition("[].")
    if rest:
        known = document.get(head)
        former = known[0] if isinstance(known, list) else {"name": "first"}
        return place_entry(document, head, [place_entry(former, rest, _choose(path, rng))])
    return place_entry(document, path, _choose(path, rng))


def _choose(path: str, rng: Random) -> Any:
    field = load_catalogue().measurement[path]
    if path == "origin":
        return rng.choice(["measured", "augmented"])  # what is simulated is asked about its program
    if field.vocabulary is not None:
        word = rng.choice(load_catalogue().words(field.vocabulary))
        return [word] if field.kind == "choices" else word
    if path == "camera.name":
        return rng.choice(["EMPAD", "Somebody's own", "K3"])
    return rng.choice(field.examples) if field.examples else get_usual(path)


def get_usual(path: str) -> Any:
    return next(entry for _, entry in find_entries(FULL, path))


def follow(document: Mapping[str, Any], signals: Signals | None, seed: int) -> int:
    """Answer everything in some order; return how many questions there were. None may come by answering."""
    rng = Random(seed)
    first = asked = ask(document, signals)
    for _ in range(200):
        open_paths = [path for path in asked if path != "axes"]
        if not open_paths:
            return len(first)
        path = rng.choice(open_paths)
        document = answer(document, asked[path], rng)
        after = ask(document, signals)
        assert path not in after, f"{path} was answered and is asked again: {document}"
        more = set(after) - set(asked)
        assert not more, f"the answer to {path} brought {more}: {document}"
        harder = {one for one in after if after[one].level == "required" != asked[one].level}
        assert not harder, f"the answer to {path} made {harder} required: {document}"
        asked = after
    raise AssertionError(f"there is no end of it: {sorted(asked)}")


@given(
    techniques=st.lists(st.sampled_from(TECHNIQUES), min_size=1, max_size=2, unique=True),
    name=st.sampled_from([None, *SHAPES]),
    seed=st.integers(0, 10_000),
)
def test_no_answer_brings_a_question(techniques: list[str], name: str | None, seed: int) -> None:
    signals = None if name is None else (SHAPES[name],)
    if find_impossible(techniques, signals or ()) is None:
        assert follow({"technique": techniques}, signals, seed) >= 2


@pytest.mark.parametrize("technique", ["eels", "eds", "cathodoluminescence", "diffraction_pattern"])
def test_the_angle_of_an_unscanned_beam_is_asked_until_the_illumination_rules_it_out(technique: str) -> None:
    signals = (SHAPES["frame" if technique == "diffraction_pattern" else "spectrum"],)
    document: dict[str, Any] = {"technique": [technique]}
    angle = "semi_convergence_angle"
    assert {angle, "illumination"} <= set(ask(document, signals))
    assert angle in ask({**document, "illumination": "convergent"}, signals)
    for said in ("parallel", "precession", GAP):
        assert angle not in ask({**document, "illumination": said}, signals)
    assert "illumination" not in ask({**document, angle: "20 mrad"}, signals)


def test_the_angle_of_a_scanned_beam_is_asked_unless_it_is_ruled_out() -> None:
    known = eels(illumination=None, semi_convergence_angle=None)
    for said, is_asked in ((None, True), (GAP, True), ("convergent", True), ("parallel", False)):
        document = known if said is None else {**known, "illumination": said}
        assert ("semi_convergence_angle" in ask(document, None)) is is_asked, said


def test_what_a_field_calibrates_is_not_asked_again_under_axes() -> None:
    signals = (SHAPES["scan of patterns"],)
    document: dict[str, Any] = {"technique": ["four_d_stem"]}
    assert "axes" not in ask(document, signals)
    for said in ({"scan_step": "1 nm"}, {"diffraction_pixel_size": "1 mrad"}, {"scan_step": GAP}):
        assert "axes" not in ask({**document, **said}, signals)


def test_a_declared_simulation_is_asked_about_its_program() -> None:
    document: dict[str, Any] = {"technique": ["four_d_stem"]}
    after = ask({**document, "origin": "simulated"}, None)
    assert "simulation.code" in after.keys() - ask(document, None).keys()


@pytest.mark.parametrize("seed", range(3))
def test_confirmed_techniques_of_real_files_bring_all_questions_at_once(seed: int) -> None:
    need_realdata()
    root = find_realdata()
    assert root is not None
    known, followed = load_truth(), 0
    for one in read_all(root):
        techniques = find_truth(one.path, known).techniques
        signals = tuple(signal.shape for signal in one.signals)
        if techniques is None or find_impossible(sorted(techniques), signals) is not None:
            continue
        followed += follow({**one.header, "technique": sorted(techniques)}, signals, seed) > 0
    assert followed >= 40
