"""The tag tree of DigitalMicrograph files, versions 3 and 4: bounded, and exact about where a file ends.

Layout: version u4, length u4 (u8 in DM4), byte order u4, then the root group; all big-endian but the tag
values, which are in the byte order given. Names of unnamed tags follow RosettaSciIO (``TagGroup0``,
``Data0``), and dots in names are dropped, so that paths of both agree.
"""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from ingest.readers.refusals import UPLOAD_AGAIN, refuse, refuse_truncated, tell_surplus, warn
from repository.schema.findings import Finding

_GROUP, _VALUE = 20, 21
_STRUCT, _STRING, _ARRAY = 15, 18, 20
_SIMPLE: dict[int, str] = {
    2: "i2", 3: "i4", 4: "u2", 5: "u4", 6: "f4", 7: "f8", 8: "u1", 9: "i1", 10: "u1", 11: "i8", 12: "u8",
}  # fmt: skip
_TEXT = 4
MAX_TAGS = 500_000
MAX_DEPTH = 64
MAX_INFO = 4096
MAX_ARRAY_BYTES = 65_536
_END_BYTES = 8  # zeros behind the last tag


@dataclass(frozen=True, slots=True)
class DataBlock:
    """Where an array lies in the file; values are not read with the tags."""

    offset: int
    nbytes: int
    byte_order: str


class TagReader:
    """Reads the tag tree of one open file."""

    def __init__(self, handle: BinaryIO, path: Path) -> None:
        self._handle = handle
        self._path = path
        self._size = path.stat().st_size
        self.version = 0
        self._wide = False
        self._order = "<"
        self._tags = 0
        self._oddities: list[str] = []

    def read_tree(self) -> dict[str, Any]:
        """Return all tags as nested dictionaries; arrays of images as `DataBlock`.

        Raises
        ------
        ReadRefusedError
            `file_truncated` or `dm_unreadable`.
        """
        (version,) = self._unpack(">I")
        if version not in {3, 4}:
            raise refuse("dm_unreadable", f"{self._path.name} is no DM3 or DM4 file.", UPLOAD_AGAIN)
        self.version = version
        self._wide = version == 4  # noqa: PLR2004 - the version with 64-bit lengths
        (length,) = self._unpack(self._word)
        (order,) = self._unpack(">I")
        self._order = "<" if order else ">"
        # Length counts from behind itself; some writers count the byte order and the end marks, too.
        expected = length + (20 if self._wide else 16)
        if self._size < expected:
            raise refuse_truncated(self._path, expected=expected, actual=self._size)
        return self._read_group(sized=False, depth=0, parents=("", ""))

    def list_findings(self) -> list[Finding]:
        """Return what is odd in a tree that was read: what its own sizes deny, and what lies behind its end."""
        found = []
        if self._oddities:
            found.append(
                warn(
                    "dm_tags_disagree",
                    f"The tags of {self._path.name} contradict themselves: {self._oddities[0]}"
                    f"{f', and {len(self._oddities) - 1} more' if self._oddities[1:] else ''}.",
                    "Readers may miss a part of the file here, as a byte may be damaged. Compare it with the original.",
                )
            )
        end = self._handle.tell()
        rest = self._handle.read(_END_BYTES)
        surplus = self._size - end - (_END_BYTES if rest == b"\0" * _END_BYTES else 0)
        if surplus > 0:
            found.append(tell_surplus(self._path, surplus, after="its last tag"))
        return found

    @property
    def _word(self) -> str:
        return ">Q" if self._wide else ">I"

    def _take(self, count: int) -> bytes:
        at = self._handle.tell()
        if count < 0 or at + count > self._size:
            raise refuse_truncated(self._path, expected=at + max(count, 0), actual=self._size, what="tags")
        return self._handle.read(count)

    def _skip(self, count: int) -> None:
        at = self._handle.tell()
        if count < 0 or at + count > self._size:
            raise refuse_truncated(self._path, expected=at + max(count, 0), actual=self._size, what="data")
        self._handle.seek(count, 1)

    def _unpack(self, form: str) -> tuple[Any, ...]:
        return struct.unpack(form, self._take(struct.calcsize(form)))

    def _read_group(self, *, sized: bool, depth: int, parents: tuple[str, str]) -> dict[str, Any]:
        if depth > MAX_DEPTH:
            raise self._unreadable("tags nest too deep")
        ends = self._read_size() if sized else None
        self._skip(2)  # sorted, open
        (count,) = self._unpack(self._word)
        group: dict[str, Any] = {}
        unnamed = {_GROUP: 0, _VALUE: 0}
        for _ in range(count):
            kind, name = self._read_tag_head()
            if not name:
                name = f"{'TagGroup' if kind == _GROUP else 'Data'}{unnamed[kind]}"
                unnamed[kind] += 1
            place = self._find_free(group, name)
            if kind == _GROUP:
                group[place] = self._read_group(sized=True, depth=depth + 1, parents=(parents[1], name))
            else:
                group[place] = self._read_value(keep=not (parents[1] == "ImageData" and name == "Data"))
        self._check_end(ends, parents[1])
        return group

    def _find_free(self, group: dict[str, Any], name: str) -> str:
        """Return the name, or one beside it where a tag of that name stands there already: neither is lost."""
        if name not in group:
            return name
        self._oddities.append(f"two tags are called “{name}”")
        number = 2
        while f"{name} ({number})" in group:
            number += 1
        return f"{name} ({number})"

    def _read_size(self) -> int | None:
        """Return where a tag ends by its own size, which only DM4 writes."""
        if not self._wide:
            return None
        (size,) = self._unpack(">Q")
        return self._handle.tell() + int(size)

    def _check_end(self, ends: int | None, name: str) -> None:
        at = self._handle.tell()
        if ends is not None and ends != at:
            self._oddities.append(f"“{name}” ends at byte {at}, and should at {ends}")

    def _read_tag_head(self) -> tuple[int, str]:
        self._tags += 1
        if self._tags > MAX_TAGS:
            raise self._unreadable("too many tags")
        kind, length = self._unpack(">BH")
        if kind not in {_GROUP, _VALUE}:
            raise self._unreadable(f"tag of unknown kind {kind}")
        return kind, self._take(length).decode("latin-1").replace(".", "")

    def _read_value(self, *, keep: bool) -> Any:
        ends = self._read_size()
        value = self._read_marked(keep=keep)
        self._check_end(ends, "a value")
        return value

    def _read_marked(self, *, keep: bool) -> Any:
        if self._take(4) != b"%%%%":
            raise self._unreadable("tag without its mark")
        (words,) = self._unpack(self._word)
        if not 0 < words <= MAX_INFO:
            raise self._unreadable(f"tag description of {words} words")
        info = [self._unpack(self._word)[0] for _ in range(words)]
        return self._read_described(info, keep=keep)

    def _read_described(self, info: list[int], *, keep: bool) -> Any:
        kind = info[0]
        if kind in _SIMPLE and len(info) == 1:
            return self._read_simple(kind)
        if kind == _STRING and len(info) == 2:  # noqa: PLR2004 - kind, length
            return self._take(min(info[1], self._size)).decode("latin-1")
        if kind == _STRUCT:
            return tuple(self._read_simple(field) for field in self._struct_fields(info))
        if kind == _ARRAY and len(info) >= 3:  # noqa: PLR2004 - kind, element, length
            return self._read_array(info[1:-1], info[-1], keep=keep)
        raise self._unreadable(f"value of unknown type {kind}")

    def _struct_fields(self, info: list[int]) -> list[int]:
        """Return the field types of (15, name length, fields, name length, type, …)."""
        fields = info[4 : 4 + 2 * info[2] : 2] if len(info) > 2 else []  # noqa: PLR2004
        if len(info) <= 2 or len(fields) != info[2] or any(field not in _SIMPLE for field in fields):  # noqa: PLR2004
            raise self._unreadable("struct of unknown fields")
        return fields

    def _read_simple(self, kind: int) -> Any:
        if kind not in _SIMPLE:
            raise self._unreadable(f"value of unknown type {kind}")
        dtype = np.dtype(self._order + _SIMPLE[kind])
        value = np.frombuffer(self._take(dtype.itemsize), dtype)[0].item()
        return bool(value) if kind == 8 else value  # noqa: PLR2004 - boolean

    def _read_array(self, element: list[int], length: int, *, keep: bool) -> Any:
        if element[0] == _STRUCT:
            fields = self._struct_fields(element)
            dtype = np.dtype([(f"f{i}", self._order + _SIMPLE[field]) for i, field in enumerate(fields)])
        elif element[0] in _SIMPLE:
            dtype = np.dtype(self._order + _SIMPLE[element[0]])
        else:
            raise self._unreadable(f"array of unknown type {element[0]}")
        nbytes = length * dtype.itemsize
        if not keep:
            block = DataBlock(self._handle.tell(), nbytes, self._order)
            self._skip(nbytes)
            return block
        if nbytes > MAX_ARRAY_BYTES:
            self._skip(nbytes)
            return {"dropped": "array", "shape": [length], "dtype": str(dtype)}
        raw = self._take(nbytes)
        if element[0] == _TEXT:
            return raw.decode("utf-16-le" if self._order == "<" else "utf-16-be", "replace")
        return np.frombuffer(raw, dtype).tolist()

    def _unreadable(self, why: str) -> Exception:
        at = self._handle.tell()
        return refuse("dm_unreadable", f"{self._path.name} is damaged at byte {at}: {why}.", UPLOAD_AGAIN)


@dataclass(frozen=True, slots=True)
class TagTree:
    """All tags of a file, and what is odd about them."""

    version: int
    tags: dict[str, Any]
    findings: tuple[Finding, ...] = ()


def read_tags(path: Path) -> TagTree:
    """Return the tags of a DM3 or DM4 file; see `TagReader.read_tree`."""
    with path.open("rb") as handle:
        reader = TagReader(handle, path)
        tree = reader.read_tree()
        return TagTree(reader.version, tree, tuple(reader.list_findings()))
