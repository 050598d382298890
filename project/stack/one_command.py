"""One command with what it needs of Stemma around it.

`exec`: database and broker of its own, for tests and checks. `manage`: one of Django's management commands, with the
addresses and secrets of the Stemma that runs.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import NoReturn

from project.environment import CHECKOUT, StackEnvironment
from project.stack.credentials import Secrets, ensure_secrets, with_secret_key
from project.stack.home import StackHome, prepare_home
from project.stack.lock import HomeLock
from project.stack.logs import rotate_log
from project.stack.parts import Addresses, ApplicationParts, spare_this_machine
from project.stack.postgres import APP, OWNER, compose_database_url
from project.stack.processes import (
    become_subreaper,
    compose_launcher,
    end_adopted,
    reap_adopted,
    send_signal,
)
from project.stack.remains import PART_VARIABLE, end_remains
from project.stack.servers import Servers
from project.stack.signals import StopSignals
from project.stack.state import StackState, load_state
from project.stack.terminal import Silence, StackError, StopRequestedError
from project.stack.valkey import compose_broker_url

_INTERRUPTED = 130
_SECONDS_TO_END = 60.0  # a whole Stemma of a test may be among them, with its database


def run_with_servers(command: list[str], *, environment: StackEnvironment, home: Path | None) -> int:
    """Run a command with fresh addresses in its environment; return its exit code.

    The servers forget on a power cut (no fsync), and the broker between two commands: tests want neither.
    """
    os.umask(0o077)
    become_subreaper()
    signals = StopSignals()
    stack_home, lock = _claim_home(home)
    secrets = ensure_secrets(stack_home)
    for name in ("database", "broker"):
        rotate_log(stack_home.log_of(name))
    servers = Servers(
        home=stack_home,
        environment=environment,
        secrets=secrets,
        signals=signals,
        progress=Silence(),
        fsync=False,
        keep_messages=False,
    )
    try:
        end_remains(stack_home, StackState(), Silence())
        addresses = servers.start(former_ports={})
        return _run(command, compose_environment(stack_home, secrets, addresses), signals, servers.pids)
    except StopRequestedError:
        return _INTERRUPTED
    finally:
        end_adopted(servers.pids, seconds=_SECONDS_TO_END)
        for part in reversed(servers.parts):
            part.stop(is_urgent=lambda: signals.count > 1)
        lock.give_back()


def compose_environment(home: StackHome, secrets: Secrets, addresses: Addresses) -> dict[str, str]:
    """Return the environment of the command: both database roles, for tests use both."""
    inherited = {name: value for name, value in os.environ.items() if name != PART_VARIABLE}
    return {
        **inherited,
        **spare_this_machine(inherited),
        "STEMMA_HOME": str(home.root),
        "STEMMA_SECRET_KEY": secrets.secret_key,
        "DATABASE_URL": addresses.database,
        "DATABASE_OWNER_URL": addresses.database_owner,
        "BROKER_URL": addresses.broker,
    }


def _claim_home(home: Path | None) -> tuple[StackHome, HomeLock]:
    """Take the home that was named, else the first one below the checkout that nobody uses."""
    for candidate in [home] if home is not None else _list_homes():
        stack_home = prepare_home(candidate)
        lock = HomeLock(stack_home)
        if lock.acquire(seconds=0.0 if home is None else 1.0):
            return stack_home, lock
    raise StackError(f"{home} is in use by another Stemma; name another folder with --home.")


def _list_homes() -> Iterator[Path]:
    return (CHECKOUT / (".stemma-test" if number == 1 else f".stemma-test-{number}") for number in count(1))


def _run(command: list[str], environment: dict[str, str], signals: StopSignals, servers: set[int]) -> int:
    """Run in the foreground: the terminal's Ctrl-C reaches the command by itself, a TERM is passed on."""
    process = subprocess.Popen([*compose_launcher(signal.SIGTERM, None), *command], env=environment)
    seen = 0
    while process.poll() is None:
        signals.pause(1.0)
        reap_adopted({process.pid, *servers})
        if signals.count > seen:
            seen = signals.count
            if signals.last != signal.SIGINT or seen > 1:
                send_signal(process.pid, signal.SIGTERM)
    return process.returncode if process.returncode >= 0 else 128 - process.returncode


PART = "manage"


def run_management(words: list[str], environment: StackEnvironment) -> NoReturn:
    """Become `manage.py` with these words, as a part of the home: `make stop` ends it too.

    Raises
    ------
    StackError
        Nothing runs there whose database could be asked.
    """
    home = StackHome(environment.home)
    state = load_state(home.state)
    if not state.list_living_parts():
        raise StackError(f"No Stemma runs in {home.root}: start it first, with `make start`.")
    secrets = with_secret_key(ensure_secrets(home), environment.secret_key)
    port = state.ports.get("database", 0)
    database = environment.database_url or compose_database_url(port, APP, secrets.database_app)
    owner = (
        environment.database_owner_url
        or environment.database_url
        or compose_database_url(port, OWNER, secrets.database_owner)
    )
    broker = environment.broker_url or compose_broker_url(state.ports.get("broker", 0), secrets.broker)
    addresses = Addresses(database=database, database_owner=owner, broker=broker)
    parts = ApplicationParts(environment, home, secrets, addresses, state.ports.get("web", environment.port))
    os.chdir(CHECKOUT)
    command = [sys.executable, str(CHECKOUT / "manage.py"), *words]
    os.execve(command[0], command, parts.variables(PART))  # noqa: S606 - nobody is left to outlive it
