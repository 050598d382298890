"""Quantities that exist in tests only: two entries of a temporary catalogue, and their columns for as long."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
from django.db import connection

from project.settings import parse_database_url
from repository.models import Facts
from repository.models.facts import declare_quantities
from repository.schema.questions import fields
from repository.schema.search import searchable

DERIVED, ACHIEVED = "toy_spread", "toy_limit"
ENTRIES = """
toy_spread:
  title: Toy spread
  description: Twice the convergence.
  search: {column: toy_spread_rad, unit: mrad, aliases: [toy], log: true, form: true}
  formula: 2 * semi_convergence_angle_rad
  check: {given: {semi_convergence_angle: 21.4 mrad}, value: 42.8 mrad}
toy_limit:
  title: Toy limit
  description: What a report will tell.
  search: {column: toy_limit_m, unit: Ao}
  source: quality_report
"""
COLUMNS = ("toy_spread_rad", "toy_limit_m")


def _forget() -> None:
    for remembered in (fields.load_catalogue, searchable.list_quantities, searchable.find_quantities):
        remembered.cache_clear()
    searchable.digest_quantities.cache_clear()


@contextmanager
def toy_catalogue(folder: Path) -> Iterator[None]:
    """Let the catalogue have the entries above."""
    shutil.copytree(fields.CATALOGUE, folder)
    with (folder / "quantities.yaml").open("a", encoding="utf-8") as file:
        file.write(ENTRIES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fields, "CATALOGUE", folder)
        _forget()
        try:
            yield
        finally:
            patch.undo()
            _forget()


@contextmanager
def toy_columns() -> Iterator[None]:
    """Let model and table have the columns, as in a program that starts with the catalogue and its migration."""
    known = set(Facts._meta.local_fields)
    indexes = Facts._meta.indexes
    declare_quantities(Facts)
    added = [field for field in Facts._meta.local_fields if field not in known]
    try:
        _alter(*(f"ADD COLUMN {column} double precision" for column in COLUMNS))
        yield
    finally:
        _alter(*(f"DROP COLUMN IF EXISTS {column}" for column in COLUMNS))
        for field in added:
            Facts._meta.local_fields.remove(field)
            delattr(Facts, field.name)
        Facts._meta.indexes = indexes
        Facts._meta._expire_cache()  # type: ignore[attr-defined]  # the stubs do not know it


def _alter(*changes: str) -> None:
    """Change the table as the owner of the tables does: the application itself may not."""
    owner = parse_database_url(os.environ["DATABASE_OWNER_URL"])
    mine = connection.settings_dict
    with psycopg.connect(
        host=mine["HOST"],
        port=mine["PORT"],
        dbname=mine["NAME"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        autocommit=True,
    ) as database:
        database.execute(f"ALTER TABLE repository_facts {', '.join(changes)}".encode())
