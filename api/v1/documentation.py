"""What the OpenAPI document says in several places."""

from http import HTTPStatus
from typing import Any

from drf_spectacular.utils import OpenApiParameter, OpenApiResponse

from api.v1.shapes import ProblemShape, RevisionConflictShape

_MEANINGS = {
    400: "The request cannot be understood.",
    401: "An account is needed.",
    403: "This account or token may not do that.",
    404: "There is nothing here for you.",
    409: "The state does not allow it.",
    410: "It is gone for good.",
    412: "Somebody else changed it first.",
    413: "Too large, or the quota is used up.",
    415: "The body must be JSON.",
    422: "The content cannot be accepted as it stands; `findings` say why.",
    429: "Too many requests; wait as long as Retry-After says.",
}


def problems(*statuses: int) -> dict[Any, Any]:
    """Return the problem documents that an address may answer; whatever reads a body may find it too large."""
    too_large = {413} if HTTPStatus.UNSUPPORTED_MEDIA_TYPE in statuses else set()
    return {
        (status, "application/problem+json"): OpenApiResponse(ProblemShape, description=_MEANINGS[status])
        for status in sorted({*statuses, *too_large, 429})
    }


REVISION_CONFLICT: dict[Any, Any] = {
    (412, "application/problem+json"): OpenApiResponse(RevisionConflictShape, description=_MEANINGS[412])
}
IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The ETag that the change was made on. Without it the change is made on what is there.",
)
CURSOR = OpenApiParameter("cursor", str, description="Where the last page ended; from `next`.")
PAGE_SIZE = OpenApiParameter("page_size", int, description="Results per page, 1 to 200.")
