"""The first account of a fresh Stemma, and `credentials.json` with its token."""

import json
import signal
import subprocess
from typing import Any

from repository.project.stack.credentials import write_credentials
from repository.project.stack.errors import StackError
from repository.project.stack.parts import ApplicationParts
from repository.project.stack.processes import compose_launcher

_SECONDS = 120.0


def renew_credentials(application: ApplicationParts) -> str:
    """Make sure the account exists, renew its token, write the file; return the account's name.

    The generated password goes in on standard input, so that it is in no process list.
    """
    username = application.environment.account
    command = application.management("ensure_account", "--username", username, "--password-stdin", "--json")
    result = subprocess.run(
        [*compose_launcher(signal.SIGKILL, None), *command.argv],
        input=f"{application.secrets.account_password}\n",
        env=dict(command.environment),
        cwd=command.cwd,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    if result.returncode != 0:
        raise StackError(f"The account {username} could not be made ready:\n{result.stderr.strip()[-2000:]}")
    answer = _parse(result.stdout)
    write_credentials(
        application.home,
        url=application.url,
        username=str(answer["username"]),
        password=str(answer.get("password") or application.secrets.account_password),
        token=str(answer["token"]),
    )
    return username


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
