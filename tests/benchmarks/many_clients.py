"""A running Stemma under 100 and 200 clients at once: what they are answered, how fast, and what it costs."""

import tempfile
from pathlib import Path
from typing import Any

from project.connections import Processes, choose_max_connections, count_connections
from tests.client.conftest import accept_warnings, make_shell
from tests.client.experiments import write_experiment
from tests.many_clients import Answers, Question, ask_as_many
from tests.whole_stack import RunningStack, running_stack

WEB_WORKERS, WEB_THREADS, JOBS = 2, 8, 2
CLIENTS = (100, 200)
SECONDS, QUICK_SECONDS = 60.0, 10.0
ENVIRONMENT = {
    "STEMMA_WEB_WORKERS": str(WEB_WORKERS),
    "STEMMA_WEB_THREADS": str(WEB_THREADS),
    "STEMMA_WORKER_PROCESSES": str(JOBS),
    # All clients ask from one address with one token.
    "STEMMA_REQUESTS_PER_MINUTE": "1000000",
    "STEMMA_ANONYMOUS_REQUESTS_PER_MINUTE": "1000000",
}


def measure_many_clients(*, quick: bool) -> dict[str, dict[str, Any]]:
    """Return one entry of the results for each number of clients; a fault among the answers ends the benchmark."""
    with tempfile.TemporaryDirectory(prefix="stemma-clients-") as name:
        folder = Path(name)
        with running_stack(folder / "home", env=ENVIRONMENT) as stack:
            questions = publish_and_list_questions(stack, folder)
            seconds = QUICK_SECONDS if quick else SECONDS
            return {
                f"clients_{clients}": describe(
                    ask_as_many(stack, questions, clients=clients, seconds=seconds), stack
                )
                for clients in CLIENTS
            }


def publish_and_list_questions(stack: RunningStack, folder: Path) -> list[Question]:
    """Publish a small scan and return what visitors ask of it, a deposit list with a token among it."""
    experiment = write_experiment(folder / "session", title="A scan for many")
    token = stack.credentials.token
    shell = make_shell(folder / "shell", url=stack.url, token=token)
    draft = shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    record = shell.run_json("publish", draft["id"], *accept_warnings(draft))
    number = record["id"]
    primary = next(file["path"] for file in record["files"] if file["path"].endswith(".raw"))
    array = record["measurements"][0]["signals"][0]["zarr"].removeprefix(stack.url).rstrip("/")
    return [
        Question(f"/datasets/{number}"),
        Question("/search"),
        Question("/api/v1/search/?q=scan"),
        Question(f"/api/v1/datasets/{number}/"),
        Question(f"/datasets/{number}.jsonld"),
        Question(f"/api/v1/datasets/{number}/versions/1/files/{primary}", {"Range": "bytes=1000-65535"}),
        Question(f"{array}/zarr.json"),
        Question("/readyz"),
        Question("/api/v1/deposits/", {"Authorization": f"Token {token}"}),
    ]


def describe(answers: Answers, stack: RunningStack) -> dict[str, Any]:
    """Return an entry; the ratio is the share of requests that were not served, all of them with advice."""
    faults = sum(count for status, count in answers.statuses.items() if status >= 500 and status != 503)
    if faults or answers.broken or answers.without_advice:
        raise SystemExit(
            f"{faults} faults, {dict(answers.broken)} broken, {answers.without_advice} without advice"
        )
    processes = Processes(web=WEB_WORKERS, web_threads=WEB_THREADS, workers=1, jobs_at_once=JOBS)
    if answers.connections > count_connections(processes):
        raise SystemExit(f"{answers.connections} connections, {count_connections(processes)} were planned")
    return {
        "ratio": round(answers.refused, 4),
        "budget": None,
        "against": "all requests of the clients; the ratio is the share refused with 503 and Retry-After",
        "cpu_s": None,
        "peak_mb": round(answers.memory_mb, 1),
        "n": answers.total,
        "detail": {
            "measure": "refused",
            "seconds": answers.seconds,
            "statuses": {str(status): count for status, count in sorted(answers.statuses.items())},
            "p50_s": round(answers.quantile(50), 3),
            "p95_s": round(answers.quantile(95), 3),
            "connections": answers.connections,
            "planned_connections": count_connections(processes),
            "max_connections": choose_max_connections(processes),
            "web_processes": WEB_WORKERS,
            "is_ready_at_once": stack.is_ready(),
        },
    }
