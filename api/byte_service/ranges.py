"""Which bytes a request wants (RFC 9110, sections 13 and 14). Pure."""

import re
from dataclasses import dataclass

_RANGE = re.compile(r"^bytes=\s*([0-9]{0,99})\s*-\s*([0-9]{0,99})\s*$", re.IGNORECASE)


class UnsatisfiableRangeError(Exception):
    """The range lies beyond the end."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes `start` up to, not including, `stop`."""

    start: int
    stop: int


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """Return the single range that is asked for; `None` means the whole: no, several or a meaningless range.

    Raises
    ------
    UnsatisfiableRangeError
        The range starts beyond the end, or asks for the last 0 bytes.
    """
    match = _RANGE.match(header) if header else None
    if match is None:
        return None
    first, last = match[1], match[2]
    if not first and not last:
        return None
    if not first:
        length = int(last)
        if length == 0 or size == 0:
            raise UnsatisfiableRangeError
        return ByteRange(max(0, size - length), size)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteRange(start, min(int(last) + 1, size) if last else size)


def is_listed(etag: str, header: str | None) -> bool:
    """Return whether an If-None-Match header names the ETag."""
    if header is None:
        return False
    if header.strip() == "*":
        return True
    return any(candidate.strip().removeprefix("W/") == etag for candidate in header.split(","))


def is_range_valid(etag: str, if_range: str | None) -> bool:
    """Return whether the range still belongs to the bytes that the client has; dates never match, digests do."""
    return if_range is None or if_range.strip() == etag
