"""Deposits from before the schema had a second version are found to be of the first, and moved after the upgrade."""

import pytest
from django.core.management.sql import emit_post_migrate_signal

from repository.apps import follow_the_schema
from repository.models import Deposit
from repository.schema.versions.in_force import FIRST_VERSION, VERSION_IN_FORCE
from tests.factories import make_deposit
from tests.integration.domain.test_recipe_migration import migrate

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = ("repository", "0014_recipes")


def test_old_deposits_are_of_the_first_version_until_they_are_moved(stemma_home: object) -> None:
    deposit = make_deposit()
    assert deposit.schema_version == VERSION_IN_FORCE
    try:
        migrate(BEFORE)
    finally:
        migrate()
    assert Deposit.objects.get().schema_version == FIRST_VERSION
    emit_post_migrate_signal(verbosity=0, interactive=False, db="default")
    assert Deposit.objects.get().schema_version == VERSION_IN_FORCE


def test_nothing_is_moved_where_the_tables_are_older_than_the_program() -> None:
    class Former:
        @staticmethod
        def get_model(*_: str) -> type:
            return object

    follow_the_schema(apps=Former())
