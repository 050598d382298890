"""The roles that the containers' database gets are those of the embedded one: both are made and asked."""

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from project.environment import CHECKOUT
from project.stack.credentials import Secrets
from project.stack.home import StackHome
from project.stack.placement import place_servers
from project.stack.postgres import APP, OWNER, PostgresServer, check_answers, initialize
from project.stack.processes import compose_launcher
from tests.integration.stack.conftest import find_free_port
from tests.patience import wait_until
from tests.ties import tie

pytestmark = pytest.mark.xdist_group("stack")
SCRIPT = CHECKOUT / "deploy" / "postgres" / "create-roles.sh"
PASSWORDS = {"OWNER_PASSWORD": "of the owner's", "APP_PASSWORD": 'with " and $'}
QUESTIONS = {
    "of the roles": (
        "SELECT rolname, rolsuper, rolcreaterole, rolreplication, rolbypassrls, rolcanlogin"
        " FROM pg_roles WHERE rolname IN ('stemma_owner', 'stemma_app')"
    ),
    "in the schema": (
        "SELECT grantee::regrole::text, privilege_type, is_grantable"
        " FROM pg_namespace, aclexplode(nspacl) WHERE nspname = 'public'"
    ),
    "in the database": (
        "SELECT grantee::regrole::text, privilege_type, is_grantable"
        " FROM pg_database, aclexplode(datacl) WHERE datname = current_database()"
    ),
    "on what the owner makes": (
        "SELECT defaclrole::regrole::text, defaclobjtype::text, grantee::regrole::text, privilege_type"
        " FROM pg_default_acl, aclexplode(defaclacl)"
    ),
    "of the database": "SELECT datdba::regrole::text FROM pg_database WHERE datname = current_database()",
}


@pytest.fixture(scope="module")
def contained(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """Run an empty server as the image does before it calls the script, with its superuser."""
    folder = tmp_path_factory.mktemp("contained")
    for path in (folder, *folder.parents[:2]):
        path.chmod(path.stat().st_mode | 0o711)
    secrets = Secrets("superuser", "", "", "", "", "")
    home = StackHome(folder / "home")
    home.root.mkdir()
    server = PostgresServer(
        placement=place_servers(home),
        port=find_free_port(),
        secrets=secrets,
        log=folder / "log",
        environment={"PATH": os.environ["PATH"]},
        max_connections=10,
        fsync=False,
    )
    initialize(server)
    command = server.command()
    with server.log.open("wb") as log:
        process = subprocess.Popen(
            [*compose_launcher(command.death_signal, command.user), *command.argv],
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(command.environment),
            cwd=command.cwd,
        )
    try:
        wait_until(lambda: check_answers(server) is None, "the database does not answer")
        yield server
    finally:
        process.send_signal(command.stop_signal)
        process.wait()


@pytest.fixture(scope="module")
def made_by_the_script(contained: PostgresServer) -> str:
    """Return the address of the database after the script ran."""
    with psycopg.connect(contained.superuser_url("postgres"), autocommit=True) as connection:
        connection.execute("CREATE ROLE postgres SUPERUSER LOGIN PASSWORD 'superuser'")
        connection.execute("CREATE DATABASE stemma OWNER postgres")
    subprocess.run(
        tie("sh", SCRIPT),
        env={
            "PATH": f"{contained.placement.postgres_binaries}:{os.environ['PATH']}",
            "POSTGRES_DB": "stemma",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(contained.port),
            "PGPASSWORD": "superuser",
            **PASSWORDS,
        },
        check=True,
    )
    return contained.superuser_url("stemma")


def ask(address: str, question: str) -> set[tuple[Any, ...]]:
    with psycopg.connect(address) as connection:
        return set(connection.execute(sql.SQL(question)).fetchall())


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
def test_both_databases_give_the_same_rights(
    made_by_the_script: str, owner_address: str, question: str
) -> None:
    told = ask(made_by_the_script, question)
    assert told
    assert told == ask(owner_address, question)


def test_passwords_are_those_that_were_given(made_by_the_script: str) -> None:
    for role, name in ((OWNER, "OWNER_PASSWORD"), (APP, "APP_PASSWORD")):
        with psycopg.connect(made_by_the_script, user=role, password=PASSWORDS[name]) as connection:
            assert connection.info.user == role


def test_the_extension_that_only_a_superuser_may_create_is_there(made_by_the_script: str) -> None:
    assert ask(made_by_the_script, "SELECT extname FROM pg_extension") >= {("vector",)}
