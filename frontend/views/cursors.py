"""Where the next page of a list begins, as an opaque text in the address."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

from django.http import HttpRequest
from django.utils.dateparse import parse_datetime

_PARTS = 2


def read_cursor(request: HttpRequest) -> tuple[str, str] | None:
    """Return (time, id) of the last entry seen; `None` for the first page and for what is no cursor."""
    try:
        text = urlsafe_b64decode(request.GET.get("cursor", "").encode("ascii")).decode("utf-8")
        parts = text.split("\x1f")
        moment = parse_datetime(parts[0])
    except ValueError:
        return None
    if moment is None or moment.tzinfo is None or len(parts) != _PARTS or "\x00" in text:
        return None
    return parts[0], parts[1]


def next_address(request: HttpRequest, after: tuple[str, str] | None) -> str | None:
    """Return the address of the next page; `None` on the last one."""
    if after is None:
        return None
    query = request.GET.copy()
    query["cursor"] = urlsafe_b64encode("\x1f".join(after).encode()).decode("ascii")
    return f"{request.path}?{query.urlencode()}"
