"""DigitalMicrograph: which tag wins, in which mode; times against clocks; intensities with their scale."""

from typing import Any

import pytest

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.mapping.draft import MetadataDraft
from tests.realdata import need_realdata
from tests.unit.mapping.vendor_headers import axis, dm, signal

SI_CLOCK = {"Date": "9/16/2021", "Start time": "12:06:09 PM", "End time": "12:23:57 PM"}
IMAGE = [signal(axis("scan_y", 192), axis("scan_x", 1568))]


def spectra(rows: int = 3, columns: int = 3) -> list[dict[str, Any]]:
    axes = (
        axis("scan_y", rows, "nm", 15.0),
        axis("scan_x", columns, "nm", 15.0),
        axis("energy", 670, "eV", 0.5),
    )
    return [signal(*axes, n_signal_axes=1)]


def sampling(rows: int, columns: int, **options: Any) -> dict[str, Any]:
    area = {"Height (pixels)": rows, "Width (pixels)": columns}
    return {"Spatial Sampling": area, "Scan Options": {"Scan sub-pixel": bool(options), **options}}


def codes(draft: MetadataDraft) -> list[str]:
    return [finding.code for finding in draft.findings]


def value_of(draft: MetadataDraft, path: str) -> Any:
    found: Any = draft.document
    for part in path.split("."):
        if part not in found:
            return None
        found = found[part]
    return found["value"]


def test_pixel_time_of_a_spectrum_image_wins_over_digiscan() -> None:
    tags = {
        "SI": {"Acquisition": {**SI_CLOCK, **sampling(128, 128), "Pixel time (s)": 0.05}},
        "DigiScan": {"Sample Time": 40.0},
    }
    draft = map_vendor_header("dm4", dm(tags), spectra())
    assert draft.document["dwell_time"]["value"] == 50_000.0
    assert draft.document["dwell_time"]["origin_key"].endswith("SI.Acquisition.Pixel time (s)")
    assert value_of(draft, "acquisition_duration") == 1068.0
    assert draft.document["acquired_at"]["value"] == "2021-09-16T12:06:09"
    assert codes(draft) == []  # 128 × 128 × 0.05 s = 819 s, in 1068 s


def test_exposure_refutes_a_shorter_sample_time() -> None:
    tags = {"DigiScan": {"Sample Time": 40.0}, "CL": {"Acquisition": {"Exposure (s)": 0.05}}}
    draft = map_vendor_header("dm4", dm(tags), spectra())
    assert "dwell_time" not in draft.document
    assert codes(draft) == ["header_value_not_used"]
    assert "40 us" in draft.findings[0].message
    fitting = {"DigiScan": {"Sample Time": 60_000.0}, "CL": {"Acquisition": {"Exposure (s)": 0.05}}}
    assert value_of(map_vendor_header("dm4", dm(fitting), spectra()), "dwell_time") == 60_000.0


@pytest.mark.parametrize(
    ("shape", "expected_us"),
    [((192, 1568), 0.2e6 / 1024), ((6, 49), 0.2e6), ((12, 98), 0.2e6 / 4), ((100, 700), None)],
)
def test_sub_pixels_share_the_time_of_their_spectrum_pixel(
    shape: tuple[int, int], expected_us: float | None
) -> None:
    options = sampling(6, 49, **{"Scan sub-pixel": True, "Sub-pixel sampling": 32})
    tags = {"SI": {"Acquisition": {**options, "Pixel time (s)": 0.2}}}
    image = [signal(axis("scan_y", shape[0]), axis("scan_x", shape[1]))]
    draft = map_vendor_header("dm3", dm(tags), image)
    assert value_of(draft, "dwell_time") == (None if expected_us is None else pytest.approx(expected_us))
    assert codes(draft) == ([] if expected_us else ["header_value_not_used"])
    # The spectra themselves took the whole time, whatever was scanned beneath.
    assert value_of(map_vendor_header("dm3", dm(tags), spectra(6, 49)), "dwell_time") == 0.2e6


@pytest.mark.parametrize("name", ["Dwell time (s)", "Dwell time"])
def test_dwell_time_of_a_serial_spectrum(name: str) -> None:
    tags = {"CL": {"Acquisition": {name: 2.0, "Acquisition begin": "17/01/2022 16:01:14 "}}}
    line = [signal(axis("wavelength", 170, "nm", 1.0, 160.0), n_signal_axes=1)]
    draft = map_vendor_header("dm4", dm(tags), line)
    assert value_of(draft, "dwell_time") == 2e6
    assert "wavelength" in draft.document["dwell_time"]["note"]
    assert draft.document["acquired_at"]["value"] == "2022-01-17T16:01:14"


@pytest.mark.parametrize(
    ("scope", "camera_length", "magnification"),
    [
        ({"Illumination Mode": "TEM", "Imaging Mode": "DIFFRACTION"}, 1000.0, None),
        ({"Operation Mode": "DIFFRACTION"}, 1000.0, None),
        ({"Illumination Mode": "TEM", "Imaging Mode": "IMAGING"}, None, 1000.0),
        ({"Illumination Mode": "STEM NANOPROBE", "Imaging Mode": "DIFFRACTION"}, 135.0, 1000.0),
        ({"Operation Mode": "SCANNING", "Imaging Mode": "DIFFRACTION"}, 135.0, 1000.0),
        ({"Illumination Mode": "SEM", "Imaging Mode": "IMAGING"}, None, 1000.0),
        ({}, 135.0, 1000.0),
    ],
)
def test_indicated_magnification_is_a_camera_length_in_diffraction_mode_only(
    scope: dict[str, str], camera_length: float | None, magnification: float | None
) -> None:
    tags = {"Microscope Info": {**scope, "Indicated Magnification": 1000.0, "STEM Camera Length": 135.0}}
    draft = map_vendor_header("dm3", dm(tags), [])
    assert value_of(draft, "camera_length") == camera_length
    assert value_of(draft, "magnification") == magnification
    is_left_over = camera_length != 135.0
    assert codes(draft) == (["header_value_not_used"] if is_left_over else [])


@pytest.mark.parametrize(
    ("scan", "expected"),
    [
        ({"Rotation": 0.0, "Rotation Offset": 180.0}, 180.0),
        ({"Rotation": 350.0, "Rotation Offset": 180.0}, 170.0),
        ({"Rotation": -12.5}, -12.5),
        ({"Rotation": 270.0, "Rotation Offset": 0.0}, 270.0),
        ({"Rotation Offset": 180.0}, None),
        ({"Rotation": 1e30, "Rotation Offset": 180.0}, None),
    ],
)
def test_rotation_and_its_offset_are_one_angle(scan: dict[str, float], expected: float | None) -> None:
    draft = map_vendor_header("dm3", dm({"DigiScan": scan}), IMAGE)
    assert value_of(draft, "scan_rotation") == expected
    assert bool(draft.findings) == (expected is None)


def test_stage_positions_count_in_every_mode_and_tilts_not_in_a_scanning_microscope() -> None:
    stage = {
        "Stage X": 61_587.9,
        "Stage Y": 82_068.6,
        "Stage Z": 46_237.0,
        "Stage Alpha": 1.5,
        "Stage Beta": 164.9,
    }
    for mode, tilt in (("SEM", None), ("STEM", 1.5), ("TEM", 1.5)):
        scope = {"Illumination Mode": mode, "Stage Position": stage}
        draft = map_vendor_header("dm4", dm({"Microscope Info": scope}), [])
        assert [value_of(draft, f"stage_position_{name}") for name in "xyz"] == [61_587.9, 82_068.6, 46_237.0]
        assert value_of(draft, "stage_tilt_x") == tilt


def test_text_of_the_manufacturers_plug_in() -> None:
    text = "Mode TEM uP SA\u2028Spot 4\u2028Stage 1.500 um, -2.000 um, 0.250 um, 10.00 deg, -3.50 deg\u2028"
    draft = map_vendor_header("dm3", dm({"Tecnai": {"Microscope Info": text}}), [])
    assert value_of(draft, "spot_size") == 4
    assert [value_of(draft, f"stage_position_{name}") for name in "xyz"] == [1.5, -2.0, 0.25]
    assert [value_of(draft, f"stage_tilt_{name}") for name in "xy"] == [10.0, -3.5]


def test_live_and_real_time_of_x_rays() -> None:
    eds = {"Live time": 3.806, "Real time": 4.233, "Acquisition": {"Exposure (s)": 60.0}}
    draft = map_vendor_header("dm3", dm({"EDS": eds}), spectra())
    assert (value_of(draft, "live_time"), value_of(draft, "eds.real_time")) == (3.806, 4.233)
    assert "exposure_time" not in draft.document


def test_data_bar_at_the_root_of_the_file() -> None:
    header = {**dm({}), "DataBar": {"Acquisition Date": "01/31/19", "Acquisition Time": "18:53:22"}}
    assert map_vendor_header("dm3", header, []).document["acquired_at"]["value"] == "2019-01-31T18:53:22"
    header = {**dm({"Timestamp": "2019-01-31T18:53:22.492552"}), "DataBar": header["DataBar"]}
    assert (
        map_vendor_header("dm3", header, []).document["acquired_at"]["value"] == "2019-01-31T18:53:22.492552"
    )


def _with_brightness(unit: str, scale: float, origin: float = 0.0) -> dict[str, Any]:
    header = dm({})
    brightness = {"Units": unit, "Scale": scale, "Origin": origin}
    header["ImageList"]["TagGroup0"]["ImageData"] = {"Calibrations": {"Brightness": brightness}}
    return header


def test_intensity_scale_stays_with_its_unit() -> None:
    draft = map_vendor_header("dm3", _with_brightness("e-", 0.25), [])
    assert value_of(draft, "camera.electrons_per_count") == 0.25
    assert value_of(draft, "intensity_unit") == "counts"
    draft = map_vendor_header("dm3", _with_brightness("e-", 1.0), [])
    assert value_of(draft, "intensity_unit") == "electrons"
    for unit, scale, origin in (("V", 5.0, -0.8), ("e-", 0.25, 100.0)):
        draft = map_vendor_header("dm3", _with_brightness(unit, scale, origin), [])
        assert "intensity_unit" not in draft.document
        assert codes(draft) == ["intensity_scale_not_applied"]
        assert f"{scale:g}" in draft.findings[0].message


@pytest.mark.parametrize(
    ("pixel_s", "severity"),
    [(0.05, None), (50.0, "warning"), (4e-5, "info")],
    ids=["fits", "too long", "too short"],
)
def test_pixels_times_dwell_against_start_and_stop(pixel_s: float, severity: str | None) -> None:
    tags = {"SI": {"Acquisition": {**SI_CLOCK, **sampling(128, 128), "Pixel time (s)": pixel_s}}}
    draft = map_vendor_header("dm4", dm(tags), spectra(128, 128))
    found = [(finding.code, finding.severity, finding.pointer) for finding in draft.findings]
    assert found == ([("recording_time_differs", severity, "/dwell_time")] if severity else [])


@pytest.mark.parametrize(("sample_us", "is_said"), [(32.4, False), (32_400.0, True)])
def test_image_against_the_stamps_at_its_start_and_end(sample_us: float, *, is_said: bool) -> None:
    scan = {
        "Image Width": 512,
        "Image Height": 512,
        "Sample Time": sample_us,
        "TimeStamp": "Tue Dec 10 15:32:32 2019\u2028",
    }
    bar = {"Acquisition Date": "12/10/2019", "Acquisition Time": "3:32:41 PM"}
    draft = map_vendor_header("dm3", dm({"DigiScan": scan, "DataBar": bar}), IMAGE)
    assert codes(draft) == (["recording_time_differs"] if is_said else [])


REAL = [
    ("rsciio/2D/test-MonarcCL_spectrum-SI.dm4", {"dwell_time": 50_000.0, "camera_length": None}),
    ("scifireaders/SI-HAADF.dm3", {"dwell_time": 0.2e6 / 1024}),
    ("rsciio/1D/test-MonarcCL_spectrum-pmt.dm4", {"dwell_time": 2e6}),
    ("rsciio/2D/test-MonarcCL_mono-image.dm4", {"camera_length": None, "stage_position_x": 77_846.989}),
    ("scikit-ued/bismuth.dm3", {"camera_length": 1000.0, "magnification": None}),
    ("rsciio/2D/multi_signal.dm3", {"scan_rotation": 180.0, "dwell_time": 32.4}),
    ("rsciio/1D/test-EDS_spectrum.dm3", {"eds.real_time": 4.233, "magnification": 320_000.0}),
    ("openncem/08_carbon.dm3", {"spot_size": 4, "camera.electrons_per_count": 0.1075269}),
    ("nionswift-io/ref_F_0_1.dm3", {"acquired_at": "2019-01-31T18:53:22.492552"}),
]


@pytest.mark.parametrize(("name", "expected"), REAL)
def test_real_files(name: str, expected: dict[str, Any]) -> None:
    path = need_realdata("dm", *name.split("/"))
    with open_measurement(path.suffix[1:], {path.name: path}) as opened:
        described = [source.describe() for source in opened.signals]
        draft = map_vendor_header(opened.format, opened.header, described)
    for field, value in expected.items():
        is_number = isinstance(value, float)
        assert value_of(draft, field) == (pytest.approx(value, rel=1e-6) if is_number else value), field
    assert not [f for f in draft.findings if f.code in {"recording_time_differs", "header_implausible"}]


def test_pixels_that_are_not_square_parts_of_a_spectrum_pixel_have_no_time() -> None:
    image = [signal(axis("scan_y", 64), axis("scan_x", 64))]
    tags = {"SI": {"Acquisition": {**sampling(32, 16), "Pixel time (s)": 0.2}}}
    tags["SI"]["Acquisition"]["Scan Options"]["Scan sub-pixel"] = True
    draft = map_vendor_header("dm4", dm(tags), image)
    assert "dwell_time" not in draft.document
    assert codes(draft) == ["header_value_not_used"]


@pytest.mark.parametrize(
    ("pixel", "cycles", "seconds", "fits"),
    [(0.5, 1, 3, True), (0.5, 1, 1, False), (1.0, 10, 12, False), (1.0, 10, 88, True)],
)
def test_clock_of_whole_seconds_against_pixels_and_cycles(
    pixel: float, cycles: int, seconds: int, *, fits: bool
) -> None:
    end = f"1:{seconds // 60:02d}:{seconds % 60:02d} PM"
    clock = {"Date": "9/16/2021", "Start time": "1:00:00 PM", "End time": end, "Number of cycles": cycles}
    tags = {"SI": {"Acquisition": {**clock, **sampling(3, 3), "Pixel time (s)": pixel}}}
    draft = map_vendor_header("dm4", dm(tags), spectra())
    assert codes(draft) == ([] if fits else ["recording_time_differs"])


def test_intensity_scale_of_zero_is_implausible() -> None:
    header = dm({})
    header["ImageList"]["TagGroup0"]["ImageData"] = {
        "Calibrations": {"Brightness": {"Scale": 0.0, "Origin": 0.0, "Units": "e-"}}
    }
    draft = map_vendor_header("dm4", header, IMAGE)
    assert codes(draft) == ["header_implausible"]
    assert "camera" not in draft.document


def test_spectra_of_every_image_of_a_file_are_its_techniques() -> None:
    """A spectrum image of energy losses, X-rays recorded with it, and the survey: each has tags of its own."""
    kinds = {"data": "EELS", "x_rays": "X-ray", "survey": ""}
    images = {
        f"TagGroup{number}": {"ImageTags": {"Meta Data": {"Signal": kind}}}
        for number, kind in enumerate(kinds.values())
    }
    header = {
        "ImageList": images,
        "signals": {name: f"TagGroup{number}" for number, name in enumerate(kinds)},
    }
    (main,) = spectra()
    arrays = [main, {**main, "name": "x_rays"}, {**IMAGE[0], "name": "survey"}]
    assert map_vendor_header("dm4", header, arrays).document["technique"] == ["eels", "eds"]
    assert map_vendor_header("dm4", header, arrays[::2]).document["technique"] == ["eels"]
