"""The requirement table in situations, and what answers its questions; each of its cells: `test_fields_table.py`."""

import re
from typing import Any

import pytest

from repository.schema.documents.merging import merge_metadata
from repository.schema.documents.normalization import normalize_document
from repository.schema.quantities.signals import SignalAxis, SignalShape
from repository.schema.questions.cameras import build_name_pattern, find_camera_mode
from repository.schema.questions.fields import load_catalogue
from repository.schema.questions.requirements import Requirement, list_requirements
from tests.unit.schema.documents import annular, eels, four_d, scan_4d, spectrum_image


def ask(document: dict[str, Any], signals: Any = None) -> dict[str, Requirement]:
    return {r.path: r for r in list_requirements(normalize_document(document), signals=signals)}


def required(document: dict[str, Any], signals: Any = None) -> set[str]:
    return {path for path, r in ask(document, signals).items() if r.level == "required"}


@pytest.mark.parametrize(
    ("document", "signals"), [(four_d(), scan_4d()), (annular(), None), (eels(), spectrum_image())]
)
def test_complete_documents_are_complete(document: dict[str, Any], signals: Any) -> None:
    missing = [
        r.path for r in ask(document, signals).values() if r.level == "required" and r.state != "value"
    ]
    assert missing == []


def test_without_a_technique_only_the_core_is_asked() -> None:
    assert required({}) == {"technique", "origin", "level", "sample.name"}


def test_other_asks_nothing_of_stem() -> None:
    assert required({"technique": "other"}) == {"technique", "origin", "level"}
    assert "acceleration_voltage" in required({"technique": "other", "radiation": "electrons"})


def test_unscanned_spectra_are_not_asked_for_scans() -> None:
    unscanned = required(eels(scan="none", scan_shape=None, illumination="parallel"))
    assert not unscanned & {
        "scan_shape",
        "scan_step",
        "scan_pattern",
        "probe_current",
        "semi_convergence_angle",
    }
    assert required(eels()) >= {
        "scan_shape",
        "scan_step",
        "scan_pattern",
        "probe_current",
        "semi_convergence_angle",
    }


def test_a_convergent_spot_spectrum_is_asked_for_its_angle() -> None:
    assert "semi_convergence_angle" in required(eels(scan="point", illumination="convergent"))
    assert "probe_current" not in required(eels(scan="point"))


def test_momentum_resolved_spectra_are_asked_for_the_output_pixel() -> None:
    axes = (SignalAxis("energy", 100, "eV", 1.0), SignalAxis("detector_y", 64))
    assert "diffraction_pixel_size" in required(eels(), (SignalShape("data", axes),))
    assert "diffraction_pixel_size" in required(eels(momentum_resolved=True))
    assert "diffraction_pixel_size" not in required(eels())


def test_ptychography_is_asked_for_defocus() -> None:
    assert ask(four_d())["defocus"].level == "recommended"
    assert ask(four_d(purpose=["ptychography"]))["defocus"].level == "required"


def test_series_add_their_columns() -> None:
    assert "series_times" in required(four_d(series="time"))
    tilt = required(eels(series="tilt"))
    assert tilt >= {"series_tilts", "stage_tilt_x"}
    assert "stage_tilt_x" not in required(eels())


def test_in_situ_is_worked_out() -> None:
    assert "environment.stimulus" not in ask(four_d())
    assert ask(four_d(in_situ=True))["environment.stimulus"].level == "recommended"
    assert ask(four_d(in_situ=True, series="time"))["environment.stimulus"].level == "required"
    assert "environment.stimulus" in ask(four_d(series="temperature"))


def test_simulations_are_asked_for_their_code_and_only_the_detectors_they_simulate() -> None:
    simulated = required(four_d(origin="simulated"))
    assert simulated >= {
        "simulation.code",
        "simulation.seed",
        "detector_to_scan_matrix",
        "diffraction_pixel_size",
    }
    assert not simulated & {
        "annular_detectors",
        "segments",
        "energy_axis",
        "camera.name",
        "dwell_time",
        "acquired_at",
    }
    assert "annular_detectors" in required(annular(origin="simulated"))


def test_a_simulation_is_asked_for_tilts_only_of_a_tilt_series_and_for_defocus_only_for_ptychography() -> (
    None
):
    asked = ask(four_d(origin="simulated"))
    assert not {"series_tilts", "defocus"} & set(asked)
    assert "series_tilts" not in ask(four_d(origin="simulated", series="time"))
    assert "series_tilts" in required(four_d(origin="simulated", series="tilt"))
    assert "defocus" not in ask(four_d(origin="simulated", purpose=["strain_mapping"]))
    assert "defocus" in required(four_d(origin="simulated", purpose=["imaging", "ptychography"]))


@pytest.mark.parametrize(
    ("camera", "mode"),
    [
        ({"name": "EMPAD"}, "charge_integrating"),
        ({"name": "Empad-G2 (cornell)"}, "charge_integrating"),
        ({"model": {"value": "OneView", "source": "header"}}, "scintillator"),
        ({"name": "camera 1", "model": "Merlin"}, "counting"),
        ({"name": "K3"}, None),
        ({"name": "EMPADDLE"}, None),
        ({"name": "EMPAD or Merlin"}, None),
        ({"name": "not recorded"}, None),
    ],
)
def test_a_camera_that_records_in_one_way_is_not_asked_how(camera: dict[str, Any], mode: str | None) -> None:
    document = normalize_document(four_d(camera=camera))
    assert find_camera_mode(document) == mode
    assert ("camera.mode" in ask(document)) is (mode is None)
    filled = merge_metadata(header={"camera": camera}, supplied_layers=[]).document["camera"].get("mode")
    assert filled == ({"value": mode, "source": "derived"} if mode else None)


def test_what_was_stated_about_a_camera_stays() -> None:
    def merge(mode: Any) -> Any:
        supplied = [("defaults", {"camera": {"name": "EMPAD", "mode": mode}})]
        return merge_metadata(header={}, supplied_layers=supplied).document["camera"]["mode"]

    assert merge("counting") == "counting"
    assert merge("withheld") == {"missing": "withheld"}
    assert merge("not recorded") == {"value": "charge_integrating", "source": "derived"}


def test_the_cameras_of_the_catalogue_have_modes_of_the_vocabulary() -> None:
    cameras = load_catalogue().cameras
    assert set(cameras) <= set(load_catalogue().words("camera_mode"))
    for mode, names in cameras.items():
        for name in names:
            assert find_camera_mode({"camera": {"name": name}}) == mode
            assert re.search(build_name_pattern(), f"{name.lower()}, new")


def test_the_pattern_of_a_line_is_a_line() -> None:
    assert "scan_pattern" in required(four_d())
    line = ask(eels(scan="line", scan_shape=[40], scan_pattern=None))
    assert "scan_pattern" not in line
    assert "scan_step" in line


def test_derived_tables_inherit_what_their_inputs_say() -> None:
    assert required({"technique": ["derived_table"]}) == {
        "technique", "origin", "level", "derivation.inputs", "derivation.method", "derivation.method_version",
        "derivation.columns",
    }  # fmt: skip


def test_techniques_compose_and_the_stronger_demand_wins() -> None:
    both = required({"technique": ["four_d_stem", "eels"]})
    assert both >= {"energy_axis", "detector_to_scan_matrix", "stage_tilt_x", "camera.name"}


UNSCALED: dict[str, Any] = {"diffraction_pixel_size": None}
REFERENCE_LINK = {"role": "calibration_reference", "target": "au.mib"}


@pytest.mark.parametrize(
    ("path", "without", "answer"),
    [
        ("sample.elements", {"sample": {"name": "x"}}, {"sample": {"name": "x", "formula": "MoS2"}}),
        ("sample.elements", {"sample": {"name": "x"}}, {"sample": {"name": "x", "elements": ["S"]}}),
        ("dwell_time", {"dwell_time": None}, {"dwell_time": None, "exposure_time": "1 ms"}),
        ("dwell_time", {"dwell_time": None}, {"dwell_time": None, "live_time": "1 s"}),
        ("probe_current", {"probe_current": None}, {"probe_current": None, "electron_fluence": "1e4 Ao-2"}),
        ("stage_tilt_x", {"orientation": None}, {"orientation": None, "stage_tilt_x": "0 deg"}),
        ("stage_tilt_x", {"orientation": None}, {"orientation": None, "zone_axis": [0, 0, 1]}),
        ("diffraction_pixel_size", UNSCALED, {**UNSCALED, "reciprocal_pixel_size": "0.01 Ao-1"}),
        ("diffraction_pixel_size", UNSCALED, {**UNSCALED, "diffraction_reference": "au.mib"}),
        ("diffraction_pixel_size", UNSCALED, {**UNSCALED, "links": [REFERENCE_LINK]}),
        ("instrument.name", {"instrument": None}, {"instrument": {"id": "abcd-efgh"}}),
        ("illumination", {"illumination": None, "semi_convergence_angle": None}, {"illumination": None}),
    ],
)  # fmt: skip
def test_alternatives_answer(path: str, without: dict[str, Any], answer: dict[str, Any]) -> None:
    assert ask(four_d(**without))[path].state == "missing"
    assert ask(four_d(**answer))[path].state == "value"


def test_a_segment_says_which_array_it_gave() -> None:
    parts = {"inner_angle": "10 mrad", "outer_angle": "20 mrad", "azimuth": "45 deg"}
    document = {"technique": "segmented_detector", "segments": [{**parts, "signal": "A"}, parts]}
    assert ask(document)["segments"].state == "missing"
    document["segments"] = [{**parts, "signal": "A"}, {**parts, "signal": "B"}]
    assert ask(document)["segments"].state == "value"


def test_every_detector_must_answer() -> None:
    two = [{"name": "HAADF", "inner_angle": "68 mrad", "outer_angle": "200 mrad"}, {"name": "BF"}]
    assert ask(annular(annular_detectors=two))["annular_detectors"].state == "missing"
    two[1] = {"name": "BF", "inner_angle": "0 mrad", "outer_angle": "not recorded"}
    assert ask(annular(annular_detectors=two))["annular_detectors"].state == "gap"
    assert ask(annular(annular_detectors="not recorded"))["annular_detectors"].state == "gap"


def test_calibrated_arrays_answer() -> None:
    bare = four_d(scan_shape=None, scan_step=None, diffraction_pixel_size=None)
    calibrated, uncalibrated = ask(bare, scan_4d(calibrated=True)), ask(bare, scan_4d())
    assert {
        calibrated[path].state for path in ("scan_shape", "scan_step", "diffraction_pixel_size", "axes")
    } == {"value"}
    assert uncalibrated["scan_shape"].state == "value"
    assert {uncalibrated[path].state for path in ("scan_step", "diffraction_pixel_size")} == {"missing"}
    assert "axes" not in uncalibrated, "the fields that calibrate them are asked for: nothing is asked twice"


def test_axes_answer_only_in_units_of_the_right_kind() -> None:
    image = (
        SignalShape("data", (SignalAxis("detector_y", 9, "nm", 0.1), SignalAxis("detector_x", 9, "nm", 0.1))),
    )
    assert ask({"technique": "tem_image"}, image)["pixel_size"].state == "value"
    assert ask({"technique": "diffraction_pattern"}, image)["diffraction_pixel_size"].state == "missing"


def test_a_series_axis_is_a_count_until_its_kind_is_said() -> None:
    frames = (SignalShape("data", (SignalAxis("series", 5), *scan_4d(calibrated=True)[0].axes)),)
    assert ask(four_d(), frames)["axes"].state == "value"
    assert ask(four_d(series="time"), frames)["series_times"].state == "missing"


def test_axes_are_explained_by_fields_gaps_or_a_statement() -> None:
    bare = four_d(scan_step="not recorded", diffraction_pixel_size="not recorded")
    assert ask(bare, scan_4d())["axes"].state == "value"
    odd = (SignalShape("data", (SignalAxis("stage_height", 4),)),)
    assert ask({"technique": "other"}, odd)["axes"].state == "missing"
    stated = {"technique": "other", "axes": [{"name": "stage_height", "unit": "um"}]}
    assert ask(stated, odd)["axes"].state == "value"


def test_gaps_and_where_values_were_looked_for() -> None:
    requirements = list_requirements(
        normalize_document(four_d(probe_current="not recorded", dwell_time=None)),
        looked_for={
            "dwell_time": ["ImageTags.DataBar.Exposure"],
            "exposure_time": ["a"],
            "probe_current": ["b"],
        },
    )
    by_path = {r.path: r for r in requirements}
    assert by_path["probe_current"].state == "gap"
    assert by_path["dwell_time"].looked_for == ("ImageTags.DataBar.Exposure", "a")


def test_required_stands_before_recommended() -> None:
    levels = [r.level for r in list_requirements(four_d())]
    assert levels == sorted(levels, reverse=True)
