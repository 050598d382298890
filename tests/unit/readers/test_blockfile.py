"""NanoMEGAS Blockfile: patterns, the image before them, and the screen's calibration."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng

from ingest.formats.blockfile.reader import HEADER_DTYPE
from ingest.formats.opening import open_measurement
from ingest.readers.contract import ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.realdata import need_realdata
from tests.vendor_files.blockfile import write_blockfile


class TestBlockfile(SaysWhereItEnds, ReadInPython):
    format = "blockfile"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(2).integers(0, 256, (3, 4, 144, 144)).astype(np.uint8)
        path = write_blockfile(folder / "scan.blo", values)
        return WrittenFile(
            files={path.name: path},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("blockfile_header", "Beam_energy"), 200_000),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        raw = bytearray(path.read_bytes())
        raw[24:26] = (9000).to_bytes(2, "little")  # NX
        path.write_bytes(bytes(raw))
        return "file_truncated"


def test_image_before_the_patterns_is_a_signal_of_its_own(tmp_path: Path) -> None:
    values = default_rng(3).integers(0, 256, (3, 2, 16, 16)).astype(np.uint8)
    path = write_blockfile(tmp_path / "s.blo", values)
    with open_measurement("blockfile", {"s.blo": path}) as opened:
        image = opened.signals[1]
        assert (image.name, image.n_signal_axes) == ("virtual_bright_field", 2)
        np.testing.assert_array_equal(image.read(), values.mean(axis=(2, 3)).astype(np.uint8))


def test_screen_is_calibrated_in_angle(tmp_path: Path) -> None:
    path = write_blockfile(tmp_path / "s.blo", np.zeros((1, 2, 8, 8), np.uint8))
    with open_measurement("blockfile", {"s.blo": path}) as opened:
        axis = opened.signals[0].axes[3]
        # 6226 pixels per m of screen at 200 mm: 0.1606 mm / 200 mm
        assert axis.unit == "mrad"
        assert axis.scale == pytest.approx(1000 / 6226 / 200 * 1000, rel=1e-6)
        assert opened.signals[0].axes[1].scale == 12.8


def test_header_without_patterns_is_refused(tmp_path: Path) -> None:
    path = write_blockfile(tmp_path / "s.blo", np.zeros((1, 2, 8, 8), np.uint8))
    raw = bytearray(path.read_bytes())
    raw[20:22] = b"\0\0"  # DP_SZ
    path.write_bytes(bytes(raw))
    with pytest.raises(ReadRefusedError) as caught:
        open_measurement("blockfile", {"s.blo": path})
    assert caught.value.finding.code == "blockfile_header_unreadable"


@pytest.mark.filterwarnings("ignore")
def test_equal_to_an_independent_reader_on_a_real_file() -> None:
    path = need_realdata("blo", "rsciio", "test1.blo")
    from rsciio.blockfile import file_reader

    theirs = file_reader(str(path))[0]["data"]
    with open_measurement("blockfile", {"test1.blo": path}) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), theirs)
        assert opened.header["blockfile_header"]["Note"].startswith("Precession angle")


@pytest.mark.parametrize(
    ("from_patterns", "from_header", "is_there"),
    [
        (6, None, True),
        (5, None, False),
        (7, None, True),
        (None, 0, True),
        (None, -1, False),
        (0, None, False),
    ],
)
def test_there_is_an_image_where_there_is_room_for_one(
    tmp_path: Path, from_patterns: int | None, from_header: int | None, is_there: bool
) -> None:
    """The image of 3 x 2 positions lies between the header and the patterns, and overlaps neither."""
    path = write_blockfile(tmp_path / "s.blo", np.zeros((3, 2, 16, 16), np.uint8))
    raw = bytearray(path.read_bytes())
    patterns = int(np.frombuffer(bytes(raw[: HEADER_DTYPE.itemsize]), HEADER_DTYPE)["Data_offset_2"][0])
    start = (
        HEADER_DTYPE.itemsize + from_header if from_header is not None else patterns - (from_patterns or 0)
    )
    fields: Any = HEADER_DTYPE.fields
    kind, at = fields["Data_offset_1"][:2]
    raw[at : at + kind.itemsize] = np.array(start, kind).tobytes()
    path.write_bytes(bytes(raw))
    with open_measurement("blockfile", {"s.blo": path}) as opened:
        assert [signal.name for signal in opened.signals] == ["data", "virtual_bright_field"][: 1 + is_there]
