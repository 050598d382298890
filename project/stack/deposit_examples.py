"""`make examples`: deposit and publish through the same command that every depositor uses.

Run as a program of its own, so that the supervisor never loads the libraries that make the examples.
"""

import argparse
import http.client
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from project.environment import EnvironmentVariableError, read_stack_environment
from project.examples.make_examples import write_examples
from project.stack.credentials import Credentials, read_credentials
from project.stack.health import ask_readiness
from project.stack.home import StackHome, read_json, write_json
from project.stack.managed_part import describe_exit
from project.stack.processes import compose_launcher
from project.stack.terminal import StackError

_DONE, _REFUSED, _ERRORS_FOUND, _LEFT_OUT, _INTERRUPTED = 0, 2, 3, 5, 130
_DESCRIPTIONS = ("stemma.yaml", "stemma.yml", "stemma.json", "metadata.yaml", "metadata.yml", "metadata.json")


@dataclass(frozen=True, slots=True)
class PlannedDeposit:
    """What goes into one call of `stemma deposit`."""

    name: str
    paths: tuple[Path, ...]
    metadata: Path | None
    publish: bool


def main() -> int:
    """Deposit the examples, or a person's folder; return the exit code."""
    parser = argparse.ArgumentParser(prog="make examples", description=__doc__)
    parser.add_argument("--data", type=Path, help="deposit this folder instead of the examples")
    options = parser.parse_args()
    try:
        home = StackHome(read_stack_environment().home)
        credentials = _require_running(home)
        if options.data is not None:
            return _deposit_folder(options.data, credentials)
        return _deposit_examples(home, credentials)
    except (StackError, EnvironmentVariableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED


def _require_running(home: StackHome) -> Credentials:
    credentials = read_credentials(home)
    address = urlsplit(credentials.url)
    if not credentials.url or not ask_readiness(address.hostname or "", address.port or 80).ready:
        raise StackError(f"No Stemma is running in {home.root}: `make start` first, or `make demo` for both.")
    return credentials


def _deposit_folder(folder: Path, credentials: Credentials) -> int:
    """Deposit a person's own files; publishing them is their decision."""
    if not folder.is_dir():
        raise StackError(
            f"{folder} is not a folder. Name one with files of your experiment: make demo DATA=folder"
        )
    described = next((folder / name for name in _DESCRIPTIONS if (folder / name).is_file()), None)
    plan = PlannedDeposit(folder.resolve().name, (folder.resolve(),), described, publish=False)
    _say(f"Depositing {folder}")
    code = subprocess.run(_write_command(plan), env=_environment_for(credentials), check=False).returncode
    if code not in {_DONE, _ERRORS_FOUND, _LEFT_OUT}:
        again = "" if code == _REFUSED else "; the same command goes on where it stopped"
        _say(f"`stemma deposit` ended with {describe_exit(code)}{again}.")
        return 1
    _say(
        f"\nIt is a draft: answer what is missing on its page and publish it there, as {credentials.username}"
    )
    _say(f"with the password {credentials.password}")
    return 0


def _deposit_examples(home: StackHome, credentials: Credentials) -> int:
    ledger = home.root / "examples.json"
    known = read_json(ledger)
    folder = home.root / "examples"
    _say("Making the example experiments")
    failed = []
    for plan in list_examples(folder):
        former = known.get(plan.name, {})
        if former and _is_published(str(former.get("id", "")), credentials):
            _say(f"\n{plan.name}: published before")
            _show_result(plan.name, former)
            continue
        _say(f"\n{plan.name}: depositing")
        code, record = _call_stemma(plan, credentials)
        if record:
            _show_result(plan.name, record)
        if code == _INTERRUPTED:
            return code
        if code != _DONE:
            _say(f"  {plan.name}: `stemma deposit` ended with {describe_exit(code)}")
            failed.append(plan.name)
            continue
        known[plan.name] = {name: record.get(name) for name in ("id", "doi", "url")}
        write_json(ledger, known)
    if failed:
        _say(f"\nNot published: {', '.join(failed)}. The lines above say why; `make examples` tries again.")
        return 1
    _say(f"\nAll example experiments are published: {credentials.url}/search")
    _say(f"Sign in as {credentials.username} with the password {credentials.password}")
    _say(f"A token for programs is in {home.credentials}")
    return 0


def list_examples(folder: Path) -> Iterator[PlannedDeposit]:
    """Write the example experiments and say how each is deposited."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for example in write_examples(folder):
        name = example.metadata_path.parent.name
        yield PlannedDeposit(name, example.paths, example.metadata_path, publish=True)


def _call_stemma(plan: PlannedDeposit, credentials: Credentials) -> tuple[int, dict[str, Any]]:
    """Run the command in sight of the person: its progress is on stderr, its one object on stdout."""
    words = [*_write_command(plan), "--json"]
    result = subprocess.run(
        words, env=_environment_for(credentials), stdout=subprocess.PIPE, text=True, check=False
    )
    try:
        record = json.loads(result.stdout)
    except ValueError:
        record = {}
    return result.returncode, record if isinstance(record, dict) else {}


def _write_command(plan: PlannedDeposit) -> list[str]:
    tie = compose_launcher(signal.SIGTERM, None)
    words = [*tie, str(Path(sys.executable).with_name("stemma")), "deposit", *map(str, plan.paths)]
    words += ["--metadata", str(plan.metadata)] if plan.metadata is not None else ["--title", plan.name]
    return [*words, "--publish"] if plan.publish else words


def _environment_for(credentials: Credentials) -> dict[str, str]:
    return {**os.environ, "STEMMA_URL": credentials.url, "STEMMA_TOKEN": credentials.token}


def _is_published(identifier: str, credentials: Credentials) -> bool:
    address = urlsplit(credentials.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    try:
        connection.request("GET", f"/api/v1/datasets/{identifier}/", headers={"Accept": "application/json"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _show_result(name: str, record: dict[str, Any]) -> None:
    where = record.get("url") or record.get("id") or "no address"
    doi = f"  doi:{record['doi']}" if record.get("doi") else ""
    _say(f"  {name}: {where}{doi}")
    for finding in list_findings(record):
        _say(f"    {finding.get('severity')}: {finding.get('message')} {finding.get('hint', '')}".rstrip())


def list_findings(record: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the findings that keep a deposit from being published, wherever in it they stand."""
    holders = [record, *record.get("files", []), *record.get("measurements", [])]
    for holder in holders:
        for finding in holder.get("findings", []):
            if finding.get("severity") in {"error", "warning"}:
                yield finding


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
