"""What is proposed as technique: by header, units and ranges, and by the picture where nothing else tells."""

from collections.abc import Mapping
from typing import Any

import pytest

from repository.schema.documents.proposals import propose_technique
from repository.schema.documents.technique_guesses import FrameLook, Proposal, SeenSignal
from repository.schema.quantities.signals import SignalAxis, SignalShape

PATTERN = FrameLook(center_over_mean=30, half_turn=0.9)
SCAN = (("scan_y", 8, "nm", 0.1), ("scan_x", 8, "nm", 0.1))
FRAME = (("detector_y", 64, None, None), ("detector_x", 64, None, None))
ANGLES = (("detector_y", 64, "mrad", 0.5), ("detector_x", 64, "mrad", 0.5))
LENGTHS = (("y", 64, "nm", 0.5), ("x", 64, "nm", 0.5))
CAMERA = {"camera": {"name": {"value": "US1000", "source": "header"}}}
QUANTITIES = {
    "dwell_time": {"value": 1, "unit": "us"},
    "camera_length": {"value": 100, "unit": "mm"},
    "exposure_time": {"value": 1, "unit": "s"},
}
MAGNIFIED = {"magnification": {"value": 50_000}}

Axis = tuple[str, int, str | None, float | None]


def see(*axes: Axis, n: int = 2, name: str = "data", offset: float = 0.0, **seen: Any) -> SeenSignal:
    built = tuple(SignalAxis(*axis, offset=offset if axis[0] == "energy" else 0.0) for axis in axes)
    return SeenSignal(SignalShape(name, built, n_signal_axes=n), **seen)


def energies(
    start: float, step: float | None, size: int, unit: str | None = "eV", *leading: Axis
) -> SeenSignal:
    return see(*leading, ("energy", size, unit, step), n=1, offset=start)


def header(*names: str, **more: Any) -> dict[str, Any]:
    return {**{name: QUANTITIES[name] for name in names}, **more}


def propose(said: Mapping[str, Any], *signals: SeenSignal) -> Proposal:
    found = propose_technique(said, signals)
    assert found is not None
    return found


SURE: list[tuple[str, Mapping[str, Any], SeenSignal]] = [
    ("four_d_stem", {}, see(*SCAN, *FRAME)),
    ("four_d_stem", {}, see(*SCAN, *ANGLES)),
    ("four_d_stem", header(technique=["four_d_stem"]), see(("position", 9, None, None), *FRAME)),
    ("annular", header(technique=["annular"]), see(*SCAN)),
    ("annular", header(annular_detectors=[{"name": "HAADF"}]), see(*SCAN)),
    ("annular", header("dwell_time", "camera_length"), see(*SCAN, dtype="uint16")),
    ("segmented_detector", header(segments=[{"name": "A"}]), see(*SCAN)),
    ("eels", header(technique=["eels"]), energies(350, 0.25, 2048)),
    ("eels", {}, energies(-20, 0.2, 1024)),
    ("eels", {}, energies(-20, 0.2, 1024, "eV", *SCAN)),
    ("eels", {}, energies(-0.02, 0.0002, 1024, "keV")),
    ("eels", header(collection_semi_angle={"value": 20, "unit": "mrad"}), energies(-5, 0.001, 8000)),
    ("eds", {}, energies(0, 10, 2048)),
    ("eds", {}, energies(0, 0.01, 2048, "keV")),
    ("eds", header(eds={"elevation": {"value": 18, "unit": "deg"}}), energies(-200, 5, 1024)),
    ("cathodoluminescence", {}, see(*SCAN, ("wavelength", 512, "nm", 0.5), n=1)),
    ("tem_image", header("exposure_time"), see(*LENGTHS)),
    ("tem_image", CAMERA, see(("detector_y", 64, "nm", 0.5), ("detector_x", 64, "nm", 0.5))),
    ("tem_image", CAMERA, see(("series", 5, None, None), *LENGTHS)),
    ("diffraction_pattern", {}, see(*ANGLES)),
    ("diffraction_pattern", {}, see(("time", 5, "s", 1.0), *ANGLES)),
    ("diffraction_pattern", {**CAMERA, **header("camera_length")}, see(*FRAME)),
    ("other", header(technique=["other"]), see(*FRAME)),
]
UNSURE: list[tuple[str, Mapping[str, Any], SeenSignal]] = [
    ("four_d_stem", {}, see(("position", 9, None, None), *FRAME, is_shape_guessed=True)),
    ("four_d_stem", {}, see(*SCAN, *LENGTHS)),
    ("four_d_stem", header(technique=["four_d_stem"]), see(*SCAN)),
    ("annular", {}, see(*SCAN)),
    ("annular", header("dwell_time"), see(*SCAN, dtype="uint16")),
    ("annular", header("dwell_time", "camera_length"), see(*SCAN, dtype="float32")),
    ("annular", header(technique=["annular"]), see(*SCAN, *FRAME)),
    ("eels", header(technique=["eels"]), energies(0, None, 1024, None)),
    ("eels", header(technique=["eels"]), see(*FRAME)),
    ("eels", header(technique=["eels"]), energies(0, 10, 2048)),
    ("eds", header(technique=["eds"]), energies(-20, 0.2, 1024)),
    ("eels", header(technique=["eels"]), see(("wavelength", 512, "nm", 0.5), n=1)),
    ("eds", header(eds={"elevation": {"value": 18, "unit": "deg"}}), energies(0, None, 1024, None)),
    ("eds", header(eds={"elevation": {"value": 18, "unit": "deg"}}), energies(-20, 0.2, 1024)),
    ("", {}, energies(0, None, 1024, None)),
    ("", {}, energies(1.5, 0.002, 1024)),
    ("", {}, energies(0, 5, 200)),
    ("tem_image", {}, see(*LENGTHS)),
    ("tem_image", header("exposure_time", "dwell_time"), see(*LENGTHS)),
    ("tem_image", {**CAMERA, "lens_mode": {"value": "STEM"}}, see(*LENGTHS)),
    ("tem_image", header(technique=["tem_image"]), see(*ANGLES)),
    ("diffraction_pattern", header(technique=["diffraction_pattern"]), see(*LENGTHS)),
    ("diffraction_pattern", MAGNIFIED, see(*ANGLES)),
    ("diffraction_pattern", {}, see(*ANGLES, dtype="complex64")),
    ("diffraction_pattern", {}, see(("series", 9, None, None), *ANGLES)),
    ("diffraction_pattern", {}, see(*FRAME, frame=PATTERN)),
    ("diffraction_pattern", MAGNIFIED, see(*FRAME, frame=PATTERN)),
    ("", {**CAMERA, **MAGNIFIED, **header("camera_length")}, see(*FRAME)),
    ("", {}, see(*FRAME, frame=FrameLook(30, 0.1))),
    ("", {}, see(*FRAME, frame=FrameLook(1.5, 0.9))),
    ("", {}, see(*FRAME)),
    ("", {}, see(*FRAME, dtype="complex64", frame=PATTERN)),
    ("", {}, see(("position", 100, None, None), n=1)),
]


def describe_case(case: Any) -> str:
    return case if isinstance(case, str) else ""


@pytest.mark.parametrize(("technique", "said", "signal"), SURE, ids=describe_case)
def test_what_header_units_and_ranges_say_is_sure(
    technique: str, said: Mapping[str, Any], signal: SeenSignal
) -> None:
    found = propose(said, signal)
    assert (found.techniques, found.sure) == ((technique,), True), found.why


@pytest.mark.parametrize(("technique", "said", "signal"), UNSURE, ids=describe_case)
def test_what_could_be_something_else_says_that_it_is_unsure(
    technique: str, said: Mapping[str, Any], signal: SeenSignal
) -> None:
    found = propose(said, signal)
    assert (found.techniques, found.sure) == ((technique,) if technique else (), False), found.why


@pytest.mark.parametrize(("said", "signal"), [(said, signal) for _, said, signal in (*SURE, *UNSURE)])
def test_every_proposal_has_a_sentence_for_a_person(said: Mapping[str, Any], signal: SeenSignal) -> None:
    why = propose(said, signal).why
    assert why[0].isupper(), why
    assert why.endswith("."), why
    assert "_" not in why, "a name of the program reached a person"
    assert ".." not in why, why


@pytest.mark.parametrize("technique", ["eels", "eds", "cathodoluminescence"])
@pytest.mark.parametrize("leading", [(), SCAN])
def test_a_spectral_technique_without_energies_is_never_sure(
    technique: str, leading: tuple[Axis, ...]
) -> None:
    for said in (header(technique=[technique]), header(technique=[technique, "annular"])):
        found = propose(said, see(*leading, ("energy", 1024, None, None), n=1), see(*SCAN, name="haadf"))
        assert not found.sure
        assert technique in found.techniques


def test_a_picture_alone_is_never_sure() -> None:
    for look in (PATTERN, FrameLook(1e9, 1.0), FrameLook(0.0, -1.0)):
        for signal in (see(*FRAME, frame=look), see(("series", 3, None, None), *FRAME, frame=look)):
            assert not propose({}, signal).sure


def test_an_image_of_a_detector_beside_spectra_composes_and_one_beside_patterns_does_not() -> None:
    spectra = energies(350, 0.25, 2048, "eV", *SCAN)
    found = propose({}, spectra, see(*SCAN, name="haadf"))
    assert (found.techniques, found.sure) == (("eels", "annular"), True)
    assert "haadf" in found.why
    assert propose({}, spectra, see(*SCAN, name="sum")).techniques == ("eels",)
    assert propose({}, see(*SCAN, *FRAME), see(*SCAN, name="virtual_bf")).techniques == ("four_d_stem",)


def test_a_header_that_names_several_is_sure_where_the_arrays_show_each() -> None:
    said = header(technique=["eels", "eds"])
    spectra = energies(350, 0.25, 2048, "eV", *SCAN)
    assert propose(said, spectra).techniques == ("eels", "eds")
    mixed = propose(header(technique=["eels", "four_d_stem"]), spectra)
    assert (mixed.techniques, mixed.sure) == (("eels", "four_d_stem"), False)
    assert "has a pattern at every position" in mixed.why


def test_words_that_are_no_technique_are_not_repeated() -> None:
    assert propose(header(technique=["holography"]), see(*SCAN, *FRAME)).techniques == ("four_d_stem",)


def test_nothing_is_proposed_of_what_was_not_opened() -> None:
    assert propose_technique({"technique": ["eels"]}, []) is None


@pytest.mark.parametrize(
    "entry", [None, {}, {"center_over_mean": 3}, {"center_over_mean": "3", "half_turn": 1}, [1, 2]]
)
def test_a_look_that_was_not_written_down_is_none(entry: Any) -> None:
    assert FrameLook.from_dict(entry) is None
