"""Real Celery workers on the test's own database and a part of the broker that belongs to the test alone."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest
import redis
from django.conf import settings
from django.db import connection

from processing.services import compiled_code
from repository.models import WorkerHeartbeat
from tests.brokers import broker_at
from tests.patience import patient, wait_until
from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[3]
LEASE_S = patient(5)


class Workers:
    """Starts workers and ends them with the test."""

    def __init__(self, broker: str, home: Path, stack: ExitStack) -> None:
        self.broker = broker
        self._home = home
        self._stack = stack

    def start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """Start a worker and wait until it says that it lives."""
        return self._stack.enter_context(self._running(name, words))

    def wipe(self) -> None:
        """Forget every message."""
        redis.Redis.from_url(self.broker).flushdb()

    @contextmanager
    def _running(self, name: str, words: tuple[str, ...]) -> Iterator[subprocess.Popen[bytes]]:
        command = [sys.executable, "-m", "celery", "-A", "project.celery:app", "worker"]
        options = ["--hostname", f"{name}@test", "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
        included = [
            "--include",
            "tests.integration.lanes.kinds,project.stack.worker_children",
        ]
        log = self._home / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                tie(*command, *options, *included, *words),
                env=self._environment(),
                cwd=CHECKOUT,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        try:
            wait_until(
                lambda: WorkerHeartbeat.objects.filter(name=f"{name}@test").exists(),
                f"{name} does not live",
                seconds=120,
            )
            yield process
        finally:
            process.kill()  # its pool follows it
            process.wait()
            print(log.read_text(errors="replace")[-6000:])  # noqa: T201  # shown where the test fails

    def _environment(self) -> dict[str, str]:
        database = connection.settings_dict
        return {
            **os.environ,
            "DATABASE_URL": "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**database),
            "BROKER_URL": self.broker,
            "STEMMA_HOME": str(self._home),
            "STEMMA_JOB_LEASE_SECONDS": f"{LEASE_S:.0f}",
            "PYTHONPATH": str(CHECKOUT),
        }


@pytest.fixture
def workers(transactional_db: None, stemma_home: Path, request: pytest.FixtureRequest) -> Iterator[Workers]:
    """Give the test a broker of its own and the means to start workers."""
    stemma_home.mkdir(parents=True)
    if (
        request.node.get_closest_marker("long") is None
    ):  # nothing is converted: spare the workers the compiling
        compiled = compiled_code._folder()
        compiled.mkdir(parents=True)
        (compiled / "complete").touch()
    number = int(getattr(request.config, "workerinput", {}).get("workerid", "gw0")[2:])
    broker = urlunsplit(urlsplit(settings.CELERY_BROKER_URL)._replace(path=f"/{number % 14 + 1}"))
    with ExitStack() as stack, broker_at(broker):
        made = Workers(broker, stemma_home, stack)
        made.wipe()
        yield made
