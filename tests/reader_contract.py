"""What every reader must do: one suite, inherited by the tests of each reader."""

import json
from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import OpenedFile, ReadHints, ReadRefusedError, RegionOutOfRangeError
from ingest.readers.implausible_scales import find_fault

NAMES = {"scan_y", "scan_x", "detector_y", "detector_x", "energy"}


@dataclass(frozen=True)
class WrittenFile:
    """A file in a vendor's format, and what is truly in it."""

    files: Mapping[str, Path]
    values: npt.NDArray[Any]
    axes: tuple[str, ...]
    header_value: tuple[tuple[str, ...], Any]
    cut: str = ""
    hints: ReadHints = field(default_factory=ReadHints)

    @property
    def primary(self) -> str:
        return next(iter(self.files))


class ReaderContract:
    """Inherit, write a file, and every promise of a reader is tested.

    `SaysWhereItEnds` and `ReadInPython` test what most formats promise beside that: inherit these where they hold.
    """

    format: ClassVar[str]
    # Codes that a cut file may be refused with, besides file_truncated, when its header is lost.
    cut_codes: ClassVar[frozenset[str]] = frozenset()

    @abstractmethod
    def write(self, folder: Path) -> WrittenFile:
        """Write a file of the format with distinct values."""

    @abstractmethod
    def spoil_size(self, written: WrittenFile) -> str:
        """Make the header and the size disagree, and return the code of the refusal."""

    @pytest.fixture
    def written(self, tmp_path: Path) -> WrittenFile:
        return self.write(tmp_path)

    def open(self, written: WrittenFile) -> OpenedFile:
        return open_measurement(self.format, written.files, written.hints)

    def test_is_recognized_by_its_content(self, written: WrittenFile, tmp_path: Path) -> None:
        disguised = tmp_path / "no.extension"
        disguised.write_bytes(written.files[written.primary].read_bytes())
        match = recognize(disguised, disguised.name)
        assert (match.format, match.readable, match.role) == (self.format, True, "primary")

    def test_axes_come_in_order(self, written: WrittenFile) -> None:
        with self.open(written) as opened:
            signal = opened.signals[0]
            assert signal.name == "data"
            assert tuple(axis.name for axis in signal.axes) == written.axes
            assert tuple(axis.size for axis in signal.axes) == signal.shape == written.values.shape
            assert set(written.axes) <= NAMES

    def test_values_are_those_written(self, written: WrittenFile) -> None:
        with self.open(written) as opened:
            whole = opened.signals[0].read()
        assert whole.dtype == written.values.dtype.newbyteorder("=")
        assert whole.dtype.isnative
        assert whole.flags.c_contiguous
        np.testing.assert_array_equal(whole, written.values)

    def test_regions_equal_the_whole(self, written: WrittenFile) -> None:
        with self.open(written) as opened:
            signal = opened.signals[0]
            whole = signal.read()

            @given(st.data())
            def compare(data: st.DataObject) -> None:
                region = []
                for size in signal.leading_shape:
                    start = data.draw(st.integers(0, size - 1))
                    region.append(slice(start, data.draw(st.integers(start + 1, size))))
                kept = tuple(region[: data.draw(st.integers(0, len(region)))])
                np.testing.assert_array_equal(signal.read(kept), whole[kept])

            compare()

    def test_region_outside_is_an_error(self, written: WrittenFile) -> None:
        with self.open(written) as opened:
            signal = opened.signals[0]
            for bad in (
                bad
                for size in signal.leading_shape[:1]  # one spectrum or image alone has nothing to cut
                for bad in (
                    slice(0, size + 1),
                    slice(-1, size),
                    slice(0, size, 2),
                    slice(2, 1),
                    slice(size, size + 1),
                )
            ):
                with pytest.raises(RegionOutOfRangeError):
                    signal.read((bad,))
            with pytest.raises(RegionOutOfRangeError):
                signal.read((slice(None),) * (len(signal.leading_shape) + 1))

    @pytest.mark.parametrize("percent", [1, 50, 99])
    def test_cut_file_is_refused(self, written: WrittenFile, percent: int) -> None:
        path = written.files[written.cut or written.primary]
        whole = path.stat().st_size
        kept = max(1, whole * percent // 100)
        with path.open("rb+") as handle:
            handle.truncate(kept)
        with pytest.raises(ReadRefusedError) as caught:
            self.open(written)
        finding = caught.value.finding
        assert finding.severity == "error"
        assert finding.code in {"file_truncated", *self.cut_codes}
        assert finding.hint
        if finding.code == "file_truncated" and percent == 50:
            assert str(kept) in finding.message or "frames" in finding.message

    def test_empty_file_is_refused(self, written: WrittenFile) -> None:
        written.files[written.primary].write_bytes(b"")
        with pytest.raises(ReadRefusedError) as caught:
            self.open(written)
        assert caught.value.finding.code == "file_empty"
        assert recognize(written.files[written.primary], written.primary).findings[0].code == "file_empty"

    def test_wrong_size_is_refused(self, written: WrittenFile) -> None:
        code = self.spoil_size(written)
        with pytest.raises(ReadRefusedError) as caught:
            self.open(written)
        assert caught.value.finding.code == code

    def test_damaged_bytes_are_refused_or_read_but_never_crash(self, written: WrittenFile) -> None:
        path = written.files[written.primary]
        whole = path.read_bytes()
        early = min(len(whole), 4096)
        spread = max(1, len(whole) // 40)
        for at in {*range(0, early, max(1, early // 120)), *range(0, len(whole), spread)}:
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :])
            recognize(path, path.name)
            with suppress(ReadRefusedError), self.open(written) as opened:
                for signal in opened.signals:
                    signal.read((slice(0, 1),) if signal.leading_shape else ())

    def test_header_is_kept_as_json(self, written: WrittenFile, tmp_path: Path) -> None:
        with self.open(written) as opened:
            header = json.loads(json.dumps(opened.header, allow_nan=False))
        assert str(tmp_path) not in json.dumps(header, ensure_ascii=False)
        keys, expected = written.header_value
        for key in keys:
            header = header[key]
        assert header == expected

    def test_description_is_json(self, written: WrittenFile) -> None:
        with self.open(written) as opened:
            described = [signal.describe() for signal in opened.signals]
        assert json.loads(json.dumps(described, allow_nan=False)) == described
        assert described[0]["shape_origin"] in {"file", "depositor", "guessed"}
        assert described[0]["orientation"]
        assert len({signal["name"] for signal in described}) == len(described)

    def test_reads_under_any_file_name(self, written: WrittenFile, tmp_path: Path) -> None:
        folder = tmp_path / "Müller 実験 ±"
        folder.mkdir()
        moved = {
            f"{folder.name}/{name}": path.rename(folder / path.name) for name, path in written.files.items()
        }
        with open_measurement(self.format, moved, written.hints) as opened:
            assert opened.signals[0].read().shape == written.values.shape


class SaysWhereItEnds(ReaderContract):
    """A format whose header or sizes say where the file ends."""

    def test_bytes_behind_the_end_are_told_and_the_values_kept(self, written: WrittenFile) -> None:
        path = written.files[written.cut or written.primary]
        with path.open("ab") as handle:
            handle.write(b"\x17" * 1001)
        with self.open(written) as opened:
            (finding,) = [one for one in opened.findings if one.code == "bytes_left_over"]
            assert finding.severity == "warning"
            assert " 1001 bytes" in finding.message
            assert not [one for one in opened.findings if one.severity == "error"]
            np.testing.assert_array_equal(opened.signals[0].read(), written.values)


class ReadInPython(ReaderContract):
    """Read by Python alone: any bit may be flipped here. A library in C may crash, which confined processes are for."""

    def test_no_damaged_byte_drops_a_signal_or_calibrates_absurdly_without_a_word(
        self, written: WrittenFile
    ) -> None:
        """Flip any bit: as many signals as before, or something said; and never an axis that no instrument has."""
        path = written.files[written.primary]
        whole = path.read_bytes()
        with self.open(written) as opened:
            before = Counter((signal.shape, signal.dtype.name) for signal in opened.signals)
            usual = Counter(finding.message for finding in opened.findings)
        early = min(len(whole), 6000)
        for at in range(0, early, max(1, early // 400)):
            path.write_bytes(whole[:at] + bytes([whole[at] ^ 1 << at % 8]) + whole[at + 1 :])
            with suppress(ReadRefusedError), self.open(written) as opened:
                found = Counter((signal.shape, signal.dtype.name) for signal in opened.signals)
                is_said = bool(Counter(finding.message for finding in opened.findings) - usual)
                assert found.total() >= before.total() or is_said, at
                assert not [
                    fault for signal in opened.signals for fault in map(find_fault, signal.axes) if fault
                ]
