"""Problem documents and common headers of the byte routes."""

from collections.abc import Awaitable, Callable, Collection

import structlog
from django.db import DatabaseError, DataError
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from api.byte_service.visitors import UnknownCredentialError, in_database
from api.errors import (
    CONTENT_TYPE,
    OUTAGES,
    RETRY_AFTER,
    advise_retry,
    build_problem,
    describe_outage,
    describe_refusal,
    describe_unstorable,
)
from api.throttling import count_wrong_token
from repository.errors import RepositoryError
from repository.selectors.byte_objects import ArrayNotReadyError
from repository.services.disk import explain_fault

log = structlog.get_logger(__name__)
Endpoint = Callable[[Request], Awaitable[Response]]


def answering_problems(endpoint: Endpoint) -> Endpoint:
    """Return the endpoint with every refusal turned into a problem document."""

    async def answer(request: Request) -> Response:
        try:
            return await _telling_of_the_disk(_counting_wrong_tokens(endpoint), request)
        except RepositoryError as refusal:
            return _answer_refusal(request, refusal)
        except ClientDisconnect:
            return Response(status_code=499)
        except DataError as fault:
            return _respond(request, describe_unstorable(fault), {})
        except (DatabaseError, *OUTAGES) as fault:
            return _respond(request, describe_outage(fault), RETRY_AFTER)

    return answer


def _counting_wrong_tokens(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except UnknownCredentialError:
            await in_database(count_wrong_token, request.client.host if request.client else "")
            raise

    return answer


async def _telling_of_the_disk(endpoint: Endpoint, request: Request) -> Response:
    """Answer; a disk that is full or read-only is called by its name, whichever part stumbled over it."""
    try:
        return await endpoint(request)
    except (DatabaseError, OSError) as fault:
        refusal = explain_fault(fault)
        if refusal is None:
            raise
        log.warning(refusal.code, path=request.url.path, reason=str(fault))
        raise refusal from fault


class RefusedMethod:
    """Answers the methods that an address does not know; an ASGI application, for a route without a list of them."""

    def __init__(self, allowed: Collection[str]) -> None:
        self._allowed = ", ".join(sorted(allowed))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 405 with what is allowed."""
        request = Request(scope)
        problem = build_problem(
            status=405,
            code="method_not_allowed",
            detail=f"Method {request.method!r} is not allowed here.",
            hint=f"Allowed are {self._allowed}; /api/v1/docs lists what each address answers.",
        )
        await _respond(request, problem, {"Allow": self._allowed})(scope, receive, send)


def _answer_refusal(request: Request, refusal: RepositoryError) -> Response:
    problem = describe_refusal(refusal)
    headers = advise_retry(refusal)
    if isinstance(refusal, ArrayNotReadyError):
        problem |= {"status": 404, "title": "Not Found"}
        headers |= RETRY_AFTER
    elif isinstance(refusal, UnknownCredentialError):
        problem |= {"status": 401, "title": "Unauthorized"}
        headers["WWW-Authenticate"] = "Token"
    return _respond(request, problem, headers)


def _respond(request: Request, problem: dict[str, object], headers: dict[str, str]) -> Response:
    if request.method == "HEAD":
        return Response(status_code=int(str(problem["status"])), headers=headers, media_type=CONTENT_TYPE)
    return JSONResponse(
        problem, status_code=int(str(problem["status"])), headers=headers, media_type=CONTENT_TYPE
    )
