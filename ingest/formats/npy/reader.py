"""NumPy's npy: one array behind a short header, read in place.

Header document: ``{"npy": {"version", "descr", "fortran_order", "shape"}}``.

Signal: `data`. The file does not name its axes; a person does, under `array.axes`, in the order of its shape. Arrays in
Fortran order have the shape that NumPy shows. Truth values become 0 and 1 of uint8.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from ingest.readers.bare_arrays import BareArray, build_signals
from ingest.readers.contract import OpenedFile, ReadHints
from ingest.readers.framed_bytes import open_part, read_bytes
from ingest.readers.npy_header import HEAD_BYTES, MAGIC, NpyHeader, measure_header, parse_header
from ingest.readers.parts import Recognized
from ingest.readers.refusals import refuse_truncated, tell_surplus
from ingest.readers.strided_bytes import StridedBytes
from ingest.readers.uploaded_file import UploadedFile

VERSION = "1"


def recognize_npy(file: UploadedFile) -> Recognized | None:
    """Say whether the file begins as an npy."""
    return Recognized("bytes 93 NUMPY at 0") if file.head.startswith(MAGIC) else None


def open_npy(files: Mapping[str, Path], hints: ReadHints) -> OpenedFile:
    """Open an npy file."""
    path = next(iter(files.values()))
    header = _read_header(path)
    actual = path.stat().st_size
    expected = header.data_offset + header.nbytes
    if actual < expected:
        raise refuse_truncated(path, expected=expected, actual=actual, what="values")
    findings = [tell_surplus(path, actual - expected, after="its values")] if actual > expected else []
    resources = ExitStack()
    part = open_part(resources, path, offset=header.data_offset, count=1)
    numbers = StridedBytes.of_whole(
        partial(read_bytes, part),
        header.shape,
        header.dtype,
        offset=header.data_offset,
        fortran=header.fortran,
    )
    with resources:
        signals, asked = build_signals([BareArray("", numbers)], name=path.name, hints=hints)
        kept = resources.pop_all()
    return OpenedFile(
        "numpy_npy", VERSION, tuple(signals), {"npy": header.as_dict()}, (*findings, *asked), kept
    )


def _read_header(path: Path) -> NpyHeader:
    actual = path.stat().st_size
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
        if head.startswith(MAGIC[: len(head)]) and len(head) < HEAD_BYTES:
            raise refuse_truncated(path, expected=HEAD_BYTES, actual=actual, what="header")
        length = measure_header(head, what=path.name)
        raw = head[:length] + handle.read(max(0, length - len(head)))
    if len(raw) < length:
        raise refuse_truncated(path, expected=length, actual=actual, what="header")
    return parse_header(raw, what=path.name)
