"""Many clients of one Stemma at once: what they were answered, how long it took, and what it cost the server."""

import asyncio
import statistics
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import cycle, islice
from pathlib import Path

import httpx
import psycopg

from project.stack.credentials import ensure_secrets
from project.stack.postgres import SUPERUSER
from tests.patience import patient
from tests.whole_stack import RunningStack

SAMPLE_SECONDS = 0.25
_COUNT = (
    "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND usename <> current_user"
)


@dataclass(frozen=True, slots=True)
class Question:
    """One address that clients ask, and what they send with it."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Answers:
    """What all clients got."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    by_path: Counter[tuple[str, int]] = field(default_factory=Counter)
    without_advice: int = 0
    broken: Counter[str] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    connections: int = 0
    memory_mb: float = 0.0

    @property
    def total(self) -> int:
        return sum(self.statuses.values()) + sum(self.broken.values())

    @property
    def refused(self) -> float:
        """Return the share of requests that were not served."""
        served = sum(count for status, count in self.statuses.items() if status < 400)
        return 1 - served / max(1, self.total)

    def quantile(self, percent: int) -> float:
        """Return the time in seconds within which so many percent of the served requests were answered."""
        if len(self.waits) < 2:
            return self.waits[0] if self.waits else 0.0
        return statistics.quantiles(self.waits, n=100, method="inclusive")[percent - 1]


def ask_as_many(
    stack: RunningStack, questions: Sequence[Question], *, clients: int, seconds: float
) -> Answers:
    """Let so many clients ask in turn for so long, each waiting for its answer before it asks again."""
    return asyncio.run(_ask(stack, questions, clients, seconds))


async def _ask(stack: RunningStack, questions: Sequence[Question], clients: int, seconds: float) -> Answers:
    answers = Answers(seconds=seconds)
    begin = time.monotonic()
    limits = httpx.Limits(max_connections=clients, max_keepalive_connections=clients)
    async with httpx.AsyncClient(
        base_url=stack.url, limits=limits, timeout=patient(60), trust_env=False, follow_redirects=False
    ) as http:
        watch = asyncio.create_task(_watch(stack, answers))
        await asyncio.gather(
            *(_be_a_client(http, questions, number, begin + seconds, answers) for number in range(clients))
        )
        watch.cancel()
        with suppress(asyncio.CancelledError):
            await watch
    return answers


async def _be_a_client(
    http: httpx.AsyncClient, questions: Sequence[Question], number: int, until: float, answers: Answers
) -> None:
    for question in islice(cycle(questions), number, None):
        begin = time.monotonic()
        if begin >= until:
            return
        try:
            answer = await http.get(question.path, headers=dict(question.headers))
        except httpx.HTTPError as fault:
            answers.broken[type(fault).__name__] += 1
            continue
        answers.statuses[answer.status_code] += 1
        answers.by_path[question.path, answer.status_code] += 1
        if answer.status_code < 400:
            answers.waits.append(time.monotonic() - begin)
        elif answer.status_code == 503 and "Retry-After" not in answer.headers:
            answers.without_advice += 1


async def _watch(stack: RunningStack, answers: Answers) -> None:
    """Note the most connections and memory; the launcher's own role has places that nobody else takes."""
    with psycopg.connect(superuser_address(stack), autocommit=True) as connection:
        while True:
            row = connection.execute(_COUNT).fetchone()
            answers.connections = max(answers.connections, row[0] if row else 0)
            answers.memory_mb = max(answers.memory_mb, measure_memory_mb(stack.pids["web"]))
            await asyncio.sleep(SAMPLE_SECONDS)


def superuser_address(stack: RunningStack) -> str:
    """Return the address by which the launcher itself asks the database."""
    password = ensure_secrets(stack.home).database_superuser
    return f"postgresql://{SUPERUSER}:{password}@127.0.0.1:{stack.state.ports['database']}/stemma"


def measure_memory_mb(pid: int) -> float:
    """Return the memory of a process and its children, what they share counted once."""
    pids = [pid, *list_children(pid)]
    return sum(_read_pss_kb(number) for number in pids) / 1000


def list_children(pid: int) -> list[int]:
    """Return the pids of a process's children and theirs."""
    found: list[int] = []
    for entry in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            found += [int(word) for word in entry.read_text().split()]
    return [number for child in found for number in (child, *list_children(child))]


def _read_pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
