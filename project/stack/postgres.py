"""The embedded PostgreSQL: initialize once, run on the loopback interface, never as root.

It has two roles: one owns and migrates, the other reads and writes rows, and nothing more.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from project.stack.credentials import Secrets
from project.stack.placement import POSTGRES_MAJOR, Placement
from project.stack.processes import (
    Command,
    ProcessIdentity,
    compose_launcher,
    identify,
    send_signal,
    wait_until_gone,
)
from project.stack.system_user import give
from project.stack.terminal import StackError

SUPERUSER = "stemma_launcher"
OWNER = "stemma_owner"
APP = "stemma_app"
DATABASE = "stemma"

# A killed server still keeps every commit; only a power cut would not.
_WITHOUT_FSYNC = ("fsync=off", "full_page_writes=off")
_BURIAL_POLLS, _BURIAL_PAUSE_S = 20, 0.1
_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "shared_buffers=128MB",
    "jit=off",  # short queries: compiling them costs more than it saves
    "timezone=UTC",
    "log_timezone=UTC",
    "log_line_prefix=%m [%p] %u@%d ",
)


def compose_database_url(port: int, role: str, password: str, database: str = DATABASE) -> str:
    """Return the address of a database of the embedded server."""
    return f"postgresql://{role}:{password}@127.0.0.1:{port}/{database}"


@dataclass(frozen=True, slots=True)
class PostgresServer:
    """One data folder with the binaries, the port and the account that serve it."""

    placement: Placement
    port: int
    secrets: Secrets
    log: Path
    environment: Mapping[str, str]
    max_connections: int
    fsync: bool = True

    @property
    def data(self) -> Path:
        return self.placement.folder / "postgres"

    def url(self, role: str, password: str, database: str = DATABASE) -> str:
        return compose_database_url(self.port, role, password, database)

    @property
    def app_url(self) -> str:
        return self.url(APP, self.secrets.database_app)

    @property
    def owner_url(self) -> str:
        return self.url(OWNER, self.secrets.database_owner)

    def superuser_url(self, database: str) -> str:
        return self.url(SUPERUSER, self.secrets.database_superuser, database)

    def command(self) -> Command:
        settings = _SETTINGS if self.fsync else (*_SETTINGS, *_WITHOUT_FSYNC)
        own = (f"port={self.port}", f"max_connections={self.max_connections}")
        options = [word for setting in (*own, *settings) for word in ("-c", setting)]
        return Command(
            argv=(str(self.placement.postgres_binaries / "postgres"), "-D", str(self.data), *options),
            environment=self.environment,
            log=self.log,
            cwd=Path("/"),
            # SIGINT is PostgreSQL's fast shutdown: clean, without waiting for clients.
            death_signal=signal.SIGINT,
            stop_signal=signal.SIGINT,
            harder_signal=signal.SIGQUIT,
            patience=20.0,
            user=self.placement.user,
        )


def initialize(server: PostgresServer) -> bool:
    """Create the data folder unless it is there; return whether it was created.

    The folder gets its name last, so that a killed first start leaves nothing that looks finished.
    """
    if server.data.exists():
        _refuse_other_major(server.data)
        return False
    for leftover in server.placement.folder.glob(".postgres.*"):
        shutil.rmtree(leftover, ignore_errors=True)
    draft = server.placement.folder / f".postgres.{os.getpid()}"
    draft.mkdir(mode=0o700)
    password_file = draft / "password"
    password_file.write_text(server.secrets.database_superuser, encoding="utf-8")
    password_file.chmod(0o400)
    data = draft / "data"
    data.mkdir(mode=0o700)
    for path in (password_file, data, draft):
        give(path, server.placement.user)
    _run_initdb(server, data, password_file)
    data.replace(server.data)
    shutil.rmtree(draft)
    return True


def _run_initdb(server: PostgresServer, data: Path, password_file: Path) -> None:
    sync = () if server.fsync else ("--no-sync",)
    result = subprocess.run(
        [
            *compose_launcher(signal.SIGKILL, server.placement.user),
            str(server.placement.postgres_binaries / "initdb"),
            f"--pgdata={data}",
            f"--username={SUPERUSER}",
            "--auth=scram-sha-256",
            f"--pwfile={password_file}",
            "--encoding=UTF8",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            "--locale=C.UTF-8",
            *sync,
        ],
        env=dict(server.environment),
        cwd="/",
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        raise StackError(
            f"The database could not be created in {server.placement.folder}:\n{result.stderr.strip()}\n"
            "Often the disk is full, or the folder belongs to another account."
        )


def _refuse_other_major(data: Path) -> None:
    version_file = data / "PG_VERSION"
    try:
        major = version_file.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise StackError(
            f"{data} exists but is not a database folder. Move it away; `make up` creates a new one."
        ) from error
    if major != str(POSTGRES_MAJOR):
        raise StackError(
            f"{data} was written by PostgreSQL {major}; this Stemma runs PostgreSQL {POSTGRES_MAJOR}. "
            "Nothing was changed. Dump it with the Stemma that wrote it (`pg_dump --format=custom`), "
            f"move {data.name} away, start this version once, and restore with `pg_restore`."
        )


def remove_stale_lock(data: Path) -> None:
    """Clear what a killed server left: end it if it still runs here, else free its lock file.

    After a restart of a container another process may carry the old server's pid; PostgreSQL would then
    refuse to start for ever. A process that works in this data folder is ours, any other is a stranger.
    """
    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="utf-8").splitlines()[0])
    except (FileNotFoundError, ValueError, IndexError):
        return
    identity = identify(pid)
    if identity is not None and _works_in(pid, data):
        if _has_supervisor(pid):
            raise StackError(
                f"The database in {data} serves another Stemma (process {pid}): stop that one first."
            )
        _end_left_over(identity)
    elif identity is not None or _stays_unburied(pid, data):
        lock.unlink(missing_ok=True)


def _stays_unburied(pid: int, data: Path) -> bool:
    """Tell whether the server is dead but keeps its place in the table of processes.

    Where nobody buries orphans, as in a container whose first process never waits, PostgreSQL would take the dead one
    for a living server and never start again.
    """
    for _ in range(_BURIAL_POLLS):
        if not Path(f"/proc/{pid}").exists():
            return False  # PostgreSQL clears the lock of a server that is gone by itself
        time.sleep(_BURIAL_PAUSE_S)
    numbers = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
    return not any(_works_in(number, data) for number in numbers)


def _works_in(pid: int, data: Path) -> bool:
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == data.resolve()
    except OSError:
        return False


def _has_supervisor(pid: int) -> bool:
    """Tell whether a supervisor is the parent of this server; what is left over has lost its own."""
    try:
        parent = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1]
        return b"project.stack" in Path(f"/proc/{parent}/cmdline").read_bytes()
    except OSError:
        return False


def _end_left_over(identity: ProcessIdentity) -> None:
    for number, seconds in ((signal.SIGINT, 20.0), (signal.SIGQUIT, 5.0), (signal.SIGKILL, 5.0)):
        if wait_until_gone([identity], seconds=0):
            send_signal(identity.pid, number)
            wait_until_gone([identity], seconds=seconds)


def check_answers(server: PostgresServer) -> str | None:
    """Return None once the server takes connections, else why not yet."""
    try:
        with psycopg.connect(server.superuser_url("postgres"), connect_timeout=2) as connection:
            version = connection.info.server_version
    except psycopg.OperationalError as error:
        return str(error).strip().splitlines()[-1]
    if version // 10_000 != POSTGRES_MAJOR:
        raise StackError(
            f"A PostgreSQL {version // 10_000} answers on the port of Stemma's own {POSTGRES_MAJOR}."
        )
    return None


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
