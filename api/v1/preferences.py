"""`Prefer: handling=lenient` (RFC 7240): what is right in a request is done, and what is wrong in it is told."""

import re

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

_LENIENT = re.compile(r"""\s*handling\s*=\s*(?:lenient|"lenient")\s*(?:;.*)?""", re.IGNORECASE)
APPLIED = "handling=lenient"
PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description=(
        "`handling=lenient`: of several answers the right ones are saved, and `outcome` says by JSON pointer what was"
        " saved, what was not, and why. Without it one wrong answer holds all of them back (422)."
    ),
)


def is_lenient(request: Request) -> bool:
    """Return whether the client prefers that what is right is done; other preferences are passed over."""
    return any(_LENIENT.fullmatch(one) for one in request.headers.get("Prefer", "").split(","))
