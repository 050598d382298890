"""The two database roles: one owns and migrates, the other reads and writes rows, and nothing more."""

import psycopg
from psycopg import sql

from project.stack.postgres import APP, DATABASE, OWNER, PostgresServer


def ensure_roles(server: PostgresServer) -> None:
    """Create roles and database, or bring them to this state; running it again changes nothing."""
    with psycopg.connect(server.superuser_url("postgres"), autocommit=True) as connection:
        # The owner makes and drops the test databases.
        _ensure_role(connection, OWNER, server.secrets.database_owner, may_create_databases=True)
        _ensure_role(connection, APP, server.secrets.database_app, may_create_databases=False)
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            _grant_in_template(server)
            connection.execute(_compose("CREATE DATABASE {database} OWNER {owner}"))
    with psycopg.connect(server.superuser_url(DATABASE), autocommit=True) as connection:
        connection.execute(_compose("REVOKE ALL ON DATABASE {database} FROM PUBLIC"))
        connection.execute(_compose("GRANT CONNECT ON DATABASE {database} TO {app}"))
        _grant_rows(connection)


def _ensure_role(
    connection: psycopg.Connection, name: str, password: str, *, may_create_databases: bool
) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchone()
    statement = (
        "{verb} ROLE {name} LOGIN NOSUPERUSER NOCREATEROLE NOREPLICATION NOBYPASSRLS "
        "{more} PASSWORD {password}"
    )
    connection.execute(
        sql.SQL(statement).format(
            verb=sql.SQL("ALTER" if known else "CREATE"),
            name=sql.Identifier(name),
            more=sql.SQL("CREATEDB" if may_create_databases else "NOCREATEDB"),
            password=sql.Literal(password),
        )
    )


def _grant_in_template(server: PostgresServer) -> None:
    """Default privileges belong to a database; from the template every test database inherits them."""
    with psycopg.connect(server.superuser_url("template1"), autocommit=True) as connection:
        _grant_rows(connection)


def _grant_rows(connection: psycopg.Connection) -> None:
    """Let the app role touch rows of whatever the owner creates: no DDL, no TRUNCATE, nothing owned.

    Only default privileges, which take effect when a table is created: what a migration revokes later stays
    revoked.
    """
    for statement in (
        "GRANT USAGE ON SCHEMA public TO {app}",
        "GRANT USAGE, CREATE ON SCHEMA public TO {owner}",
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC, {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {app}",
        "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT USAGE, SELECT ON SEQUENCES TO {app}",
    ):
        connection.execute(_compose(statement))


def _compose(statement: str) -> sql.Composed:
    names = {"app": sql.Identifier(APP), "owner": sql.Identifier(OWNER), "database": sql.Identifier(DATABASE)}
    return sql.Composed([sql.SQL(statement).format(**names)])
