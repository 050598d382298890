"""`make check`: everything that can be said about the code without running it. All steps run; one summary."""

import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from tests.environment import set_defaults
from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[1]
_BIN = Path(sys.executable).parent


@dataclass(frozen=True, slots=True)
class Step:
    """One question with the command that answers it."""

    name: str
    command: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a step."""

    step: Step
    passed: bool
    seconds: float
    output: str


def list_steps() -> list[Step]:
    """Return the steps, longest first, so that two at a time end together."""
    python, ruff, concise = sys.executable, str(_BIN / "ruff"), ("--output-format", "concise")
    steps = [
        Step("types (mypy)", (str(_BIN / "mypy"), ".")),
        Step("front end (eslint, tsc)", ("npm", "run", "--silent", "check")),
        Step("OpenAPI agrees with the views", (python, "-m", "tools.openapi")),
        Step("migrations are complete", (python, "manage.py", "makemigrations", "--check", "--dry-run")),
        Step("imports point down (import-linter)", (str(_BIN / "lint-imports"), "--no-cache")),
        Step("lint (ruff)", (ruff, "check", *concise, ".")),
        Step("format (ruff)", (ruff, "format", "--check", *concise, ".")),
        Step("lock files", (python, "-m", "tools.locks")),
        Step("tables of formats are current", (python, "-m", "tools.formats")),
        Step("tables of states are current", (python, "-m", "tools.states")),
        Step("the table of quantities is current", (python, "-m", "tools.quantities")),
    ]
    has_front_end = (CHECKOUT / "package.json").exists() and shutil.which("npm") is not None
    return [step for step in steps if has_front_end or step.command[0] != "npm"]


def run(step: Step) -> Outcome:
    """Run a step to its end and keep what it said."""
    begin = time.monotonic()
    result = subprocess.run(
        tie(*step.command),
        cwd=CHECKOUT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Outcome(step, result.returncode == 0, time.monotonic() - begin, result.stdout)


def main() -> int:
    """Run all steps, two at a time; show the output of those that failed."""
    set_defaults()
    # `makemigrations --check` asks a database for its history; without one it only warns.
    os.environ["PYTHONWARNINGS"] = "ignore::RuntimeWarning"
    with ThreadPoolExecutor(max_workers=2) as pool:
        outcomes = []
        for outcome in pool.map(run, list_steps()):
            outcomes.append(outcome)
            verdict = "ok    " if outcome.passed else "FAILED"
            sys.stdout.write(f"{verdict} {outcome.step.name}  ({outcome.seconds:.1f} s)\n")
            if not outcome.passed:
                sys.stdout.write(f"{outcome.output.rstrip()}\n\n")
            sys.stdout.flush()
    failed = [outcome.step.name for outcome in outcomes if not outcome.passed]
    if failed:
        sys.stdout.write(f"\n{len(failed)} of {len(outcomes)} checks failed: {'; '.join(failed)}\n")
        return 1
    sys.stdout.write(f"\nAll {len(outcomes)} checks passed.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
