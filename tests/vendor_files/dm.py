"""DigitalMicrograph files: a tag tree with one image per entry."""

import math
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPES = {"i2": 1, "f4": 2, "u1": 6, "i4": 7, "u2": 10, "u4": 11, "f8": 12}
_ENCODED = {"i2": 2, "i4": 3, "u2": 4, "u4": 5, "f4": 6, "f8": 7, "u1": 10}


_PLACE = b"here lie the values that nobody wrote"


class _Writer:
    def __init__(self, version: int, *, hole: int = 0) -> None:
        self.wide = version == 4
        self.hole = hole

    def word(self, number: int) -> bytes:
        return struct.pack(">Q" if self.wide else ">I", number)

    def group_body(self, tags: Mapping[str, Any]) -> bytes:
        entries = b"".join(
            self.tag("" if name.startswith("#") else name, value) for name, value in tags.items()
        )
        return b"\1\0" + self.word(len(tags)) + entries

    def tag(self, name: str, value: Any) -> bytes:
        kind, body = (20, self.group_body(value)) if isinstance(value, Mapping) else (21, self.value(value))
        size = struct.pack(">Q", self.count(body)) if self.wide else b""
        return struct.pack(">BH", kind, len(name)) + name.encode("latin-1") + size + body

    def count(self, body: bytes) -> int:
        """Return how long a body is in the file, where a hole takes the place of its mark."""
        return len(body) + (self.hole - len(_PLACE) if _PLACE in body else 0)

    def value(self, value: Any) -> bytes:
        if isinstance(value, _Hole):
            return self.described([20, 4, self.hole // 2], _PLACE)
        if isinstance(value, str):
            raw = value.encode("utf-16-le")
            return self.described([20, 4, len(value)], raw)
        if isinstance(value, np.ndarray):
            code = _ENCODED[value.dtype.str[1:]]
            return self.described([20, code, value.size], np.ascontiguousarray(value).tobytes())
        if isinstance(value, bool):
            return self.described([8], struct.pack("<?", value))
        if isinstance(value, int):
            return self.described([5], struct.pack("<I", value))
        return self.described([7], struct.pack("<d", value))

    def described(self, info: Sequence[int], raw: bytes) -> bytes:
        return b"%%%%" + self.word(len(info)) + b"".join(self.word(number) for number in info) + raw


@dataclass(frozen=True, slots=True)
class _Hole:
    """Stands for the values of an array."""


def write_dm_hole(
    path: Path, shape: tuple[int, ...], *, calibrations: Sequence[tuple[float, float, str]] = ()
) -> Path:
    """Write a DM4 file of 16-bit counts that nobody wrote: a hole on the disk, the rest of the tags behind it."""
    image = _describe_image(_Hole(), 10, shape, calibrations)
    writer = _Writer(4, hole=math.prod(shape) * 2)
    body = writer.group_body(
        {"ImageList": {"#0": {**image, "ImageTags": {}, "Name": "scan"}}, "Thumbnails": {}}
    )
    before, after = body.split(_PLACE)
    with path.open("wb") as file:
        file.write(struct.pack(">I", 4) + writer.word(writer.count(body) + 4) + struct.pack(">I", 1) + before)
        file.seek(writer.hole, 1)
        file.write(after + b"\0" * 8)
    return path


def _describe_image(
    values: Any, data_type: int, shape: Sequence[int], calibrations: Sequence[tuple[float, float, str]]
) -> dict[str, Any]:
    listed = list(reversed(calibrations))
    return {
        "ImageData": {
            "Calibrations": {
                "Brightness": {"Origin": 0.0, "Scale": 1.0, "Units": "Counts"},
                "Dimension": {
                    f"#{i}": {"Origin": o, "Scale": s, "Units": u} for i, (o, s, u) in enumerate(listed)
                },
            },
            "Data": values,
            "DataType": data_type,
            "Dimensions": {f"#{i}": size for i, size in enumerate(reversed(shape))},
        }
    }


def write_dm(
    path: Path,
    stored: npt.NDArray[Any],
    *,
    version: int = 4,
    calibrations: Sequence[tuple[float, float, str]] = (),
    tags: Mapping[str, Any] | None = None,
    thumbnail: bool = True,
    declared: Sequence[int] | None = None,
    data_type: int | None = None,
    name: str = "scan",
) -> Path:
    """Write one array as it lies on the disk (slowest axis first).

    `calibrations` are (origin, scale, unit) of the stored axes, slowest first; DM lists them reversed.
    `declared` is a shape that the header claims in place of the true one. `data_type` is DM's number of the type of the
    values where that of the array does not tell it: 23 for colors packed into 32 bits. `name` is the image's title.
    """
    values = stored.astype(stored.dtype.newbyteorder("<")).ravel()
    kind = data_type or _TYPES[stored.dtype.str[1:]]
    described = _describe_image(values, kind, declared or stored.shape, calibrations)
    image = {**described, "ImageTags": dict(tags or {}), "Name": name}
    small = {
        "ImageData": {
            "Calibrations": {"Dimension": {}},
            "Data": np.zeros(16, "<u4"),
            "DataType": 23,
            "Dimensions": {"#0": 4, "#1": 4},
        },
        "Name": "Thumbnail",
    }
    images = {"#0": small, "#1": image} if thumbnail else {"#0": image}
    writer = _Writer(version)
    tree = {"ImageList": images, "Thumbnails": {"#0": {"ImageIndex": 0}} if thumbnail else {}}
    body = writer.group_body(tree)
    path.write_bytes(
        struct.pack(">I", version) + writer.word(len(body) + 4) + struct.pack(">I", 1) + body + b"\0" * 8
    )
    return path
