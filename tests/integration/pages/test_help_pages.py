"""Help in the running house: guides, fields, and the search of both."""

import html
import re
from typing import Any
from urllib.parse import urlsplit

import pytest

from frontend.presentation.field_help import list_field_groups, locate_field
from frontend.presentation.guides import GUIDES
from repository.schema.questions.fields import load_catalogue

pytestmark = pytest.mark.django_db

PAGES = ["/help", *(f"/help/{guide.slug}" for guide in GUIDES)]
PAGES += [f"/help/fields/{group.name}" for group in list_field_groups()]


def read(client: Any, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, address
    text: str = answer.content.decode()
    return text


@pytest.mark.parametrize("address", PAGES)
def test_every_page_of_the_help_stands_without_asking_the_database(
    client: Any, address: str, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        text = read(client, address)
    assert text.count("<h1") == 1
    assert "style=" not in text
    assert "<!--" not in text
    assert "&lt;!--" not in text
    assert client.get(address)["Cache-Control"] == "public, no-cache"


@pytest.mark.parametrize("address", PAGES)
def test_every_link_of_the_help_leads_somewhere(client: Any, address: str) -> None:
    """Also those from guide to guide, which are links between files in the checkout."""
    pages: dict[str, str] = {address: read(client, address)}
    for target in set(re.findall(r'<a href="([^"]+)"', pages[address])):
        path, anchor = (
            urlsplit(html.unescape(target)).path or address,
            urlsplit(html.unescape(target)).fragment,
        )
        if "://" in target or not path.startswith(("/help", "/docs")):
            continue
        assert not path.endswith(".md"), target
        if path not in pages:
            pages[path] = read(client, path)
        assert not anchor or f'id="{html.escape(anchor)}"' in pages[path], target


def test_a_field_says_what_why_unit_range_example_and_where_files_hide_it(client: Any) -> None:
    page = read(client, "/help/fields/beam")
    start = page.index('<section id="acceleration_voltage"')
    field = html.unescape(page[start : page.index("</section>", start)])
    described = load_catalogue().measurement["acceleration_voltage"]
    assert described.description in field
    assert "The wavelength, and with it every angle and length in reciprocal space, follows from it." in field
    for unit in described.units:
        assert unit in field[field.index("<dt>Answer") : field.index("<dt>Example")]
    assert "<code>200 kV</code>" in field
    assert "T.Microscope Info.Voltage (V)" in field.replace("</code>", "")
    assert "Required" in field
    assert "(if electrons were used)" in field


def test_every_field_is_found_by_its_name_and_says_enough(client: Any) -> None:
    groups = [group for group in list_field_groups() if group.name != "dataset"]
    described = {field.path: field for group in groups for field in group.fields}
    paths = [path for path in load_catalogue().measurement if path != "looked_for"]
    assert len(paths) > 150
    for path in paths:
        address = locate_field(path)
        assert address is not None, path
        assert described[path].why, path
    assert locate_field("looked_for") is None
    answer = client.get("/help/field/annular_detectors[].inner_angle")
    assert (answer.status_code, answer["Location"]) == (
        302,
        "/help/fields/detector#annular_detectors[].inner_angle",
    )


@pytest.mark.parametrize(
    "address", ["/help/nothing", "/help/fields/nothing", "/help/field/nothing", "/help/..%2fx"]
)
def test_what_is_not_there_is_not_there(client: Any, address: str) -> None:
    assert client.get(address).status_code == 404


def test_search_finds_sections_and_fields(client: Any) -> None:
    page = read(client, "/help?q=probe+current")
    assert '<a href="/help/fields/beam#probe_current">' in page
    page = read(client, "/help?q=damaged+bytes")
    assert page.index("/help/operator#damaged-bytes") < page.index("/help/words")


@pytest.mark.parametrize("query", ["no such words anywhere", "<script>alert(1)</script>", "x" * 5000, "((("])
def test_search_that_finds_nothing_says_what_to_do(client: Any, query: str) -> None:
    answer = client.get("/help", {"q": query})
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "Nothing in the help has" in page
    assert "<script>alert" not in page


def test_the_page_without_a_search_says_nothing_of_one(client: Any) -> None:
    for address in ("/help", "/help?q=", "/help?q=%20", "/help?q=%00"):
        assert "Nothing in the help" not in read(client, address)
