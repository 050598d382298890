"""What sequences and movies of Direct Electron say of camera and microscope, and what they do not."""

from typing import Any

import pytest

from ingest.formats.headers import map_vendor_header
from ingest.mapping.draft import MetadataDraft
from tests.unit.mapping.vendor_headers import DE_MRC, SEQ, four_d


def map_seq(**changed: Any) -> MetadataDraft:
    header = {
        part: {**entries, **changed.get(part, {})} for part, entries in SEQ.items() if part != "defects"
    }
    return map_vendor_header("seq", header, four_d(shape_origin="depositor"))


def map_movie(**changed: Any) -> MetadataDraft:
    return map_vendor_header("mrc", {**DE_MRC, "info": {**DE_MRC["info"], **changed}}, four_d(0.5))


def find(draft: MetadataDraft, path: str) -> Any:
    found: Any = draft.document
    for part in path.split("."):
        found = found.get(part, {})
    return found.get("value")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("acceleration_voltage", 200.0),
        ("camera_length", 250.0),
        ("magnification", 87_000.0),
        ("camera.frame_rate", 40_000.0),
        ("camera.bit_depth", 12),
        ("camera.binning", 1),
        ("camera.name", "Celeritas Camera"),
        ("camera.manufacturer", "Direct Electron"),
        ("instrument.software", "StreamPix 8.5.0.143 (x64)"),
        ("acquired_at", "2022-08-11T18:49:10.652366Z"),
        ("acquisition_duration", pytest.approx(4.000171)),
        ("camera.electrons_per_count", None),  # 300 stands there before anybody measured it
        ("exposure_time", None),
    ],
)
def test_sequence_says(field: str, value: Any) -> None:
    assert find(map_seq(), field) == value


@pytest.mark.parametrize(
    ("part", "key", "value", "field", "expected", "codes"),
    [
        ("config", "HT", 0, "acceleration_voltage", None, []),
        ("config", "HT", 1e30, "acceleration_voltage", None, ["header_implausible"]),
        ("config", "FrameRate", -1.0, "camera.frame_rate", 86956.52, ["header_value_not_used"]),
        ("config", "FrameRate", float("nan"), "camera.frame_rate", 86956.52, []),
        ("record", "CameraLength", 1e300, "camera_length", None, ["header_implausible"]),
        ("config", "Mag", 1e9, "magnification", None, []),
        ("seq", "counting_bits", 4096, "camera.bit_depth", 12, ["header_implausible"]),
        ("seq", "first_time", 1e18, "acquired_at", "2022-08-11T14:21:27", []),
        ("seq", "first_time", None, "acquired_at", "2022-08-11T14:21:27", []),
        ("seq", "description", "No Description", "instrument.software", "StreamPix for DE 4.3.7.2545", []),
    ],
)
def test_what_a_sequence_says_wrongly_fills_no_field(
    part: str, key: str, value: Any, field: str, expected: Any, codes: list[str]
) -> None:
    draft = map_seq(**{part: {key: value}})
    found = find(draft, field)
    assert found == (expected if expected is None or isinstance(expected, str) else pytest.approx(expected))
    assert [finding.code for finding in draft.findings] == codes


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("acceleration_voltage", 300.0),
        ("dwell_time", 1464.2),
        ("camera.model", "DE-16"),
        ("camera.manufacturer", "Direct Electron"),
        ("camera.serial_number", "812"),
        ("camera.mode", "integrating"),
        ("camera.shutter", "rolling"),
        ("camera.frame_rate", 700.0),
        ("camera.frame_time", 1.4285),
        ("camera.bit_depth", 12),
        ("camera.sensor_pixel_size", 10.0),
        ("magnification", None),
        ("camera_length", None),
    ],
)
def test_movie_says(field: str, value: Any) -> None:
    assert find(map_movie(), field) == value


@pytest.mark.parametrize(
    ("key", "said", "field", "expected"),
    [
        ("Scan - Enable", "Disable", "dwell_time", None),
        ("Image Processing - Mode", "Unheard of", "camera.mode", None),
        ("Instrument Project Magnification", "1000", "magnification", 1000.0),
        ("Instrument Project Magnification", "1e30", "magnification", None),
        ("Instrument Accelerating Voltage (V)", "-1", "acceleration_voltage", None),
        ("Frames Per Second", "0", "camera.frame_rate", None),
        ("Sensor Pixel Depth", "12.5", "camera.bit_depth", None),
    ],
)
def test_what_the_server_did_not_know_fills_no_field(key: str, said: str, field: str, expected: Any) -> None:
    assert find(map_movie(**{key: said}), field) == expected
