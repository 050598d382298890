"""What a signal is: by the unit of its axes, the technique and the header together, and what contradicts it."""

from typing import Any

import pytest

from repository.schema.documents.signal_kind import SignalDecision, decide_signal_kind, decide_signal_kinds
from repository.schema.quantities.signals import SignalAxis, SignalShape


def axes(*said: str) -> tuple[SignalAxis, ...]:
    """Return axes of "name unit" or "name"."""
    split = [one.split() for one in said]
    return tuple(SignalAxis(name, 8, *((unit[0], 0.5) if unit else (None, None))) for name, *unit in split)


def decide(*said: str, **document: Any) -> SignalDecision:
    return decide_signal_kind(axes(*said), 2, document)


def decide_beside(*said: str, **document: Any) -> SignalDecision:
    """Decide of an array beside the main one."""
    return decide_signal_kind(axes(*said), 2, document, is_main=False)


def decide_line(*said: str, **document: Any) -> SignalDecision:
    return decide_signal_kind(axes(*said), 1, document)


def length(**more: str) -> dict[str, Any]:
    return {"value": 0.5, "unit": "nm", **more}


def reciprocal(**more: str) -> dict[str, Any]:
    return {"value": 0.5, "unit": "nm-1", **more}


TEM, SAED, FOUR_D, ADF = ["tem_image"], ["diffraction_pattern"], ["four_d_stem"], ["annular"]


@pytest.mark.parametrize("names", [("detector_y", "detector_x"), ("y", "x"), ("image_y", "image_x")])
@pytest.mark.parametrize(
    ("unit", "alone", "series"),
    [
        ("nm", "image", "image_series"),
        ("Ao", "image", "image_series"),
        ("mrad", "pattern", "pattern_series"),
        ("nm-1", "pattern", "pattern_series"),
    ],
)
def test_the_unit_decides_whatever_the_axes_are_called(
    names: tuple[str, str], unit: str, alone: str, series: str
) -> None:
    frame = [f"{name} {unit}" for name in names]
    for leading, kind in (([], alone), (["series"], series), (["time s"], series)):
        decision = decide(*leading, *frame)
        assert (decision.kind, decision.sure, decision.contradiction) == (kind, True, "")


@pytest.mark.parametrize("unit", ["mrad", "nm-1"])
def test_frames_in_angles_at_positions_are_a_scan(unit: str) -> None:
    for leading in (("scan_y nm", "scan_x nm"), ("scan_x",), ("position",), ("time s", "scan_y", "scan_x")):
        assert decide(*leading, f"y {unit}", f"x {unit}").kind == "pattern_scan"


def test_frames_in_lengths_are_images_even_at_positions_of_the_beam() -> None:
    decision = decide("scan_y nm", "scan_x nm", "detector_y nm", "detector_x nm")
    assert (decision.kind, decision.sure) == ("image_series", True)


@pytest.mark.parametrize(
    "frame", [("detector_y", "detector_x"), ("y", "x"), ("y nm", "x"), ("y nm", "x mrad"), ("y px", "x px")]
)
def test_what_nothing_speaks_of_is_a_frame(frame: tuple[str, str]) -> None:
    for leading, kind in (((), "frame"), (("series",), "frame_series")):
        decision = decide(*leading, *frame)
        assert (decision.kind, decision.sure) == (kind, False)


@pytest.mark.parametrize(
    ("technique", "alone", "series"),
    [
        (TEM, "image", "image_series"),
        (SAED, "pattern", "pattern_series"),
        (ADF, "image", "image_series"),
        (FOUR_D, "frame", "pattern_scan"),
        ([*FOUR_D, *ADF], "image", "frame_series"),
        ([*TEM, *SAED], "frame", "frame_series"),
        (["eels"], "frame", "frame_series"),
        (["other"], "frame", "frame_series"),
    ],
)
def test_the_technique_decides_where_no_unit_does(technique: list[str], alone: str, series: str) -> None:
    assert decide("detector_y", "detector_x", technique=technique).kind == alone
    for said in (technique, {"value": technique, "source": "header"}):
        assert decide("series", "detector_y", "detector_x", technique=said).kind == series


def test_the_technique_of_frames_at_positions() -> None:
    frames = ("position", "detector_y", "detector_x")
    found = {
        word: decide(*frames, technique=[word]) for word in ("four_d_stem", "tem_image", "annular", "other")
    }
    assert {word: decision.kind for word, decision in found.items()} == {
        "four_d_stem": "pattern_scan",
        "tem_image": "image_series",
        "annular": "pattern_scan",
        "other": "pattern_scan",
    }
    assert [word for word, decision in found.items() if decision.sure] == ["four_d_stem", "tem_image"]
    assert decide(*frames, technique=["eels"]).kind == "frame_series"  # the camera of a spectrometer
    assert decide(*frames, technique=["eels", "four_d_stem"]).kind == "pattern_scan"
    assert decide(*frames, scan="none").kind == "frame_series"
    assert decide(*frames, scan="none", technique=SAED).kind == "pattern_series"


def test_a_run_of_frames_of_a_technique_that_scans_nothing_is_a_series() -> None:
    """Readers call it positions by the unit of its frames alone."""
    for frames in (("detector_y nm-1", "detector_x nm-1"), ("detector_y", "detector_x")):
        decision = decide("position", *frames, technique=SAED)
        assert (decision.kind, decision.sure) == ("pattern_series", True)
        assert decide("position", *frames, technique=SAED, scan="positions").kind == "pattern_scan"
        assert decide("position", *frames, technique=[*SAED, *FOUR_D]).kind == "pattern_scan"
        assert decide("scan_y", "scan_x", *frames, technique=SAED).kind == "pattern_scan"
    contradicted = decide("position", "detector_y nm-1", "detector_x nm-1", technique=TEM)
    assert contradicted.kind == "pattern_series"
    assert contradicted.contradiction


def test_four_d_stem_makes_no_scan_of_a_series_over_something_else() -> None:
    assert decide("time s", "detector_y mrad", "detector_x mrad", technique=FOUR_D).kind == "pattern_series"
    assert decide("series", "detector_y mrad", "detector_x mrad", technique=FOUR_D).kind == "pattern_scan"


def test_the_reader_is_heard_last_and_is_not_sure() -> None:
    scanned = decide("scan_y", "scan_x")
    assert (scanned.kind, scanned.sure) == ("image", False)
    assert decide("scan_y", "scan_x", technique=SAED).kind == "pattern"
    frames = decide("scan_y", "scan_x", "y", "x")
    assert (frames.kind, frames.sure) == ("pattern_scan", False)
    assert decide("time", "scan_y", "scan_x").kind == "image_series"


@pytest.mark.parametrize(
    ("unit", "technique", "kind"),
    [("nm", SAED, "image"), ("nm-1", TEM, "pattern"), ("mrad", ADF, "pattern")],
)
def test_unit_against_technique_is_asked_and_the_unit_holds(
    unit: str, technique: list[str], kind: str
) -> None:
    decision = decide(f"y {unit}", f"x {unit}", technique=technique)
    assert (decision.kind, decision.sure, decision.contradicted_by) == (kind, False, "technique")
    assert decision.contradiction
    beside = decide_beside(f"y {unit}", f"x {unit}", technique=technique)
    assert (beside.kind, beside.contradiction) == (kind, "")


@pytest.mark.parametrize("leading", [(), ("series",)])
def test_four_d_stem_says_nothing_of_an_image_beside_it(leading: tuple[str, ...]) -> None:
    decision = decide("y nm", "x nm", technique=FOUR_D)
    assert (decision.kind, decision.contradiction) == ("image", "")
    stack = decide("series", "y nm", "x nm", technique=FOUR_D)
    assert (stack.kind, stack.contradicted_by) == ("image_series", "technique")


def test_a_field_speaks_where_the_axes_have_no_unit() -> None:
    sources: tuple[dict[str, str], ...] = ({}, {"source": "header"})
    for source in sources:
        assert decide("detector_y", "detector_x", pixel_size=length(**source)).kind == "image"
        assert decide("detector_y", "detector_x", diffraction_pixel_size=reciprocal(**source)).kind == (
            "pattern"
        )
        assert decide("y", "x", reciprocal_pixel_size=reciprocal(**source)).kind == "pattern"
    # A person's answer goes before the header's; two of one voice say nothing, and the technique tells.
    both: dict[str, Any] = {"pixel_size": length(), "diffraction_pixel_size": reciprocal(source="header")}
    assert decide("y", "x", **both).kind == "image"
    both["diffraction_pixel_size"] = reciprocal()
    assert decide("y", "x", **both).kind == "frame"
    assert decide("y", "x", **both, technique=SAED).kind == "pattern"


@pytest.mark.parametrize("said", [{"value": 0.5, "unit": "nm-1"}, {"value": 0, "unit": "nm"}])
def test_a_field_that_holds_no_step_of_its_kind_says_nothing(said: dict[str, Any]) -> None:
    assert decide("y", "x", pixel_size=said).kind == "frame"
    assert decide("y mrad", "x mrad", pixel_size=said).contradiction == ""


def test_a_field_against_the_technique_is_asked() -> None:
    decision = decide("y", "x", pixel_size=length(), technique=SAED)
    assert (decision.kind, decision.contradicted_by) == ("image", "technique")


def test_a_pixel_size_never_speaks_of_frames_at_positions() -> None:
    decision = decide("scan_y", "scan_x", "y nm-1", "x nm-1", pixel_size=length())
    assert (decision.kind, decision.contradiction) == ("pattern_scan", "")
    assert decide("scan_y", "scan_x", "y", "x", pixel_size=length()).kind == "pattern_scan"


@pytest.mark.parametrize(
    ("unit", "field", "said", "agreeing", "kind", "other"),
    [
        ("nm-1", "pixel_size", length(), TEM, "pattern", "image"),
        ("mrad", "pixel_size", length(), TEM, "pattern", "image"),
        ("nm", "diffraction_pixel_size", reciprocal(), SAED, "image", "pattern"),
    ],
)
def test_a_field_alone_does_not_turn_another_unit_of_the_file(
    unit: str, field: str, said: dict[str, Any], agreeing: list[str], kind: str, other: str
) -> None:
    frame = (f"y {unit}", f"x {unit}")
    alone = decide(*frame, **{field: said})
    assert (alone.kind, alone.sure, alone.contradicted_by) == (kind, False, field)
    from_header = decide(*frame, **{field: {**said, "source": "header"}})
    assert (from_header.kind, from_header.sure, from_header.contradiction) == (kind, True, "")
    both = decide(*frame, technique=agreeing, **{field: said})
    assert (both.kind, both.sure, both.contradiction) == (other, True, "")
    beside = decide_beside(*frame, **{field: said})
    assert (beside.kind, beside.contradiction) == (kind, "")


def test_what_is_stated_of_the_axes_holds_where_they_then_are_of_that_unit() -> None:
    def state(**more: Any) -> list[dict[str, Any]]:
        return [{"name": name, "unit": "nm", **more} for name in ("detector_y", "detector_x")]

    reciprocals = ("detector_y nm-1", "detector_x nm-1")
    assert decide(*reciprocals, axes=state(scale=0.2)).kind == "image"
    assert decide(*reciprocals, axes=state()).kind == "pattern"
    assert decide("detector_y", "detector_x", axes=state()).kind == "image"
    assert decide("detector_y", "detector_x", axes=state()[:1]).kind == "frame"
    against = decide(*reciprocals, axes=state(scale=0.2), technique=SAED)
    assert (against.kind, against.contradicted_by) == ("image", "technique")


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        (("energy eV",), "spectrum"),
        (("energy",), "spectrum"),
        (("wavelength nm",), "spectrum"),
        (("channel keV",), "spectrum"),
        (("scan_y nm", "scan_x nm", "energy eV"), "spectrum_scan"),
        (("position", "energy eV"), "spectrum_scan"),
        (("position",), "profile"),
        (("position nm",), "profile"),
        (("scan_y nm", "scan_x nm", "channel"), "channel_maps"),
        (("scan_y nm", "scan_x nm", "scattering_angle mrad"), "channel_maps"),
        (("y nm", "x nm", "z nm"), "profile_series"),
    ],
)
def test_a_line_is_a_spectrum_where_it_has_energies_or_wavelengths(line: tuple[str, ...], kind: str) -> None:
    assert decide_line(*line).kind == kind


def test_a_person_can_say_that_a_line_has_energies() -> None:
    stated = [{"name": "position", "unit": "eV", "scale": 0.5}]
    assert decide_line("position", axes=stated).kind == "spectrum"


def test_three_axes_to_an_element_are_nothing_known() -> None:
    assert decide_signal_kind(axes("axis_0", "axis_1", "axis_2"), 3, {}).kind is None
    assert [decide_signal_kind((), n, {}).kind for n in (0, 1, 2)] == [None] * 3


def test_fields_speak_of_the_main_array_alone() -> None:
    frame = axes("detector_y nm", "detector_x nm")
    signals = [
        SignalShape("fft", axes("y nm-1", "x nm-1"), 2),
        SignalShape("data", frame, 2),
        SignalShape("line", axes("energy eV"), 1),
    ]
    found = decide_signal_kinds(signals, {"technique": TEM, "pixel_size": length()})
    assert {name: decision.kind for name, decision in found.items()} == {
        "fft": "pattern",
        "data": "image",
        "line": "spectrum",
    }
    assert not any(decision.contradiction for decision in found.values())


def test_an_element_is_known_by_its_names_where_nobody_said() -> None:
    signals = [
        SignalShape("data", axes("scan_y", "scan_x", "detector_y mrad", "detector_x mrad")),
        SignalShape("maps", axes("scan_y", "scan_x", "channel")),
    ]
    kinds = [decision.kind for decision in decide_signal_kinds(signals, {}).values()]
    assert kinds == ["pattern_scan", "channel_maps"]
    assert SignalShape.from_dict({"name": "data", "axes": [], "n_signal_axes": 1}).count_signal_axes() == 1


def test_answers_that_say_both_planes_say_nothing_against_the_unit() -> None:
    both = {"pixel_size": length(), "diffraction_pixel_size": reciprocal()}
    for technique in ({}, {"technique": TEM}):
        found = decide("y nm", "x nm", **both, **technique)
        assert (found.kind, found.sure, found.contradiction) == ("image", True, "")
    found = decide("y nm", "x nm", **both, technique=SAED)
    assert (found.kind, found.contradicted_by) == ("image", "technique")


def test_colors_are_a_kind_whatever_unit_and_technique_say() -> None:
    """A reader says that a pixel is a color; three axes of anything else have no kind."""
    for leading, kind in (([], "color_image"), (["series"], "color_image_series")):
        for unit in ("", " nm", " nm-1"):
            for technique in (TEM, SAED, FOUR_D):
                found = decide_signal_kind(
                    axes(*leading, f"y{unit}", f"x{unit}", "color"), 3, {"technique": technique}
                )
                assert (found.kind, found.sure, found.contradiction) == (kind, False, "")
    assert decide_signal_kind(axes("y", "x", "channel"), 3, {}).kind is None
