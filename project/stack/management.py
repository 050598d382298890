"""`manage`: one of Django's management commands, with the addresses and secrets of the Stemma that runs."""

import os
import sys
from typing import NoReturn

from project.environment import CHECKOUT, StackEnvironment
from project.stack.credentials import ensure_secrets, with_secret_key
from project.stack.errors import StackError
from project.stack.home import StackHome
from project.stack.parts import Addresses, ApplicationParts
from project.stack.postgres import APP, OWNER, compose_database_url
from project.stack.state import load_state
from project.stack.valkey import compose_broker_url

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
