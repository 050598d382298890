"""login."""

import argparse
import getpass
import os
import sys

import httpx

from stemma.commands.output import Result
from stemma.connection import Connection, api_path
from stemma.credentials import Login, find_login, store_login
from stemma.errors import UsageError
from stemma.progress import Progress


def login(
    arguments: argparse.Namespace, progress: Progress, transport: httpx.BaseTransport | None = None
) -> Result:
    """Check a token with the server and store both."""
    environment = {**os.environ, **({"STEMMA_URL": arguments.url} if arguments.url else {})}
    found = find_login(environment)
    token = (arguments.token or os.environ.get("STEMMA_TOKEN") or _ask_token(found.url)).strip()
    if not token:
        raise UsageError("No token was given.", hint=f"Make one on {found.url} and run the command again.")
    with Connection(
        found.url, token, on_wait=progress.waiting, retry_seconds=5.0, transport=transport
    ) as connection:
        account = connection.get_json(api_path("account"))
        path = store_login(Login(connection.url, token))
    text = f"Logged in to {found.url} as {account.get('username')}. The token is stored in {path}."
    return Result({"url": found.url, **account}, text)


def _ask_token(url: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(f"Token for {url} (make one on its page of tokens): ", stream=sys.stderr)
    return sys.stdin.readline()
