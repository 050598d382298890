"""Database and broker: embedded, unless the operator named servers of their own."""

import time
from collections.abc import Callable

from project.connections import Processes, choose_max_connections
from project.environment import StackEnvironment
from project.stack import postgres, valkey
from project.stack.credentials import Secrets
from project.stack.home import StackHome, write_json
from project.stack.logs import read_tail
from project.stack.managed_part import ManagedPart
from project.stack.parts import Addresses, server_environment
from project.stack.placement import Placement, place_servers
from project.stack.ports import choose_port
from project.stack.postgres import ensure_roles
from project.stack.processes import Command
from project.stack.signals import StopSignals
from project.stack.state import PartStatus
from project.stack.terminal import Progress, StackError

_DATABASE_SECONDS = 180.0  # recovery after a crash in the middle of a large write
_BROKER_SECONDS = 60.0  # it reads its append-only file first


class Servers:
    """Starts the embedded servers and knows the addresses of both kinds."""

    def __init__(
        self,
        *,
        home: StackHome,
        environment: StackEnvironment,
        secrets: Secrets,
        signals: StopSignals,
        progress: Progress,
        fsync: bool,
        keep_messages: bool,
    ) -> None:
        self._home = home
        self._environment = environment
        self._secrets = secrets
        self._signals = signals
        self._progress = progress
        self._fsync = fsync
        self._keep_messages = keep_messages
        self._placement: Placement | None = None
        self.parts: list[ManagedPart] = []
        self.external: list[PartStatus] = []
        self.ports: dict[str, int] = {}

    @property
    def pids(self) -> set[int]:
        """Return the pids of the embedded servers that run."""
        return {part.pid for part in self.parts if part.pid is not None}

    def start(self, *, former_ports: dict[str, int]) -> Addresses:
        """Start what is embedded, wait until it answers, and return all addresses."""
        environment = self._environment
        broker = environment.broker_url or self._start_broker(former_ports.get("broker"))
        if environment.database_url is not None:
            self._note_external("database", "DATABASE_URL")
            owner = environment.database_owner_url or environment.database_url
            database = environment.database_url
        else:
            server = self._start_database(former_ports.get("database"))
            database, owner = server.app_url, server.owner_url
        if environment.broker_url is not None:
            self._note_external("broker", "BROKER_URL")
        return Addresses(database=database, database_owner=owner, broker=broker)

    def _note_external(self, name: str, variable: str) -> None:
        self.external.append(PartStatus(name=name, state="external", address=f"as {variable} says"))
        self._progress.line(f"  {name:<10} not embedded: {variable} is set")

    def _place(self) -> Placement:
        if self._placement is None:
            self._placement = place_servers(self._home)
        return self._placement

    def _start_database(self, former_port: int | None) -> postgres.PostgresServer:
        server = postgres.PostgresServer(
            placement=self._place(),
            port=choose_port(former_port),
            secrets=self._secrets,
            log=self._home.log_of("database"),
            environment=server_environment(self._home, "database"),
            max_connections=choose_max_connections(count_processes(self._environment)),
            fsync=self._fsync,
        )
        with self._progress.step("database") as notes:
            created = postgres.initialize(server)
            if created and server.placement.folder != self._home.root:
                write_json(self._home.servers_note, {"folder": str(server.placement.folder)})

            def make_command() -> Command:
                postgres.remove_stale_lock(server.data)
                return server.command()

            self._start_part("database", server.port, make_command)
            self._wait(lambda: postgres.check_answers(server), self.parts[-1], _DATABASE_SECONDS)
            ensure_roles(server)
            notes.append(f"PostgreSQL on 127.0.0.1:{server.port}{', created' if created else ''}")
        return server

    def _start_broker(self, former_port: int | None) -> str:
        server = valkey.ValkeyServer(
            placement=self._place(),
            port=choose_port(former_port),
            password=self._secrets.broker,
            log=self._home.log_of("broker"),
            environment=server_environment(self._home, "broker"),
            keep_messages=self._keep_messages,
        )
        with self._progress.step("broker") as notes:

            def make_command() -> Command:
                valkey.write_configuration(server)
                return server.command()

            self._start_part("broker", server.port, make_command)
            self._wait(lambda: valkey.check_answers(server), self.parts[-1], _BROKER_SECONDS)
            notes.append(f"Valkey on 127.0.0.1:{server.port}")
        return server.url

    def _start_part(self, name: str, port: int, make_command: Callable[[], Command]) -> None:
        part = ManagedPart(name, f"127.0.0.1:{port}", make_command)
        self.parts.append(part)
        self.ports[name] = port
        part.start()

    def _wait(self, check: Callable[[], str | None], part: ManagedPart, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (reason := check()) is not None:
            if part.has_died():
                raise StackError(self._describe_failure(part, f"did not start ({part.status.last_exit})"))
            if time.monotonic() > deadline:
                raise StackError(
                    self._describe_failure(part, f"does not answer after {seconds:.0f} s ({reason})")
                )
            self._signals.pause_or_stop(0.05)

    def _describe_failure(self, part: ManagedPart, what: str) -> str:
        log = self._home.log_of(part.name)
        hint = (
            "Free some space."
            if "No space left" in read_tail(log)
            else "Start again; the data are untouched."
        )
        return f"The {part.name} {what}. The end of {log}:\n{read_tail(log)}\n{hint}"


def count_processes(environment: StackEnvironment) -> Processes:
    """Return what of this stack holds connections to the database."""
    return Processes(
        web=environment.web_workers,
        web_threads=environment.web_threads,
        workers=2,
        # A process that waits for its conversion does short work beside it.
        jobs_at_once=2 * environment.worker_processes + environment.short_worker_processes,
    )
