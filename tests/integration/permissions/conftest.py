"""Several processes of one Stemma on the test database, two of them as if on another host."""

import datetime as dt
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from project.environment import CHECKOUT
from repository import migrations
from repository.models import DepositMember, LimitCount
from tests.api.conftest import as_token, make_token, unthrottled, web
from tests.api.worlds import open_session
from tests.deposits import add_measurement, make_published, publish, settle
from tests.factories import make_deposit, make_user, store_file
from tests.patience import wait_until
from tests.ties import tie

__all__ = ["unthrottled", "web"]  # fixtures of the suite that speaks HTTP


class Process:
    """A process that asks and writes as it is told."""

    def __init__(self, program: "subprocess.Popen[str]") -> None:
        self._program = program

    def tell(self, **order: Any) -> Any:
        assert self._program.stdin is not None
        assert self._program.stdout is not None
        self._program.stdin.write(json.dumps(order) + "\n")
        self._program.stdin.flush()
        line = self._program.stdout.readline()
        assert line, "the process ended"
        return json.loads(line)

    def ask(self, asks: list[Any]) -> list[Any]:
        """Return what the byte routes of this process answer; a hundred dead tokens are not to count as guesses."""
        LimitCount.objects.all().delete()
        answers: list[Any] = self.tell(asks=asks)
        return answers

    def ask_cold(self, asks: list[Any]) -> list[Any]:
        """Return what they answer where nothing is remembered."""
        LimitCount.objects.all().delete()
        answers: list[Any] = self.tell(asks=asks, cold=True)
        return answers

    def wait_until_it_hears(self) -> None:
        wait_until(lambda: bool(self.tell(hears=True)), "it does not hear")

    def wait_until_it_has_heard(self) -> None:
        """Wait until it knows of all that was written before this moment.

        The question that is under way may have been asked before it; the one after that was not.
        """
        for _ in range(2):
            known = float(self.tell(heard_until=True))
            wait_until(partial(self._has_heard_since, known), "it has not heard")

    def _has_heard_since(self, known: float) -> bool:
        return float(self.tell(heard_until=True)) > known


@contextmanager
def run_process(home: Path) -> Iterator[Process]:
    """Run a process of this Stemma with a home, which is a host of its own where the home is."""
    given = connection.settings_dict
    password, name = quote(given["PASSWORD"], safe=""), given["NAME"]
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{given['USER']}:{password}@{given['HOST']}:{given['PORT']}/{name}",
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "STEMMA_HOME": str(home),
    }
    program = subprocess.Popen(
        tie(sys.executable, "-m", "tests.integration.permissions.other_process"),
        cwd=CHECKOUT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Process(program)
    finally:
        program.kill()
        program.communicate()


@pytest.fixture
def elsewhere(stemma_home: Path, tmp_path: Path) -> Path:
    """Return the home of another host: the same stored bytes, but no memory in common."""
    (stemma_home / "objects").mkdir(parents=True, exist_ok=True)
    home = tmp_path / "elsewhere"
    home.mkdir()
    (home / "objects").symlink_to(stemma_home / "objects")
    return home


@pytest.fixture
def another_web(transactional_db: None, stemma_home: Path) -> Iterator[Process]:
    with run_process(stemma_home) as process:
        yield process


@pytest.fixture
def foreign_web(transactional_db: None, elsewhere: Path) -> Iterator[Process]:
    with run_process(elsewhere) as process:
        yield process


def build_words() -> dict[str, Any]:
    """Make a published dataset, one under embargo and a draft, with everybody who may ask."""
    owner, co_owner, curator = make_user(), make_user(), make_user(role="curator")
    draft = make_deposit(owner)
    until = (timezone.now() + dt.timedelta(days=90)).date().isoformat()
    embargoed = make_published(owner, access="embargoed", embargo_until=until).dataset.deposit
    published = make_deposit(owner)
    for deposit in (draft, published):
        store_file(deposit, "data.dm4", b"the first bytes")
        add_measurement(deposit, "scan.raw")
    publish(settle(published))
    for deposit in (draft, embargoed):
        DepositMember.objects.create(deposit=deposit, name=co_owner.username, user=co_owner)
    session = open_session(owner)
    words: dict[str, Any] = {
        "owner": owner.username,
        "co-owner": co_owner.username,
        "curator": curator.username,
        "other": make_user().username,
        "session": session,
        "draft": draft.pk,
        "embargoed": embargoed.pk,
        "published": published.pk,
    }
    words["headers"] = {
        "stranger": {},
        "owner": as_token(make_token(owner)),
        "session": {"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"},
        "co-owner": as_token(make_token(co_owner)),
        "curator": as_token(make_token(curator)),
    }
    words["addresses"] = [
        address for deposit in (draft, embargoed, published) for address in list_addresses(deposit)
    ]
    return words


def list_addresses(deposit: Any) -> list[str]:
    measurement = deposit.measurements.get().pk
    signal = f"/api/v1/measurements/{measurement}/signals/data"
    product = f"/api/v1/measurements/{measurement}/reductions/data.mean_diffraction_pattern"
    return [
        f"/api/v1/deposits/{deposit.pk}/files/data.dm4",
        f"/api/v1/deposits/{deposit.pk}/files/scan.raw",
        f"/api/v1/datasets/{deposit.pk}/files/data.dm4",
        f"/api/v1/datasets/{deposit.pk}/versions/1/files/scan.raw",
        f"{signal}/zarr/zarr.json",
        f"{signal}/companion/zarr.json",
        f"{product}/data",
        f"{product}/preview.png",
    ]


def list_asks(words: dict[str, Any]) -> list[Any]:
    """Return every address for everybody."""
    return [(address, headers) for address in words["addresses"] for headers in words["headers"].values()]


def list_deciding_tables() -> set[str]:
    """Return the tables whose writes end decisions, whichever migration gave them their triggers."""
    names = (module.name for module in pkgutil.iter_modules(migrations.__path__))
    found = (import_module(f"{migrations.__name__}.{name}") for name in names)
    return {table for migration in found for table in getattr(migration, "DECIDING", ())}
