"""Raw numbers: read as a person says, held against the size of the file, and asked about until they are said."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.random import default_rng

from ingest.formats.grouping import group_files
from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError
from repository.schema.findings import Finding
from repository.schema.questions.fields import load_catalogue
from tests.reader_contract import SaysWhereItEnds, WrittenFile
from tests.realdata import need_realdata

FORGIVING = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
TYPES = tuple(load_catalogue().words("array_dtype"))


def open_raw(path: Path, **array: Any) -> OpenedFile:
    return open_measurement("raw_numbers", {path.name: path}, ReadHints.from_dict({"array": array}))


def refuse_raw(path: Path, **array: Any) -> Finding:
    with pytest.raises(ReadRefusedError) as caught:
        open_raw(path, **array)
    return caught.value.finding


class TestRaw(SaysWhereItEnds):
    format = "raw_numbers"
    cut_codes = frozenset({"array_size_mismatch"})

    def write(self, folder: Path) -> WrittenFile:
        values = default_rng(6).integers(0, 60_000, (3, 4, 16, 20)).astype(">u2")
        (folder / "scan.bin").write_bytes(values.tobytes())
        said = {"dtype": "uint16", "byte_order": "big", "shape": list(values.shape)}
        return WrittenFile(
            files={"scan.bin": folder / "scan.bin"},
            values=values,
            axes=("scan_y", "scan_x", "detector_y", "detector_x"),
            header_value=(("raw", "shape"), [3, 4, 16, 20]),
            hints=ReadHints.from_dict({"array": said}),
        )

    def spoil_size(self, written: WrittenFile) -> str:
        path = written.files[written.primary]
        path.write_bytes(path.read_bytes()[:-2])
        return "array_size_mismatch"

    def test_is_recognized_by_its_content(self, written: WrittenFile, tmp_path: Path) -> None:
        """Nothing in it tells: its name does, and alone it is no measurement."""
        match = recognize(written.files["scan.bin"], "scan.bin")
        assert (match.format, match.readable, match.role) == ("raw_numbers", True, "primary")
        grouping = group_files({"scan.bin": match}, {"scan.bin": 7680})
        assert (grouping.measurements, grouping.leftovers) == ((), ("scan.bin",))
        (finding,) = grouping.findings["scan.bin"]
        assert (finding.code, finding.severity) == ("raw_data_not_read", "info")
        nameless = tmp_path / "no.extension"
        nameless.write_bytes(written.files["scan.bin"].read_bytes())
        assert not recognize(nameless, nameless.name).readable


@given(data=st.data(), dtype=st.sampled_from(TYPES), order=st.sampled_from(["little", "big"]))
@FORGIVING
def test_equals_the_naive_layout(tmp_path: Path, data: st.DataObject, dtype: str, order: str) -> None:
    shape = tuple(data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=4)))
    offset, gap = data.draw(st.integers(0, 40)), data.draw(st.integers(0, 40))
    has_last_gap = data.draw(st.booleans())
    stored = np.dtype(dtype).newbyteorder("<" if order == "little" else ">")
    values = default_rng(3).integers(0, 100, shape).astype(stored)
    frames = values.reshape(-1, *shape[-2:]) if len(shape) > 2 else values[None]
    raw = bytes(offset) + (b"\xee" * gap).join(frame.tobytes() for frame in frames)
    path = tmp_path / "a.raw"
    path.write_bytes(raw + b"\xee" * (gap if has_last_gap else 0))
    said = {"dtype": dtype, "byte_order": order, "shape": list(shape), "offset": offset, "gap": gap}
    with open_raw(path, **said) as opened:
        assert not [one for one in opened.findings if one.code == "bytes_left_over"]
        signal = opened.signals[0]
        assert signal.dtype == np.dtype(dtype)
        np.testing.assert_array_equal(signal.read(), values)


def test_what_is_not_said_is_asked_one_after_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(240))
    assert (refuse_raw(path).code, refuse_raw(path).pointer) == ("array_shape_missing", "/array/shape")
    asked = refuse_raw(path, shape=[3, 4, 5])
    assert (asked.code, asked.pointer, asked.severity) == ("array_dtype_missing", "/array/dtype", "error")
    with open_raw(path, shape=[3, 4, 5], dtype="float32") as opened:
        (question,) = opened.findings
        assert (question.code, question.pointer) == ("array_axes_missing", "/array/axes")
        assert opened.signals[0].shape == (3, 4, 5)
    with open_raw(path, shape=[3, 4, 5], dtype="float32", axes=["energy", "y", "x"]) as opened:
        assert not opened.findings
        assert [axis.name for axis in opened.signals[0].axes] == ["y", "x", "energy"]
        assert opened.signals[0].n_signal_axes == 1
        assert "energy, y, x" in opened.signals[0].orientation


def test_sizes_that_do_not_fit_are_said_with_the_sum(tmp_path: Path) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(1000))
    finding = refuse_raw(path, shape=[10, 10, 10], dtype="uint16", offset=100, gap=4)
    assert (finding.code, finding.pointer) == ("array_size_mismatch", "/array/shape")
    assert "1000 bytes" in finding.message
    assert "100 bytes before them + 10 frames × (200 + 4 bytes)" in finding.message
    assert "needs 2136" in finding.message
    assert "4 whole frames" in finding.hint
    with open_raw(path, shape=[4, 10, 10], dtype="uint16", offset=100, gap=4) as opened:
        (warning,) = [one for one in opened.findings if one.code == "bytes_left_over"]
        assert " 88 bytes more" in warning.message
    for huge in ([10**9, 10**9], [10**9] * 8, [2**63, 2]):
        assert refuse_raw(path, shape=huge, dtype="uint8").code == "array_size_mismatch"
    assert refuse_raw(path, shape=[10], dtype="uint8", offset=10**15).code == "array_size_mismatch"


def test_a_scan_shape_folds_a_run_of_frames(tmp_path: Path) -> None:
    values = np.arange(6 * 4 * 5, dtype="<u2").reshape(6, 4, 5)
    path = tmp_path / "a.raw"
    path.write_bytes(b"".join(frame.tobytes() + bytes(3) for frame in values))
    array = {"dtype": "uint16", "shape": [6, 4, 5], "gap": 3}
    for axes in ([], ["position", "detector_y", "detector_x"]):
        hints = ReadHints.from_dict({"scan_shape": [2, 3], "array": {**array, "axes": axes}})
        with open_measurement("raw_numbers", {"a.raw": path}, hints) as opened:
            signal = opened.signals[0]
            assert [axis.name for axis in signal.axes] == ["scan_y", "scan_x", "detector_y", "detector_x"]
            assert (signal.shape_origin, opened.findings) == ("depositor", ())
            np.testing.assert_array_equal(
                signal.read((slice(1, 2), slice(1, 3))), values.reshape(2, 3, 4, 5)[1:2, 1:3]
            )
    hints = ReadHints.from_dict({"frame_axis": "time", "array": array})
    with open_measurement("raw_numbers", {"a.raw": path}, hints) as opened:
        assert opened.signals[0].axes[0].name == "time"
    with pytest.raises(ReadRefusedError, match="4 × 3"):
        open_measurement(
            "raw_numbers", {"a.raw": path}, ReadHints.from_dict({"scan_shape": [4, 3], "array": array})
        )


@pytest.mark.parametrize(
    ("axes", "said"),
    [
        (["scan_y", "scan_x"], "names 2 axes"),
        (["scan_y", "scan_y", "energy"], "names scan_y twice"),
    ],
)
def test_names_that_do_not_fit_are_asked_again(tmp_path: Path, axes: list[str], said: str) -> None:
    path = tmp_path / "a.raw"
    path.write_bytes(bytes(60))
    with open_raw(path, shape=[3, 4, 5], dtype="uint8", axes=axes) as opened:
        (finding,) = opened.findings
        assert (finding.code, finding.severity, finding.pointer) == (
            "array_axes_mismatch",
            "error",
            "/array/axes",
        )
        assert said in finding.message
        assert math.prod(opened.signals[0].shape) == 60


@pytest.mark.parametrize("name", ["notes.dat", "page.raw"])
def test_text_and_files_of_other_formats_are_not_claimed(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text("<html><body>Sign in</body></html>")
    assert recognize(path, name).format == "html"
    np.save(tmp_path / "a.npy", np.zeros(5))
    assert recognize(tmp_path / "a.npy", "a.raw").format == "numpy_npy"


def test_raw_files_of_detectors_stay_theirs() -> None:
    empad = need_realdata("empad", "rsciio", "scan_x4_y4.raw")
    assert recognize(empad, empad.name).format == "empad"
    unknown = need_realdata("k2is", "libertem", "single-block.raw")
    assert recognize(unknown, unknown.name).format == "raw_numbers"
