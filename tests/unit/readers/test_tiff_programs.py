"""TIFF: what each program says of its pictures, against tifffile, RosettaSciIO and the naive layout."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from numpy.random import default_rng

from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.realdata import list_realdata, need_realdata
from tests.vendor_files.tiff import PageLayout, TiffWriter, write_large_stack, write_tiff

JPEG_PAGE = "olympus_SIS"


def open_tiff(path: Path, **hints: Any) -> OpenedFile:
    return open_measurement("tiff", {path.name: path}, ReadHints(**hints))


def map_opened(opened: OpenedFile) -> dict[str, Any]:
    return map_vendor_header("tiff", opened.header, [signal.describe() for signal in opened.signals]).document


def show_axes(opened: OpenedFile) -> list[tuple[str, int, str | None, float | None]]:
    return [(axis.name, axis.size, axis.unit, axis.scale) for axis in opened.signals[0].axes]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list_realdata("tiff/**/*.tif"))
def test_real_files_equal_tifffile(name: str) -> None:
    """All real files but one page are whole in both; Olympus' first page is JPEG, which neither reads."""
    path = need_realdata(name)
    with open_tiff(path) as opened, tifffile.TiffFile(path) as theirs:
        (ours,) = (signal.read() for signal in opened.signals)
        shown = theirs.series[1 if JPEG_PAGE in name else 0].asarray()
        assert ours.dtype == shown.dtype.newbyteorder("=")
        np.testing.assert_array_equal(ours, shown)
        assert opened.header["tiff"]["pages"] == len(theirs.pages)
        assert not [finding for finding in opened.findings if finding.code == "bytes_left_over"]


# Where RosettaSciIO has other steps (y, x), in nm: who is right, and why.
OTHER_STEPS = {
    # It divides the camera's resolution per inch, which is rounded to 93; the file also has 3642 pixels per meter.
    "JEOL-SightX-TEM-mag-dummy": (1.8207885, 1.8304961),
    # A least-squares line through the table of wavelengths; ours goes through its ends. Both within 0.001 of a step.
    "test_hamamatsu_streak_FOCUS": (0.0171410725, 0.0171410778),
    "test_hamamatsu_streak_SCAN": (0.0171410725, 0.0171410778),
}
# Axes that RosettaSciIO calls calibrated and which have a curve, or no unit.
WITHOUT_STEP = {"test_hamamatsu_streak_SCAN": "y"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", list_realdata("tiff/**/*.tif", without=(JPEG_PAGE,)))
def test_axes_of_real_files_equal_rosettasciio(name: str) -> None:
    """RosettaSciIO cannot read Olympus' first page, and stops."""
    from rsciio.tiff import file_reader

    factors = {"nm": 1.0, "µm": 1e3, "m": 1e9, "s": 1.0}
    path = need_realdata(name)
    (theirs,) = file_reader(str(path))
    with open_tiff(path) as opened:
        ours = {axis.name[-1]: axis for axis in opened.signals[0].axes}
    names = {"height": "y", "width": "x", "image series": "e", "time": "e"}
    for axis in theirs["axes"]:
        side = names[axis["name"]]
        own = ours.get(side) or ours.get("h") or ours["s"]
        assert own.size == axis["size"]
        if axis["units"] not in factors or WITHOUT_STEP.get(path.stem) == side:
            assert own.scale is None
            continue
        step = axis["scale"] * factors[axis["units"]]
        expected = OTHER_STEPS.get(path.stem)
        if expected is not None:
            assert step == pytest.approx(expected[0])
            assert own.scale == pytest.approx(expected[1])
        else:
            assert own.scale == pytest.approx(step, rel=1e-12)
            assert own.offset == pytest.approx(axis["offset"] * factors[axis["units"]])


# What a person reads in these files with another program, or in their own words.
MAPPED: dict[str, dict[str, Any]] = {
    "tiff_FEI_Helios/FEI-Helios-Ebeam-16bits.tif": {
        "acceleration_voltage": 5.0, "probe_current": 6.25, "dwell_time": 10.0, "condenser_aperture": 32.0,
        "stage_position_x": 25.76, "stage_position_z": 7965.0, "acquired_at": "2016-06-13T17:06:40",
        "instrument.software": "xT 5.5.1.3318", "pixel_size": 3372.4,
    },
    "tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_512pix.tif": {
        "acceleration_voltage": 5.0, "magnification": 50_000.0, "stage_rotation": 245.8, "stage_position_x": 62996.1,
        "acquired_at": "2018-09-25T08:20:42", "instrument.serial_number": "ULTRA 55-36-06", "pixel_size": 11.64998,
    },
    "TVIPS_bin4/TVIPS_bin4.tif": {
        "acceleration_voltage": 99.0, "exposure_time": 400.0, "magnification": 32_000.0, "camera.name": "F416",
        "camera.binning": 4, "camera.sensor_pixel_size": 15.6, "acquired_at": "2017-04-12T09:01:17",
        "stage_position_y": -0.092, "stage_tilt_y": -0.055, "pixel_size": 1.420804,
    },
    "JEOL-SightX-TEM-mag-dummy.tif": {
        "acceleration_voltage": 200.0, "magnification": 150_000.0, "emission_current": 158.9, "exposure_time": 100.0,
        "stage_tilt_x": 0.1, "stage_tilt_y": -0.02, "spot_size": 1, "instrument.name": "JEM-ARM200F",
        "acquired_at": "2019-11-27T16:11:26.62054+09:00",
    },
    "olympus_SIS.tif": {"magnification": 600_000.0, "pixel_size": 0.02392792, "acquired_at": "2018-11-15T19:42:00"},
    "tiff_hamamatsu/test_hamamatsu_streak_SCAN.tif": {
        "exposure_time": 150.0, "camera.name": "C13440-20CU", "acquired_at": "2022-02-09T18:39:41",
        "instrument.name": "C10910", "wavelength_axis.start": 231.0909, "wavelength_axis.bin_width": 0.01714108,
    },
}  # fmt: skip


@pytest.mark.parametrize("name", MAPPED)
def test_headers_of_real_files_say_what_their_programs_show(name: str) -> None:
    with open_tiff(need_realdata("tiff", "rsciio", name)) as opened:
        document = map_opened(opened)
    assert document["origin"] == "measured"
    for path, expected in MAPPED[name].items():
        found: Any = document
        for part in path.split("."):
            found = found[part]
        value = found["value"]
        assert value == (expected if not isinstance(expected, float) else pytest.approx(expected)), path


def test_seconds_of_jeols_ronchigram_are_no_magnification() -> None:
    """In ASID mode the beam is scanned: the projector's numbers are not those of the screen."""
    with open_tiff(need_realdata("tiff/rsciio/JEOL-SightX-Ronchigram-dummy.tif")) as opened:
        assert show_axes(opened) == [("detector_y", 556, None, None), ("detector_x", 556, None, None)]
        document = map_opened(opened)
    assert "magnification" not in document
    assert "camera_length" not in document
    assert document["exposure_time"]["value"] == 80.0


LABELS = {
    "rsciio/JEOL-SightX-TEM-mag-dummy.tif": "TIFF, JEOL SightX",
    "rsciio/TVIPS_bin4/TVIPS_bin4.tif": "TIFF, TVIPS EM-MENU",
    "rsciio/olympus_SIS.tif": "TIFF, Olympus Soft Imaging Solutions Quemesa",
    "rsciio/optical_Zeiss_AxioVision_BW.tif": "TIFF, AxioCamERc5s",
    "rsciio/test_loading_image_saved_with_DM.tif": "TIFF, Gatan DigitalMicrograph",
    "rsciio/test_loading_image_saved_with_imageJ.tif": "TIFF, ImageJ 1.51a",
    "rsciio/test_rgba16/test_rgba16.tif": "TIFF, hyperspy",
    "rsciio/tiff_FEI_Helios/FEI-Helios-Ebeam-8bits.tif": "TIFF, Thermo Fisher (FEI) xT",
    "rsciio/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_1k.tif": "TIFF, Zeiss SmartSEM",
    "rsciio/tiff_hamamatsu/test_hamamatsu_streak_SCAN.tif": "TIFF, Hamamatsu HPD-TA",
}


@pytest.mark.parametrize("name", LABELS)
def test_programs_are_named(name: str, tmp_path: Path) -> None:
    disguised = tmp_path / "x"
    disguised.write_bytes(need_realdata("tiff", name).read_bytes())
    match = recognize(disguised, "x")
    assert (match.format, match.label, match.readable) == ("tiff", LABELS[name], True)


def test_bar_with_letters_is_told_with_its_rows() -> None:
    with open_tiff(need_realdata("tiff/rsciio/tiff_FEI_Helios/FEI-Helios-Ebeam-8bits.tif")) as opened:
        (finding,) = opened.findings
        assert finding.code == "picture_has_data_bar"
        assert "last 29 of 471 rows" in finding.message
        assert [axis.name for axis in opened.signals[0].axes] == ["y", "x"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("axes", ["TZCYX", "TYX", "ZYX", "CYX"])
def test_hyperstacks_of_imagej_equal_tifffile(tmp_path: Path, axes: str) -> None:
    sizes = {"T": 3, "Z": 4, "C": 2, "Y": 5, "X": 6}
    values = default_rng(2).integers(0, 999, [sizes[letter] for letter in axes]).astype(np.uint16)
    path = tmp_path / "a.tif"
    about = {"axes": axes, "unit": "nm", "spacing": 2.5, "finterval": 0.25}
    tifffile.imwrite(path, values, imagej=True, resolution=(4.0, 2.0), metadata=about)
    named = {
        "T": ("time", 3, "s", 0.25), "Z": ("z", 4, "nm", 2.5), "C": ("channel", 2, None, None),
        "Y": ("y", 5, "nm", 0.5), "X": ("x", 6, "nm", 0.25),
    }  # fmt: skip
    with open_tiff(path) as opened:
        assert show_axes(opened) == [named[letter] for letter in axes]
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert opened.header["program"].startswith("ImageJ")
        assert opened.findings == ()


def test_stack_of_more_than_4_gb_has_one_directory(tmp_path: Path) -> None:
    path = tmp_path / "large.tif"
    write_large_stack(path, 20_000, (512, 256))
    assert path.stat().st_size > 5 * 10**9
    with open_tiff(path) as opened:
        signal = opened.signals[0]
        assert signal.shape == (20_000, 512, 256)
        last = signal.read((slice(19_999, 20_000),))
        assert (last[0, 0, 0], last.sum()) == (4711, 4711)
        assert show_axes(opened)[1:] == [("y", 512, "nm", 0.1), ("x", 256, "nm", 0.1)]
        assert opened.findings == ()
    with open_tiff(path, scan_shape=(100, 200)) as opened:
        assert [axis.name for axis in opened.signals[0].axes][:2] == ["scan_y", "scan_x"]
    with path.open("rb+") as file:
        file.truncate(3 * 10**9)
    with pytest.raises(ReadRefusedError) as caught:
        open_tiff(path)
    assert caught.value.finding.code == "file_truncated"
    assert "20000 frames" in caught.value.finding.message


def test_number_of_frames_that_is_wrong_is_told(tmp_path: Path) -> None:
    layout = PageLayout(tags={270: ("ascii", "ImageJ=1.53t\nimages=9\n")})
    path = write_tiff(tmp_path / "a.tif", list(np.zeros((3, 4, 4), np.uint16)), layout)
    with open_tiff(path) as opened:
        assert opened.signals[0].shape == (3, 4, 4)
        assert [finding.code for finding in opened.findings] == ["frames_missing"]


def test_scale_of_values_by_imagej_is_told_and_not_applied(tmp_path: Path) -> None:
    text = "ImageJ=1.53t\nunit=\\u00B5m\ncf=0\nc0=-32768\nc1=1\nvunit=gray value\n"
    tags: Any = {270: ("ascii", text), 282: ("rational", (1000, 1)), 283: ("rational", (1000, 1))}
    path = write_tiff(tmp_path / "a.tif", [np.full((4, 4), 32770, np.uint16)], PageLayout(tags=tags))
    with open_tiff(path) as opened:
        assert [finding.code for finding in opened.findings] == ["intensity_scale_not_applied"]
        assert opened.signals[0].read()[0, 0] == 32770
        axis = opened.signals[0].axes[0]
        assert (axis.name, axis.unit) == ("y", "nm")
        assert axis.scale == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("unit", "name"), [("1/nm", "detector_y"), ("nm^-1", "detector_y"), ("furlong", "y")]
)
def test_units_decide_what_a_frame_is(tmp_path: Path, unit: str, name: str) -> None:
    text = f"ImageJ=1.53t\nunit={unit}\n"
    tags: Any = {270: ("ascii", text), 282: ("rational", (20, 1)), 283: ("rational", (20, 1))}
    with open_tiff(write_tiff(tmp_path / "a.tif", [np.zeros((4, 4), "u2")], PageLayout(tags=tags))) as opened:
        axis = opened.signals[0].axes[0]
        is_known = name != "y"
        assert (axis.name, axis.unit) == (name, "nm-1" if is_known else None)
        assert [finding.code for finding in opened.findings] == ([] if is_known else ["axis_unit_unknown"])


def test_shape_that_tifffile_writes_is_kept(tmp_path: Path) -> None:
    values = default_rng(2).normal(size=(3, 4, 5, 6)).astype(np.float32)
    tifffile.imwrite(tmp_path / "a.tif", values, photometric="minisblack")
    with open_tiff(tmp_path / "a.tif") as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["series_1", "series_2", "y", "x"]
        np.testing.assert_array_equal(opened.signals[0].read(), values)
    with open_tiff(tmp_path / "a.tif", scan_shape=(3, 4)) as opened:
        assert opened.signals[0].axes[0].name == "scan_y"
        np.testing.assert_array_equal(opened.signals[0].read(), values)


def test_planes_of_metamorph_follow_one_directory(tmp_path: Path) -> None:
    values = default_rng(2).integers(0, 999, (5, 6, 7)).astype(np.uint16)
    uic = struct.pack("<30I", *range(30))
    writer = TiffWriter(directory_first=True)
    writer.add(values[0], PageLayout(tags={33629: ("rational", struct.unpack("<10I", uic[:40]))}))
    path = writer.write(tmp_path / "a.stk")
    with path.open("ab") as file:
        file.write(values[1:].tobytes())
    with open_tiff(path) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert opened.header["program"] == "MetaMorph"
        assert opened.findings == ()


TITAN = """<Root><Data><Label>High tension</Label><Value>300</Value><Unit>kV</Unit></Data>
<Data><Label>Stage A</Label><Value>-1.5</Value><Unit>deg</Unit></Data>
<Data><Label>Mode</Label><Value>TEM uP SA Zoom Image</Value></Data>
<PixelSize><X>2e-11</X><Y>3e-11</Y></PixelSize></Root>"""


def test_table_of_thermo_fishers_tem_is_read(tmp_path: Path) -> None:
    """No real file seen; which tag holds it, and in which unit, is as Bio-Formats reads it."""
    tags: Any = {34682: ("ascii", ""), 34683: ("ascii", TITAN)}
    path = write_tiff(tmp_path / "a.tif", [np.zeros((4, 6), np.uint16)], PageLayout(tags=tags))
    with open_tiff(path) as opened:
        assert opened.header["program"] == "Thermo Fisher (FEI) TEM"
        assert [(name, unit) for name, _, unit, _ in show_axes(opened)] == [("y", "nm"), ("x", "nm")]
        assert [axis.scale for axis in opened.signals[0].axes] == [pytest.approx(0.03), pytest.approx(0.02)]
        document = map_opened(opened)
    assert document["acceleration_voltage"]["value"] == 300.0
    assert document["stage_tilt_x"]["value"] == -1.5


def test_implausible_words_never_fill_a_field(tmp_path: Path) -> None:
    text = (
        "[Beam]\nHV=1e30\nScanRotation=1e9\n[EBeam]\nHV=-5\nBeamCurrent=1e12\n[Scan]\nPixelWidth=1e-40\n"
        "PixelHeight=1e-40\nDwelltime=0\n[Stage]\nStageX=1e20\n"
    )
    path = write_tiff(
        tmp_path / "a.tif", [np.zeros((4, 6), np.uint16)], PageLayout(tags={34682: ("ascii", text)})
    )
    with open_tiff(path) as opened:
        assert [axis.scale for axis in opened.signals[0].axes] == [None, None]
        assert [finding.code for finding in opened.findings] == ["header_implausible"] * 2
        draft = map_vendor_header("tiff", opened.header, [signal.describe() for signal in opened.signals])
    for name in ("acceleration_voltage", "probe_current", "scan_rotation", "stage_position_x", "dwell_time"):
        assert name not in draft.document
    assert {finding.code for finding in draft.findings} == {"header_implausible", "header_value_not_used"}


def test_names_of_people_are_marked(tmp_path: Path) -> None:
    tags: Any = {315: ("ascii", "Ada Lovelace"), 316: ("ascii", "LAB-PC-7")}
    path = write_tiff(tmp_path / "a.tif", [np.zeros((4, 6), np.uint16)], PageLayout(tags=tags))
    with open_tiff(path) as opened:
        draft = map_vendor_header("tiff", opened.header, [signal.describe() for signal in opened.signals])
    assert set(draft.personal_pointers) == {"/tiff/author", "/tiff/host_computer"}
    json.dumps(draft.as_dict(), allow_nan=False)
