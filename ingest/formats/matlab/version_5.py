"""MAT-files of version 5 (MATLAB 5 to 7), read by their definition and in place.

Definition: The MathWorks, MAT-File Format, chapter 1 (R2023a). A header of 128 bytes with the byte order at its end,
then elements: a tag of type and length, then the bytes. A variable is an element `miMATRIX`, plain or within one
`miCOMPRESSED`, of flags, dimensions, name and values; values are in Fortran order, and may be stored in a smaller type
than the variable has: they are given in the type in which they are stored.
"""

import math
import struct
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ingest.formats.matlab.variables import ComplexPair, Variables, drop_row
from ingest.readers.axis_answers import MOST_AXES
from ingest.readers.bare_arrays import Numbers
from ingest.readers.contract import ReadRefusedError
from ingest.readers.framed_bytes import FramePart, open_part, read_bytes
from ingest.readers.refusals import UPLOAD_AGAIN, decline, refuse, refuse_truncated
from ingest.readers.strided_bytes import ReadBytes, StridedBytes
from ingest.readers.zip_members import MOST_RATIO, ZipMember

HEADER_BYTES = 128
_ORDERS = {b"IM": "<", b"MI": ">"}
_MATRIX, _COMPRESSED = 14, 15
_TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
_CODES = {16: "utf-8", 17: "utf-16", 18: "utf-32", 2: "latin-1", 4: "utf-16"}
_CLASSES = {
    1: "cell",
    2: "struct",
    3: "object",
    5: "sparse matrix",
    16: "function",
    17: "object",
    18: "object",
}
_CHARS, _NUMBERS = 4, range(6, 16)
_COMPLEX = 0x0800
_MOST_ELEMENTS = 10_000
_MOST_NAME = 256
_MOST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class _Element:
    """One element: its type, where its bytes begin, how many they are, and where the next one begins."""

    kind: int
    start: int
    length: int
    after: int


@dataclass(frozen=True, slots=True)
class _Source:
    """Bytes that hold elements: the file, or one variable unpacked."""

    read: ReadBytes
    size: int
    order: str
    file: str

    def find_element(self, at: int) -> _Element:
        """Return the element whose tag stands at a byte."""
        if at + 8 > self.size:
            raise self.damaged(f"an element would begin at byte {at} of {self.size}")
        first, second = struct.unpack(f"{self.order}II", self.read(at, 8).tobytes())
        if first >> 16:  # up to four bytes stand in the tag itself
            found = _Element(first & 0xFFFF, at + 4, first >> 16, at + 8)
        else:
            found = _Element(first, at + 8, second, at + 8 + -(-second // 8) * 8)
        if found.start + found.length > self.size:
            raise self.damaged(f"an element of {found.length} bytes begins at byte {at} of {self.size}")
        return found

    def get_bytes(self, element: _Element, most: int) -> bytes:
        """Return the bytes of a short element."""
        if element.length > most:
            raise self.damaged(f"flags, dimensions or a name of {element.length} bytes")
        return self.read(element.start, element.length).tobytes()

    def damaged(self, why: str) -> ReadRefusedError:
        """Build the refusal of a file that is not as it is defined."""
        return refuse("mat_unreadable", f"{self.file} is a damaged mat file: {why}.", UPLOAD_AGAIN)


def read_variables(path: Path, resources: ExitStack) -> Variables:
    """Return the variables of a file.

    Raises
    ------
    ReadRefusedError
        `file_truncated`, `mat_unreadable`, `declared_size_implausible` or `zip_member_damaged`.
    """
    size = path.stat().st_size
    part = open_part(resources, path, offset=0, count=1)
    if size < HEADER_BYTES:
        raise refuse_truncated(path, expected=HEADER_BYTES, actual=size, what="header")
    order = _ORDERS.get(read_bytes(part, 126, 2).tobytes())
    whole = _Source(partial(read_bytes, part), size, order or "<", path.name)
    if order is None:
        raise whole.damaged("its header does not say the byte order")
    found = Variables()
    for source, element in _list_matrices(whole, part, found):
        _add_variable(found, source, element)
    return found


def _list_matrices(whole: _Source, part: FramePart, found: Variables) -> Iterator[tuple[_Source, _Element]]:
    at = HEADER_BYTES
    for _ in range(_MOST_ELEMENTS):
        if at >= whole.size:
            return
        if at + 8 > whole.size:
            raise refuse_truncated(part.path, expected=at + 8, actual=whole.size, what="variable")
        kind, length = struct.unpack(f"{whole.order}II", whole.read(at, 8).tobytes())
        if kind not in {_MATRIX, _COMPRESSED} and at > HEADER_BYTES:
            found.surplus = whole.size - at
            return
        if kind not in {_MATRIX, _COMPRESSED}:
            raise whole.damaged(f"at byte {at} begins no variable")
        if at + 8 + length > whole.size:
            raise refuse_truncated(part.path, expected=at + 8 + length, actual=whole.size, what="variable")
        element = _Element(kind, at + 8, length, at + 8 + length)
        if kind == _MATRIX:
            yield whole, element
        else:
            source = _unpack(whole, part, element)
            yield source, source.find_element(0)
        at = element.after
    raise decline("mat_too_many_variables", f"{whole.file} holds more than {_MOST_ELEMENTS} variables.")


def _unpack(whole: _Source, part: FramePart, element: _Element) -> _Source:
    """Return a packed variable as bytes of its own; its tag says how many these are."""
    packed = FramePart(part.descriptor, part.path, element.start, 1)
    name = f"the variable at byte {element.start - 8}"
    head = ZipMember(name, packed, 8, element.length, True, None, 15).read(0, 8).tobytes()  # noqa: FBT003
    kind, length = struct.unpack(f"{whole.order}II", head)
    if kind != _MATRIX:
        raise whole.damaged(f"{name} unpacks to none")
    if length > max(2**20, element.length * MOST_RATIO):
        raise refuse(
            "declared_size_implausible",
            f"{name} of {whole.file} would unpack from {element.length} bytes to {length}.",
            "It is damaged, or was made to exhaust memory. Upload the original.",
        )
    member = ZipMember(name, packed, 8 + length, element.length, True, None, 15)  # noqa: FBT003
    return _Source(member.read, 8 + length, whole.order, whole.file)


def _add_variable(found: Variables, source: _Source, matrix: _Element) -> None:
    if matrix.kind != _MATRIX or not matrix.length:
        return
    flags = source.find_element(matrix.start)
    said = source.get_bytes(flags, 16)
    if len(said) < 4:  # noqa: PLR2004 - flags are two numbers of four bytes
        raise source.damaged("a variable without flags")
    word = int(struct.unpack(f"{source.order}I", said[:4])[0])
    if word & 0xFF not in {*_CLASSES, _CHARS, *_NUMBERS}:
        raise source.damaged(f"a variable of the unknown class {word & 0xFF}")
    if word & 0xFF == 17:  # noqa: PLR2004 - an opaque object has no dimensions
        found.others.append("an object")
        return
    sizes = source.find_element(flags.after)
    raw = source.get_bytes(sizes, 4 * 32)
    shape = tuple(np.frombuffer(raw[: len(raw) // 4 * 4], f"{source.order}i4").tolist())
    called = source.find_element(sizes.after)
    name = source.get_bytes(called, _MOST_NAME).decode("latin-1") or f"variable {len(found.arrays) + 1}"
    if word & 0xFF in _CLASSES:
        found.others.append(f"{name} ({_CLASSES[word & 0xFF]})")
    elif not shape or min(shape) < 0:
        raise source.damaged(f"{name} has the dimensions {shape}")
    elif math.prod(shape) == 0:
        found.values[name] = []
    elif word & 0xFF == _CHARS:
        found.values[name] = _read_text(source, source.find_element(called.after))
    elif len(shape) > MOST_AXES:
        found.others.append(f"{name} ({len(shape)} axes)")
    else:
        found.add(
            name, _find_numbers(source, called.after, drop_row(shape), name, is_complex=bool(word & _COMPLEX))
        )


def _read_text(source: _Source, element: _Element) -> Any:
    code = _CODES.get(element.kind)
    if code is None or element.length > _MOST_TEXT:
        return {"dropped": "text", "bytes": element.length}
    if code in {"utf-16", "utf-32"}:
        code = f"{code}-{'le' if source.order == '<' else 'be'}"
    return source.read(element.start, element.length).tobytes().decode(code, "replace")


def _find_numbers(
    source: _Source, at: int, shape: tuple[int, ...], name: str, *, is_complex: bool
) -> Numbers:
    element = source.find_element(at)
    real = _build_part(source, element, shape, name)
    if not is_complex:
        return real
    return ComplexPair(real, _build_part(source, source.find_element(element.after), shape, name))


def _build_part(source: _Source, element: _Element, shape: tuple[int, ...], name: str) -> StridedBytes:
    code = _TYPES.get(element.kind)
    if code is None:
        raise source.damaged(f"{name} holds values of the unknown type {element.kind}")
    stored = np.dtype(f"{source.order}{code}")
    needed = math.prod(shape) * stored.itemsize
    if needed != element.length:
        raise source.damaged(f"{name} needs {needed} bytes and has {element.length}")
    return StridedBytes.of_whole(source.read, shape, stored, offset=element.start, fortran=True)
