"""Tables and the first account of a fresh Stemma, and `credentials.json` with its token."""

import json
import subprocess
from typing import Any

from project.stack.credentials import read_credentials, write_credentials
from project.stack.logs import read_tail
from project.stack.parts import ApplicationParts
from project.stack.processes import compose_launcher
from project.stack.signals import StopSignals
from project.stack.terminal import StackError


def prepare_database(application: ApplicationParts, signals: StopSignals) -> None:
    """Migrate, make sure the account exists, renew its token, write the file.

    Password and former token go in on standard input, so that they are in no process list.
    """
    former = read_credentials(application.home)
    command = application.preparation()
    with command.log.open("ab") as log:
        process = subprocess.Popen(
            [*compose_launcher(command.death_signal, None), *command.argv],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=dict(command.environment),
            cwd=command.cwd,
            start_new_session=True,
        )
    try:
        output = _converse(process, (application.secrets.account_password, former.token), signals)
    finally:
        process.kill()
        process.wait()
    if process.returncode != 0:
        raise StackError(
            f"The tables could not be prepared. The end of {command.log}:\n{read_tail(command.log)}"
        )
    answer = _parse(output)
    write_credentials(
        application.home,
        url=application.url,
        username=str(answer["username"]),
        password=application.secrets.account_password,
        token=str(answer["token"]),
    )


def _converse(process: subprocess.Popen[bytes], lines: tuple[str, ...], signals: StopSignals) -> str:
    """Hand over the lines and wait; the answer is one short line, which fits into the pipe."""
    if process.stdin is None or process.stdout is None:
        raise StackError("The preparation of the tables has no standard streams.")
    try:
        process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        process.stdin.close()
    except BrokenPipeError:
        pass  # it ended before it read: its exit code and its log say why
    while process.poll() is None:
        signals.pause_or_stop(0.05)
    output: bytes = process.stdout.read()
    return output.decode(errors="replace")


def _parse(output: str) -> dict[str, Any]:
    try:
        answer = json.loads(output.strip().splitlines()[-1])
    except (ValueError, IndexError) as error:
        raise StackError(
            f"`manage.py ensure_account --json` answered no JSON object:\n{output[-500:]}"
        ) from error
    if not isinstance(answer, dict) or not {"username", "token"} <= answer.keys():
        raise StackError("`manage.py ensure_account --json` answered without username and token.")
    return answer
