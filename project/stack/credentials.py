"""Generated passwords: once per home, in a file only its owner reads."""

import secrets
from dataclasses import asdict, dataclass, fields, replace

from project.stack.home import StackHome, read_json, write_json


@dataclass(frozen=True, slots=True)
class Secrets:
    """The secrets of one home."""

    database_superuser: str
    database_owner: str
    database_app: str
    broker: str
    secret_key: str
    account_password: str


def ensure_secrets(home: StackHome) -> Secrets:
    """Return the stored secrets, with what is missing generated and stored."""
    stored = read_json(home.secrets)
    values = {
        field.name: str(stored.get(field.name) or secrets.token_urlsafe(32)) for field in fields(Secrets)
    }
    if values != stored:
        write_json(home.secrets, values)
    return Secrets(**values)


def with_secret_key(known: Secrets, secret_key: str | None) -> Secrets:
    """Let the operator's own key win over the generated one."""
    return replace(known, secret_key=secret_key) if secret_key else known


def write_credentials(home: StackHome, *, url: str, username: str, password: str, token: str) -> None:
    """Write what a person and their programs need to work with this Stemma."""
    write_json(home.credentials, asdict(Credentials(url, username, password, token)))


@dataclass(frozen=True, slots=True)
class Credentials:
    """The content of `credentials.json`."""

    url: str
    username: str
    password: str
    token: str


def read_credentials(home: StackHome) -> Credentials:
    """Return what the last start wrote; empty texts where there was none."""
    stored = read_json(home.credentials)
    return Credentials(**{field.name: str(stored.get(field.name, "")) for field in fields(Credentials)})
