"""Every real file is recognized, grouped and opened; the table of outcomes is printed and kept."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ingest.formats.grouping import group_files
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.formats.registry import find_format
from ingest.readers.contract import Grouping, MeasurementFiles, ReadRefusedError
from tests.realdata import CHECKOUT, need_realdata

ARTIFACT = CHECKOUT / "tests" / ".artifacts" / "readers.txt"

# Files of read formats that are rightly refused, each for its own reason.
REFUSED = {
    "dm/rsciio/1D/test-8.dm3": "color_image_not_read",
    "dm/rsciio/1D/test-8.dm4": "color_image_not_read",
    "dm/rsciio/2D/test_fft_packed_complex8.dm4": "packed_fft_not_read",
    "empad/rsciio_xml_only/map64x64.xml": "companion_missing",
    "empad/rsciio/EMPAD_v1.2.2_x32_y64_size0.8.xml": "companion_missing",
    "npz/rsciio/test_rgba16.npz": "dataset_not_numeric",
    "mib/epsic/test_24bit_RAW_1frame.mib": "mib_layout_not_read",
}
# Measurements that are opened and ask for the scan shape, the axes or the array that was measured.
ASKING = {
    "nexus/rsciio/nexus_test_datakey.nxs",
    "topspin/rsciio/topspin_test_C.app5",
    "mrc/rsciio/Custom_movie.mrc",
    "mib/rsciio/Merlin_Single_Quad/Quad_9_Frame_CounterDepth_12_Rows_256.mib",
    "mib/rsciio/Merlin_Single_Quad/Quad_9_Frame_CounterDepth_1_Rows_256.mib",
    "mib/rsciio/Merlin_Single_Quad/Quad_9_Frame_CounterDepth_1_Rows_256RAW.mib",
    "mib/rsciio/Merlin_Single_Quad/Quad_9_Frame_CounterDepth_6_Rows_256.mib",
    "mib/rsciio/Merlin_Single_Quad/Single_9_Frame_CounterDepth_12_Rows_256.mib",
    "mib/rsciio/Merlin_Single_Quad/Single_9_Frame_CounterDepth_1_Rows_256.mib",
    "mib/rsciio/Merlin_Single_Quad/Single_9_Frame_CounterDepth_1_Rows_256RAW.mib",
    "mib/rsciio/Merlin_Single_Quad/Single_9_Frame_CounterDepth_24_Rows_256.mib",
    "mib/rsciio/Merlin_navigation4x2_ROI/001_4x2_6bit.mib",
}
SHAPES = {
    "empad/rsciio/map4x4.xml": (4, 4, 128, 128),
    "mib/rsciio/Merlin_navigation4x2_signalNx256_ROI/"
    "002_merlin_test_roi_sig256x128_nav4x2_hot_pixel_52x_39y.mib": (2, 4, 128, 256),
    "blo/rsciio/test1.blo": (3, 2, 144, 144),
    "emd/rsciio/py4DSTEM_size2x3x4x5.h5": (2, 3, 4, 5),
    "hspy/pyxem/pixelated_stem_test.hdf5": (5, 2, 3, 4),
    "dm/rsciio/2D/test-MonarcCL_spectrum-SI.dm4": (3, 3, 670),
    "tiff/rsciio/JEOL-SightX-Ronchigram-dummy.tif": (556, 556),
    "tiff/rsciio/JEOL-SightX-TEM-mag-dummy.tif": (556, 556),
    "tiff/rsciio/TVIPS_bin4/TVIPS_bin4.tif": (1024, 1024),
    "tiff/rsciio/olympus_SIS.tif": (101, 112),
    "tiff/rsciio/optical_Zeiss_AxioVision_BW.tif": (10, 13),
    "tiff/rsciio/optical_Zeiss_AxioVision_RGB.tif": (10, 13, 3),
    "tiff/rsciio/test_loading_image_saved_with_DM.tif": (68, 68),
    "tiff/rsciio/test_loading_image_saved_with_DM_stack.tif": (2, 68, 68),
    "tiff/rsciio/test_loading_image_saved_with_imageJ.tif": (68, 68),
    "tiff/rsciio/test_loading_image_saved_with_imageJ_no_scale.tif": (68, 68),
    "tiff/rsciio/test_rgba16/test_rgba16.tif": (3, 128, 128, 4),
    "tiff/rsciio/tiff_FEI_Helios/FEI-Helios-Ebeam-16bits.tif": (471, 512),
    "tiff/rsciio/tiff_FEI_Helios/FEI-Helios-Ebeam-8bits.tif": (471, 512),
    "tiff/rsciio/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_1k.tif": (768, 1024),
    "tiff/rsciio/tiff_Zeiss_SEM/test_tiff_Zeiss_SEM_512pix.tif": (384, 512),
    "tiff/rsciio/tiff_hamamatsu/test_hamamatsu_streak_FOCUS.tif": (508, 672),
    "tiff/rsciio/tiff_hamamatsu/test_hamamatsu_streak_OTHER.tif": (508, 672),
    "tiff/rsciio/tiff_hamamatsu/test_hamamatsu_streak_SCAN.tif": (508, 672),
    "tiff/rsciio_hist/test_tiff_FEI_SEM.tif": (1103, 1536),
}


RAW = "raw_numbers"
"""Becomes a measurement when a person says so."""


@dataclass(frozen=True)
class Outcome:
    """What became of one file."""

    path: str
    format: str
    kind: str
    detail: str = ""

    def as_row(self) -> str:
        return f"{self.path:<88} {self.format:<13} {self.kind}{': ' if self.detail else ''}{self.detail}"


def open_and_read(root: Path, measurement: MeasurementFiles) -> Outcome:
    """Open a measurement, read every signal whole, and check that its header is JSON."""
    files = {path: root / path for path in measurement.files}
    try:
        with open_measurement(measurement.format, files) as opened:
            for signal in opened.signals:
                assert signal.read().shape == signal.shape
            json.dumps(opened.header, allow_nan=False)
            shapes = ", ".join(f"{signal.name} {signal.shape}" for signal in opened.signals)
            asked = [finding.code for finding in opened.findings if finding.severity == "error"]
    except ReadRefusedError as error:
        return Outcome(measurement.primary, measurement.format, "refused", error.finding.code)
    kind = f"opened {len(opened.signals)}" if not asked else f"opened {len(opened.signals)}, asks"
    return Outcome(measurement.primary, measurement.format, kind, shapes)


def list_outcomes(root: Path) -> Iterator[Outcome]:
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    matches = {str(path.relative_to(root)): recognize(path, str(path.relative_to(root))) for path in paths}
    sizes = {str(path.relative_to(root)): path.stat().st_size for path in paths}
    grouping: Grouping = group_files(matches, sizes)
    opened = {m.primary: open_and_read(root, m) for m in grouping.measurements}
    companion_of = {c: m.primary for m in grouping.measurements for c in m.companions}
    for path, match in matches.items():
        if path in opened:
            yield opened[path]
        elif path in companion_of:
            yield Outcome(path, match.format or "-", "companion", companion_of[path].rpartition("/")[2])
        else:
            assert not match.readable or match.role == "companion" or match.format == RAW, path
            yield Outcome(path, match.format or "-", "stored, not read", match.label)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    """Return the outcome of every real file, and keep the table for people."""
    found = {outcome.path: outcome for outcome in list_outcomes(need_realdata())}
    ARTIFACT.parent.mkdir(parents=True, exist_ok=True)
    ARTIFACT.write_text("\n".join(outcome.as_row() for outcome in found.values()) + "\n")
    return found


def test_table_of_outcomes_is_printed(
    outcomes: dict[str, Outcome], capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        print()  # noqa: T201 - the table is what this test is for
        for outcome in outcomes.values():
            print(outcome.as_row())  # noqa: T201
        print(dict(Counter(outcome.kind.split(" ", maxsplit=1)[0] for outcome in outcomes.values())))  # noqa: T201
    assert ARTIFACT.read_text().count("\n") == len(outcomes)


def test_files_of_read_formats_are_opened_or_refused_for_a_listed_reason(
    outcomes: dict[str, Outcome],
) -> None:
    for path, outcome in outcomes.items():
        if outcome.kind == "refused":
            assert REFUSED.get(path) == outcome.detail, outcome
        elif path in ASKING:
            assert outcome.kind == "opened 1, asks", outcome
        elif find_format(outcome.format) and outcome.kind not in {"companion", "stored, not read"}:
            assert outcome.kind.startswith("opened"), outcome
            assert "asks" not in outcome.kind, outcome
    for path in [*REFUSED, *ASKING]:
        assert path in outcomes


def test_no_file_is_lost_between_the_outcomes(outcomes: dict[str, Outcome]) -> None:
    root = need_realdata()
    assert len(outcomes) == sum(path.is_file() for path in root.rglob("*"))
    unread = {outcome.format for outcome in outcomes.values() if outcome.kind == "stored, not read"}
    # Derived lists of py4DSTEM hold no array; references and descriptions of DE cameras belong to other files.
    assert {name for name in unread if find_format(name)} == {"py4dstem_emd", "mrc", RAW}
    assert {
        "bcf",
        "dectris",
        "app5",
        "nexus",
        "usid",
    } <= unread


def test_shapes_are_those_of_the_experiments(outcomes: dict[str, Outcome]) -> None:
    for path, shape in SHAPES.items():
        assert f"data {shape}" in outcomes[path].detail


def test_every_dm_file_but_the_web_page_is_read_as_dm(outcomes: dict[str, Outcome]) -> None:
    dm = {path: outcome for path, outcome in outcomes.items() if path.endswith((".dm3", ".dm4"))}
    strange = [path for path, outcome in dm.items() if outcome.format not in {"dm3", "dm4"}]
    assert strange == ["dm/pytemlib/spectrum.dm3"]
    assert outcomes[strange[0]].detail == "HTML page, text"
