r"""The header of NumPy's npy, read by its definition and never by NumPy: no size is believed, nothing is unpickled.

Definition: numpy.lib.format, versions 1.0 to 3.0. ``\x93NUMPY``, one byte each of the major and the minor version, the
length of the header (2 bytes little-endian in 1.0, 4 in later ones), then a Python dictionary as text (Latin-1; UTF-8
in 3.0) with exactly ``descr``, ``fortran_order`` and ``shape``.
"""

import ast
import math
import re
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.readers.bare_arrays import check_numbers
from ingest.readers.contract import ReadRefusedError
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse

MAGIC = b"\x93NUMPY"
HEAD_BYTES = 12  # of which the lengths of all versions are read
MOST_HEADER = 10_000  # as NumPy itself allows, for the parser of Python's literals may fail on more
_VERSIONS = {1: "<H", 2: "<I", 3: "<I"}
_LARGEST = 2**62
_PYTHON_2_LONG = re.compile(r"\b(\d+)L\b")


@dataclass(frozen=True, slots=True)
class NpyHeader:
    """What the header says; `data_offset` is the first byte of the values, counted from the magic."""

    version: tuple[int, int]
    dtype: np.dtype[Any]
    fortran: bool
    shape: tuple[int, ...]
    data_offset: int

    @property
    def nbytes(self) -> int:
        """Bytes of the values."""
        return math.prod(self.shape) * self.dtype.itemsize

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON, in the words of the file."""
        return {
            "version": f"{self.version[0]}.{self.version[1]}",
            "descr": self.dtype.str,
            "fortran_order": self.fortran,
            "shape": list(self.shape),
        }


def measure_header(head: bytes, *, what: str) -> int:
    """Return how many bytes magic and header take together, by their first `HEAD_BYTES`.

    Raises
    ------
    ReadRefusedError
        `npy_header_unreadable`, or `npy_version_not_read`.
    """
    if not head.startswith(MAGIC) or len(head) < HEAD_BYTES:
        raise _damaged(what, "it does not begin as NumPy's files do")
    field = _VERSIONS.get(head[6])
    if field is None or head[7] != 0:
        raise decline(
            "npy_version_not_read", f"{what} has the version {head[6]}.{head[7]} of npy; 1.0 to 3.0 are read."
        )
    length = int(struct.unpack_from(field, head, 8)[0])
    if length > MOST_HEADER:
        raise _damaged(what, f"its header would have {length} bytes")
    return 8 + struct.calcsize(field) + length


def parse_header(raw: bytes, *, what: str, may_be_scalar: bool = False) -> NpyHeader:
    """Return what the header of an array of numbers says.

    Parameters
    ----------
    raw
        All bytes before the values, as `measure_header` counts them.
    what
        Name of the file or array, for sentences.
    may_be_scalar
        Whether one number without axes is welcome.

    Raises
    ------
    ReadRefusedError
        `npy_header_unreadable`, or what `check_numbers` finds.
    """
    header = read_type(raw, what=what)
    if header is None:
        raise decline(
            "dataset_not_numeric",
            f"{what} holds records: only whole, real and complex numbers are read.",
            "Save the numbers alone, as one array.",
        )
    check_numbers(header.dtype, header.shape or (1,) * may_be_scalar, what=what)
    return header


def read_type(raw: bytes, *, what: str) -> NpyHeader | None:
    """Return what the header says, of numbers or not; None of records.

    Raises
    ------
    ReadRefusedError
        `npy_header_unreadable`.
    """
    start = 8 + struct.calcsize(_VERSIONS[raw[6]])
    try:
        text = raw[start:].decode("utf-8" if raw[6] == 3 else "latin-1")  # noqa: PLR2004 - version 3.0
        said = ast.literal_eval(_PYTHON_2_LONG.sub(r"\1", text).strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError) as error:
        raise _damaged(what, "its header is no dictionary") from error
    if not isinstance(said, dict) or set(said) != {"descr", "fortran_order", "shape"}:
        raise _damaged(what, "its header does not say descr, fortran_order and shape")
    shape, fortran = said["shape"], said["fortran_order"]
    is_shape = isinstance(shape, tuple) and all(type(size) is int and 0 <= size < _LARGEST for size in shape)
    if not is_shape or not isinstance(fortran, bool):
        raise _damaged(what, "its header says no shape")
    if isinstance(said["descr"], list):
        return None
    return NpyHeader((raw[6], raw[7]), _read_type(said["descr"], what), fortran, shape, len(raw))


def _read_type(descr: Any, what: str) -> np.dtype[Any]:
    if not isinstance(descr, str) or len(descr) > 16 or "," in descr:  # noqa: PLR2004 - "<c16" and the like
        raise _damaged(what, "its header says no type")
    try:
        return np.dtype(descr)
    except (TypeError, ValueError) as error:
        raise _damaged(what, "its header says no type that there is") from error


def _damaged(what: str, why: str) -> ReadRefusedError:
    return refuse("npy_header_unreadable", f"{what} is no sound npy: {why}.", UPLOAD_AGAIN)
