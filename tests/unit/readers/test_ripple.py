"""Ripple: every layout of its text against the library that writes it, and what no layout is."""

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from numpy.random import default_rng
from rsciio.ripple import file_reader, file_writer

from ingest.formats.grouping import group_files
from ingest.formats.headers import map_vendor_header
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadRefusedError
from tests.reader_contract import ReadInPython, SaysWhereItEnds, WrittenFile

LAYOUT = {
    "width": "4", "height": "3", "depth": "5", "offset": "0", "data-length": "2", "data-type": "unsigned",
    "byte-order": "little-endian", "record-by": "vector", "depth-units": "eV", "depth-scale": "10",
}  # fmt: skip


def write(folder: Path, values: npt.NDArray[Any], **words: Any) -> dict[str, Path]:
    """Write values as they lie in the file, and a text about them."""
    text, raw = folder / "map.rpl", folder / "map.raw"
    said = {**LAYOUT, **{key.replace("_", "-"): str(word) for key, word in words.items()}}
    lines = "".join(f"{key}\t{word}\n" for key, word in said.items() if word)
    text.write_text(f"key\tvalue\n; a remark\n{lines}", encoding="utf-8")
    raw.write_bytes(b"\7" * int(said["offset"]) + values.tobytes())
    return {"map.rpl": text, "map.raw": raw}


def open_ripple(files: dict[str, Path]) -> OpenedFile:
    return open_measurement("ripple", files)


class TestRipple(SaysWhereItEnds, ReadInPython):
    format = "ripple"
    cut_codes = frozenset({"ripple_header_unreadable"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(1).integers(0, 900, (3, 4, 50)).astype("<u2")
        files = write(folder, values, depth=50, offset=16, title="map", signal="EELS")
        return WrittenFile(
            files=files,
            values=values,
            axes=("scan_y", "scan_x", "energy"),
            header_value=(("ripple", "signal"), "EELS"),
            cut="map.raw",
        )

    def spoil_size(self, written: WrittenFile) -> str:
        text = written.files[written.primary]
        text.write_text(text.read_text().replace("depth\t50", "depth\t1000000000"))
        return "file_truncated"

    def test_is_recognized_by_its_content(self, written: WrittenFile, tmp_path: Path) -> None:
        super().test_is_recognized_by_its_content(written, tmp_path)
        inca = written.files[written.primary].read_text().replace("key\tvalue\n", "")
        (tmp_path / "a.txt").write_text(inca)
        assert recognize(tmp_path / "a.txt", "a.txt").format == "ripple"


@pytest.mark.parametrize("record_by", ["image", "vector"])
@pytest.mark.parametrize("kind", ["EELS", ""])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int32", "int64", "float32", "float64"])
def test_what_rosettasciio_writes_is_read_alike(
    tmp_path: Path, record_by: str, kind: str, dtype: str
) -> None:
    values = default_rng(2).integers(0, 200, (3, 4, 5)).astype(dtype)
    n_signal = 1 if record_by == "vector" else 2
    units = ("nm", "nm", "eV") if record_by == "vector" else ("eV" if kind else "", "nm", "nm")
    axes = [
        {
            "name": name, "units": unit, "size": size, "scale": 0.5, "offset": 2.0, "index_in_array": place,
            "navigate": place < 3 - n_signal,
        }
        for place, (name, unit, size) in enumerate(zip("abc", units, values.shape, strict=True))
    ]  # fmt: skip
    metadata = {"General": {"title": "map"}, "Signal": {"signal_type": kind}}
    signal = {"data": values, "axes": axes, "metadata": metadata, "original_metadata": {}}
    file_writer(str(tmp_path / "map.rpl"), signal, encoding="utf8")
    (theirs,) = file_reader(str(tmp_path / "map.rpl"))
    files = {name: tmp_path / name for name in ("map.rpl", "map.raw")}
    with open_ripple(files) as opened:
        (ours,) = opened.signals
        given = ours.read()
        assert ours.title == "map"
        if record_by == "image" and kind:
            assert [axis.name for axis in ours.axes] == ["scan_y", "scan_x", "energy"]
            given = np.moveaxis(given, -1, 0)
        np.testing.assert_array_equal(given, theirs["data"])
        assert given.dtype == theirs["data"].dtype == values.dtype
        known = [axis for axis in ours.axes if axis.unit]
        assert {(axis.scale, axis.offset) for axis in known} == {(0.5, 2.0)}
        mapped = map_vendor_header("ripple", opened.header, [ours.describe()]).document
    assert ("byte_order_assumed" in {one.code for one in opened.findings}) == (dtype != "uint8")
    assert (mapped.get("technique") == ["eels"]) == bool(kind)


def test_numbers_of_the_other_byte_order_are_given_in_ours(tmp_path: Path) -> None:
    values = np.arange(60, dtype=">u2").reshape(3, 4, 5)
    with open_ripple(write(tmp_path, values, byte_order="big-endian")) as opened:
        np.testing.assert_array_equal(opened.signals[0].read(), values)
        assert opened.signals[0].dtype.isnative


@pytest.mark.parametrize(
    ("words", "names", "shape"),
    [
        ({"depth": 1, "width": 20, "depth_units": ""}, ("detector_y", "detector_x"), (3, 20)),
        ({"depth": 60, "width": 1, "height": 1}, ("energy",), (60,)),
        ({"depth": 5, "width": 12, "height": 1}, ("scan_x", "energy"), (12, 5)),
        ({"record_by": "image", "depth_units": ""}, ("series", "detector_y", "detector_x"), (5, 3, 4)),
        (
            {"record_by": "image", "depth_units": "", "ev_per_chan": 10},
            ("scan_y", "scan_x", "energy"),
            (3, 4, 5),
        ),
    ],
)
def test_axes_are_what_the_channels_are(
    tmp_path: Path, words: dict[str, Any], names: tuple[str, ...], shape: tuple[int, ...]
) -> None:
    with open_ripple(write(tmp_path, np.arange(60, dtype="<u2"), **words)) as opened:
        (signal,) = opened.signals
        assert tuple(axis.name for axis in signal.axes) == names
        assert signal.read().shape == signal.shape == shape


@pytest.mark.parametrize(
    "words",
    [
        {"width": ""}, {"width": "-4"}, {"width": "4.5"}, {"depth": "9" * 30}, {"data_length": 3},
        {"data_type": "ascii"},
        {"data_type": "float"}, {"record_by": "dont-care"}, {"record_by": "chance"},
        {"height": "1e3"},
    ],
)  # fmt: skip
def test_what_is_no_layout_is_refused(tmp_path: Path, words: dict[str, Any]) -> None:
    with pytest.raises(ReadRefusedError) as caught:
        open_ripple(write(tmp_path, np.arange(60, dtype="<u2"), **words))
    assert caught.value.finding.code == "ripple_header_unreadable"
    assert "map.rpl" in caught.value.finding.message


def test_a_text_goes_with_the_numbers_of_its_name_and_misses_them(tmp_path: Path) -> None:
    files = write(tmp_path, np.arange(60, dtype="<u2"))
    matches = {f"a/{name}": recognize(path, name) for name, path in files.items()}
    grouping = group_files(matches)
    assert [one.files for one in grouping.measurements] == [("a/map.rpl", "a/map.raw")]
    alone = group_files({"a/map.rpl": matches["a/map.rpl"], "b/map.raw": matches["a/map.raw"]})
    assert [one.code for one in alone.findings["a/map.rpl"]] == ["companion_missing"]
    with pytest.raises(ReadRefusedError) as caught:
        open_ripple({"map.rpl": files["map.rpl"]})
    assert caught.value.finding.code == "companion_missing"
