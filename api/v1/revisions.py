"""ETag and If-Match: two editors never overwrite each other unseen."""

import re

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

_REVISION = re.compile(r'^(?:W/)?"?r?(\d{1,9})"?$')


def read_expected_revision(request: Request) -> int | None:
    """Return the revision named by If-Match; `None` where the client does not care."""
    text = request.headers.get("If-Match")
    if text is None or text.strip() == "*":
        return None
    match = _REVISION.match(text.strip())
    if match is None:
        raise ValidationError({"If-Match": ["Send the ETag that the deposit was answered with."]})
    return int(match[1])
