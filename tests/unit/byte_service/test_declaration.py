"""A declaration that lacks a part or contradicts itself is refused with a sentence, where it is imported."""

from dataclasses import is_dataclass, replace
from typing import Any, cast, get_origin, get_type_hints

import pytest
from starlette.requests import Request
from starlette.responses import Response

from api.byte_service.audiences import ANYBODY, READERS_OF_VERSION
from api.byte_service.declaration import BrokenByteRouteError, ByteRoute, Operation, Parameter, Reply
from api.byte_service.parameters import DATASET_ID, FILE_PATH, RANGE
from api.byte_service.reading import Reading
from api.byte_service.routes import build_byte_routes, list_byte_routes, require_new


async def answer(_request: Request) -> Response:
    return Response()


SOUND = Operation(
    method="GET",
    name="readToy",
    description="Read a toy.",
    who_may=READERS_OF_VERSION,
    media_types=("image/png",),
    replies=(Reply(200, "The toy.", has_body=True),),
    answer=answer,
)
PATH = "/api/v1/toys/{dataset_id}"


def build(*operations: Operation, **more: Any) -> ByteRoute:
    told: dict[str, Any] = {"path": PATH, "tag": "toys", "parameters": (DATASET_ID,), **more}
    return ByteRoute(operations=operations or (SOUND,), **told)


def test_a_sound_one_answers_with_and_without_the_last_slash_and_refuses_foreign_methods() -> None:
    route = build()
    assert route.methods == ("GET", "HEAD")
    built = [cast("Any", each) for each in build_byte_routes([route])]
    assert [each.path for each in built] == [PATH, f"{PATH}/"] * 2
    assert [each.methods for each in built[:2]] == [{"GET", "HEAD"}] * 2
    assert [each.methods for each in built[2:]] == [None, None]
    shared = build_byte_routes([build(is_shared=True)])
    assert len(shared) == 2


def test_words_become_what_starlette_reads() -> None:
    number = Parameter(name="number", schema={"type": "integer"}, example="1")
    route = build(path=f"{PATH}/v/{{number}}/{{path}}", parameters=(DATASET_ID, number, FILE_PATH))
    assert route.in_starlette == f"{PATH}/v/{{number:int}}/{{path:path}}"
    assert route.ends_open
    assert len(build_byte_routes([route])) == 2, "the rest of a path takes the slash"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"who_may": None}, "GET /api/v1/toys/{dataset_id} does not say who may"),
        ({"name": ""}, "has no documentation: it needs a name and a description"),
        ({"description": ""}, "has no documentation: it needs a name and a description"),
        ({"media_types": ()}, "names no media type"),
        ({"media_types": ("png",)}, "names something that is no media type"),
        ({"takes": "bytes"}, "names something that is no media type"),
        ({"replies": ()}, "does not say with which status it succeeds"),
        ({"replies": (Reply(200, "", has_body=True),)}, "does not say with which status it succeeds"),
        (
            {"replies": (Reply(204, "Nothing."),)},
            "has media types, or replies with a body, without the other",
        ),
        ({"parameters": (DATASET_ID,)}, "has a parameter of the path; that belongs to the route"),
        ({"parameters": (replace(RANGE, component=""),)}, "has no example for Range"),
    ],
)
def test_an_operation_without_a_part_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BrokenByteRouteError) as refused:
        build(replace(SOUND, **change))
    assert sentence in str(refused.value)
    assert PATH in str(refused.value)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"path": "toys/{dataset_id}"}, "is not written as /api/v1/"),
        ({"path": "/api/v1/toys/{dataset_id}/"}, "is not written as /api/v1/"),
        ({"path": "/datasets/{dataset_id}"}, "is not written as /api/v1/"),
        ({"tag": ""}, "has no documentation: it needs a tag"),
        ({"parameters": ()}, "has not one parameter for each word in its path"),
        (
            {"path": "/api/v1/{path}/{dataset_id}", "parameters": (FILE_PATH, DATASET_ID)},
            "has a word that holds slashes before its end",
        ),
    ],
)
def test_a_route_without_a_part_is_refused(change: dict[str, Any], sentence: str) -> None:
    with pytest.raises(BrokenByteRouteError) as refused:
        build(**change)
    assert sentence in str(refused.value)


def test_a_route_that_answers_nothing_or_a_method_twice_is_refused() -> None:
    with pytest.raises(BrokenByteRouteError, match="answers no method"):
        ByteRoute(path=PATH, tag="toys", parameters=(DATASET_ID,), operations=())
    with pytest.raises(BrokenByteRouteError, match="answers a method twice"):
        build(SOUND, replace(SOUND, name="readAgain"))


def test_two_routes_of_one_address_are_refused_whatever_their_words_are_called() -> None:
    other = build(
        replace(SOUND, name="readOther"),
        path="/api/v1/toys/{toy_id}",
        parameters=(Parameter(name="toy_id", example="1"),),
    )
    with pytest.raises(
        BrokenByteRouteError, match=r"/api/v1/toys/\{\} is declared in api/byte_routes/a.py too"
    ):
        require_new([other], {"/api/v1/toys/{}": "api/byte_routes/a.py"})
    with pytest.raises(BrokenByteRouteError, match="is declared in this file too"):
        require_new([build(), other], {})
    describe = replace(SOUND, method="OPTIONS", who_may=ANYBODY)
    with pytest.raises(BrokenByteRouteError, match="readToy is declared in this file too"):
        require_new([build(), build(describe, path="/api/v1/more/{dataset_id}")], {})


def test_what_may_be_large_is_not_remembered() -> None:
    """A decision is kept with what was found: the files of a version may be a hundred thousand."""
    answers = [
        operation.answer
        for route in list_byte_routes()
        for operation in route.operations
        if isinstance(operation.answer, Reading)
    ]
    large = [answer for answer in answers if _holds_many(answer.find)]
    assert large, "the archive of a version"
    assert [answer.name for answer in large if answer.is_remembered] == []
    assert any(answer.is_remembered for answer in answers)


def _holds_many(find: Any) -> bool:
    found = get_type_hints(find).get("return")
    fields = get_type_hints(found) if is_dataclass(found) else {}
    return any(get_origin(kind) in {list, tuple, dict, set, frozenset} for kind in fields.values())
