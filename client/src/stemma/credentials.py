"""Which server, with which token: the environment, then the login file."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from stemma.errors import UsageError


@dataclass(frozen=True, slots=True)
class Login:
    """A server and, unless one works as a stranger, a token for it."""

    url: str
    token: str | None


def login_file() -> Path:
    return platformdirs.user_config_path("stemma") / "login.json"


def find_login(environment: Mapping[str, str], *, fallback_url: str | None = None) -> Login:
    """Return the login to use: STEMMA_URL and STEMMA_TOKEN win over the login file.

    A token of the login file is used only for the server it was given for.

    Raises
    ------
    UsageError
        No server is named anywhere, or the login file cannot be read.
    """
    stored = _read()
    url = (environment.get("STEMMA_URL") or fallback_url or stored.get("default") or "").rstrip("/")
    if not url:
        raise UsageError(
            "No server is named.",
            hint="Log in once with `stemma login --url https://…`, or set STEMMA_URL and STEMMA_TOKEN.",
            code="no_server",
        )
    token = environment.get("STEMMA_TOKEN", "").strip() or stored.get("tokens", {}).get(url)
    return Login(url=url, token=token or None)


def store_login(login: Login) -> Path:
    """Write the login file with mode 0600 and make this server the default; others' tokens are kept."""
    path = login_file()
    stored = _read()
    tokens = {**stored.get("tokens", {}), login.url: login.token}
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".new")
    partial.unlink(missing_ok=True)
    # Created with its final mode: there is no moment in which others could read the token.
    with os.fdopen(
        os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as stream:
        json.dump({"default": login.url, "tokens": tokens}, stream, indent=2)
    partial.replace(path)
    return path


def _read() -> dict[str, Any]:
    path = login_file()
    try:
        stored = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as fault:
        raise UsageError(
            f"The login file {path} cannot be read: {fault}.", hint="Remove it and log in again."
        ) from fault
    return stored if isinstance(stored, dict) else {}
