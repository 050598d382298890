"""Every refusal as an RFC 9457 problem document: what, where, why, what to do."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import structlog
from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from api.turns import NoTurnError
from repository import errors
from repository.schema.findings import Finding
from repository.schema.plain_text import hide_internals
from repository.services.disk import RETRY_AFTER_S, explain_fault
from repository.services.storage import ObjectStoreUnavailableError

log = structlog.get_logger(__name__)
CONTENT_TYPE = "application/problem+json"
OUTAGES = (OperationalError, InterfaceError, ObjectStoreUnavailableError, NoTurnError)
"""A neighbour is away, or there is too much to do: it passes, and the visitor is told when to come back."""
RETRY_AFTER = {"Retry-After": "3"}

STATUS: Mapping[type[errors.RepositoryError], HTTPStatus] = {
    errors.NotFoundError: HTTPStatus.NOT_FOUND,
    errors.PermissionRefusedError: HTTPStatus.FORBIDDEN,
    errors.StateConflictError: HTTPStatus.CONFLICT,
    errors.ReductionRefusedError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.ExportTooLargeError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.PathTakenError: HTTPStatus.CONFLICT,
    errors.RevisionConflictError: HTTPStatus.PRECONDITION_FAILED,
    errors.NotPublishableError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidMetadataError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RevisionNeedsVersionError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.RevisionChangesNothingError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.InvalidPathError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.DigestMismatchError: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.FileTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.QuotaExceededError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.UploadGoneError: HTTPStatus.GONE,
    errors.DiskFullError: HTTPStatus.INSUFFICIENT_STORAGE,
    errors.StorageRefusedError: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.WithdrawnError: HTTPStatus.GONE,
    # Not 404 or 410, which array readers take for a chunk of fill values; not 503: waiting does not help.
    errors.DamagedError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.UnknownSearchFilterError: HTTPStatus.BAD_REQUEST,
    errors.LimitExceededError: HTTPStatus.TOO_MANY_REQUESTS,
}


def status_of(refusal: errors.RepositoryError) -> HTTPStatus:
    """Return the status of a refusal, by the nearest class that has one."""
    for kind in type(refusal).__mro__:
        if kind in STATUS:
            return STATUS[kind]
    return HTTPStatus.BAD_REQUEST


def build_problem(
    *,
    status: int,
    code: str,
    detail: str,
    hint: str = "",
    pointer: str = "",
    findings: tuple[Finding, ...] = (),
) -> dict[str, Any]:
    """Return the problem document."""
    problem: dict[str, Any] = {
        "type": f"urn:stemma:problem:{code}",
        "title": HTTPStatus(status).phrase,
        "status": int(status),
        "code": code,
        "detail": hide_internals(detail),
        "hint": hide_internals(hint),
    }
    if pointer:
        problem["pointer"] = pointer
    if findings:
        problem["findings"] = [_describe_finding(finding) for finding in findings]
    return problem


def _describe_finding(finding: Finding) -> dict[str, Any]:
    described = finding.as_dict()
    for part in (described, *described.get("where", ())):
        part.update({name: hide_internals(part[name]) for name in ("message", "hint", "why") if name in part})
    return described


def describe_refusal(refusal: errors.RepositoryError) -> dict[str, Any]:
    """Return the problem document of a refusal of the domain."""
    problem = build_problem(
        status=status_of(refusal),
        code=refusal.code,
        detail=refusal.message,
        hint=refusal.hint,
        pointer=refusal.pointer,
        findings=refusal.findings,
    ) | {name: hide_internals(text) for name, text in refusal.details.items()}
    if isinstance(refusal, errors.RevisionConflictError):
        etag = build_etag(refusal.current["revision"])
        problem["current"] = {"etag": etag, **refusal.current}
        problem["changes"] = list(refusal.changes)
        problem["changes_are_all"] = refusal.is_all
    return problem


def build_etag(revision: int) -> str:
    """Return the ETag of a deposit's state."""
    return f'"r{revision}"'


def advise_retry(refusal: errors.RepositoryError) -> dict[str, str]:
    """Return the header that says when to ask again, for refusals that pass."""
    if isinstance(refusal, errors.StorageRefusedError):
        return {"Retry-After": str(RETRY_AFTER_S)}
    if isinstance(refusal, errors.QuotaExceededError) and refusal.retry_after_s is not None:
        return {"Retry-After": str(refusal.retry_after_s)}
    if isinstance(refusal, errors.LimitExceededError):
        return {"Retry-After": str(refusal.wait_s)}
    return {"Retry-After": "5"} if isinstance(refusal, errors.DepositBusyError) else {}


def answer_problem(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Turn what a view raised into a problem document; `None` leaves a fault to the server's own page."""
    del context
    refusal = error if isinstance(error, errors.RepositoryError) else explain_fault(error)
    if refusal is not None:
        set_rollback()
        problem = describe_refusal(refusal)
        return _answer(problem, advise_retry(refusal))
    if isinstance(error, RequestDataTooBig):
        set_rollback()
        return _answer(describe_too_large())
    if isinstance(error, DataError):
        set_rollback()
        return _answer(describe_unstorable(error))
    if isinstance(error, OUTAGES):
        set_rollback()
        return _answer(describe_outage(error), RETRY_AFTER)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if isinstance(error, exceptions.APIException):
        set_rollback()
        return _answer_api_exception(error)
    return None


def describe_unstorable(fault: DataError) -> dict[str, Any]:
    """Return the problem document for a value that no row can hold."""
    log.warning("unstorable", reason=str(fault))
    return build_problem(
        status=400,
        code="invalid",
        detail="The request holds a character or a number that cannot be stored.",
        hint="Leave out NUL characters and numbers beyond 64 bits.",
    )


def describe_too_large() -> dict[str, Any]:
    """Return the problem document for a body that is larger than any document of metadata is."""
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return build_problem(
        status=413,
        code="body_too_large",
        detail=f"The body of the request is larger than {most:,} bytes.",
        hint="Split the change into several requests; the bytes of files are uploaded by tus.",
    )


def describe_outage(fault: BaseException) -> dict[str, Any]:
    """Return the problem document for a part that is away or for a server with too much to do; send RETRY_AFTER too."""
    if isinstance(fault, NoTurnError):
        code, detail = (
            "busy",
            "The server has more to do than it can; this request waited for its turn in vain.",
        )
    elif isinstance(fault, ObjectStoreUnavailableError):
        code, detail = "object_store_away", "The store of the files does not answer just now."
    else:
        code, detail = "database_away", "The database does not answer just now."
    log.warning(code, reason=str(fault).strip())
    hint = "Try again in a few seconds; nothing that arrived is lost."
    return build_problem(status=503, code=code, detail=detail, hint=hint)


def _answer(problem: dict[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    return Response(problem, status=problem["status"], headers=dict(headers or {}), content_type=CONTENT_TYPE)


def _answer_api_exception(error: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if isinstance(error, exceptions.AuthenticationFailed | exceptions.NotAuthenticated):
        error.status_code = HTTPStatus.UNAUTHORIZED
        headers["WWW-Authenticate"] = "Token"
    pointer, detail = _first_detail(error.detail)
    problem = build_problem(
        status=error.status_code,
        code=_code_of(error),
        detail=detail,
        hint=_HINTS.get(int(error.status_code), ""),
        pointer=pointer,
    )
    return Response(problem, status=error.status_code, headers=headers, content_type=CONTENT_TYPE)


_HINTS = {
    400: "Compare the request with the documentation at /api/v1/docs.",
    401: "Send `Authorization: Token <token>`; tokens are made on the tokens page.",
    405: "The documentation at /api/v1/docs lists what this address answers.",
    415: "Send `Content-Type: application/json`.",
}


def _code_of(error: exceptions.APIException) -> str:
    return "invalid" if isinstance(error, exceptions.ValidationError) else str(error.default_code)


def _first_detail(detail: Any, pointer: str = "") -> tuple[str, str]:
    """Return the first message in DRF's nested details and the JSON pointer to it."""
    if isinstance(detail, Mapping) and detail:
        key, inner = next(iter(detail.items()))
        step = "" if key == "non_field_errors" else f"/{key}"
        return _first_detail(inner, pointer + step)
    if isinstance(detail, list) and detail:
        for position, inner in enumerate(detail):
            if inner:
                step = f"/{position}" if isinstance(inner, Mapping) else ""
                return _first_detail(inner, pointer + step)
    return pointer, str(detail)
