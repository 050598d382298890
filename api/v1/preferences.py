"""What a client prefers (RFC 7240): that what is right in a request is done, and that the answer is short."""

import re

from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

_LENIENT = re.compile(r"""\s*handling\s*=\s*(?:lenient|"lenient")\s*(?:;.*)?""", re.IGNORECASE)
_MINIMAL = re.compile(r"""\s*return\s*=\s*(?:minimal|"minimal")\s*(?:;.*)?""", re.IGNORECASE)
APPLIED = "handling=lenient"
APPLIED_SHORT = "return=minimal"
PREFER = OpenApiParameter(
    "Prefer",
    str,
    OpenApiParameter.HEADER,
    description=(
        "`handling=lenient`: of several answers the right ones are saved, and `outcome` says by JSON pointer what was"
        " saved, what was not, and why. Without it one wrong answer holds all of them back (422). `return=minimal`: of"
        " a deposit, only what a change can have moved, and not all that it holds. Both may be asked for, by a comma."
    ),
)


def is_lenient(request: Request) -> bool:
    """Return whether the client prefers that what is right is done; other preferences are passed over."""
    return _is_preferred(request, _LENIENT)


def is_short(request: Request) -> bool:
    """Return whether the client prefers a short answer."""
    return _is_preferred(request, _MINIMAL)


def _is_preferred(request: Request, preference: re.Pattern[str]) -> bool:
    return any(preference.fullmatch(one) for one in request.headers.get("Prefer", "").split(","))
