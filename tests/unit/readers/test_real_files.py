"""Real files: each is what the committed list says, and the list is right where a person looked.

A tenth is tried in the gate, all of them among the long tests; `tests/real_files.py` writes the list.
"""

import pytest

from ingest.formats.registry import find_format
from tests.real_files import ASKS, COMPANION, OPENED, REFUSED, STORED, WHY, RealFile, read_list, try_files
from tests.realdata import need_realdata

TENTH = 10
LEAST_OPENED = 0.97
# Formats with files that hold no array of their own: lists that were derived, numbers that a person must describe,
# descriptions by a camera that lie there without what they describe.
WITHOUT_ARRAYS = {"py4dstem_emd", "mrc", "seq", "raw_numbers"}
# What the experiments had, read by eye.
SHAPES = {
    "empad/rsciio/map4x4.xml": (4, 4, 128, 128),
    "mib/rsciio/Merlin_navigation4x2_signalNx256_ROI/"
    "002_merlin_test_roi_sig256x128_nav4x2_hot_pixel_52x_39y.mib": (2, 4, 128, 256),
    "mib/epsic/test_24bit_RAW_1frame.mib": (512, 512),
    "blo/rsciio/test1.blo": (3, 2, 144, 144),
    "dectris_arina/rsciio/test_00_master.h5": (4, 4, 192, 192),
    "emd/rsciio/py4DSTEM_size2x3x4x5.h5": (2, 3, 4, 5),
    "de_seq/rsciio/celeritas_data/256x256_Prebuffer1/Movie_00785_Top_13-49-04.160.seq": (5, 256, 256),
    "de_seq/rsciio/celeritas_data/256x256_Prebuffer1/Movie_00784.seq.gain.mrc": (256, 256),
    "de_seq/rsciio/data/test.seq": (10, 64, 64),
    "mrc/rsciio/20241021_00405_movie.mrc": (4, 8, 4, 8),
    "mrc/rsciio/Custom_movie.mrc": (30, 16, 16),
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


@pytest.fixture(scope="module")
def listed() -> dict[str, RealFile]:
    return {row.path: row for row in read_list()}


def try_again(listed: dict[str, RealFile], names: list[str]) -> None:
    found = {row.path: row for row in try_files(need_realdata(), among=names)}
    assert found.keys() == set(names)
    assert {name: row for name, row in found.items() if row != listed[name]} == {}


def test_a_tenth_of_the_real_files_is_what_the_list_says(listed: dict[str, RealFile]) -> None:
    measurements = [name for name, row in listed.items() if row.is_measurement]
    others = [name for name, row in listed.items() if not row.is_measurement]
    try_again(listed, measurements[::TENTH] + others)


@pytest.mark.long
def test_all_real_files_are_what_the_list_says(listed: dict[str, RealFile]) -> None:
    root = need_realdata()
    assert {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()} == listed.keys()
    try_again(listed, list(listed))


def test_nearly_all_are_opened_rightly_and_the_others_are_refused_for_a_reason(
    listed: dict[str, RealFile],
) -> None:
    measurements = [row for row in listed.values() if row.is_measurement]
    wrong = [row for row in measurements if not row.is_right]
    assert [row.path for row in wrong if row.outcome != REFUSED or not row.why] == []
    assert len(wrong) <= (1 - LEAST_OPENED) * len(measurements)


def test_every_reason_is_needed(listed: dict[str, RealFile]) -> None:
    assert {name for name, why in WHY.items() if listed[name].is_equal or not why} == set()


def test_all_others_are_named(listed: dict[str, RealFile]) -> None:
    assert {row.outcome for row in listed.values()} == {OPENED, ASKS, REFUSED, COMPANION, STORED}
    stored = [row for row in listed.values() if row.outcome == STORED]
    assert [row.path for row in stored if not row.said] == []
    assert {row.format for row in stored if find_format(row.format)} == WITHOUT_ARRAYS


def test_shapes_are_those_of_the_experiments(listed: dict[str, RealFile]) -> None:
    for path, shape in SHAPES.items():
        assert f"data {' × '.join(map(str, shape))} " in listed[path].said


def test_every_dm_file_but_the_web_page_is_read_as_dm(listed: dict[str, RealFile]) -> None:
    dm = [row for path, row in listed.items() if path.endswith((".dm3", ".dm4"))]
    (strange,) = [row for row in dm if row.format not in {"dm3", "dm4"}]
    assert (strange.path, strange.said) == ("dm/pytemlib/spectrum.dm3", "HTML page, text")
