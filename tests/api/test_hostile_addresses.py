"""An address that leads nowhere is not there, however it is written, on every route that takes a path."""

import pytest

from api.byte_service.routes import list_byte_routes
from tests.api.conftest import WebClient
from tests.api.worlds import World, build_world, gather_people

TAILS = {
    "up": "../x",
    "far up": "../../../../etc/passwd",
    "encoded up": "%2e%2e/%2e%2e/etc/passwd",
    "encoded slash": "..%2f..%2fetc%2fpasswd",
    "backslash": "..%5c..%5cx",
    "NUL": "a%00b",
    "line break": "a%0ab",
    "not UTF-8": "%ff%fe",
    "absolute": "%2fetc%2fpasswd",
    "endless": "a" * 5000,
    "deep": "a/" * 2000,
    "dot": ".",
    "nothing": "",
}
ROUTES = (
    "/static/",
    "/static/assets/",
    "/static/admin/",
    "/api/v1/schemas/stem/1.0.0/",
    "/api/v1/measurements/{measurement_id}/reductions/",
    "/api/v1/uploads/",
    "/datasets/{dataset_id}.",
    "/doi/",
    *(route.path.rpartition("{")[0] for route in list_byte_routes() if route.ends_open),
)


@pytest.fixture
def world(web: WebClient) -> World:
    """Return a published dataset."""
    return build_world("open", gather_people())


def test_no_address_is_a_fault(web: WebClient, world: World) -> None:
    wrong = {}
    for route in ROUTES:
        for name, tail in TAILS.items():
            # httpx joins "..": what the server gets is what stands behind the last of these.
            answer = web.get(route.format(**{**world.words, "number": 1}) + tail.replace("../", "%2e%2e/"))
            if answer.status_code >= 500 or (answer.is_success and tail not in {"", "."}):
                wrong[route, name] = answer.status_code
            assert "/etc/" not in answer.text.replace("/etc/passwd", "")
            assert "Traceback" not in answer.text
    assert wrong == {}


@pytest.mark.parametrize("tail", [tail for name, tail in TAILS.items() if name not in {"dot", "nothing"}])
def test_what_is_no_front_end_file_is_not_there(web: WebClient, transactional_db: None, tail: str) -> None:
    answer = web.get("/static/" + tail.replace("../", "%2e%2e/"))
    assert answer.status_code == 404
    assert answer.headers["cache-control"] == "private, no-store"


def test_front_end_files_may_be_kept(web: WebClient, world: World) -> None:
    assert web.get("/static/logo.svg").headers["cache-control"] == "public, max-age=3600"
    page = web.get("/").text
    hashed = page.split('src="/static/assets/', 1)[1].split('"')[0]
    assert "immutable" in web.get(f"/static/assets/{hashed}").headers["cache-control"]
