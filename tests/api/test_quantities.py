"""A quantity is one entry of the catalogue: from it come column, parameter, span, documents, and the client's name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ProjectState
from drf_spectacular.generators import SchemaGenerator

from repository.models import Facts, SearchEntry
from repository.schema.search.searchable import list_quantities
from repository.services.facts import refresh_facts
from stemma.client import Client
from stemma.connection import Connection
from tests.api.bridge import Bridge
from tests.api.conftest import WebClient
from tests.deposits import add_measurement, publish, settle
from tests.factories import make_deposit
from tests.toy_quantity import ACHIEVED, COLUMNS, DERIVED, toy_catalogue, toy_columns
from tools import quantities as table

ALPHA = {"value": 21.4, "unit": "mrad", "source": "depositor", "basis": "calibrated"}


@pytest.fixture
def toy(web: WebClient, tmp_path: Path) -> Iterator[str]:
    """Return a dataset that was published before the quantity was thought of, and let the quantity exist."""
    deposit = make_deposit()
    add_measurement(deposit, semi_convergence_angle=ALPHA)
    dataset = publish(settle(deposit)).dataset_id
    with toy_catalogue(tmp_path / "catalogue"), toy_columns():
        yield str(dataset)


def test_one_entry_is_all_that_it_takes(web: WebClient, toy: str) -> None:
    assert Facts.objects.get().read(DERIVED) is None
    assert (refresh_facts(), refresh_facts()) == (1, 0)
    fact = Facts.objects.get()
    assert fact.read(DERIVED) == pytest.approx(0.0428)
    assert fact.read(ACHIEVED) is None
    assert [hit["id"] for hit in web.get("/api/v1/search/?toy_min=42&toy_max=43").json()["results"]] == [toy]
    assert web.get("/api/v1/search/?where=toy_spread:..0.04:rad").json()["count"] == 0
    spans = web.get(f"/api/v1/search/?span=toy&span={ACHIEVED}").json()["spans"]
    assert spans == [
        {
            "name": DERIVED,
            "unit": "mrad",
            "count": 1,
            "minimum": pytest.approx(42.8),
            "maximum": pytest.approx(42.8),
        },
        {"name": ACHIEVED, "unit": "Ao", "count": 0, "minimum": None, "maximum": None},
    ]
    listed = {one["name"]: one for one in web.get("/api/v1/quantities/").json()["results"]}
    assert listed[DERIVED]["formula"] == "2 * semi_convergence_angle_rad"
    assert (listed[ACHIEVED]["origin"], listed[ACHIEVED]["source"]) == ("achieved", "quality_report")


def test_the_page_asks_for_it_and_keeps_what_was_asked(web: WebClient, toy: str) -> None:
    page = web.get(f"/search?{ACHIEVED}_min=3").text
    assert "Toy spread" in page
    assert f'name="{ACHIEVED}_min" value="3"' in page
    assert "Toy limit" not in web.get("/search").text


def test_the_client_knows_it_by_its_short_name(web: WebClient, toy: str) -> None:
    refresh_facts()
    with Connection("https://stemma.example", None, transport=Bridge(web)) as server:
        client = Client(server)
        assert [hit.id for hit in client.search(where="toy=42..43 mrad")] == [toy]
        assert list(client.search(where="toy>1 rad")) == []
        assert client.search(spans=["toy"]).spans[DERIVED]["count"] == 1


def test_it_stands_in_openapi_and_the_planner_s_table(toy: str) -> None:
    generator: Any = SchemaGenerator  # it has no types
    described = generator().get_schema(request=None, public=True)
    parameters = {one["name"]: one for one in described["paths"]["/api/v1/search/"]["get"]["parameters"]}
    assert "`toy_spread` (mrad, toy)" in parameters["where"]["description"]
    assert parameters["span"]["schema"]["items"]["enum"][-2:] == [ACHIEVED, DERIVED][::-1]
    written = table.replace_table(table.DOCUMENT.read_text("utf-8"))
    assert (
        "| Toy spread | `toy_spread` | `toy` | mrad | derived: `2 * semi_convergence_angle_rad` |" in written
    )
    assert "achieved: quality report" in written


def test_the_verb_finds_one_migration_to_write(toy: str) -> None:
    loader = MigrationLoader(connection)
    detector = MigrationAutodetector(loader.project_state(), ProjectState.from_apps(apps))
    [migration] = detector.changes(loader.graph)["repository"]
    operations: list[Any] = list(migration.operations)
    made = sorted(
        f"{type(one).__name__} {one.index.fields[0] if hasattr(one, 'index') else one.name}"
        for one in operations
    )
    assert made == sorted(f"{kind} {column}" for kind in ("AddField", "AddIndex") for column in COLUMNS)


def test_the_committed_table_is_current() -> None:
    committed = table.DOCUMENT.read_text("utf-8")
    assert table.replace_table(committed) == committed


@pytest.mark.django_db
@pytest.mark.parametrize("quantity", list_quantities(), ids=lambda quantity: quantity.name)
def test_a_range_is_looked_up_in_an_index(quantity: Any, django_assert_num_queries: Any) -> None:
    narrowed = Facts.objects.filter(**{f"{quantity.column}__gte": 1.0, f"{quantity.column}__lte": 2.0})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = narrowed.values("pk").explain()
    assert f"facts_{quantity.name}"[:30] in plan


@pytest.mark.django_db
def test_spans_cost_one_query_and_are_bounded(client: Any, django_assert_num_queries: Any) -> None:
    names = [quantity.name for quantity in list_quantities()]
    assert client.get("/api/v1/search/", {"span": names[:12]}).status_code == 200
    refused = client.get("/api/v1/search/", {"span": names[:13]})
    assert (refused.status_code, refused.json()["pointer"]) == (400, "/span")
    assert client.get("/api/v1/search/", {"span": "colour"}).status_code == 400
    assert SearchEntry.objects.count() == 0
