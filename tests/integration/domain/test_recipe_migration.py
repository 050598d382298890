"""Products from before recipes had versions get an address and a digest, also where they are published."""

import os
import re

import pytest
from django.db import IntegrityError, connection
from django.db.migrations.executor import MigrationExecutor

from project.settings import parse_database_url
from repository.models import Job, Product
from tests.deposits import make_published, make_ready

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE, RECIPES = ("repository", "0013_decisions_and_edits"), ("repository", "0014_recipes")


def migrate(*target: tuple[str, str]) -> None:
    """Move the schema as the owner of the tables does: the application itself may not."""
    owner = parse_database_url(os.environ["DATABASE_OWNER_URL"])
    mine = {**connection.settings_dict}
    connection.close()
    connection.settings_dict.update(USER=owner["USER"], PASSWORD=owner["PASSWORD"])
    try:
        executor = MigrationExecutor(connection)
        executor.migrate(list(target) or executor.loader.graph.leaf_nodes())
    finally:
        connection.close()
        connection.settings_dict.update(USER=mine["USER"], PASSWORD=mine["PASSWORD"])


def read_unchanged() -> list[tuple[object, ...]]:
    return list(Product.objects.order_by("pk").values_list("pk", "recipe", "kind", "sha256", "parameters"))


@pytest.mark.long
def test_old_products_are_filled_in_and_guarded_again(stemma_home: object) -> None:
    version = make_published()
    draft = make_ready()
    Job.objects.create(kind="convert_measurement", target="x")
    published = version.measurements.get().measurement
    before = read_unchanged()
    try:
        migrate(BEFORE)
        migrate(RECIPES)
        assert read_unchanged() == before
        for product in Product.objects.all():
            assert (product.output, product.recipe_version, product.settings) == (product.recipe, 0, {})
            assert re.fullmatch("[0-9a-f]{64}", product.digest)
            assert product.cover_rank == (70 if product.kind == "preview" else None)
            assert not product.is_added
        assert Job.objects.get(target="x").parameters == {}
    finally:
        migrate()
    with connection.cursor() as cursor, pytest.raises(IntegrityError, match="is published and cannot change"):
        cursor.execute("UPDATE repository_product SET title = 'x' WHERE measurement_id = %s", [published.pk])
    assert draft.measurements.get().products.update(title="x") == 2
