"""Routes that read: who asks is decided first, in one place, then what was found is sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from api.byte_service.audiences import Access, Audience, Words
from api.byte_service.decisions import Decision, DecisionCache
from api.byte_service.declaration import Operation, Parameter, Reply
from api.byte_service.parameters import RANGE, STORED_BYTES
from api.byte_service.visitors import Credential, in_database, read_credential

A = TypeVar("A", bound=Access)
F = TypeVar("F")
_decisions: DecisionCache[Any] = DecisionCache()


@dataclass(frozen=True, slots=True)
class Reading(Generic[A, F]):
    """The answer of an address that is read.

    Attributes
    ----------
    find
        Looks up what is behind the words of the path, in that to which the audience let the visitor in. It runs in a
        thread that has a connection, and may read only tables whose writes end decisions (migration 0013).
    send
        Answers with what was found.
    is_remembered
        Decision and find are kept for a moment; not what is large.
    query
        What is taken from the query beside the words of the path.
    """

    name: str
    who_may: Audience[A]
    find: Callable[[A, Words], F]
    send: Callable[[Request, F], Awaitable[Response]]
    is_remembered: bool = True
    query: tuple[str, ...] = ()

    async def __call__(self, request: Request) -> Response:
        """Decide, or remember what was decided, and answer."""
        credential = read_credential(request)
        asked = {name: request.query_params[name] for name in self.query if name in request.query_params}
        decide = partial(self.decide, credential, {**request.path_params, **asked})
        if not self.is_remembered:
            return await self.send(request, (await in_database(decide)).value)
        key = (self.name, credential, request.scope["path"], *asked.items())
        found: Any = _decisions.get(key)
        if found is None:
            found = await in_database(_decisions.remember, key, decide)
        return await self.send(request, found)

    def decide(self, credential: Credential, words: Words) -> Decision[F]:
        """Let the visitor in or refuse; the decision rests on the deposit, and on who asks."""
        asking = self.who_may.recognize(credential)
        access = self.who_may.admit(asking.visitor, words)
        subjects = (f"deposit:{access.deposit_id}", *asking.subjects)
        return Decision(self.find(access, words), subjects, asking.until)


def _name_query(parameters: tuple[Parameter, ...]) -> tuple[str, ...]:
    return tuple(each.name for each in parameters if each.place == "query")


def read_bytes(
    *,
    name: str,
    description: str,
    who_may: Audience[A],
    media_types: tuple[str, ...],
    find: Callable[[A, Words], F],
    send: Callable[[Request, F], Awaitable[Response]],
    replies: tuple[Reply, ...] = STORED_BYTES,
    parameters: tuple[Parameter, ...] = (RANGE,),
    is_remembered: bool = True,
) -> Operation:
    """Return the operation GET of an address; `Reading` says what its parts are."""
    return Operation(
        method="GET",
        name=name,
        description=description,
        who_may=who_may,
        media_types=media_types,
        replies=replies,
        parameters=parameters,
        answer=Reading(name, who_may, find, send, is_remembered, _name_query(parameters)),
    )
