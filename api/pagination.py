from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

DEFAULT_SIZE = 20
LARGEST_SIZE = 200
MOST_DIGITS = 9


def read_page_size(request: Request) -> int:
    """Return how many results the client wants."""
    text = request.query_params.get("page_size", str(DEFAULT_SIZE))
    if (
        not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS)
        or not 1 <= int(text) <= LARGEST_SIZE
    ):
        raise ValidationError({"page_size": [f"A whole number from 1 to {LARGEST_SIZE}."]})
    return int(text)


def read_cursor(request: Request) -> tuple[str, str] | None:
    """Return time and id of the entry where the last page ended; `None` for the first page."""
    text = request.query_params.get("cursor")
    if not text:
        return None
    try:
        moment_text, last_id = urlsafe_b64decode(text.encode("ascii")).decode("utf-8").split("\x1f")
        moment = parse_datetime(moment_text)
    except ValueError:
        moment, last_id = None, ""
    if moment is None or moment.tzinfo is None or not last_id.isprintable():
        raise ValidationError(
            {"cursor": ["This cursor was not given out by this server. Start without one."]}
        )
    return moment.isoformat(), last_id


def build_cursor(parts: Sequence[Any]) -> str:
    """Return the cursor that continues after these values."""
    return urlsafe_b64encode("\x1f".join(str(part) for part in parts).encode()).decode("ascii")


def next_address(request: Request, cursor: str | None) -> str | None:
    """Return the absolute address of the next page."""
    if cursor is None:
        return None
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")
