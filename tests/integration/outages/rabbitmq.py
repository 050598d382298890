"""A RabbitMQ of its own in a folder: started, frozen, killed and started again."""

import os
import shutil
import signal
import socket
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from project.stack.ports import choose_port
from tests.many_clients import list_children
from tests.patience import Deadline, let_pass, patient
from tests.ties import tie

START = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")


def accepts_connections(port: int) -> bool:
    """Tell whether something answers on the loopback interface."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(patient(0.5))
        return probe.connect_ex(("127.0.0.1", port)) == 0


def is_installed() -> bool:
    return START.exists() and shutil.which("erl") is not None


@dataclass(slots=True)
class RabbitMQ:
    """The server, and Erlang's name service, which is a child of nobody and is ended by its port."""

    folder: Path
    port: int = field(default_factory=lambda: choose_port(None))
    distribution_port: int = field(default_factory=lambda: choose_port(None))
    names_port: int = field(default_factory=lambda: choose_port(None))
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://guest:guest@127.0.0.1:{self.port}//"

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "RABBITMQ_NODENAME": f"stemma{self.port}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(self.folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "plugins"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "none"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1",
            "ERL_EPMD_PORT": str(self.names_port),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        output = self.folder / "output"
        with output.open("wb") as stream:
            self.process = subprocess.Popen(
                tie(START),
                env=self.environment,
                stdout=stream,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = Deadline(180)
        while b"Starting broker... completed" not in output.read_bytes():
            assert self.process.poll() is None, output.read_text()
            assert not deadline.is_over(), output.read_text()
            let_pass(0.1)

    def signal(self, number: signal.Signals) -> None:
        """Signal the server and what it started."""
        assert self.process is not None
        for pid in (self.process.pid, *list_children(self.process.pid)):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        if self.process is not None:
            self.process.wait()

    def clean(self) -> None:
        """End it and its name service."""
        if self.process is not None and self.process.poll() is None:
            self.kill()
        deadline = Deadline(30)
        while accepts_connections(self.names_port) and not deadline.is_over():
            # It refuses until it has noticed that the server is dead.
            subprocess.run(tie("epmd", "-kill"), env=self.environment, capture_output=True, check=False)
            let_pass(0.1)
