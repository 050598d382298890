"""A byte route is one file: dropped into the folder it is served, documented, and asked by matrix and walk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from api.byte_service.routes import get_book, list_byte_routes
from project.asgi import build_application
from tests.api.conftest import WebClient, open_client
from tests.api.lines import AUDIENCES, Line, list_byte_lines
from tests.api.test_foreign_reads import FOREIGN, is_allowed
from tests.api.test_permission_matrix import API_LINES, ask_all, fill, list_django_routes
from tests.api.test_walk import build_secrets, find_leaks, list_addresses, list_visitors
from tests.api.worlds import STATES, World, build_world, gather_people
from tests.toy_byte_route import TOY, byte_routes_from

PATH = "/api/v1/measurements/{measurement_id}/signals/{name}/toy-image/{shape}"


@pytest.fixture
def toy(web: WebClient, tmp_path: Path) -> Iterator[WebClient]:
    """Return a client of a web process that began with one file more, beside files that are broken."""
    with (
        pytest.MonkeyPatch.context() as patch,
        byte_routes_from(
            tmp_path / "more",
            patch,
            toy=TOY,
            unasked=TOY.replace("who_may=READERS_OF_MEASUREMENT,", ""),
            untyped=TOY.replace('media_types=("application/vnd.toy+json",),', "media_types=(),"),
            undocumented=TOY.replace('description="Read the image that a toy makes."', 'description=""'),
            broken="ROUTES = 1 / 0\n",
            unreadable="ROUTES = (\n",
            empty="ROUTES = ()\n",
            twin=TOY.replace('"readToyImage"', '"readTwin"')
            .replace("shape}", "form}")
            .replace('Parameter(name="shape"', 'Parameter(name="form"'),
            zip_again=TOY.replace('"readToyImage"', '"downloadArchive"').replace("toy-image", "again"),
        ),
        open_client(build_application()[1]) as client,
    ):
        yield client


def list_toy_lines() -> list[Line]:
    return [line for line in list_byte_lines() if line.route == PATH]


def test_one_file_is_found_and_bad_ones_are_named(toy: WebClient) -> None:
    assert PATH in {route.path for route in list_byte_routes()}
    assert len(list_byte_routes()) == len({line.route for line in API_LINES if line.audience}) + 1
    shape = "/api/v1/measurements/{}/signals/{}/toy-image/{}"
    assert [problem.partition(" (")[0] for problem in get_book().problems] == [
        "api/byte_routes/broken.py: division by zero",
        "api/byte_routes/empty.py: it has no ROUTES, a tuple of ByteRoute",
        f"api/byte_routes/twin.py: {shape} is declared in api/byte_routes/toy.py too",
        "api/byte_routes/unasked.py: it does not say 'who_may'",
        f"api/byte_routes/undocumented.py: GET {PATH} has no documentation: it needs a name and a description",
        "api/byte_routes/unreadable.py: '(' was never closed",
        f"api/byte_routes/untyped.py: GET {PATH} names no media type",
        "api/byte_routes/zip_again.py: downloadArchive is declared in api/byte_routes/archives.py too",
    ]


def test_no_file_of_ours_is_set_aside() -> None:
    assert get_book().problems == ()


@pytest.mark.parametrize("state", STATES)
def test_it_answers_each_role_as_its_audience_is_answered_everywhere(toy: WebClient, state: str) -> None:
    lines = list_toy_lines()
    assert {name for line in lines for name in line.states} == set(STATES)
    assert ask_all(toy, state, lines, by_session=False) == []


def test_it_is_had_by_who_may_and_does_not_exist_for_strangers(toy: WebClient) -> None:
    people = gather_people()
    drafted, embargoed = build_world("draft", people), build_world("embargoed", people)
    line = list_toy_lines()[0]
    owner, other = people.headers["owner"], people.headers["other"]

    def ask(world: World, headers: dict[str, str]) -> tuple[int, str]:
        answer = toy.get(fill(line, world), headers=headers, params=dict(line.query))
        return answer.status_code, answer.json().get("code", "")

    had = toy.get(fill(line, drafted), headers=owner, params=dict(line.query))
    assert had.json() == {"shape": "annulus", "of": "data", "is_public": False, "values": [2.5]}
    assert had.headers["content-type"] == "application/vnd.toy+json"
    assert ask(drafted, other) == ask(drafted, {}) == (404, "not_found")
    assert ask(embargoed, owner) == (200, "")
    assert ask(embargoed, other) == ask(embargoed, {}) == (403, "embargoed")
    refused = toy.request("DELETE", fill(line, drafted), headers=owner)
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET, HEAD")
    slashed = toy.head(f"{fill(line, drafted)}/", headers=owner, params=dict(line.query))
    assert (slashed.status_code, slashed.content) == (200, b"")


def test_it_stands_in_the_documentation(toy: WebClient) -> None:
    described = toy.get("/api/v1/openapi.json").json()["paths"][PATH]["get"]
    assert described["operationId"] == "readToyImage"
    assert described["description"].startswith("Read the image that a toy makes. For everybody once it is")
    assert described["security"] == [{}, {"token": []}]
    assert [
        each.get("name", each.get("$ref", "").rpartition("/")[2]) for each in described["parameters"]
    ] == [
        "MeasurementId",
        "SignalName",
        "shape",
        "inner",
        "Toy-Word",
    ]
    assert list(described["responses"]["200"]["content"]) == ["application/vnd.toy+json"]
    assert "default" in described["responses"]


def test_the_walk_over_all_addresses_goes_there(toy: WebClient) -> None:
    secrets = build_secrets("draft")
    (address,) = (each for each in list_addresses(secrets) if "/toy-image/" in each)
    assert address.endswith("/signals/data/toy-image/annulus?inner=2.5")
    for headers in list_visitors(secrets).values():
        answer = toy.get(address, headers=headers)
        assert answer.status_code in {401, 404}
        assert find_leaks(secrets, address, answer) == []


def test_pages_elsewhere_may_use_its_headers(toy: WebClient) -> None:
    asked = toy.request(
        "OPTIONS",
        PATH.format(measurement_id="a", name="b", shape="c"),
        headers={**FOREIGN, "Access-Control-Request-Method": "GET"},
    )
    allowed = asked.headers["access-control-allow-headers"].split(", ")
    assert {"Toy-Word", "Range", "If-Range", "Tus-Resumable", "Upload-Checksum", "Authorization"} <= set(
        allowed
    )
    told = toy.get("/api/v1/formats/", headers=FOREIGN).headers["access-control-expose-headers"].split(", ")
    assert {"Toy-Rule", "ETag", "Content-Range", "Repr-Digest", "Upload-Offset", "Tus-Max-Size"} <= set(told)
    for names in (allowed, told):
        assert len(names) == len({name.lower() for name in names})


def test_every_audience_of_a_route_stands_in_the_table() -> None:
    """A new kind of people, or a method that they had not before, needs lines that somebody thinks about."""
    asked = {(line.method, line.route) for line in list_byte_lines()}
    for route in list_byte_routes():
        for operation in route.operations:
            assert (operation.method, route.path) in asked, f"{operation.who_may.name}: add it to lines.py"
    used = {
        operation.who_may.name.replace(" ", "-")
        for route in list_byte_routes()
        for operation in route.operations
    }
    assert {row.split()[1] for row in AUDIENCES.strip().splitlines()[1:]} == used


def test_no_byte_route_takes_an_address_from_a_view() -> None:
    views = set(list_django_routes("api.v1.urls", "/api/v1/"))
    for route in list_byte_routes():
        path = route.path.rstrip("/")
        taken = {(method, address) for method, address in views if address.rstrip("/") == path}
        assert bool(taken) == route.is_shared, route.path
        assert not {method for method, _ in taken} & set(route.methods)


CRAWLED = {
    "/api/v1/measurements/{measurement_id}/exports/{ending}",  # those of arrays are excluded one by one
    "/api/v1/datasets/{dataset_id}/files/{path}",
    "/api/v1/datasets/{dataset_id}/versions/{number}/files/{path}",
    "/api/v1/measurements/{measurement_id}/reductions/{product}/data",
    "/api/v1/measurements/{measurement_id}/reductions/{product}/preview.png",
}
"""What exports and landing pages name; of other byte routes search engines would take terabytes home."""


def test_robots_are_kept_from_byte_routes_that_no_export_names(toy: WebClient) -> None:
    robots = toy.get("/robots.txt").text
    world = build_world("open", gather_people())
    followed = {line.route for line in list_byte_lines() if is_allowed(robots, fill(line, world))}
    assert followed == CRAWLED
