"""What a byte route is: address, methods, who may, media types, documentation and answer, in one object.

Routes of Starlette, what goes on to Django, the OpenAPI document, the headers of cross-origin sharing and the table of
permissions are made from these.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from api.byte_service.answers import Endpoint
from api.byte_service.audiences import Audience

Method = Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
Place = Literal["path", "header", "query"]

_PATH = re.compile(r"/api/v1(/([A-Za-z0-9_.-]+|\{[a-z_]+\}))+")
_WORD = re.compile(r"\{([a-z_]+)\}")
_MEDIA_TYPE = re.compile(r"[a-z*]+/[a-z0-9.+*-]+")


class BrokenByteRouteError(ValueError):
    """A declaration lacks a part or contradicts itself; the sentence says which and where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """Something that a request says.

    Attributes
    ----------
    schema
        JSON Schema of the value.
    holds_slashes
        It is the rest of the path.
    component
        Its name among the components of the OpenAPI document, where several routes share it.
    example
        A value with which the address can be tried; needed for what only one route has.
    """

    name: str
    place: Place = "path"
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    description: str = ""
    is_required: bool = True
    holds_slashes: bool = False
    component: str = ""
    example: str = ""

    @property
    def in_starlette(self) -> str:
        """Return the word as Starlette's paths are written."""
        kind = ":path" if self.holds_slashes else ":int" if self.schema["type"] == "integer" else ""
        return f"{{{self.name}{kind}}}"


@dataclass(frozen=True, slots=True)
class Reply:
    """One status of success.

    Attributes
    ----------
    headers
        JSON Schema of each header that belongs to it.
    has_body
        It sends one of the operation's media types.
    """

    status: int
    description: str
    headers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    has_body: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What an address answers to one method; HEAD is answered wherever GET is.

    Attributes
    ----------
    name
        `operationId` in the OpenAPI document; unique.
    media_types
        Of the bodies that it sends; `*/*` where files are sent as what they were uploaded.
    takes
        Media type of the body that it receives.
    parameters
        Headers and query; what stands in the path belongs to the route.
    """

    method: Method
    name: str
    description: str
    who_may: Audience[Any]
    media_types: tuple[str, ...]
    replies: tuple[Reply, ...]
    answer: Endpoint
    parameters: tuple[Parameter, ...] = ()
    takes: str = ""

    def list_problems(self) -> Iterator[str]:
        """Yield what is wrong, as the end of a sentence about the operation."""
        if not getattr(self.who_may, "name", ""):
            yield "does not say who may"
        if not (self.name and self.description):
            yield "has no documentation: it needs a name and a description"
        if not self.replies or not all(reply.description for reply in self.replies):
            yield "does not say with which status it succeeds"
        sends = self.method == "GET" or any(reply.has_body for reply in self.replies)
        if sends and not self.media_types:
            yield "names no media type"
        if bool(self.media_types) != any(reply.has_body for reply in self.replies):
            yield "has media types, or replies with a body, without the other"
        if not all(map(_MEDIA_TYPE.fullmatch, (*self.media_types, self.takes or "*/*"))):
            yield "names something that is no media type"
        if any(parameter.place == "path" for parameter in self.parameters):
            yield "has a parameter of the path; that belongs to the route"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRoute:
    """An address that sends or receives bytes beside Django.

    Attributes
    ----------
    path
        As in the OpenAPI document; with and without the last slash it is the same address.
    tag
        Chapter of the OpenAPI document.
    parameters
        One for each word in the path.
    headers
        Of every answer, refusals included.
    is_shared
        Django answers the other methods of this address; elsewhere they are refused.
    """

    path: str
    tag: str
    operations: tuple[Operation, ...]
    parameters: tuple[Parameter, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    is_shared: bool = False

    def __post_init__(self) -> None:
        for problem in self._list_problems():
            raise BrokenByteRouteError(problem)

    @property
    def shape(self) -> str:
        """Return the path without the names of its words: two routes of one shape answer the same addresses."""
        return _WORD.sub("{}", self.path)

    @property
    def ends_open(self) -> bool:
        """Whether the last word holds slashes."""
        return any(parameter.holds_slashes for parameter in self.parameters)

    @property
    def methods(self) -> tuple[str, ...]:
        """Return what is answered here, HEAD included."""
        named = [operation.method for operation in self.operations]
        return (*named, "HEAD") if "GET" in named and "HEAD" not in named else tuple(named)

    @property
    def in_starlette(self) -> str:
        """Return the path as Starlette's are written."""
        words = {parameter.name: parameter.in_starlette for parameter in self.parameters}
        return _WORD.sub(lambda found: words[found[1]], self.path)

    def list_all_parameters(self) -> Iterator[Parameter]:
        """Yield what any of its requests may say."""
        yield from self.parameters
        for operation in self.operations:
            yield from operation.parameters

    def _list_problems(self) -> Iterator[str]:
        if not _PATH.fullmatch(self.path):
            yield f"the path {self.path!r} is not written as /api/v1/…, with words in braces"
        if not self.operations:
            yield f"{self.path} answers no method"
        if not self.tag:
            yield f"{self.path} has no documentation: it needs a tag"
        yield from self._list_problems_of_words()
        methods = [operation.method for operation in self.operations]
        if len(set(methods)) < len(methods):
            yield f"{self.path} answers a method twice"
        for operation in self.operations:
            for problem in operation.list_problems():
                yield f"{operation.method} {self.path} {problem}"

    def _list_problems_of_words(self) -> Iterator[str]:
        words = _WORD.findall(self.path)
        if words != [parameter.name for parameter in self.parameters]:
            yield f"{self.path} has not one parameter for each word in its path, in their order"
        if any(parameter.holds_slashes for parameter in self.parameters[:-1]):
            yield f"{self.path} has a word that holds slashes before its end"
        for parameter in self.list_all_parameters():
            if not (parameter.component or parameter.example):
                yield f"{self.path} has no example for {parameter.name}"
