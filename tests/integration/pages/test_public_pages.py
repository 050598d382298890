import html
import re
from typing import Any

import pytest

from repository.models import Deposit
from repository.schema.quantities.unit_symbols import SYMBOLS
from repository.schema.questions.fields import load_catalogue
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/search",
        "/about",
        "/docs/schema",
        "/docs/recipes",
        "/docs/exports",
        "/accounts/login/",
        "/accounts/signup/",
    ],
)
def test_every_public_page_stands_on_an_empty_archive(client: Any, address: str) -> None:
    page = client.get(address)
    html = page.content.decode()
    assert page.status_code == 200
    assert html.count("<h1") == 1
    assert '<main id="main"' in html
    assert "style=" not in html, "inline styles would need a hole in the content security policy"


def test_addresses_answer_with_and_without_the_last_slash(client: Any) -> None:
    for address in ("/search/", "/about/", "/docs/schema/"):
        assert client.get(address).status_code == 200


def test_an_empty_archive_says_how_to_begin(client: Any) -> None:
    assert "Nothing is published here yet" in client.get("/").content.decode()


def test_a_dataset_is_found_by_its_voltage_in_any_unit(client: Any, published: Deposit) -> None:
    for query in (
        "acceleration_voltage_min=79&acceleration_voltage_max=81",
        "voltage_min=80000&voltage_unit=V",
        "q=molybdenum",
    ):
        assert "MoS2 monolayer at 80 kV" in client.get(f"/search?{query}").content.decode(), query
    missed = client.get("/search?acceleration_voltage_min=100").content.decode()
    assert "Nothing matches all of this" in missed


def test_a_filter_that_makes_no_sense_is_explained(client: Any) -> None:
    answer = client.get("/search?acceleration_voltage_min=80&acceleration_voltage_unit=nm")
    assert answer.status_code == 400
    assert "acceleration_voltage" in answer.content.decode()


def test_results_ask_no_more_of_the_database_than_the_number_of_facets(
    client: Any, published: Deposit, django_assert_max_num_queries: Any
) -> None:
    with django_assert_max_num_queries(14):
        client.get("/search")


def test_pages_forbid_foreign_scripts(client: Any) -> None:
    policy = client.get("/")["Content-Security-Policy"]
    assert "script-src 'self' 'wasm-unsafe-eval'" in policy
    assert "unsafe-inline" not in policy


def test_who_may_not_see_the_tables_is_not_told_to_look(client: Any) -> None:
    client.force_login(make_user())
    page = client.get("/admin/", follow=True)
    assert page.status_code == 403
    assert "neither to see nor to change" in page.content.decode()


def test_the_page_of_the_schema_names_the_units_of_every_field(client: Any) -> None:
    page = client.get("/docs/schema").content.decode()
    rows = dict(re.findall(r'<tr id="([^"]+)">.*?<td>([^<]*)</td></tr>', page))
    fields = {path: field for path, field in load_catalogue().measurement.items() if path in rows}
    assert len(fields) > 100
    for path, field in fields.items():
        shown = [unit for unit in html.unescape(rows[path]).split(", ") if unit]
        # What the table of symbols does not name is printed as its code.
        assert shown == [SYMBOLS.get(code, code) or "1" for code in field.units], path
