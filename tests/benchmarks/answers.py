"""How long one answer of the session's table takes among forty measurements, and how large what comes back is.

``python -m tests.benchmarks.answers`` measures it alone, into bench/results.json. A running Stemma
is asked by HTTP, as the page asks it; the files are small images, so that all of them are read before it begins.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.small_files import make_files
from tests.ties import tie
from tests.whole_stack import RunningStack, running_stack

N_MEASUREMENTS, REPEATS = 40, 15
PROMISED_S, PROMISED_BYTES = 0.1, 20_000
RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results.json"


def measure_answers(folder: Path, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Return the entries of the results, by name."""
    uploads = make_files(folder / "answered", N_MEASUREMENTS)
    with running_stack(folder / "answering") as stack:
        deposit = _deposit(stack, uploads[0].parent)
        address = f"{stack.url}/api/v1/deposits/{deposit}/table/"
        rows = _ask(stack, "GET", f"{address}?page_size=200")[1]["rows"]
        ids = [row["id"] for row in rows]
        one = _repeat(
            stack, address, lambda n: {"field": "dwell_time", "keys": [ids[0]], "value": f"{n + 1} us"}
        )
        every = _repeat(
            stack, address, lambda n: {"field": "probe_current", "level": "all", "value": f"{n + 1} pA"}
        )
        page_s, page = _ask(stack, "GET", f"{address}?page_size=200")
    say(f"  a page of {len(ids)} measurements: {page_s:.3f} s, {len(json.dumps(page)) / 1000:.0f} kB")
    return {
        f"one_answer_among_{N_MEASUREMENTS}": _describe(one, say, "one answer"),
        f"one_answer_for_all_{N_MEASUREMENTS}": _describe(every, say, "one answer for all"),
    }


def _deposit(stack: RunningStack, folder: Path) -> str:
    """Deposit a folder by the command, and return the id once everything is read."""
    environment = {**os.environ, "STEMMA_URL": stack.url, "STEMMA_TOKEN": stack.credentials.token}
    finished = subprocess.run(
        tie(Path(sys.executable).with_name("stemma"), "deposit", folder, "--title", "Forty images", "--json"),
        env=environment,
        stdout=subprocess.PIPE,
        check=True,
    )
    return str(json.loads(finished.stdout)["id"])


def _repeat(
    stack: RunningStack, address: str, build: Callable[[int], dict[str, Any]]
) -> list[tuple[float, int]]:
    measured = []
    for number in range(REPEATS):
        body = {"changes": [build(number)]}
        seconds, answer = _ask(stack, "PATCH", address, body)
        if answer["saved"] != 1:
            raise SystemExit(f"the answer was not saved: {answer}")
        measured.append((seconds, len(json.dumps(answer))))
    return measured[1:]  # what is compiled and cached once


def _ask(
    stack: RunningStack, method: str, address: str, body: dict[str, Any] | None = None
) -> tuple[float, dict[str, Any]]:
    request = urllib.request.Request(  # noqa: S310  # the address is our own server's
        address,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={
            "Authorization": f"Token {stack.credentials.token}",
            "Content-Type": "application/json",
        },
    )
    begun = time.perf_counter()
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        content = answer.read()
    return time.perf_counter() - begun, dict(json.loads(content))


def _describe(measured: list[tuple[float, int]], say: Callable[[str], None], name: str) -> dict[str, Any]:
    wall_s = statistics.median(seconds for seconds, _ in measured)
    size = max(size for _, size in measured)
    say(
        f"  {name}: {wall_s * 1000:.0f} ms of {PROMISED_S * 1000:.0f} promised, "
        f"{size / 1000:.1f} kB of {PROMISED_BYTES / 1000:.0f}"
    )
    return {
        "ratio": round(max(wall_s / PROMISED_S, size / PROMISED_BYTES), 4),
        "budget": 1.0,
        "against": f"{PROMISED_S:g} s and {PROMISED_BYTES} bytes as promised",
        "n": len(measured),
        "detail": {
            "measure": "wall_s",
            "wall_s": round(wall_s, 4),
            "promised_s": PROMISED_S,
            "bytes": size,
            "promised_bytes": PROMISED_BYTES,
        },
    }


def main() -> None:
    """Measure it alone, and write its entries beside the others."""

    def say(text: str) -> None:
        sys.stdout.write(f"{text}\n")
        sys.stdout.flush()

    with tempfile.TemporaryDirectory(prefix="stemma-bench-") as temporary:
        measured = measure_answers(Path(temporary), say)
    known = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({**known, **measured}, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
