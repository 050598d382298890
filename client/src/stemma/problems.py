"""From an HTTP answer that says no to the error that is raised here."""

import json
from typing import Any

import httpx

from stemma.errors import (
    ConflictError,
    DamagedFileError,
    JsonObject,
    NotFoundError,
    NotReadyError,
    PermissionRefusedError,
    RefusedError,
    ServerUnreachableError,
    StemmaError,
    ValidationRefusedError,
)
from stemma.proxies import name_via
from stemma.retrying import AWAY_STATUSES, read_retry_after

# The server knows that what it stored is not good any more: to ask again is of no use.
DAMAGED_ON_SERVER = "damaged"
_BY_STATUS: dict[int, type[StemmaError]] = {
    401: PermissionRefusedError,
    403: PermissionRefusedError,
    404: NotFoundError,
    409: ConflictError,
    412: ConflictError,
    422: ValidationRefusedError,
    423: ConflictError,
}
_HINTS = {
    401: "Log in with `stemma login`, or set STEMMA_TOKEN to a valid token.",
    404: "Check the id and the server; a draft is visible only to its own people.",
    412: "Read it again and repeat the change.",
}


def build_error(response: httpx.Response) -> StemmaError:
    """Return the error for a response that has been read and is not a success."""
    problem = read_problem(response)
    status = response.status_code
    findings = [finding for finding in problem.get("findings") or () if isinstance(finding, dict)]
    error_class = _choose_class(status, code=str(problem.get("code", "")), has_findings=bool(findings))
    error = error_class(
        str(problem.get("detail") or problem.get("title") or _describe(response)),
        code=str(problem.get("code") or ""),
        hint=str(problem.get("hint") or _HINTS.get(status, "")),
        status=status,
        pointer=str(problem.get("pointer") or ""),
        findings=findings,
        more={"upload": problem["upload"]} if problem.get("upload") else None,
    )
    if isinstance(error, NotReadyError):
        error.retry_after = read_retry_after(response)
    return error


def read_problem(response: httpx.Response) -> JsonObject:
    """Return the problem document of a response, or an empty one where the body is something else."""
    if "json" not in response.headers.get("Content-Type", ""):
        return {}
    try:
        body: Any = response.json()
    except (json.JSONDecodeError, UnicodeDecodeError):
        return {}
    return body if isinstance(body, dict) else {}


def _choose_class(status: int, *, code: str, has_findings: bool) -> type[StemmaError]:
    if code == NotReadyError.default_code:
        return NotReadyError
    if code == DAMAGED_ON_SERVER:
        return DamagedFileError
    if has_findings and status in {400, 409, 422}:
        return ValidationRefusedError
    if status in AWAY_STATUSES or status >= httpx.codes.INTERNAL_SERVER_ERROR:
        return ServerUnreachableError
    return _BY_STATUS.get(status, RefusedError)


def _describe(response: httpx.Response) -> str:
    asked = f"{response.request.method} {response.request.url.path}"
    via = name_via(response.request)
    return f"{asked}{via} was answered with {response.status_code} {response.reason_phrase}."
