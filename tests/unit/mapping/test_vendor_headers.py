"""Each vendor's header, with the traps that real files hold."""

import copy
from typing import Any

import pytest

from ingest.formats.declaration import FormatDeclarationError
from ingest.formats.headers import map_vendor_header
from ingest.mapping.arrays import add_arrays
from ingest.mapping.draft import DraftBuilder, MetadataDraft
from repository.schema import SignalShape, validate_measurement
from tests.unit.mapping.vendor_headers import (
    BLOCKFILE,
    DM_EELS,
    EMPAD_NEW,
    EMPAD_OLD,
    MIB,
    axis,
    dm,
    four_d,
    signal,
)


def _number(draft: MetadataDraft, path: str) -> tuple[Any, str]:
    entry = draft.document
    for part in path.split("."):
        entry = entry[part]
    assert entry["source"] in {"header", "derived", "assumed"}
    assert entry["origin_key"]
    return entry["value"], entry["unit"]


def _assert_structure_is_sound(draft: MetadataDraft, signals: list[dict[str, Any]]) -> None:
    shapes = [SignalShape.from_dict(entry) for entry in signals]
    found = validate_measurement(draft.document, signals=shapes)
    allowed = {"required_field_missing"}
    wrong = [f for f in found if f.layer in {"structure", "quantity"} and f.severity == "error"]
    assert {finding.code for finding in wrong} <= allowed, wrong


@pytest.mark.parametrize(
    ("header", "camera_length_mm", "moment"),
    [
        (EMPAD_OLD, 722.5, "2019-06-06T13:30:00.164675+02:00"),
        (EMPAD_NEW, 369.0, "2026-03-25T16:47:52.586728-04:00"),
    ],
)
def test_empad(header: dict[str, Any], camera_length_mm: float, moment: str) -> None:
    signals = four_d(0.5)
    draft = map_vendor_header("empad", header, signals)
    assert _number(draft, "acceleration_voltage") == (300.0, "kV")
    assert _number(draft, "camera_length") == (camera_length_mm, "mm")
    assert _number(draft, "exposure_time") == (1.0, "ms")
    assert _number(draft, "scan_step") == (0.5, "nm")
    assert draft.document["acquired_at"]["value"] == moment  # the offset is that to the Unix time beside it
    assert draft.document["technique"] == ["four_d_stem"]
    words = ("scan", "series", "origin", "level")
    assert [draft.document[word] for word in words] == ["raster", "none", "measured", "raw"]
    assert draft.document["scan_shape"]["value"] == [4, 8]
    _assert_structure_is_sound(draft, signals)


def test_empad_screen_current_is_never_the_beam_current() -> None:
    draft = map_vendor_header("empad", EMPAD_OLD, four_d())
    assert "probe_current" not in draft.document
    assert "dwell_time" not in draft.document
    assert _number(draft, "diffraction_pixel_size") == (pytest.approx(0.429065743945), "mrad")
    assert draft.document["diffraction_pixel_size"]["basis"] == "calibrated"
    assert "semi_convergence_angle" not in draft.looked_for


def test_raw_without_xml_says_only_what_is_certain() -> None:
    draft = map_vendor_header("empad", {}, four_d(shape_origin="depositor"))
    assert set(draft.document) == {
        "camera",
        "intensity_unit",
        "origin",
        "level",
        "scan",
        "technique",
        "series",
    }


def test_mib() -> None:
    signals = four_d()
    draft = map_vendor_header("mib", MIB, signals)
    assert _number(draft, "exposure_time") == (100.0, "ms")
    assert "dwell_time" not in draft.document
    assert draft.document["camera"]["bit_depth"]["value"] == 6
    assert draft.document["camera"]["serial_number"]["value"] == "W559_G11"
    assert _number(draft, "camera.threshold") == (40.0, "keV")
    assert draft.document["acquired_at"]["value"] == "2021-05-07T16:51:10.9058Z"
    assert draft.document["instrument"]["software"]["value"] == "Merlin 0.76.1.101"
    assert list(draft.personal_pointers) == ["/hdr/bpc File"]
    assert "acceleration_voltage" not in draft.document
    _assert_structure_is_sound(draft, signals)


def test_frames_of_a_guessed_shape_are_not_called_a_scan() -> None:
    signals = [
        signal(axis("position", 9), axis("detector_y", 4), axis("detector_x", 4), shape_origin="guessed")
    ]
    draft = map_vendor_header("mib", MIB, signals)
    assert {"scan", "technique", "scan_shape", "series"}.isdisjoint(draft.document)


def test_blockfile_units_of_its_own() -> None:
    signals = four_d(12.8)
    draft = map_vendor_header("blockfile", BLOCKFILE, signals)
    assert _number(draft, "acceleration_voltage") == (200.0, "kV")
    assert _number(draft, "camera_length") == (200.0, "mm")  # stored in 0.1 mm
    assert _number(draft, "scan_rotation") == (25.0, "deg")  # stored in 0.01 deg
    assert _number(draft, "precession_angle") == (pytest.approx(10.471975512), "mrad")
    assert draft.document["illumination"]["value"] == "precession"
    assert draft.document["acquired_at"]["value"] == "2015-12-01T15:40:59.812"
    assert draft.document["acquired_at"]["zone"] == "unknown"
    assert draft.document["level"] == "vendor_corrected"
    assert [finding.code for finding in draft.findings] == ["intensity_not_linear"]
    _assert_structure_is_sound(draft, signals)


def test_dm_spectrum_image() -> None:
    signals = [
        signal(
            axis("scan_y", 3, "nm", 0.2),
            axis("scan_x", 4, "nm", 0.4),
            axis("energy", 2048, "eV", 0.25, 350.0),
        )
    ]
    draft = map_vendor_header("dm4", DM_EELS, signals)
    assert _number(draft, "acceleration_voltage") == (200.0, "kV")
    assert _number(draft, "semi_convergence_angle") == (30.0, "mrad")
    assert _number(draft, "collection_semi_angle") == (33.0, "mrad")
    assert _number(draft, "camera_length") == (2.8, "mm")  # implausible, kept; validation flags it
    assert "dwell_time" not in draft.document  # DigiScan's 32.4 us refuted by the exposure
    assert _number(draft, "exposure_time") == (2000.0, "ms")
    assert _number(draft, "stage_tilt_x") == (-12.5, "deg")
    assert _number(draft, "stage_tilt_y") == (0.0, "deg")
    assert _number(draft, "scan_step") == ([0.2, 0.4], "nm")
    assert _number(draft, "energy_axis.start") == (350.0, "eV")
    assert _number(draft, "energy_axis.end") == (861.75, "eV")
    assert draft.document["frames_summed"]["value"] == 10
    assert draft.document["technique"] == ["eels"]
    assert draft.document["level"] == "vendor_corrected"
    assert draft.document["sample"]["name"]["value"] == "SrTiO3"
    assert draft.document["acquired_at"]["value"] == "2016-08-27T20:54:33"
    assert "name" not in draft.document["instrument"]  # "Unknown" says nothing
    base = "/ImageList/TagGroup0/ImageTags/Session Info"
    assert set(draft.personal_pointers) == {f"{base}/Operator", f"{base}/Items/TagGroup0/Value"}
    _assert_structure_is_sound(draft, signals)


def test_dm_currents_of_zero_are_passed_over_but_were_looked_for() -> None:
    draft = map_vendor_header("dm3", DM_EELS, [])
    assert {"probe_current", "emission_current"}.isdisjoint(draft.document)
    key = "ImageList.TagGroup0.ImageTags.Microscope Info.Probe Current (nA)"
    assert draft.looked_for["probe_current"] == (key,)
    assert draft.findings == ()


@pytest.mark.parametrize("angle", [-28.8, -0.001])
def test_negative_convergence_is_refused_and_said(angle: float) -> None:
    header = copy.deepcopy(DM_EELS)
    tags = header["ImageList"]["TagGroup0"]["ImageTags"]
    tags["EELS"]["Experimental Conditions"]["Convergence semi-angle (mrad)"] = angle
    draft = map_vendor_header("dm3", header, [])
    assert "semi_convergence_angle" not in draft.document
    assert [(f.code, f.pointer) for f in draft.findings] == [
        ("header_value_not_used", "/semi_convergence_angle")
    ]
    assert "negative" in draft.findings[0].message


@pytest.mark.parametrize("voltage", [200.0, -1e30, 1e30, 8.9e-177])
def test_impossible_value_is_not_used_and_said(voltage: float) -> None:
    draft = map_vendor_header("dm3", dm({"Microscope Info": {"Voltage": voltage}}), [])
    assert "acceleration_voltage" not in draft.document
    (finding,) = draft.findings
    assert (finding.code, finding.severity, finding.pointer) == (
        "header_implausible",
        "warning",
        "/acceleration_voltage",
    )
    assert ("is negative" if voltage < 0 else "kV is outside") in finding.message


@pytest.mark.parametrize(
    ("format_id", "header", "field"),
    [
        ("blockfile", {"blockfile_header": {"Camera_length": 4_000_000_000}}, "camera_length"),
        ("blockfile", {"blockfile_header": {"Scan_rotation": 65_000}}, "scan_rotation"),
        ("mrc", {"info": {"Instrument Project Camera Length (centimeters)": "1e30"}}, "camera_length"),
        ("mib", {"mib": {"counter_depth_bits": 4096}}, "camera.bit_depth"),
        ("mib", {"mib": {"thresholds_keV": [1e12]}}, "camera.threshold"),
        (
            "tia",
            {"emi": {"ExperimentalDescription": {"Magnification_x": 1e30, "Mode": "STEM"}}},
            "magnification",
        ),
        ("dm4", dm({"Microscope Info": {"Indicated Magnification": 1e-300}}), "magnification"),
        ("dm4", dm({"Microscope Info": {"Spot Size": 4_000_000}}), "spot_size"),
    ],
)
def test_no_value_outside_its_range_is_taken_whatever_way_it_comes(
    format_id: str, header: dict[str, Any], field: str
) -> None:
    draft = map_vendor_header(format_id, header, [])
    group: Any = draft.document
    for part in field.split("."):
        group = group.get(part) if isinstance(group, dict) else None
    assert group is None
    assert [(f.code, f.pointer) for f in draft.findings] == [
        ("header_implausible", "/" + field.replace(".", "/"))
    ]


def test_dm_filetime_wins_over_the_local_text() -> None:
    bar = {
        "Acquisition Date": "27.08.2016",
        "Acquisition Time": "20:54:33",
        "Acquisition Time (OS)": 1.311680127385445e17,
    }
    draft = map_vendor_header("dm3", dm({"DataBar": bar}), [])
    assert draft.document["acquired_at"]["value"] == "2016-08-27T19:54:33.85445Z"


def test_dm_date_that_may_be_two_days_is_said() -> None:
    bar = {"Acquisition Date": "3/4/2017", "Acquisition Time": "15:00:00"}
    draft = map_vendor_header("dm3", dm({"DataBar": bar}), [])
    assert "acquired_at" not in draft.document
    assert "two days" in draft.findings[0].message


def test_dm_of_a_scanning_electron_microscope_gets_no_stem_values() -> None:
    scope = {"Illumination Mode": "SEM", "Voltage": 5000.0, "Stage Position": {"Stage Beta": 164.99}}
    image = [signal(axis("scan_y", 2, "nm", 1.0), axis("scan_x", 2, "nm", 1.0))]
    draft = map_vendor_header("dm4", dm({"Microscope Info": scope}, title="HAADF"), image)
    assert {"stage_tilt_y", "technique", "illumination"}.isdisjoint(draft.document)


def test_dm_annular_image_by_its_title() -> None:
    image = [signal(axis("scan_y", 2, "nm", 1.0), axis("scan_x", 2, "nm", 1.0))]
    draft = map_vendor_header("dm3", dm({"Microscope Info": {"Voltage": 200000.0}}, title="06-HAADF"), image)
    assert draft.document["technique"] == ["annular"]


def test_dm_signal_of_a_later_group() -> None:
    header = dm({"Microscope Info": {"Voltage": 80000.0}}, group="TagGroup2")
    assert _number(map_vendor_header("dm3", header, []), "acceleration_voltage") == (80.0, "kV")


def test_hyperspy_units_beside_values_win() -> None:
    tem = {
        "beam_energy": 120.0,
        "beam_energy_units": "kV",
        "convergence_angle": 1.5,
        "convergence_angle_units": "mR",
        "beam_current": 0.0,
        "dwell_time": 100.0,
        "dwell_time_units": "ms",
        "Stage": {"tilt_alpha": 10.0},
        "Detector": {"EELS": {"collection_angle": 3.4, "exposure": 0.2}},
    }
    metadata = {
        "Acquisition_instrument": {"TEM": tem},
        "General": {"date": "2014-07-09", "time": "18:56:37", "title": "a title"},
        "Sample": {"elements": ["O", "Ni"], "thickness": 50.0, "thickness_units": "nm"},
        "Signal": {"signal_type": "EELS"},
    }
    signals = [signal(axis("energy", 21, "eV", 3.1, 520.13))]
    draft = map_vendor_header(
        "hspy", {"metadata": metadata, "original_metadata": {"OWNER": "Somebody"}}, signals
    )
    assert _number(draft, "acceleration_voltage") == (120.0, "kV")
    assert _number(draft, "semi_convergence_angle") == (1.5, "mrad")
    assert _number(draft, "dwell_time") == (100000.0, "us")
    assert _number(draft, "exposure_time") == (200.0, "ms")
    assert _number(draft, "sample.thickness") == (50.0, "nm")
    assert _number(draft, "energy_axis.end") == (582.13, "eV")
    assert draft.document["sample"]["elements"]["value"] == ["O", "Ni"]
    assert draft.document["technique"] == ["eels"]
    assert {"probe_current", "origin", "level"}.isdisjoint(draft.document)
    assert list(draft.personal_pointers) == ["/original_metadata/OWNER"]
    _assert_structure_is_sound(draft, signals)


def test_hyperspy_first_version_and_unit_of_another_kind() -> None:
    tem = {"beam_energy": 120.0, "convergence_angle": 1.5, "convergence_angle_units": "nm"}
    draft = map_vendor_header("hspy", {"mapped_parameters": {"TEM": tem, "title": "old"}}, [])
    assert _number(draft, "acceleration_voltage") == (120.0, "kV")
    assert draft.document["title"]["value"] == "old"
    assert "semi_convergence_angle" not in draft.document


def test_hyperspy_first_version_keeps_times_and_stage_beside_the_beam() -> None:
    tree = {
        "mapped_parameters": {
            "_datetime_date": "datetime.date(2012, 3, 9)",
            "_datetime_time": "datetime.time(10, 5, 7, 250000)",
            "TEM": {
                "beam_energy": 200.0,
                "exposure_time": 0.5,
                "tilt_stage": -12.0,
                "EDS": {"live_time": 30.0, "real_time": 33.0, "azimuth_angle": 0.0, "elevation_angle": 22.0},
            },
        }
    }
    draft = map_vendor_header("hspy", tree, [])
    assert draft.document["acquired_at"]["value"] == "2012-03-09T10:05:07.25"
    assert draft.document["acquired_at"]["origin_key"] == "mapped_parameters._datetime_date"
    assert _number(draft, "exposure_time") == (500.0, "ms")
    assert _number(draft, "stage_tilt_x") == (-12.0, "deg")
    assert _number(draft, "live_time") == (30.0, "s")
    assert _number(draft, "eds.real_time") == (33.0, "s")
    assert _number(draft, "eds.azimuth") == (0.0, "deg")


@pytest.mark.parametrize(
    "text", ["__import__('os').system('x')", "datetime.date(2012, 13, 40)", "datetime.date(2012)", "soon"]
)
def test_text_of_a_python_date_is_never_run_nor_believed(text: str) -> None:
    draft = map_vendor_header("hspy", {"mapped_parameters": {"General": {"_datetime_date": text}}}, [])
    assert "acquired_at" not in draft.document


def test_py4dstem_axes_are_calibrations() -> None:
    axes = [axis("scan_y", 2, "nm", 0.5), axis("scan_x", 3, "nm", 0.5)]
    axes += [axis("detector_y", 4, "nm-1", 0.44), axis("detector_x", 5, "nm-1", 0.44)]
    header = {
        "calibration": {"QR_flip": False, "R_pixel_size": 0.5},
        "root": {"authoring_program": "emdfile"},
    }
    draft = map_vendor_header("py4dstem_emd", header, [signal(*axes)])
    assert _number(draft, "diffraction_pixel_size") == (0.44, "nm-1")
    assert draft.document["scan_step"]["basis"] == "calibrated"
    assert [finding.code for finding in draft.findings] == ["diffraction_flip_recorded"]
    assert "detector_to_scan_matrix" not in draft.document
    assert draft.personal_pointers == {}


def test_ncem_in_si_units_or_with_units_in_the_text() -> None:
    scope = {"convergence angle": 0.025, "camera length": 0.085, "dwell time": 1e-6, "name": "TEAM 0.5"}
    header = {
        "microscope": {**scope, "high tension": 200000.0, "defocus": -6.7e-8},
        "user": {"name": "A. Person"},
        "signals": {"data": {"path": "/signals/image/data"}},
    }
    draft = map_vendor_header("ncem_emd", header, [])
    assert _number(draft, "semi_convergence_angle") == (25.0, "mrad")
    assert _number(draft, "camera_length") == (85.0, "mm")
    assert _number(draft, "dwell_time") == (1.0, "us")
    assert _number(draft, "defocus") == (-67.0, "nm")
    assert list(draft.personal_pointers) == ["/user/name"]
    draft = map_vendor_header("ncem_emd", {"microscope": {"voltage": "300kV"}}, [])
    assert _number(draft, "acceleration_voltage") == (300.0, "kV")


def test_prismatic_is_a_simulation() -> None:
    options = {"E": 80.0, "sa": 20.0, "A": 24.0, "i": "…SI100.XYZ"}
    header = {
        "4DSTEM_simulation": {"metadata": {"metadata_0": {"original": {"simulation_parameters": options}}}}
    }
    draft = map_vendor_header("ncem_emd", header, four_d(0.04))
    assert draft.document["origin"] == "simulated"
    assert _number(draft, "acceleration_voltage") == (80.0, "kV")
    assert _number(draft, "semi_convergence_angle") == (20.0, "mrad")


def test_format_that_no_folder_declares_is_refused() -> None:
    with pytest.raises(
        FormatDeclarationError, match="No folder in ingest/formats declares the format generic"
    ):
        map_vendor_header("generic", {"a": 1}, four_d(0.5))


@pytest.mark.parametrize(
    ("axes", "word"),
    [
        ((axis("time", 3, "s", 1.0), axis("detector_y", 4), axis("detector_x", 4)), "time"),
        ((axis("tilt", 3), axis("scan_y", 4), axis("scan_x", 4)), "tilt"),
    ],
)
def test_series_by_its_axis(axes: tuple[dict[str, Any], ...], word: str) -> None:
    draft = DraftBuilder({}, [signal(*axes)])
    add_arrays(draft)
    assert draft.document["series"] == word
    assert "technique" not in draft.document
