"""Stemma's own processes: web, worker, beat, and the management commands around them.

None reaches another part, or a server on this machine, through a proxy.
"""

import os
import signal
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from project.environment import CHECKOUT, StackEnvironment
from project.stack.credentials import Secrets
from project.stack.home import StackHome
from project.stack.processes import Command
from project.stack.remains import mark_part
from repository.lanes import LANES, Lane

# One numeric thread per process: the worker already runs one process per core.
_ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "BLOSC_NTHREADS": "1",
}
_SERVER_VARIABLES = ("PATH", "LANG", "TZ")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the parts reach each other."""

    database: str
    database_owner: str
    broker: str


@dataclass(frozen=True, slots=True)
class ApplicationParts:
    """What web, worker and beat are started with."""

    environment: StackEnvironment
    home: StackHome
    secrets: Secrets
    addresses: Addresses
    port: int

    @property
    def host(self) -> str:
        """Where this machine itself reaches the web part."""
        everywhere = {"0.0.0.0", "::"}  # noqa: S104 (compared, not bound)
        return "127.0.0.1" if self.environment.bind in everywhere else self.environment.bind

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def variables(self, part: str) -> dict[str, str]:
        """Return the environment of a part; only `preparation` adds the owner of the tables."""
        inherited = {name: value for name, value in os.environ.items() if name != "DATABASE_OWNER_URL"}
        return {
            **inherited,
            **spare_this_machine(inherited),
            **mark_part(self.home, part),
            "PYTHONUNBUFFERED": "1",
            "STEMMA_PORT": str(self.port),
            "STEMMA_PUBLIC_URL": os.environ.get("STEMMA_PUBLIC_URL") or self.url,
            "STEMMA_SECRET_KEY": self.secrets.secret_key,
            "DATABASE_URL": self.addresses.database,
            "BROKER_URL": self.addresses.broker,
        }

    def web(self) -> Command:
        return self._command(
            "web",
            (
                "-m",
                "granian",
                "--interface",
                "asgi",
                "--host",
                self.environment.bind,
                "--port",
                str(self.port),
            ),
            ("--workers", str(self.environment.web_workers), "--respawn-failed-workers"),
            ("--workers-kill-timeout", "5", "--no-ws", "project.stack.web_children:application"),
        )

    def worker(self) -> Command:
        """Return the worker for long work; its processes take short work as well where there is any."""
        return self._worker("worker", LANES, self.environment.worker_processes)

    def worker_short(self) -> Command:
        """Return the worker that takes short work only, so that some process always has time for it."""
        return self._worker("worker-short", ("short",), self.environment.short_worker_processes)

    def _worker(self, part: str, lanes: tuple[Lane, ...], processes: int) -> Command:
        return self._command(
            part,
            ("-m", "celery", "-A", "project.celery:app", "worker", "--pool", "prefork"),
            ("--hostname", f"{part}@%h", "--queues", ",".join(lanes), "--concurrency", str(processes)),
            ("--without-gossip", "--without-mingle", "--loglevel", "INFO"),
            ("--include", "project.stack.worker_children"),
            extra=_ONE_THREAD,
            # Without the supervisor broker and database are gone as well: Celery's own ways to stop, warm or
            # cold, may then wait for them for ever. The lease of the job brings it back.
            death_signal=signal.SIGKILL,
            harder_signal=signal.SIGQUIT,
            patience=8.0,
        )

    def beat(self) -> Command:
        return self._command(
            "beat",
            ("-m", "celery", "-A", "project.celery:app", "beat", "--loglevel", "INFO"),
            ("--schedule", str(self.home.beat_schedule), "--pidfile", ""),
            extra=_ONE_THREAD,
        )

    def preparation(self) -> Command:
        """Return the program that makes tables and account, run as the owner of the tables."""
        owner = {
            "DATABASE_URL": self.addresses.database_owner,
            "DATABASE_OWNER_URL": self.addresses.database_owner,
        }
        program = ("-m", "project.stack.prepare_database", self.environment.account)
        return self._command("setup", program, extra=owner, death_signal=signal.SIGKILL)

    def examples(self, data: Path | None) -> Command:
        """Return the program that deposits the examples, or a person's folder, into this Stemma."""
        log = self.home.log_of("stack")
        return Command(tuple(compose_examples(data)), self.variables("examples"), log, CHECKOUT)

    def _command(
        self,
        part: str,
        *words: tuple[str, ...],
        extra: Mapping[str, str] | None = None,
        death_signal: signal.Signals = signal.SIGTERM,
        harder_signal: signal.Signals = signal.SIGKILL,
        patience: float = 10.0,
    ) -> Command:
        return Command(
            argv=(sys.executable, *(word for group in words for word in group)),
            environment={**self.variables(part), **(extra or {})},
            log=self.home.log_of(part),
            cwd=CHECKOUT,
            death_signal=death_signal,
            harder_signal=harder_signal,
            patience=patience,
        )


def compose_examples(data: Path | None) -> list[str]:
    """Return the command line of the program that deposits."""
    words = [sys.executable, "-m", "project.stack.deposit_examples"]
    return words if data is None else [*words, "--data", str(data.absolute())]


def server_environment(home: StackHome, part: str) -> dict[str, str]:
    """Return the bare environment of database or broker: none of the operator's variables."""
    kept = {name: os.environ[name] for name in _SERVER_VARIABLES if name in os.environ}
    return {**kept, **mark_part(home, part), "LC_ALL": "C.UTF-8"}


_NAMES = ("localhost", "127.0.0.1", "::1")


def spare_this_machine(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that keep this machine's own addresses from the proxies the environment names.

    Both spellings are set: some programs read one, some the other, and where they differ the lower one wins.
    """
    if not any(name.lower().endswith("_proxy") and value for name, value in environment.items()):
        return {}
    kept = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    entries = [entry.strip() for entry in kept.split(",") if entry.strip()]
    if "*" not in entries:
        entries += [name for name in (*_NAMES, socket.gethostname()) if name not in entries]
    joined = ",".join(entries)
    return {"NO_PROXY": joined, "no_proxy": joined}
