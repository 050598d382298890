"""What a Ripple text says of the numbers beside it.

Source: NIST, Lispix documentation, "Raw file format". A line has a keyword, a tab and a value; what follows a semicolon
is a remark. Lengths are in bytes, `width` counts fastest among the positions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ingest.readers.refusals import UPLOAD_AGAIN, refuse

REQUIRED = frozenset({"width", "height", "depth", "data-length", "data-type", "byte-order", "record-by"})
_ORDERS = {"little-endian": "<", "big-endian": ">", "dont-care": "<"}
_KINDS = {"signed": "i", "unsigned": "u", "float": "f"}
_LONGEST = 2**40


@dataclass(frozen=True, slots=True)
class RippleHeader:
    """The layout of the numbers.

    Attributes
    ----------
    height, width, depth
        Rows and columns of positions, and channels at each.
    offset
        Bytes before the first number.
    record_by
        `vector`: all channels of a position lie together. `image`: all positions of a channel do. `dont-care`: one of
        both is 1.
    """

    height: int
    width: int
    depth: int
    offset: int
    dtype: np.dtype[Any]
    record_by: str
    keywords: Mapping[str, str]

    @property
    def is_order_assumed(self) -> bool:
        """Whether the text leaves open in which order the bytes of a number lie, and it has more than one."""
        return self.dtype.itemsize > 1 and self.keywords["byte-order"].lower() == "dont-care"

    @property
    def nbytes(self) -> int:
        """Bytes that the numbers take."""
        return self.height * self.width * self.depth * self.dtype.itemsize


def read_keywords(text: str) -> dict[str, str]:
    """Return values by keyword, both in lower case where they are words; of a keyword that stands twice the first."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        keyword, _, value = line.partition(";")[0].partition("\t")
        if value.strip():
            found.setdefault(keyword.strip().lower(), value.strip())
    return found


def read_header(text: str, name: str) -> RippleHeader:
    """Return the layout that a text tells of.

    Raises
    ------
    ReadRefusedError
        `ripple_header_unreadable`: a keyword is missing, or says what is no such layout.
    """
    keywords = read_keywords(text)
    missing = sorted(REQUIRED - keywords.keys())
    if missing:
        raise refuse("ripple_header_unreadable", f"{name} does not say {', '.join(missing)}.", UPLOAD_AGAIN)
    height, width, depth = (_read_count(keywords, key, name, least=1) for key in ("height", "width", "depth"))
    length = _read_count(keywords, "data-length", name, least=1)
    kind = _KINDS.get(keywords["data-type"].lower())
    order = _ORDERS.get(keywords["byte-order"].lower())
    dtype = f"{order}{kind}{length}"
    if kind is None or order is None or length not in {1, 2, 4, 8} or (kind == "f" and length < 4):  # noqa: PLR2004
        said = ", ".join(f"{key} {keywords[key]}" for key in ("data-type", "data-length", "byte-order"))
        raise refuse(
            "ripple_header_unreadable", f"{name} tells of numbers that there are not: {said}.", UPLOAD_AGAIN
        )
    record_by = keywords["record-by"].lower()
    if record_by not in {"vector", "image"} and not (
        record_by == "dont-care" and 1 in {depth, height * width}
    ):
        message = f"{name} does not say whether channels or positions lie together: record-by is {record_by}."
        raise refuse("ripple_header_unreadable", message, "Write vector or image as record-by in it.")
    offset = _read_count(keywords, "offset", name, least=0) if "offset" in keywords else 0
    return RippleHeader(height, width, depth, offset, np.dtype(dtype), record_by, keywords)


def _read_count(keywords: Mapping[str, str], key: str, name: str, *, least: int) -> int:
    text = keywords[key]
    if not text.isascii() or not text.isdecimal() or not least <= int(text[:20]) <= _LONGEST:
        raise refuse(
            "ripple_header_unreadable", f"{name} says {key} {text[:40]}, which is no count.", UPLOAD_AGAIN
        )
    return int(text)
