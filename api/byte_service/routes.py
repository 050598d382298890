"""The byte routes that there are: every file in `api/byte_routes`. Adding one is adding a file."""

import pkgutil
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import import_module

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from api.byte_service.answers import Endpoint, RefusedMethod, answering_problems
from api.byte_service.declaration import BrokenByteRouteError, ByteRoute, Operation
from api.byte_service.visitors import read_credential, require_same_origin

log = structlog.get_logger(__name__)
PACKAGE = "api.byte_routes"
_MISSING = re.compile(r"missing \d+ required .*arguments?: (.+)$")
_CHANGES = {"POST", "PUT", "PATCH", "DELETE"}


@dataclass(frozen=True, slots=True)
class RouteBook:
    """All byte routes, the more literal addresses first, and a sentence for each file that was set aside."""

    routes: tuple[ByteRoute, ...]
    problems: tuple[str, ...] = ()


@cache
def get_book() -> RouteBook:
    """Return the byte routes of this installation, read once per process."""
    book = read_book()
    for sentence in book.problems:
        log.error("byte_route_set_aside", reason=sentence)
    return book


def list_byte_routes() -> tuple[ByteRoute, ...]:
    """Return all byte routes."""
    return get_book().routes


def read_book() -> RouteBook:
    """Import every file of the folder; one that is broken, or repeats an address, is set aside and the others work."""
    routes: list[ByteRoute] = []
    problems: list[str] = []
    owners: dict[str, str] = {}
    for name in sorted({info.name for info in pkgutil.iter_modules(import_module(PACKAGE).__path__)}):
        file = f"{PACKAGE.replace('.', '/')}/{name}.py"
        try:
            declared = read_file(name)
            require_new(declared, owners)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one file, the others are read
            problems.append(f"{file}: {_explain(error)}")
            continue
        routes += declared
        owners |= {mark: file for route in declared for mark in _list_marks(route)}
    return RouteBook(tuple(sorted(routes, key=_rank)), tuple(problems))


def _explain(error: Exception) -> str:
    """Return what is wrong with a file; a part that Python misses is named without Python's words."""
    missing = _MISSING.search(str(error)) if isinstance(error, TypeError) else None
    return f"it does not say {missing[1]}" if missing else str(error) or type(error).__name__


def read_file(name: str) -> tuple[ByteRoute, ...]:
    """Return the routes that a file declares as `ROUTES`.

    Raises
    ------
    BrokenByteRouteError
        It declares none.
    """
    declared = getattr(import_module(f"{PACKAGE}.{name}"), "ROUTES", None)
    if (
        not isinstance(declared, tuple)
        or not declared
        or not all(isinstance(route, ByteRoute) for route in declared)
    ):
        raise BrokenByteRouteError("it has no ROUTES, a tuple of ByteRoute")
    return declared


def require_new(declared: Sequence[ByteRoute], owners: dict[str, str]) -> None:
    """Refuse an address or a name of the documentation that another file, or the same one, has already.

    Raises
    ------
    BrokenByteRouteError
        With what is there twice, and where.
    """
    seen = dict(owners)
    for route in declared:
        for mark in _list_marks(route):
            if mark in seen:
                raise BrokenByteRouteError(f"{mark} is declared in {seen[mark]} too")
        seen |= dict.fromkeys(_list_marks(route), "this file")


def _list_marks(route: ByteRoute) -> tuple[str, ...]:
    return (route.shape, *(operation.name for operation in route.operations))


def _rank(route: ByteRoute) -> tuple[tuple[int, str], ...]:
    """Order by what stands in the path: a word of its own goes before any word, that before the rest of a path."""
    loose = {f"{{{parameter.name}}}": 1 + parameter.holds_slashes for parameter in route.parameters}
    return tuple((loose.get(part, 0), part) for part in route.path.split("/"))


def build_byte_routes(declared: Iterable[ByteRoute]) -> list[BaseRoute]:
    """Return Starlette's routes; what they do not answer goes on to Django.

    Django knows the other methods of an address that is shared; everywhere else they are refused here.
    """
    routes: list[BaseRoute] = []
    refusing: list[BaseRoute] = []
    for route in declared:
        endpoint = build_endpoint(route)
        refused = RefusedMethod(route.methods)
        path = route.in_starlette
        for address in (path,) if route.ends_open else (path, f"{path}/"):
            routes.append(Route(address, endpoint, methods=list(route.methods), name=route.path))
            if not route.is_shared:
                refusing.append(Route(address, refused))
    return [*routes, *refusing]


def build_endpoint(route: ByteRoute) -> Endpoint:
    """Return what answers all methods of a route."""
    answers: dict[str, Endpoint] = {operation.method: _guard(operation) for operation in route.operations}
    if "GET" in answers:
        answers.setdefault("HEAD", answers["GET"])
    if not route.headers:
        return _choose(answers)
    return _adding(route.headers.items(), _choose(answers))


def _choose(answers: dict[str, Endpoint]) -> Endpoint:
    if len(set(answers.values())) == 1:
        return next(iter(answers.values()))

    async def answer(request: Request) -> Response:
        return await answers[request.method](request)

    return answer


def _adding(headers: Iterable[tuple[str, str]], endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        response = await endpoint(request)
        for name, value in headers:
            response.headers.setdefault(name, value)
        return response

    return answer


def _guard(operation: Operation) -> Endpoint:
    """Return the answer with refusals as problem documents, and no write that a foreign page sends."""
    answer = operation.answer
    return answering_problems(_from_own_pages(answer) if operation.method in _CHANGES else answer)


def _from_own_pages(endpoint: Endpoint) -> Endpoint:
    async def answer(request: Request) -> Response:
        require_same_origin(request, read_credential(request))
        return await endpoint(request)

    return answer
