"""Recognizing and opening read no more of a 10 GB file than of a small one: sparse files, bytes counted."""

from collections.abc import Callable
from pathlib import Path

import pytest

from ingest.formats.opening import open_measurement
from ingest.formats.recognition import recognize
from ingest.readers.contract import ReadHints
from tests import large_files
from tests.large_files import LargeFile

LARGE = 10 * 10**9
MOST_BYTES = 4 * 2**20


def _bytes_read() -> int:
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["rchar"])


@pytest.mark.parametrize(
    "write",
    [
        large_files.write_empad_scan,
        large_files.write_mib_scan,
        large_files.write_dectris_scan,
        large_files.write_blockfile_scan,
        large_files.write_dm_scan,
        large_files.write_dm_spectra,
        large_files.write_mrc_stack,
        large_files.write_seq_scan,
        large_files.write_tiff_stack,
        large_files.write_contiguous_hspy,
    ],
)
def test_opening_reads_the_header_and_no_more(
    write: Callable[[Path, int], LargeFile], tmp_path: Path
) -> None:
    large = write(tmp_path, LARGE)
    before = _bytes_read()
    assert next(recognize(path, name).readable for name, path in large.files.items())
    with open_measurement(large.format, large.files, ReadHints()) as opened:
        assert opened.signals[0].nbytes > LARGE / 2
    assert _bytes_read() - before < MOST_BYTES


def test_opening_compressed_chunks_reads_none_of_them(tmp_path: Path) -> None:
    large = large_files.write_chunked_hspy(tmp_path, LARGE // 10)
    before = _bytes_read()
    with open_measurement(large.format, large.files, ReadHints()) as opened:
        assert opened.signals[0].nbytes > LARGE / 20
    assert _bytes_read() - before < MOST_BYTES
