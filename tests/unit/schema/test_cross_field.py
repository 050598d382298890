import datetime as dt
from typing import Any

import pytest

from repository.schema.checks.validation import validate_measurement
from repository.schema.findings import Finding
from repository.schema.quantities.signals import SignalAxis, SignalShape
from tests.unit.schema.documents import annular, eels, four_d, scan_4d, spectrum_image

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def check(document: dict[str, Any], signals: Any = None) -> dict[str, Finding]:
    found = validate_measurement(document, signals=signals, now=NOW)
    return {finding.code: finding for finding in found if finding.layer == "cross_field"}


@pytest.mark.parametrize(
    ("document", "signals"),
    [(four_d(), scan_4d(shape=(52, 54, 128, 128))), (annular(), None), (eels(), spectrum_image())],
)
def test_consistent_documents(document: dict[str, Any], signals: Any) -> None:
    assert check(document, signals) == {}


def image(rows: int, columns: int) -> tuple[SignalShape, ...]:
    return scan_4d((rows, columns, 64, 64), calibrated=True)


@pytest.mark.parametrize(
    ("changes", "shape", "agrees"),
    [
        ({}, (52, 54), True),
        ({}, (54, 52), False),
        ({"flyback_pixels": 2}, (52, 56), True),
        ({"flyback_pixels": 2}, (52, 52), True),
        ({"flyback_pixels": 1}, (52, 56), False),
        ({"scan_crop": [0, 26, 10, 54]}, (26, 44), True),
        ({"scan_crop": [0, 26, 10, 54]}, (52, 54), False),
    ],
)
def test_scan_shape_is_the_array_shape(changes: dict[str, Any], shape: tuple[int, int], agrees: bool) -> None:
    assert ("scan_shape_mismatch" not in check(four_d(**changes), image(*shape))) == agrees


def test_a_scan_shape_may_be_the_number_of_positions() -> None:
    positions = (SignalShape("data", (SignalAxis("position", 52 * 54, "1", 1.0),)),)
    assert "scan_shape_mismatch" not in check(four_d(), positions)


def test_other_views_of_the_data_have_their_own_shape() -> None:
    plot = SignalShape("plot", (SignalAxis("scan_x", 512, "nm", 1.0),))
    survey = SignalShape(
        "survey", (SignalAxis("scan_y", 512, "nm", 1.0), SignalAxis("scan_x", 512, "nm", 1.0))
    )
    assert "scan_shape_mismatch" not in check(four_d(), (*scan_4d(), plot, survey))
    assert "scan_shape_mismatch" in check(four_d(), (plot,))


def test_stated_axes_are_compared() -> None:
    finding = check(four_d(axes=[{"name": "detector_x", "size": 3}]), scan_4d())["axis_size_mismatch"]
    assert finding.pointer == "/axes/0/size"


def test_a_technique_shows_in_the_axes() -> None:
    assert check(eels(), scan_4d())["technique_without_axes"].severity == "warning"


@pytest.mark.parametrize(
    ("step", "code", "severity"),
    [
        ("100 um", "field_of_view_impossible", "error"),
        ("30 um", "field_of_view_large", "warning"),
        ("1 um", None, None),
    ],
)
def test_a_scan_fits_on_a_grid(step: str, code: str | None, severity: str | None) -> None:
    found = {k: f.severity for k, f in check(four_d(scan_step=step)).items() if k.startswith("field_of_view")}
    assert found == ({} if code is None else {code: severity})


def test_doses() -> None:
    assert check(four_d(probe_current="10 nA", dwell_time="10 s"))["fluence_unusual"].severity == "warning"
    assert "fluence_disagrees" not in check(four_d(electron_fluence="24189 Ao-2"))
    assert check(four_d(electron_fluence="2 Ao-2"))["fluence_disagrees"].severity == "warning"


def test_outer_exceeds_inner() -> None:
    finding = check(annular(annular_detectors=[{"inner_angle": "200 mrad", "outer_angle": "0.068 rad"}]))
    assert finding["detector_angles_reversed"].severity == "error"
    assert finding["detector_angles_reversed"].pointer == "/annular_detectors/0/outer_angle"


def test_low_high_angle_detectors_are_noted() -> None:
    low = [{"name": "HAADF", "inner_angle": "30 mrad", "outer_angle": "100 mrad"}]
    assert check(annular(annular_detectors=low))["not_high_angle"].severity == "info"


def test_detectors_name_arrays_that_exist() -> None:
    one = [{"name": "HAADF", "signal": "haadf", "inner_angle": "68 mrad", "outer_angle": "200 mrad"}]
    assert check(annular(annular_detectors=one), scan_4d())["signal_unknown"].severity == "error"
    assert "signal_unknown" not in check(annular(annular_detectors=one))


def test_segments_fit_on_a_ring() -> None:
    quadrant = {"inner_angle": "0 mrad", "outer_angle": "20 mrad", "azimuth_extent": "90 deg"}
    assert "segments_overlap" not in check(four_d(segments=[quadrant] * 4))
    assert "segments_overlap" in check(four_d(segments=[quadrant] * 5))
    outer = {**quadrant, "inner_angle": "20 mrad", "outer_angle": "40 mrad"}
    assert "segments_overlap" not in check(four_d(segments=[quadrant] * 4 + [outer] * 4))


@pytest.mark.parametrize(
    ("changes", "suspected"),
    [
        ({"semi_convergence_angle": "34 mrad"}, False),
        ({"semi_convergence_angle": "42.8 mrad"}, True),
        ({"semi_convergence_angle": "25 mrad", "corrector": "none"}, True),
        ({"semi_convergence_angle": "25 mrad", "corrector": "probe"}, False),
    ],
)
def test_full_angles_are_suspected(changes: dict[str, Any], suspected: bool) -> None:
    found = check(four_d(**changes))
    assert ("full_angle_suspected" in found) == suspected
    if changes["semi_convergence_angle"] == "42.8 mrad":
        assert "21.4 mrad" in found["full_angle_suspected"].hint


def test_parallel_beams_are_parallel() -> None:
    assert "illumination_disagrees" in check(four_d(illumination="parallel"))
    assert "illumination_disagrees" not in check(
        four_d(illumination="parallel", semi_convergence_angle="0.5 mrad")
    )


def test_a_cut_disk_is_a_note() -> None:
    finding = check(four_d(), scan_4d((52, 54, 28, 28)))["disk_cut"]
    assert finding.severity == "info"


def test_pixel_sizes_obey_the_wavelength() -> None:
    good = four_d(diffraction_pixel_size="0.41757 mrad", reciprocal_pixel_size="0.01 Ao-1")
    bad = four_d(
        diffraction_pixel_size="0.3826 mrad",
        reciprocal_pixel_size="0.01163 Ao-1",
        acceleration_voltage="60 kV",
    )
    two_pi = four_d(diffraction_pixel_size="0.41757 mrad", reciprocal_pixel_size="0.0628319 Ao-1")
    assert "pixel_sizes_disagree" not in check(good)
    assert check(bad)["pixel_sizes_disagree"].severity == "warning"
    in_file = {
        "value": 0.05,
        "unit": "Ao-1",
        "source": "header",
    }  # a person's goes before it, and is what is used
    overruled = four_d(diffraction_pixel_size="0.41757 mrad", reciprocal_pixel_size=in_file)
    assert "pixel_sizes_disagree" not in check(overruled)
    assert "2π" in check(two_pi)["pixel_sizes_disagree"].hint


@pytest.mark.parametrize(
    ("matrix", "good"),
    [
        ([[0, 1], [-1, 0]], True),
        ([[-1, 0], [0, 1]], True),
        ([[0.8, 0.6], [-0.6, 0.8]], True),
        ([[1, 1], [0, 1]], False),
        ([[2, 0], [0, 2]], False),
    ],
)
def test_the_matrix_is_a_rotation(matrix: list[list[float]], good: bool) -> None:
    assert ("matrix_not_orthogonal" not in check(four_d(detector_to_scan_matrix=matrix))) == good


def test_no_loss_exceeds_the_beam_energy() -> None:
    finding = check(
        eels(
            acceleration_voltage="60 kV", energy_axis={"start": "0 eV", "end": "80 keV", "bin_width": "1 eV"}
        )
    )
    assert finding["energy_above_beam"].severity == "error"


def test_energy_axes_add_up() -> None:
    wrong = eels(energy_axis={"start": "-20 eV", "end": "900 eV", "bin_width": "0.5 eV"})
    right = eels(energy_axis={"start": "-20 eV", "end": "479.5 eV", "bin_width": "0.5 eV"})
    assert check(wrong, spectrum_image())["energy_axis_disagrees"].severity == "warning"
    assert check(right, spectrum_image()) == {}
    backwards = eels(energy_axis={"start": "100 eV", "end": "-20 eV", "bin_width": "0.5 eV"})
    assert check(backwards)["energy_axis_reversed"].severity == "error"
    channels = eels(energy_axis={"start": "-20 eV", "bin_width": "0.5 eV", "channels": 7})
    assert check(channels, spectrum_image())["axis_size_mismatch"].severity == "error"


def test_what_a_person_says_of_energies_is_not_held_against_the_header() -> None:
    """Two parts make the axis; that of the file which they overrule neither contradicts them nor reverses the axis."""
    in_file = {"start": (-20, "eV"), "end": (479.5, "eV"), "bin_width": (0.5, "eV")}
    said = {
        part: {"value": value, "unit": unit, "source": "header"} for part, (value, unit) in in_file.items()
    }
    for given in (
        {"start": "500 eV", "bin_width": "0.25 eV"},
        {"end": "900 eV", "bin_width": "0.25 eV"},
        {"start": "500 eV", "end": "900 eV"},
    ):
        assert check(eels(energy_axis={**said, **given}), spectrum_image()) == {}
    one = eels(energy_axis={**said, "bin_width": "0.25 eV"})
    assert "energy_axis_disagrees" in check(one, spectrum_image())


def test_small_collection_is_a_note() -> None:
    assert check(eels(collection_semi_angle="10 mrad"))["collection_below_convergence"].severity == "info"


def test_clocks() -> None:
    assert check(four_d(acquired_at="2031-01-01T00:00:00Z"))["date_in_future"].severity == "warning"
    assert check(four_d(acquired_at="2031-01-01"))["date_in_future"].severity == "warning"
    assert "date_in_future" not in check(four_d(acquired_at="2026-01-01T12:00:00Z"))
    assert check(four_d(acquired_at="2024-01-01T12:00:00"))["time_zone_unknown"].severity == "info"
    assert not {"date_in_future", "time_zone_unknown"} & set(
        check(four_d(acquired_at="2031-13-41T12:00:00Z"))
    )


def series(count: int) -> tuple[SignalShape, ...]:
    return (SignalShape("data", (SignalAxis("time", count, "s", 1.0), *scan_4d()[0].axes[:2])),)


def test_series() -> None:
    three = {"values": [0, 1, 2], "unit": "s"}
    assert "series_length_mismatch" in check(annular(series="time", series_times=three), series(4))
    assert "series_length_mismatch" not in check(annular(series="time", series_times=three), series(3))
    assert "times_not_increasing" in check(annular(series_times={"values": [0, 1, 1], "unit": "s"}))
    gap = {"values": [*range(10), 5000], "unit": "ms"}
    assert check(annular(series_times=gap))["series_gap"].severity == "warning"


@pytest.mark.parametrize(
    ("values", "usual"), [(list(range(-60, 61, 2)), True), ([0, 1, 2], False), ([-60, 0, 60], False)]
)
def test_tilt_series(values: list[int], usual: bool) -> None:
    found = check(annular(series="tilt", series_tilts={"values": values, "unit": "deg"}))
    assert ("tilt_series_unusual" not in found) == usual


def test_durations() -> None:
    assert check(four_d(acquisition_duration="1 s"))["duration_too_short"].severity == "warning"
    assert "duration_too_short" not in check(four_d(acquisition_duration="3 s"))
    assert "time_exceeds_period" in check(
        four_d(exposure_time="2 ms", camera={"name": "x", "frame_time": "1 ms"})
    )


def test_a_camera_has_no_mode_that_its_kind_lacks() -> None:
    finding = check(four_d(camera={"name": "EMPAD", "mode": "counting"}))["camera_mode_disagrees"]
    assert (finding.severity, finding.pointer) == ("warning", "/camera/mode")
    assert "charge integrating" in finding.message
    assert "camera_mode_disagrees" not in check(four_d())
    assert "camera_mode_disagrees" not in check(four_d(camera={"name": "K3", "mode": "counting"}))


@pytest.mark.parametrize(
    ("unit", "changes", "pointer"),
    [
        ("nm", {"technique": ["diffraction_pattern"]}, "/technique"),
        ("nm-1", {"technique": ["tem_image"]}, "/technique"),
        ("nm-1", {"pixel_size": {"value": 0.2, "unit": "nm"}}, "/pixel_size"),
        ("nm", {"technique": ["tem_image"]}, None),
        ("nm-1", {"technique": ["tem_image"], "pixel_size": {"value": 0.2, "unit": "nm"}}, None),
        ("nm", {"technique": ["four_d_stem"]}, None),
    ],
)
def test_what_contradicts_what_an_array_is_is_asked(
    unit: str, changes: dict[str, Any], pointer: str | None
) -> None:
    frame = (SignalShape("data", (SignalAxis("y", 8, unit, 0.2), SignalAxis("x", 8, unit, 0.2)), 2),)
    found = check(four_d(**{"technique": ["other"], "diffraction_pixel_size": None, **changes}), frame)
    finding = found.get("signal_kind_contradicted")
    assert (None if finding is None else finding.pointer) == pointer
    assert finding is None or (finding.severity == "warning" and finding.hint and '"data"' in finding.message)


def test_an_array_in_lengths_has_no_patterns_whatever_its_axes_are_called() -> None:
    frame = (
        SignalShape("data", (SignalAxis("detector_y", 8, "nm", 1.0), SignalAxis("detector_x", 8, "nm", 1.0))),
    )
    assert "technique_without_axes" in check(four_d(diffraction_pixel_size=None), frame)
    assert "technique_without_axes" not in check(four_d(), scan_4d())
