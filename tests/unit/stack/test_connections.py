"""The sum of the connections, and the limits of what waits for a person."""

import pytest

from project.connections import (
    Processes,
    choose_max_connections,
    compose_connection_options,
    count_connections,
    count_web_connections,
    suit_requests,
)
from project.settings import parse_database_url


@pytest.mark.parametrize("web", [1, 2, 16])
@pytest.mark.parametrize("jobs", [1, 2, 64])
def test_the_server_allows_what_the_processes_hold_and_an_operator(web: int, jobs: int) -> None:
    processes = Processes(web=web, web_threads=8, workers=1, jobs_at_once=jobs)
    assert count_connections(processes) == web * count_web_connections(8) + 1 + 2 * jobs
    assert choose_max_connections(processes) >= max(100, count_connections(processes) + 15)


def test_jobs_and_migrations_have_no_limit_and_requests_have() -> None:
    database = parse_database_url("postgresql://a:b@localhost/c")
    assert "timeout=" not in database["OPTIONS"]["options"]
    assert database["CONN_MAX_AGE"] == 0
    suit_requests(database)
    assert "statement_timeout=20s" in database["OPTIONS"]["options"]
    assert "lock_timeout=8s" in database["OPTIONS"]["options"]
    assert database["OPTIONS"]["connect_timeout"] == 2
    assert "timeout=" not in compose_connection_options()["options"], "what others share is not changed"
