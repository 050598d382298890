"""Deposits from before the schema had a second version are found to be of the first, and moved after the upgrade."""

import pytest
from django.apps import apps
from django.db.models.signals import post_migrate

from repository.models import Deposit
from repository.schema.versions import FIRST_VERSION, VERSION_IN_FORCE
from tests.factories import make_deposit
from tests.integration.domain.test_recipe_migration import migrate

pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = ("repository", "0014_recipes")


def tell_that_tables_are_made(**about: object) -> None:
    post_migrate.send(sender=apps.get_app_config("repository"), **about)


def test_old_deposits_are_of_the_first_version_until_they_are_moved(stemma_home: object) -> None:
    deposit = make_deposit()
    assert deposit.schema_version == VERSION_IN_FORCE
    try:
        migrate(BEFORE)
    finally:
        migrate()
    assert Deposit.objects.get().schema_version == FIRST_VERSION
    tell_that_tables_are_made()
    assert Deposit.objects.get().schema_version == VERSION_IN_FORCE


def test_nothing_is_moved_where_the_tables_are_older_than_the_program() -> None:
    class Former:
        @staticmethod
        def get_model(*_: str) -> type:
            return object

    tell_that_tables_are_made(apps=Former())
