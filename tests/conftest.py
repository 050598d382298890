"""The database as the application's role sees it, and one whole Stemma for the suites that speak HTTP."""

import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as given_settings

from tests.patience import patient
from tests.ties import follow_the_session

LIVE_GROUP = "live_stack"
QUIET_TIMEOUT_S = 600.0
LIVE_ENVIRONMENT = {
    "STEMMA_JOB_LEASE_SECONDS": f"{patient(6):.0f}",
    "STEMMA_RECONCILE_SECONDS": "1",
    "STEMMA_QUOTA": "1 TB",  # half of what one file may have
    # All suites ask from one address with one token; the limits have tests of their own.
    "STEMMA_REQUESTS_PER_MINUTE": "100000",
    "STEMMA_ANONYMOUS_REQUESTS_PER_MINUTE": "100000",
}


# How long an example takes says how busy the machine is.
given_settings.register_profile("no clock", deadline=None, suppress_health_check=[HealthCheck.too_slow])
given_settings.load_profile("no clock")


def pytest_configure() -> None:
    """Nothing that a test starts outlives an interrupted run."""
    follow_the_session()


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests that share the running Stemma in one process: it is started once."""
    for item in items:
        if LIVE_GROUP in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.xdist_group(LIVE_GROUP))
        item.add_marker(pytest.mark.timeout(patient(find_timeout(item))), append=False)


def find_timeout(item: pytest.Item) -> float:
    """Return the seconds after which a quiet machine would end a test that hangs."""
    own = item.get_closest_marker("timeout")
    if own is not None:
        return float(own.args[0])
    told = item.config.getoption("timeout")
    if told is None:
        told = item.config.getini("timeout")
    return float(told or QUIET_TIMEOUT_S)  # where another configuration is read, none is said


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_teardown() -> None:
    """Let a web process inside a test hear no longer than the test has its database."""
    hearing = sys.modules.get("api.byte_service.hearing")
    if hearing is not None:
        hearing.end_hearing()


@pytest.fixture(scope="session")
def django_db_setup(
    request: pytest.FixtureRequest, django_test_environment: None, django_db_blocker: Any
) -> Iterator[None]:
    """Make the test database as the owner, then let the tests write as the role that may not change tables."""
    from django.conf import settings
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    from project.settings import parse_database_url

    if "DATABASE_OWNER_URL" not in os.environ:
        pytest.skip("needs the database: run by `make test` or `python -m project.stack exec -- pytest`")
    # A good hash takes a third of a second, and most tests make an account.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    owner = parse_database_url(os.environ["DATABASE_OWNER_URL"])
    application = {key: connection.settings_dict[key] for key in ("USER", "PASSWORD")}
    worker = getattr(request.config, "workerinput", {}).get("workerid")
    with django_db_blocker.unblock():
        connection.settings_dict.update({key: owner[key] for key in ("USER", "PASSWORD")})
        connection.close()
        if worker is not None:
            connection.settings_dict["TEST"]["NAME"] = f"test_stemma_{worker}"
        is_kept = bool(request.config.getoption("reuse_db"))
        made = setup_databases(verbosity=0, interactive=False, keepdb=is_kept)
        address = _owner_address(owner, str(connection.settings_dict["NAME"]))
        _grant(address, application["USER"])
        connection.close()
        connection.settings_dict.update(application)
    # A flush truncates, which only the owner may do.
    setattr(connection.ops, "execute_sql_flush", partial(_flush, address))  # noqa: B010  # a method of Django's
    yield
    with django_db_blocker.unblock():
        connection.close()
        connection.settings_dict.update({key: owner[key] for key in ("USER", "PASSWORD")})
        teardown_databases(made, verbosity=0, keepdb=is_kept)


def _owner_address(owner: dict[str, Any], database: str) -> str:
    return psycopg.conninfo.make_conninfo(
        host=owner["HOST"],
        port=owner["PORT"],
        user=owner["USER"],
        password=owner["PASSWORD"],
        dbname=database,
    )


def _execute(address: str, sql_list: Iterable[str]) -> None:
    with psycopg.connect(address) as owner_connection:
        for statement in sql_list:
            owner_connection.execute(statement.encode())


def _grant(address: str, role: str) -> None:
    _execute(
        address,
        [
            f'GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO "{role}"',
            f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{role}"',
        ],
    )


def _flush(address: str, sql_list: Iterable[str]) -> None:
    """Truncate with everything that refers to it: a library's table of a swapped model refers to ours."""
    _execute(address, [statement.replace(";", " CASCADE;") for statement in sql_list])


@pytest.fixture
def stemma_home(tmp_path: Path, settings: Any) -> Path:
    """Give a test object store, uploads and work folders of its own."""
    settings.STEMMA_HOME = tmp_path / "home"
    return tmp_path / "home"


@pytest.fixture(scope="session")
def live_stack() -> Iterator[Any]:
    """Run a whole Stemma for the suites that are clients of it."""
    from tests.whole_stack import running_stack

    with (
        tempfile.TemporaryDirectory(prefix="stemma-live-") as folder,
        running_stack(Path(folder) / "home", env=LIVE_ENVIRONMENT) as stack,
    ):
        yield stack
