"""TIFF: every layout of values that is read, against what was written and against independent readers."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import tifffile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.random import default_rng
from PIL import Image

from ingest.formats.opening import open_measurement
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile
from tests.vendor_files.tiff import PageLayout, TiffWriter, write_tiff

SCAN = ("scan_y", "scan_x", "detector_y", "detector_x")
DTYPES = ("u1", "u2", "u4", "u8", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "c8", "c16")


class TestTiff(SaysWhereItEnds, ReadInPython):
    format = "tiff"

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(5).integers(0, 60_000, (12, 5, 7)).astype(np.uint16)
        path = write_tiff(folder / "scan.tif", list(values), PageLayout(rows_per_strip=2))
        return WrittenFile(
            files={path.name: path},
            values=values.reshape(3, 4, 5, 7),
            axes=SCAN,
            header_value=(("tiff", "pages"), 12),
            hints=ReadHints(scan_shape=(3, 4)),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        """Make the rows of the first page four times as long."""
        path = written.files[written.primary]
        raw = path.read_bytes()
        width = (256).to_bytes(2, "little") + (4).to_bytes(2, "little") + (1).to_bytes(4, "little")
        at = raw.index(width) + len(width)
        path.write_bytes(raw[:at] + (28).to_bytes(4, "little") + raw[at + 4 :])
        return "file_truncated"


class TestBigTiffInTiles(TestTiff):
    """The same promises for the large kind, the other byte order, tiles, Deflate and directories before the pieces."""

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(6).normal(size=(6, 20, 33)).astype(np.float32)
        layout = PageLayout("deflate", tile=(16, 32), predictor=3)
        path = write_tiff(
            folder / "scan.tif", list(values), layout, order=">", is_big=True, directory_first=True
        )
        return WrittenFile(
            files={path.name: path},
            values=values.reshape(2, 3, 20, 33),
            axes=SCAN,
            header_value=(("tiff", "kind"), "BigTIFF"),
            hints=ReadHints(scan_shape=(2, 3)),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        """Let the first page claim 2²³ rows of tiles."""
        path = written.files[written.primary]
        raw = path.read_bytes()
        rows = (257).to_bytes(2, "big") + (4).to_bytes(2, "big") + (1).to_bytes(8, "big")
        at = raw.index(rows) + len(rows)
        path.write_bytes(raw[:at] + (2**23).to_bytes(4, "big") + raw[at + 4 :])
        return "tiff_page_unreadable"


def open_tiff(path: Path, **hints: Any) -> OpenedFile:
    return open_measurement("tiff", {path.name: path}, ReadHints(**hints))


def read_only(path: Path) -> npt.NDArray[Any]:
    with open_tiff(path) as opened:
        (signal,) = opened.signals
        return signal.read()


def list_codes(opened: OpenedFile) -> list[str]:
    return [finding.code for finding in opened.findings]


@st.composite
def layouts(draw: st.DrawFn) -> tuple[npt.NDArray[Any], PageLayout, dict[str, Any]]:
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    compression = draw(st.sampled_from(("none", "lzw", "deflate", "packbits")))
    samples = draw(st.sampled_from((1, 1, 2, 3)))
    shape = (draw(st.integers(1, 3)), draw(st.integers(1, 40)), draw(st.integers(1, 40)))
    seed = default_rng(draw(st.integers(0, 10**6)))
    raw = (
        seed.integers(0, 7, (*shape, samples))
        if draw(st.booleans())
        else seed.integers(0, 250, (*shape, samples))
    )
    values = raw.astype(dtype)
    predictors = {"u": (1, 2), "i": (1, 2), "f": (1, 3), "c": (1,)}[dtype.kind]
    layout = PageLayout(
        compression,
        rows_per_strip=draw(st.integers(0, shape[1])),
        tile=draw(st.sampled_from((None, (16, 16), (32, 16)))),
        planar=samples > 1 and draw(st.booleans()),
        predictor=draw(st.sampled_from(predictors)) if compression in {"lzw", "deflate"} else 1,
    )
    return (
        values if samples > 1 else values[..., 0],
        layout,
        {
            "order": draw(st.sampled_from("<>")),
            "is_big": draw(st.booleans()),
            "directory_first": draw(st.booleans()),
        },
    )


@settings(max_examples=120, suppress_health_check=list(HealthCheck))
@given(made=layouts(), data=st.data())
def test_every_layout_gives_what_was_written(
    tmp_path: Path, made: tuple[npt.NDArray[Any], PageLayout, dict[str, Any]], data: st.DataObject
) -> None:
    values, layout, how = made
    path = write_tiff(tmp_path / "a.tif", list(values), layout, **how)
    with open_tiff(path) as opened:
        (signal,) = opened.signals
        expected = values if len(values) > 1 else values[0]
        assert signal.dtype == values.dtype
        np.testing.assert_array_equal(signal.read(), expected)
        assert list_codes(opened) == []
        if len(values) == 1:
            rows = data.draw(st.integers(0, values.shape[1] - 1))
            columns = data.draw(st.integers(0, values.shape[2] - 1))
            window = (slice(rows, values.shape[1]), slice(columns, values.shape[2]))
            np.testing.assert_array_equal(signal.read_channels(window), expected[window])
    if layout.compression != "lzw" and layout.predictor != 3:
        with tifffile.TiffFile(path) as theirs:
            shown = np.stack([page.asarray() for page in theirs.pages])
            shown = np.moveaxis(shown, 1, -1) if layout.planar else shown
            np.testing.assert_array_equal(shown.reshape(values.shape), values)


@pytest.mark.parametrize(
    ("compression", "predictor"),
    [("none", 1), ("lzw", 1), ("lzw", 2), ("deflate", 1), ("deflate", 2), ("packbits", 1)],
)
def test_compressed_pages_are_what_libtiff_sees(tmp_path: Path, compression: str, predictor: int) -> None:
    values = (np.add.outer(np.arange(90), np.arange(70)) * 37 % 4096).astype(np.uint16)
    path = write_tiff(
        tmp_path / "a.tif", [values], PageLayout(compression, rows_per_strip=32, predictor=predictor)
    )
    np.testing.assert_array_equal(read_only(path), np.asarray(Image.open(path)))


@pytest.mark.parametrize(
    ("compression", "known"), [("tiff_lzw", 5), ("tiff_adobe_deflate", 8), ("packbits", 32773)]
)
def test_files_of_libtiff_are_read(tmp_path: Path, compression: str, known: int) -> None:
    values = default_rng(3).integers(0, 40, (300, 200)).astype(np.uint8)
    path = tmp_path / "a.tif"
    Image.fromarray(values).save(path, compression=compression)
    with open_tiff(path) as opened:
        assert opened.header["tiff"]["compression"] == known
        np.testing.assert_array_equal(opened.signals[0].read(), values)


@pytest.mark.parametrize("bits", [1, 2, 4, 6, 10, 12, 14])
@pytest.mark.parametrize("compression", ["none", "deflate"])
def test_packed_numbers_are_unpacked(tmp_path: Path, bits: int, compression: str) -> None:
    dtype = np.uint8 if bits < 8 else np.uint16
    values = default_rng(bits).integers(0, 1 << bits, (2, 9, 13)).astype(dtype)
    path = write_tiff(tmp_path / "a.tif", list(values), PageLayout(compression, rows_per_strip=4, bits=bits))
    found = read_only(path)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, values)


def test_one_bit_is_what_pillow_sees(tmp_path: Path) -> None:
    values = default_rng(1).integers(0, 2, (20, 19)).astype(np.uint8)
    path = write_tiff(tmp_path / "a.tif", [values], PageLayout(bits=1))
    np.testing.assert_array_equal(read_only(path), np.asarray(Image.open(path)))


@pytest.mark.parametrize(
    ("tags", "code", "said"),
    [
        ({259: ("short", 7)}, "tiff_compression_not_read", "JPEG (number 7)"),
        ({259: ("short", 50000)}, "tiff_compression_not_read", "Zstandard"),
        ({259: ("short", 65001)}, "tiff_compression_not_read", "EER"),
        ({259: ("short", 4711)}, "tiff_compression_not_read", "not known (number 4711)"),
        ({339: ("short", 5)}, "tiff_values_not_read", "complex whole numbers of 16 bits"),
        ({258: ("short", 24)}, "tiff_values_not_read", "numbers of 24 bits"),
        ({266: ("short", 2)}, "tiff_values_not_read", "from the lowest bit"),
        ({262: ("short", 6)}, "color_image_not_read", "YCbCr"),
        ({317: ("short", 2)}, "tiff_compression_not_read", "predictor 2"),
        ({258: ("short", (8, 16)), 277: ("short", 2)}, "tiff_values_not_read", "differ in type"),
    ],
)
def test_what_is_not_read_says_what_it_is(tmp_path: Path, tags: Any, code: str, said: str) -> None:
    path = write_tiff(tmp_path / "a.tif", [np.zeros((8, 8), np.uint16)], PageLayout(tags=tags))
    with pytest.raises(ReadRefusedError) as caught:
        open_tiff(path)
    assert caught.value.finding.code == code
    assert said in caught.value.finding.message
    assert caught.value.finding.severity == "warning"  # a sound file: it may be published unread


def test_old_lzw_is_refused_by_name(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", [np.zeros((8, 8), np.uint8)], PageLayout("lzw"))
    raw = path.read_bytes()
    path.write_bytes(raw[:8] + b"\0\1" + raw[10:])
    with open_tiff(path) as opened, pytest.raises(ReadRefusedError, match="old kind"):
        opened.signals[0].read()


def test_pages_that_differ_stay_apart(tmp_path: Path) -> None:
    writer = TiffWriter()
    large = default_rng(1).integers(0, 9, (2, 8, 9)).astype(np.uint16)
    small, real = np.ones((3, 4), np.uint16), np.ones((8, 9), np.float32)
    for page in (large[0], small, real, large[1]):
        writer.add(page)
    with open_tiff(writer.write(tmp_path / "a.tif")) as opened:
        found = {signal.name: signal.read() for signal in opened.signals}
    assert list(found) == ["data", "page_2", "page_3"]
    for name, expected in (("data", large), ("page_2", small), ("page_3", real)):
        np.testing.assert_array_equal(found[name], expected)


def test_pyramids_masks_and_thumbnails_are_no_data(tmp_path: Path) -> None:
    writer = TiffWriter()
    values = np.arange(80, dtype=np.uint16).reshape(8, 10)
    writer.add(values)
    writer.add(values[::2, ::2], PageLayout(tags={254: ("long", 1)}))
    writer.add(values[::4, ::4], PageLayout(tags={255: ("short", 2)}))
    writer.add(values, PageLayout(tags={254: ("long", 4)}))
    with open_tiff(writer.write(tmp_path / "a.tif")) as opened:
        assert [signal.shape for signal in opened.signals] == [(8, 10)]
        assert list_codes(opened) == ["tiff_copies_not_read"]
        assert "3 pages" in opened.findings[0].message


def test_pictures_are_said_to_be_pictures(tmp_path: Path) -> None:
    color = default_rng(1).integers(0, 255, (6, 7, 3)).astype(np.uint8)
    path = write_tiff(tmp_path / "c.tif", [color], PageLayout(photometric=2))
    with open_tiff(path) as opened:
        (signal,) = opened.signals
        assert ([axis.name for axis in signal.axes], signal.n_signal_axes) == (["y", "x", "color"], 3)
        np.testing.assert_array_equal(signal.read(), color)
        np.testing.assert_array_equal(
            signal.read_channels((slice(1, 4), slice(2, 5), slice(1, 2))), color[1:4, 2:5, 1:2]
        )
        assert list_codes(opened) == ["color_picture"]
    gray = tuple(value * 257 for value in range(256)) * 3
    loud = (65535, *gray[1:])
    for colors, codes in ((gray, []), (loud, ["picture_of_color_numbers"])):
        layout = PageLayout(photometric=3, tags={320: ("short", colors)})
        path = write_tiff(tmp_path / "p.tif", [color[..., 0]], layout)
        with open_tiff(path) as opened:
            np.testing.assert_array_equal(opened.signals[0].read(), color[..., 0])
            assert list_codes(opened) == codes


def test_measured_values_come_before_a_larger_picture_of_them(tmp_path: Path) -> None:
    writer = TiffWriter()
    writer.add(np.zeros((40, 40, 3), np.uint8), PageLayout(photometric=2))
    measured = np.arange(64, dtype=np.uint16).reshape(8, 8)
    writer.add(measured)
    writer.add(np.zeros((9, 9), np.uint8), PageLayout(tags={259: ("short", 7)}))
    with open_tiff(writer.write(tmp_path / "a.tif")) as opened:
        assert [signal.name for signal in opened.signals] == ["data", "picture"]
        np.testing.assert_array_equal(opened.signals[0].read(), measured)
        assert list_codes(opened) == ["color_picture", "tiff_compression_not_read"]


def test_strips_without_lengths_are_read_where_nothing_is_compressed(tmp_path: Path) -> None:
    values = np.arange(80, dtype=np.uint16).reshape(8, 10)
    path = write_tiff(tmp_path / "a.tif", [values], PageLayout(rows_per_strip=3, without=(279,)))
    np.testing.assert_array_equal(read_only(path), values)
    path = write_tiff(tmp_path / "b.tif", [values], PageLayout("deflate", without=(279,)))
    with pytest.raises(ReadRefusedError, match="does not say how long"):
        open_tiff(path)


def test_odd_pictures_are_told_and_given_as_stored(tmp_path: Path) -> None:
    values = np.arange(80, dtype=np.uint16).reshape(8, 10)
    layout = PageLayout(photometric=0, tags={274: ("short", 3)})
    with open_tiff(write_tiff(tmp_path / "a.tif", [values], layout)) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert list_codes(opened) == ["picture_turned", "values_run_from_white"]


def test_fewer_rows_than_the_file_holds_are_told(tmp_path: Path) -> None:
    values = np.arange(80, dtype=np.uint16).reshape(8, 10)
    layout = PageLayout(tags={257: ("long", 5), 278: ("long", 5)})
    with open_tiff(write_tiff(tmp_path / "a.tif", [values], layout)) as opened:
        assert list_codes(opened) == ["bytes_left_over"]
        assert "60 bytes more than its 5 rows" in opened.findings[0].message
    layout = PageLayout("deflate", tags={257: ("long", 5), 278: ("long", 5)})
    path = write_tiff(tmp_path / "b.tif", [values], layout)
    with open_tiff(path) as opened, pytest.raises(ReadRefusedError, match="more than the 100 bytes"):
        opened.signals[0].read()


def test_page_that_no_directory_tells_of_any_more_is_told(tmp_path: Path) -> None:
    values = np.arange(3 * 1024, dtype=np.uint16).reshape(3, 32, 32)
    writer = TiffWriter()
    for page in values:
        writer.add(page)
    writer.link_at = writer.offsets[0] + 2 + 12 * 11
    writer.point_last_at(0)
    with open_tiff(writer.write(tmp_path / "a.tif")) as opened:
        assert opened.signals[0].shape == (32, 32)
        assert "bytes_left_over" in list_codes(opened)


def test_stack_is_a_series_until_somebody_says_more(tmp_path: Path) -> None:
    path = write_tiff(tmp_path / "a.tif", list(np.zeros((6, 4, 4), np.uint16)))
    with open_tiff(path) as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["series", "y", "x"]
    with open_tiff(path, frame_axis="time") as opened:
        assert [axis.name for axis in opened.signals[0].axes] == ["time", "y", "x"]
        assert opened.signals[0].shape_origin == "depositor"
    with pytest.raises(ReadRefusedError, match="holds 6 patterns"):
        open_tiff(path, scan_shape=(2, 2))


def test_resolution_for_printing_is_a_step_only_where_no_printer_is_as_fine(tmp_path: Path) -> None:
    values = np.zeros((4, 4), np.uint16)
    for number, unit, step in (
        (300, 2, None),
        (7_038_270, 3, 1.4208),
        (25_400, 2, 1000.0),
        (10_000, 1, None),
    ):
        tags: Any = {282: ("rational", (number, 1)), 283: ("rational", (number, 1)), 296: ("short", unit)}
        path = write_tiff(tmp_path / "a.tif", [values], PageLayout(tags=tags))
        with open_tiff(path) as opened:
            assert opened.signals[0].axes[0].scale == (
                None if step is None else pytest.approx(step, rel=1e-4)
            )
            assert list_codes(opened) == ([] if step is None else ["step_from_print_resolution"])
