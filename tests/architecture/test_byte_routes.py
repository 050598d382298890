"""A byte route is one file: nothing else in the code knows its address, and tables of addresses are made from it."""

import re

from api.byte_service.declaration import ByteRoute
from api.byte_service.routes import list_byte_routes
from project.environment import CHECKOUT

ROOMS = ("project", "repository", "ingest", "processing", "api", "frontend", "tools")
# The addresses to which we link stand where links are made, and the routes take them from there.
LINKS = "repository/selectors/addresses.py"
EXPORT_LINKS = "repository/exports/declaration.py"
# Which existing code files somebody edits who adds a byte route. It was eight.
FILES_TO_EDIT = 0


def list_spellings(route: ByteRoute) -> re.Pattern[str]:
    """Return what finds a route's name or its address, however the words in it are filled in."""
    words = re.sub(r"\\{\w+\\}", r"[^/\\s\"']+", re.escape(route.path))
    names = "|".join(re.escape(operation.name) for operation in route.operations)
    return re.compile(rf"""["']({names})["']|["']{words}/?["']""")


def test_adding_a_byte_route_edits_no_file_of_the_code() -> None:
    spellings = [list_spellings(route) for route in list_byte_routes()]
    named = {
        name
        for room in ROOMS
        for file in (CHECKOUT / room).rglob("*.py")
        if not (name := str(file.relative_to(CHECKOUT))).startswith("api/byte_routes/")
        and name not in {LINKS, EXPORT_LINKS}
        and any(spelling.search(file.read_text(encoding="utf-8")) for spelling in spellings)
    }
    assert len(named) == FILES_TO_EDIT, named


def test_the_addresses_that_links_lead_to_are_those_of_routes() -> None:
    """`f"{addresses.ARRAY}/{{key}}"` is the only one that goes on behind its link."""
    text = (CHECKOUT / LINKS).read_text(encoding="utf-8")
    linked = set(re.findall(r'^[A-Z_]+ = "(/api/v1/\S+)"$', text, re.MULTILINE))
    assert len(linked) >= 7
    known = {route.path for route in list_byte_routes()}
    assert {path for path in linked if path not in known and f"{path}/{{key}}" not in known} == set()
