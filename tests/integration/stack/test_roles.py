"""The app's role touches rows; everything else is the owner's."""

import os
from collections.abc import Iterator
from typing import Any, TypeAlias

import psycopg
import pytest
from psycopg import errors, sql

from project.stack.postgres import APP, OWNER

pytestmark = pytest.mark.xdist_group("stack")


Connection: TypeAlias = "psycopg.Connection[tuple[Any, ...]]"


@pytest.fixture(scope="module")
def database(owner_address: str) -> Iterator[str]:
    """Yield a database made as test databases are made: by the owner, from the template."""
    name = f"roles_{os.getpid()}"
    identifier = sql.Identifier(name)
    with psycopg.connect(owner_address, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(identifier))
        yield name
        # Without FORCE, which would end autovacuum's process too, and the owner may not; the server waits for it.
        connection.execute(sql.SQL("DROP DATABASE {}").format(identifier))


@pytest.fixture
def owner(database: str) -> Iterator[Connection]:
    with psycopg.connect(os.environ["DATABASE_OWNER_URL"], dbname=database, autocommit=True) as connection:
        yield connection


@pytest.fixture
def app(database: str, owner: Connection) -> Iterator[Connection]:
    owner.execute("DROP TABLE IF EXISTS note")
    owner.execute("CREATE TABLE note (id serial PRIMARY KEY, body text)")
    with psycopg.connect(os.environ["DATABASE_URL"], dbname=database, autocommit=True) as connection:
        yield connection


def test_the_app_reads_and_writes_rows_of_tables_that_the_owner_makes_later(app: Connection) -> None:
    app.execute("INSERT INTO note (body) VALUES ('a'), ('b')")
    app.execute("UPDATE note SET body = 'c' WHERE body = 'a'")
    app.execute("DELETE FROM note WHERE body = 'b'")
    assert app.execute("SELECT body FROM note").fetchall() == [("c",)]


@pytest.mark.parametrize(
    "statement",
    [
        "TRUNCATE note",
        "DROP TABLE note",
        "ALTER TABLE note ADD COLUMN more text",
        "ALTER TABLE note DISABLE TRIGGER ALL",
        "CREATE TABLE other (id int)",
        "CREATE INDEX ON note (body)",
        "CREATE SCHEMA own",
        "CREATE DATABASE own",
        "CREATE ROLE own",
        f"SET ROLE {OWNER}",
        "SET session_replication_role = replica",
        "COPY note TO PROGRAM 'cat'",
        "SELECT pg_read_file('postgresql.conf')",
    ],
)
def test_the_app_may_nothing_else(app: Connection, statement: str) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        app.execute(statement)


def test_in_the_main_database_not_even_a_temporary_table(database: str) -> None:
    with (
        psycopg.connect(os.environ["DATABASE_URL"]) as connection,
        pytest.raises(errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TEMPORARY TABLE passing (id int)")


def test_no_role_of_stemma_is_a_superuser(owner: Connection) -> None:
    rows = owner.execute(
        "SELECT rolname, rolsuper, rolcreaterole, rolreplication, rolbypassrls, rolcreatedb FROM pg_roles "
        "WHERE rolname = ANY(%s) ORDER BY rolname",
        [[APP, OWNER]],
    ).fetchall()
    assert rows == [(APP, False, False, False, False, False), (OWNER, False, False, False, False, True)]


def test_the_app_owns_nothing(owner: Connection) -> None:
    owned = owner.execute(
        "SELECT relname FROM pg_class WHERE pg_get_userbyid(relowner) = %s", [APP]
    ).fetchall()
    assert owned == []


def test_the_server_is_the_one_we_chose(owner: Connection) -> None:
    assert owner.info.server_version // 10_000 == 18
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(os.environ["DATABASE_URL"], password="wrong").close()
