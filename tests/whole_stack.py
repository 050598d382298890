"""A whole Stemma for a test: started as a person starts it, killed as a power cut kills it."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from project.environment import CHECKOUT
from project.stack.background import stop_background
from project.stack.credentials import Credentials, read_credentials
from project.stack.health import ask_readiness
from project.stack.home import StackHome
from project.stack.processes import ProcessIdentity, compose_launcher, send_signal
from project.stack.state import StackState, load_state
from project.stack.terminal import Silence
from tests.patience import POLL_S, Deadline, let_pass, patient

_ADDRESSES = ("DATABASE_URL", "DATABASE_OWNER_URL", "BROKER_URL")
_PREFIXES = ("STEMMA_", "S3_", "DJANGO_", "PYTEST_", "CELERY_")


class HarnessError(Exception):
    """The stack under test did not do what the test waited for; the message holds its output."""


@dataclass(slots=True)
class RunningStack:
    """A supervisor in a process of its own, with its parts."""

    home: StackHome
    environment: Mapping[str, str]
    checkout: Path = CHECKOUT
    launcher: Sequence[str] = ()
    python: str = sys.executable
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def output(self) -> str:
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    @property
    def state(self) -> StackState:
        return load_state(self.home.state)

    @property
    def url(self) -> str:
        return self.state.url

    @property
    def port(self) -> int:
        return self.state.ports["web"]

    @property
    def credentials(self) -> Credentials:
        return read_credentials(self.home)

    @property
    def pids(self) -> dict[str, int]:
        """Return the pid of every part that runs: database, broker, web, worker, beat."""
        return {part.name: part.pid for part in self.state.parts if part.pid is not None}

    @property
    def identities(self) -> dict[str, ProcessIdentity]:
        return {part.name: part.identity for part in self.state.parts if part.identity is not None}

    @property
    def _log(self) -> Path:
        return self.home.root.with_name(f"{self.home.root.name}.output")

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self, *, seconds: float = 120.0) -> None:
        """Start the supervisor and wait until Stemma is ready."""
        self.launch()
        self.wait_until(self._is_up, seconds=seconds, what="ready")

    def launch(self) -> subprocess.Popen[bytes]:
        """Start the supervisor without waiting."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *(self.launcher or compose_launcher(signal.SIGTERM, None)),
                    *self.words("up", "--no-fsync"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(self.environment),
                cwd=self.checkout,
                start_new_session=True,
            )
        return self.process

    def words(self, *arguments: str) -> list[str]:
        """Return a command line of the stack for this Python."""
        return [self.python, "-m", "project.stack", *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run another command of the stack on the same home, such as `status`."""
        return subprocess.run(
            [*(self.launcher or compose_launcher(signal.SIGTERM, None)), *self.words(*arguments)],
            env=dict(self.environment),
            cwd=self.checkout,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    def stop(self, *, seconds: float = 60.0) -> int:
        """Stop as Ctrl-C does; return the exit code."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            send_signal(self.process.pid, signal.SIGINT)
        try:
            return self.process.wait(timeout=patient(seconds))
        except subprocess.TimeoutExpired as error:
            self.process.kill()
            raise HarnessError(f"It did not stop in {patient(seconds):.0f} s:\n{self.output}") from error

    def kill(self, *names: str) -> None:
        """Kill -9 the named parts at once; `supervisor` is one of them."""
        identities = self.identities
        for name in names:
            pid = (
                self.process.pid
                if name == "supervisor" and self.process is not None
                else identities[name].pid
            )
            send_signal(pid, signal.SIGKILL)
            if name == "supervisor" and self.process is not None:
                self.process.wait()

    def wait_for_restart(self, *former: ProcessIdentity, seconds: float = 60.0) -> None:
        """Wait until parts with other processes than these run, and Stemma is ready again."""

        def is_replaced() -> bool:
            parts = [part for part in self.state.parts if part.state != "external"]
            now = [part.identity for part in parts if part.identity is not None and part.identity.is_alive()]
            return (
                len(now) == len(parts) and not any(identity in now for identity in former) and self.is_ready()
            )

        self.wait_until(is_replaced, seconds=seconds, what="restarted")

    def is_ready(self) -> bool:
        return self._is_up() and ask_readiness("127.0.0.1", self.port).ready

    def _is_up(self) -> bool:
        state = self.state
        return (
            self.process is not None and state.phase == "ready" and state.supervisor_pid == self.process.pid
        )

    def wait_until(self, condition: Callable[[], bool], *, seconds: float, what: str) -> None:
        """Poll a condition; a supervisor that ends meanwhile ends the waiting."""
        deadline = Deadline(seconds)
        while not condition():
            if self.process is not None and self.process.poll() is not None:
                raise HarnessError(
                    f"It ended with {self.process.returncode} before it was {what}:\n{self.output}"
                )
            if deadline.is_over():
                raise HarnessError(f"Not {what} within {deadline}. {self.state}\n{self.output}")
            let_pass(POLL_S)

    def clean(self) -> None:
        """End what is left, and remove what lies outside the home."""
        try:
            self.stop()
        finally:
            stop_background(self.home, Silence())
            shutil.rmtree(self.home.relocated, ignore_errors=True)


def compose_environment(
    home: Path, *, port: int | None, extra: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return this process's environment without what would tie the new Stemma to another one."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _ADDRESSES and not name.startswith(_PREFIXES)
    }
    return {**kept, "STEMMA_HOME": str(home), "STEMMA_PORT": str(port or 0), **(extra or {})}


@contextmanager
def running_stack(
    home: Path, *, port: int | None = None, env: Mapping[str, str] | None = None, checkout: Path = CHECKOUT
) -> Iterator[RunningStack]:
    """Run a whole Stemma in a folder of its own while the block runs.

    Without `port` a free one is taken, and kept when the same stack is started again.
    """
    stack = RunningStack(
        home=StackHome(home.absolute()),
        environment={"STEMMA_WEB_WORKERS": "1", **compose_environment(home.absolute(), port=port, extra=env)},
        checkout=checkout,
    )
    try:
        stack.start()
        yield stack
    finally:
        stack.clean()
