"""DigitalMicrograph files: a tag tree with one image per entry."""

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

_TYPES = {"i2": 1, "f4": 2, "u1": 6, "i4": 7, "u2": 10, "u4": 11, "f8": 12}
_ENCODED = {"i2": 2, "i4": 3, "u2": 4, "u4": 5, "f4": 6, "f8": 7, "u1": 10}


class _Writer:
    def __init__(self, version: int) -> None:
        self.wide = version == 4

    def word(self, number: int) -> bytes:
        return struct.pack(">Q" if self.wide else ">I", number)

    def group_body(self, tags: Mapping[str, Any]) -> bytes:
        entries = b"".join(
            self.tag("" if name.startswith("#") else name, value) for name, value in tags.items()
        )
        return b"\1\0" + self.word(len(tags)) + entries

    def tag(self, name: str, value: Any) -> bytes:
        kind, body = (20, self.group_body(value)) if isinstance(value, Mapping) else (21, self.value(value))
        size = struct.pack(">Q", len(body)) if self.wide else b""
        return struct.pack(">BH", kind, len(name)) + name.encode("latin-1") + size + body

    def value(self, value: Any) -> bytes:
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
    listed = list(reversed(calibrations))
    image = {
        "ImageData": {
            "Calibrations": {
                "Brightness": {"Origin": 0.0, "Scale": 1.0, "Units": "Counts"},
                "Dimension": {
                    f"#{i}": {"Origin": o, "Scale": s, "Units": u} for i, (o, s, u) in enumerate(listed)
                },
            },
            "Data": stored.astype(stored.dtype.newbyteorder("<")).ravel(),
            "DataType": data_type or _TYPES[stored.dtype.str[1:]],
            "Dimensions": {f"#{i}": size for i, size in enumerate(reversed(declared or stored.shape))},
        },
        "ImageTags": dict(tags or {}),
        "Name": name,
    }
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
