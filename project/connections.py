"""How many connections each process holds, and how many PostgreSQL must therefore allow: one place for both.

A web process works on a fixed number of requests at once, each in a thread that keeps one connection; so many threads,
so many connections, and never more. Jobs hold a connection while they run, and one more for the heartbeat.
"""

from dataclasses import dataclass
from typing import Any

LONGEST_STATEMENT_S = 20
LONGEST_LOCK_S = 8
KEEP_CONNECTION_S = 600
CONNECT_TIMEOUT_S = 2
"""libpq's least; a frozen server accepts a connection and then says nothing."""

BYTE_THREADS = 4
"""Threads of a web process that decide on bytes; each decision takes some milliseconds."""
COMPLETION_THREADS = 2
"""Threads of a web process that move whole uploads into the store, which may take minutes."""
OPERATOR_THREADS = 1
"""Threads of a web process that look whether an operator asks for the reasons behind readiness."""
PROBE_THREADS = 2
"""Connections of a web process by which readiness asks: the database, and the rows of the workers."""
HEARING_CONNECTIONS = 1
"""The connection of a web process on which it hears what other hosts decide."""

_FOR_EACH_JOB = 2  # the job and its heartbeat
_FOR_EACH_WORKER = 1  # the heartbeat of the worker itself
_RESERVE = 15  # migrations, a backup, an operator at a prompt; three belong to the superuser
_LEAST = 100  # PostgreSQL's own default


@dataclass(frozen=True, slots=True)
class Processes:
    """What holds connections."""

    web: int
    web_threads: int
    workers: int
    jobs_at_once: int


def count_web_connections(web_threads: int) -> int:
    """Return the most connections that one web process holds."""
    return (
        web_threads
        + BYTE_THREADS
        + COMPLETION_THREADS
        + OPERATOR_THREADS
        + PROBE_THREADS
        + HEARING_CONNECTIONS
    )


def count_connections(processes: Processes) -> int:
    """Return the most connections that all processes hold together."""
    return (
        processes.web * count_web_connections(processes.web_threads)
        + processes.workers * _FOR_EACH_WORKER
        + processes.jobs_at_once * _FOR_EACH_JOB
    )


def choose_max_connections(processes: Processes) -> int:
    """Return PostgreSQL's `max_connections` that is enough for all of them and the operator."""
    return max(_LEAST, count_connections(processes) + _RESERVE)


def compose_connection_options() -> dict[str, Any]:
    """Return libpq's options of every process.

    Keepalives notice a server that is gone without a word. A frozen one keeps its connections alive: jobs wait for it,
    requests do not (`suit_requests`).
    """
    return {
        # The search planner needs the values: see reference measurements on custom plans.
        "options": "-c plan_cache_mode=force_custom_plan -c jit=off",
        "connect_timeout": CONNECT_TIMEOUT_S,
        "keepalives_idle": 30,
        "keepalives_interval": 10,
        "keepalives_count": 3,
        "tcp_user_timeout": 60_000,  # ms
    }


def suit_requests(database: dict[str, Any]) -> None:
    """Turn the settings of a connection into those of a web process, where a person waits for the answer.

    Each thread keeps its connection, for the threads are counted. No statement and no wait for a row lasts longer than
    a person would wait; long work belongs to workers and migrations, whose statements have no limit.
    """
    database["CONN_MAX_AGE"] = KEEP_CONNECTION_S
    database["ANSWERS_PERSONS"] = True
    limits = f"-c statement_timeout={LONGEST_STATEMENT_S}s -c lock_timeout={LONGEST_LOCK_S}s"
    database["OPTIONS"] = {
        **database["OPTIONS"],
        "options": f"{compose_connection_options()['options']} {limits}",
    }
