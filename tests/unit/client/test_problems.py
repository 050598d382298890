"""Which error an answer is: by what the problem says, else by its status; and what it tells the caller."""

import json
from typing import Any

import httpx
import pytest

from stemma.errors import (
    ConflictError,
    DamagedFileError,
    NotFoundError,
    NotReadyError,
    PermissionRefusedError,
    RefusedError,
    ServerUnreachableError,
    StemmaError,
    ValidationRefusedError,
)
from stemma.problems import build_error, read_problem

REQUEST = httpx.Request("GET", "https://stemma.test/api/v1/datasets/x/")
FINDING = {"severity": "error", "code": "a", "message": "b"}


def respond(status: int, problem: object = None, **headers: str) -> httpx.Response:
    content = b"" if problem is None else json.dumps(problem).encode()
    kind = {} if problem is None else {"Content-Type": "application/problem+json"}
    return httpx.Response(status, content=content, headers={**kind, **headers}, request=REQUEST)


# RFC 9110 and RFC 4918: what each status says, in the words of the client.
BY_STATUS: dict[int, type[StemmaError]] = {
    400: RefusedError, 401: PermissionRefusedError, 403: PermissionRefusedError, 404: NotFoundError,
    405: RefusedError, 406: RefusedError, 409: ConflictError, 410: RefusedError, 412: ConflictError,
    413: RefusedError, 415: RefusedError, 416: RefusedError, 422: ValidationRefusedError, 423: ConflictError,
    428: RefusedError, 429: ServerUnreachableError, 500: ServerUnreachableError, 501: ServerUnreachableError,
    502: ServerUnreachableError, 503: ServerUnreachableError, 504: ServerUnreachableError, 507: ServerUnreachableError,
}  # fmt: skip


@pytest.mark.parametrize(("status", "expected"), BY_STATUS.items())
@pytest.mark.parametrize("problem", [None, {"code": "of_its_own", "detail": "Why."}])
def test_a_status_says_what_it_is(status: int, expected: type[StemmaError], problem: Any) -> None:
    error = build_error(respond(status, problem))
    assert type(error) is expected
    assert error.status == status


@pytest.mark.parametrize("status", [400, 409, 422])
def test_findings_say_that_the_record_is_refused(status: int) -> None:
    error = build_error(respond(status, {"findings": [FINDING, "no finding"]}))
    assert type(error) is ValidationRefusedError
    assert error.findings == [FINDING]
    assert type(build_error(respond(404, {"findings": [FINDING]}))) is NotFoundError


@pytest.mark.parametrize("status", [404, 409, 500, 503])
def test_a_code_says_more_than_a_status(status: int) -> None:
    waiting = build_error(respond(status, {"code": "converting"}, **{"Retry-After": "7"}))
    assert isinstance(waiting, NotReadyError)
    assert waiting.retry_after == 7
    assert type(build_error(respond(status, {"code": "damaged"}))) is DamagedFileError


def test_everything_that_was_said_is_told() -> None:
    said = {
        "title": "No.",
        "detail": "It is too long.",
        "code": "long",
        "hint": "Cut it.",
        "pointer": "/title",
    }
    error = build_error(respond(422, {**said, "upload": {"offset": 3}}))
    assert (str(error), error.code, error.hint, error.pointer) == (
        "It is too long. Cut it.",
        "long",
        "Cut it.",
        "/title",
    )
    assert error.more == {"upload": {"offset": 3}}
    assert str(build_error(respond(422, {"title": "No."}))) == "No."


@pytest.mark.parametrize("status", [401, 404, 412])
def test_what_can_be_done_is_said_where_the_server_does_not(status: int) -> None:
    assert build_error(respond(status)).hint
    assert build_error(respond(status, {"hint": "Do that."})).hint == "Do that."


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("text/html", b'{"detail": "x"}'),
        ("application/json", b"{"),
        ("application/json", b"\xff"),
        ("application/json", b"[1]"),
    ],
)
def test_what_is_no_problem_is_described_by_its_status(kind: str, content: bytes) -> None:
    response = httpx.Response(418, content=content, headers={"Content-Type": kind}, request=REQUEST)
    assert read_problem(response) == {}
    assert str(build_error(response)) == "GET /api/v1/datasets/x/ was answered with 418 I'm a teapot."
