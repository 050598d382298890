"""The questions of the permission matrix as lines: read from a table, or made from the byte routes themselves."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from api.byte_service.declaration import ByteRoute, Operation
from api.byte_service.routes import list_byte_routes
from tests.api.worlds import STATES

ROLES = {
    "str": "stranger",
    "oth": "other",
    "own": "owner",
    "co": "co-owner",
    "vie": "viewer",
    "edi": "editor",
    "cur": "curator",
    "adm": "admin",
    "rea": "reader",
    "exp": "expired",
}
STATE_OF = {state[0]: state for state in STATES}

# What the audience of a byte route gets, by method and state (letters and columns as in the matrix): a new route of an
# audience that is here needs no line. `ok` is a status with which the operation says that it succeeds.
AUDIENCES = """
method audience                state str oth own co  vie edi cur adm rea exp
OPTIONS anybody                *     ok  ok  ok  ok  ok  ok  ok  ok  ok  ok
GET    readers-of-a-draft      *     404 404 ok  ok  ok  ok  ok  ok  ok  401
GET    readers-of-a-version    dr    404 404 404 404 404 404 404 404 404 401
GET    readers-of-a-version    o     ok  ok  ok  ok  ok  ok  ok  ok  ok  401
GET    readers-of-a-version    e     403 403 ok  ok  ok  ok  ok  ok  ok  401
GET    readers-of-a-version    w     410 410 410 410 410 410 410 410 410 401
GET    readers-of-a-measurement dr   404 404 ok  ok  ok  ok  ok  ok  ok  401
GET    readers-of-a-measurement o    ok  ok  ok  ok  ok  ok  ok  ok  ok  401
GET    readers-of-a-measurement e    403 403 ok  ok  ok  ok  ok  ok  ok  401
GET    readers-of-a-measurement w    410 410 410 410 410 410 410 410 410 401
GET    readers-of-an-export    *     404 404 404 404 404 404 404 404 404 401
POST   editors-of-a-draft      dr    404 404 ok  ok  403 ok  403 ok  403 401
POST   editors-of-a-draft      oew   404 404 409 409 403 409 403 409 403 401
HEAD   senders-of-an-upload    *     404 404 ok  ok  403 ok  403 ok  403 401
PATCH  senders-of-an-upload    d     404 404 ok  ok  403 ok  403 ok  403 401
PATCH  senders-of-an-upload    roew  404 404 404 404 403 404 403 404 403 401
DELETE senders-of-an-upload    d     404 404 ok  ok  403 ok  403 ok  403 401
DELETE senders-of-an-upload    roew  404 404 410 410 403 410 403 410 403 401
"""
# No export of a measurement is there by itself: the lines of each are made from its kind.
KEPT_AUDIENCES = {"readers of a version", "readers of a measurement"}
"""What strangers and shared caches may keep of what these get, once it is published."""


@dataclass(frozen=True, slots=True)
class Line:
    """One question of the matrix with its expected answers.

    Attributes
    ----------
    audience, media_types
        As a byte route declares them.
    words, headers, query
        With which a byte route can be asked, beyond what every deposit has.
    """

    method: str
    route: str
    states: tuple[str, ...]
    expected: dict[str, frozenset[int]]
    audience: str = ""
    media_types: tuple[str, ...] = ()
    words: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)


def read_table(text: str) -> list[Line]:
    """Return the lines of a table."""
    return [
        Line(
            method,
            route,
            states,
            {role: frozenset({int(status)}) for role, status in statuses.items()},
        )
        for method, route, states, statuses in _read_rows(text)
    ]


def _read_rows(text: str) -> Iterator[tuple[str, str, tuple[str, ...], dict[str, str]]]:
    head, *rows = (line.split() for line in text.strip().splitlines())
    roles = [ROLES[column] for column in head[3:]]
    for method, subject, states, *statuses in rows:
        named = STATES if states == "*" else tuple(STATE_OF[letter] for letter in states)
        yield method, subject, named, dict(zip(roles, statuses, strict=True))


def list_byte_lines() -> list[Line]:
    """Return the lines of every byte route that there is now."""
    return [
        line
        for route in list_byte_routes()
        for operation in route.operations
        for line in build_lines(route, operation)
    ]


def build_lines(route: ByteRoute, operation: Operation) -> Iterator[Line]:
    """Yield the lines of an operation, one for each row of its audience."""
    success = frozenset(reply.status for reply in operation.replies if reply.status < 300)
    examples = {
        place: {each.name: each.example for each in route.list_all_parameters() if each.place == place}
        for place in ("path", "header", "query")
    }
    for method, audience, states, statuses in _read_rows(AUDIENCES):
        name = audience.replace("-", " ")
        if (method, name) != (operation.method, operation.who_may.name):
            continue
        yield Line(
            method,
            route.path,
            states,
            {role: success if said == "ok" else frozenset({int(said)}) for role, said in statuses.items()},
            audience=name,
            media_types=operation.media_types,
            words={key: value for key, value in examples["path"].items() if value},
            headers={key: value for key, value in examples["header"].items() if value},
            query=examples["query"],
        )
