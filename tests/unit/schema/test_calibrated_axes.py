"""What the merged record says is what the axes say: of every kind, in both directions, once and not twice."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repository.schema import SignalShape, derive_facts, validate_measurement
from repository.schema.documents.calibrated_axes import calibrate_signals, describe_axes
from repository.schema.quantities.signals import SignalAxis

HEADER, PERSON = {"source": "header"}, {"source": "depositor"}
FOUR_D = (
    SignalAxis("scan_y", 4, "nm", 0.063),
    SignalAxis("scan_x", 5, "nm", 0.063),
    SignalAxis("detector_y", 32),
    SignalAxis("detector_x", 32),
)
SPECTRUM = (SignalAxis("scan_x", 5), SignalAxis("energy", 101, "eV", 0.5, 400.0))
IMAGE = (SignalAxis("y", 8, "nm", 0.02), SignalAxis("x", 8, "nm", 0.02))


def told(value: Any, unit: str, source: dict[str, str] = PERSON) -> dict[str, Any]:
    return {"value": value, "unit": unit, **source}


def calibrate(axes: tuple[SignalAxis, ...], document: dict[str, Any]) -> dict[str, SignalAxis]:
    (calibrated,) = calibrate_signals([SignalShape("data", axes)], document)
    assert calibrate_signals([calibrated], document) == (calibrated,)  # once is enough
    return {axis.name: axis for axis in calibrated.axes}


def told_of(axis: SignalAxis) -> tuple[Any, ...]:
    return axis.unit, axis.scale, axis.offset


def test_the_record_goes_before_the_file() -> None:
    axes = calibrate(FOUR_D, {"scan_step": told(0.5, "nm")})
    assert told_of(axes["scan_y"]) == told_of(axes["scan_x"]) == ("nm", 0.5, 0.0)
    assert axes["scan_x"].said_by == "scan_step"
    assert axes["detector_x"] == FOUR_D[3]


def test_a_pair_calibrates_each_axis_by_its_own_part() -> None:
    document = {
        "scan_step": told([0.5, 0.25], "nm"),
        "diffraction_pixel_size": told([1.0, 1.5], "mrad"),
    }
    axes = calibrate(FOUR_D, document)
    assert [axes[name].scale for name in ("scan_y", "scan_x", "detector_y", "detector_x")] == [
        0.5, 0.25, 1.0, 1.5,
    ]  # fmt: skip
    facts = derive_facts(document, [SignalShape("data", FOUR_D)])
    assert (facts.scan_step_y_m, facts.scan_step_x_m) == pytest.approx((0.5e-9, 0.25e-9))
    assert facts.diffraction_pixel_rad == pytest.approx((1.0 * 1.5) ** 0.5 * 1e-3)


def test_an_axis_keeps_the_unit_of_the_file_and_takes_the_value_of_the_record() -> None:
    assert told_of(calibrate(FOUR_D, {"scan_step": told(50, "pm")})["scan_y"]) == ("nm", 0.05, 0.0)
    axes = calibrate(FOUR_D, {"diffraction_pixel_size": told(0.01, "Ao-1")})
    assert told_of(axes["detector_y"]) == ("Ao-1", 0.01, 0.0)


def test_direction_and_zero_stay_where_the_file_has_them() -> None:
    axes = (SignalAxis("detector_y", 9, "nm-1", -0.2, 0.8), SignalAxis("detector_x", 9, "nm-1", 0.2, -0.8))
    found = calibrate(axes, {"diffraction_pixel_size": told(0.5, "mrad")})
    assert told_of(found["detector_y"]) == ("mrad", -0.5, pytest.approx(2.0))
    assert told_of(found["detector_x"]) == ("mrad", 0.5, pytest.approx(-2.0))


def test_what_the_header_told_the_record_changes_nothing() -> None:
    noisy = (SignalAxis("scan_y", 4, "nm", 0.05000000074505806), SignalAxis("scan_x", 4, "nm", 0.05))
    assert tuple(calibrate(noisy, {"scan_step": told(0.05, "nm", HEADER)}).values()) == noisy
    # To a person's other number it is no noise.
    assert calibrate(noisy, {"scan_step": told(0.0501, "nm")})["scan_y"].scale == 0.0501


@pytest.mark.parametrize(
    "answer",
    [
        {"missing": "not_recorded"},
        told(0, "nm"),
        told(-1, "nm"),
        told(5, "mrad"),
        told([1, 2, 3], "nm"),
        {"value": "many", "unit": "nm"},
    ],
)
def test_what_is_no_step_leaves_the_axis_as_it_was_read(answer: dict[str, Any]) -> None:
    assert tuple(calibrate(FOUR_D, {"scan_step": answer}).values()) == FOUR_D


def test_of_a_range_the_middle_counts_as_in_the_facts() -> None:
    document = {"scan_step": {"range": [0.4, 0.6], "unit": "nm"}}
    assert calibrate(FOUR_D, document)["scan_x"].scale == pytest.approx(0.5)
    facts = derive_facts(document, [SignalShape("data", FOUR_D)])
    assert facts.scan_step_m == pytest.approx(0.5e-9)


def test_what_a_person_answered_goes_before_another_field_of_the_header() -> None:
    document = {
        "acceleration_voltage": told(200, "kV"),
        "diffraction_pixel_size": told(0.1, "nm-1", HEADER),
        "reciprocal_pixel_size": told(0.2, "nm-1"),
    }
    axes = calibrate(FOUR_D, document)
    assert (axes["detector_x"].scale, axes["detector_x"].said_by) == (0.2, "reciprocal_pixel_size")
    facts = derive_facts(document, [SignalShape("data", FOUR_D)])
    assert facts.diffraction_pixel_rad == pytest.approx(0.2e9 * 2.5079e-12, rel=1e-4)


@pytest.mark.parametrize(
    ("parts", "scale", "offset"),
    [
        ({"start": told(400, "eV", HEADER), "bin_width": told(0.25, "eV")}, 0.25, 400.0),
        ({"start": told(0.1, "keV"), "bin_width": told(300, "meV")}, 0.3, 100.0),
        ({"start": told(100, "eV"), "end": told(300, "eV")}, 2.0, 100.0),
        (
            {"start": told(100, "eV"), "end": told(300, "eV"), "bin_width": told(0.5, "eV", HEADER)},
            2.0,
            100.0,
        ),
        ({"end": told(300, "eV"), "bin_width": told(1, "eV")}, 1.0, 200.0),
        (
            {
                "start": told(390, "eV"),
                "bin_width": told(0.5, "eV", HEADER),
                "end": told(450, "eV", HEADER),
            },
            0.5,
            390.0,
        ),
    ],
)
def test_an_energy_axis_is_made_of_two_answers(parts: dict[str, Any], scale: float, offset: float) -> None:
    document = {"energy_axis": parts}
    axis = calibrate(SPECTRUM, document)["energy"]
    assert told_of(axis) == ("eV", pytest.approx(scale), pytest.approx(offset))
    facts = derive_facts(document, [SignalShape("data", SPECTRUM)])
    assert facts.energy_bin_width_ev == pytest.approx(scale)
    assert (facts.energy_start_ev, facts.energy_end_ev) == pytest.approx((offset, offset + 100 * scale))


@pytest.mark.parametrize("parts", [{"bin_width": told(0.25, "eV")}, {"start": told(400, "eV")}, {}])
def test_one_answer_makes_no_energy_axis(parts: dict[str, Any]) -> None:
    assert calibrate(SPECTRUM, {"energy_axis": parts})["energy"] == SPECTRUM[1]


def test_an_energy_axis_that_runs_down_still_does() -> None:
    down = (SignalAxis("energy", 101, "eV", -0.5, 450.0),)
    same = {"start": told(400, "eV", HEADER), "bin_width": told(0.5, "eV", HEADER)}
    assert tuple(calibrate(down, {"energy_axis": same}).values()) == down
    other = {"start": told(100, "eV"), "bin_width": told(1, "eV")}
    axis = calibrate(down, {"energy_axis": other})["energy"]
    assert told_of(axis) == ("eV", -1.0, 200.0)


def test_a_wavelength_axis_too() -> None:
    axis = calibrate(
        (SignalAxis("wavelength", 11),),
        {"wavelength_axis": {"start": told(400, "nm"), "bin_width": told(2, "nm")}},
    )["wavelength"]
    assert told_of(axis) == ("nm", 2.0, 400.0)


def test_the_pixels_of_an_image() -> None:
    assert calibrate(IMAGE, {"pixel_size": told(0.5, "nm")})["x"].scale == 0.5
    # Of an image that was scanned a person's step goes before the size that the header told.
    document = {
        "pixel_size": told(0.02, "nm", HEADER),
        "scan_step": told(0.5, "nm"),
        "technique": ["annular"],
    }
    assert calibrate(IMAGE, document)["x"].scale == 0.02
    document["scan"] = "raster"
    assert calibrate(IMAGE, document)["x"].scale == 0.5
    assert derive_facts(document, [SignalShape("data", IMAGE)]).pixel_size_m == pytest.approx(0.5e-9)


def test_a_length_never_speaks_of_patterns() -> None:
    document = {"pixel_size": told(0.5, "nm")}
    assert calibrate(FOUR_D, document)["detector_x"].scale is None
    pattern = (SignalAxis("detector_y", 8, "nm-1", 0.1), SignalAxis("detector_x", 8, "nm-1", 0.1))
    assert tuple(calibrate(pattern, document).values()) == pattern
    stack = (SignalAxis("time", 3), SignalAxis("detector_y", 8), SignalAxis("detector_x", 8))
    assert calibrate(stack, document)["detector_y"].scale == 0.5


def test_a_survey_image_keeps_its_own_step_and_what_was_scanned_with_it_follows() -> None:
    survey, beside, other = (
        SignalShape(name, tuple(SignalAxis(axis, size, "nm", step) for axis in ("scan_y", "scan_x")))
        for name, size, step in (("survey", 4, 0.01), ("beside", 5, 0.063), ("finer", 64, 0.063))
    )
    data = SignalShape("data", tuple(SignalAxis(axis, 5, "nm", 0.063) for axis in ("scan_y", "scan_x")))
    found = calibrate_signals([survey, beside, other, data], {"scan_step": told(0.5, "nm")})
    assert [signal.axes[1].scale for signal in found] == [0.01, 0.5, 0.063, 0.5]
    assert calibrate_signals(found, {"scan_step": told(0.5, "nm")}) == found


def test_a_step_of_the_scan_speaks_of_no_profile_and_no_survey_image() -> None:
    scan = SignalShape("data", (SignalAxis("scan_y", 4), SignalAxis("scan_x", 5), SignalAxis("energy", 9)))
    others = (
        SignalShape("plot", (SignalAxis("position", 512),)),
        SignalShape("image", (SignalAxis("y", 64, "nm", 0.01), SignalAxis("x", 64, "nm", 0.01))),
    )
    document = {"scan": "raster", "scan_step": told(0.5, "nm")}
    found = calibrate_signals([*others, scan], document)
    assert found[:2] == others
    assert found[2].axes[1].scale == 0.5


def test_stated_axes_count_where_no_field_speaks() -> None:
    stated = [{"name": "detector_x", "unit": "mrad", "scale": 0.7, "offset": -1.4}]
    axis = calibrate(FOUR_D, {"axes": stated})["detector_x"]
    assert (*told_of(axis), axis.said_by) == ("mrad", 0.7, -1.4, "axes")
    document = {"axes": stated, "diffraction_pixel_size": told(0.5, "mrad"), "technique": ["four_d_stem"]}
    assert calibrate(FOUR_D, document)["detector_x"].scale == 0.5
    found = {one.code: one for one in validate_measurement(document, signals=[SignalShape("data", FOUR_D)])}
    assert "0.5 mrad is used, as diffraction_pixel_size says" in found["axis_scale_not_used"].message
    document["diffraction_pixel_size"] = told(0.7, "mrad")
    found = {one.code: one for one in validate_measurement(document, signals=[SignalShape("data", FOUR_D)])}
    assert "axis_scale_not_used" not in found


def test_what_the_file_says_stands_beside_it() -> None:
    read = SignalShape("data", FOUR_D)
    (calibrated,) = calibrate_signals([read], {"scan_step": told([0.5, 0.063], "nm")})
    shown = describe_axes(read, calibrated)
    assert (shown[0]["scale"], shown[0]["said_by"]) == (0.5, "scan_step")
    assert shown[0]["in_file"] == {"unit": "nm", "scale": 0.063, "offset": 0.0}
    assert [axis["in_file"] for axis in shown[1:]] == [None] * 3


STEPS = st.floats(1e-3, 1e3)


@given(STEPS, STEPS, STEPS, st.integers(1, 300), st.floats(-1e3, 1e3))
def test_coordinates_are_those_of_the_record_whatever_the_file_says(
    in_file: float, step_y: float, step_x: float, size: int, offset: float
) -> None:
    axes = tuple(SignalAxis(name, size, "nm", in_file, offset) for name in ("scan_y", "scan_x"))
    document = {"scan_step": told([step_y, step_x], "nm")}
    found = calibrate(axes, document)
    for name, step in (("scan_y", step_y), ("scan_x", step_x)):
        assert found[name].scale == pytest.approx(step, rel=3e-6)
        # The sample at zero stays there.
        assert found[name].offset / (found[name].scale or 1) == pytest.approx(offset / in_file, abs=1e-9)
    facts = derive_facts(document, [SignalShape("data", axes)])
    assert facts.scan_step_y_m == pytest.approx((found["scan_y"].scale or 0) * 1e-9, rel=3e-6)


@pytest.mark.parametrize("names", [("detector_y", "detector_x"), ("y", "x")])
def test_a_field_turns_another_unit_of_the_file_with_the_technique_alone(names: tuple[str, str]) -> None:
    reciprocal, image = (
        (SignalAxis(names[0], 8, unit, 0.1), SignalAxis(names[1], 8, unit, 0.1)) for unit in ("nm-1", "nm")
    )
    pixel, diffraction = (
        {"pixel_size": told(0.5, "nm")},
        {"diffraction_pixel_size": told(0.25, "mrad")},
    )
    assert tuple(calibrate(reciprocal, pixel).values()) == reciprocal
    assert tuple(calibrate(image, diffraction).values()) == image
    turned = calibrate(reciprocal, {**pixel, "technique": ["tem_image"]})[names[1]]
    assert (turned.unit, turned.scale, turned.said_by) == ("nm", 0.5, "pixel_size")
    turned = calibrate(image, {**diffraction, "technique": ["diffraction_pattern"]})[names[1]]
    assert (turned.unit, turned.scale, turned.said_by) == ("mrad", 0.25, "diffraction_pixel_size")


@pytest.mark.parametrize("names", [("detector_y", "detector_x"), ("y", "x")])
def test_the_fields_of_what_a_frame_shows_calibrate_it(names: tuple[str, str]) -> None:
    bare = (SignalAxis(names[0], 8), SignalAxis(names[1], 8))
    both = {"pixel_size": told(0.5, "nm"), "diffraction_pixel_size": told(0.25, "mrad")}
    assert tuple(calibrate(bare, both).values()) == bare  # of two answers nobody knows which is meant
    assert calibrate(bare, {**both, "technique": ["tem_image"]})[names[0]].unit == "nm"
    document = {**both, "technique": ["diffraction_pattern"]}
    assert calibrate(bare, document)[names[0]].unit == "mrad"
    facts = derive_facts(document, [SignalShape("data", bare)])
    assert facts.detector_shape == (8, 8)
    facts = derive_facts({**both, "technique": ["tem_image"]}, [SignalShape("data", bare)])
    assert facts.detector_shape is None
