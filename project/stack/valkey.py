"""The embedded broker: Valkey with an append-only file, and its password out of sight of `ps`."""

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import redis

from project.stack.placement import Placement
from project.stack.processes import Command
from project.stack.system_user import give


def compose_broker_url(port: int, password: str) -> str:
    """Return the address of the embedded broker."""
    return f"redis://:{password}@127.0.0.1:{port}/0"


@dataclass(frozen=True, slots=True)
class ValkeyServer:
    """One folder of the broker with its port and password."""

    placement: Placement
    port: int
    password: str
    log: Path
    environment: Mapping[str, str]
    keep_messages: bool = True

    @property
    def folder(self) -> Path:
        return self.placement.folder / "valkey"

    @property
    def url(self) -> str:
        return compose_broker_url(self.port, self.password)

    def command(self) -> Command:
        return Command(
            argv=(str(self.placement.valkey_server), str(self.folder / "valkey.conf")),
            environment=self.environment,
            log=self.log,
            cwd=Path("/"),
            death_signal=signal.SIGTERM,
            patience=10.0,
            user=self.placement.user,
        )


def write_configuration(server: ValkeyServer) -> None:
    """Write the folder and the 0600 file it starts from; both may have been wiped since the last start."""
    if not server.folder.exists():
        server.folder.mkdir(mode=0o700)
        give(server.folder, server.placement.user)
    file = server.folder / "valkey.conf"
    draft = file.with_suffix(".new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(compose_configuration(server))
    give(draft, server.placement.user)
    draft.replace(file)


def compose_configuration(server: ValkeyServer) -> str:
    settings = {
        "bind": "127.0.0.1",
        "port": str(server.port),
        "requirepass": server.password,
        "dir": _quote(server.folder),
        "appendonly": "yes" if server.keep_messages else "no",
        "appendfsync": "everysec",
        "save": '""',
        # Refuse a message rather than drop another one.
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "unixsocket": '""',
    }
    return "".join(f"{name} {value}\n" for name, value in settings.items())


def _quote(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def check_answers(server: ValkeyServer) -> str | None:
    """Return None once the broker answers, else why not yet."""
    client = redis.Redis(host="127.0.0.1", port=server.port, password=server.password, socket_timeout=2)
    try:
        client.ping()
    except redis.RedisError as error:
        return str(error)
    finally:
        client.close()
    return None
