"""`exec`: a command with servers of its own."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.stack.conftest import MakeStack
from tests.integration.stack.test_life import list_processes_of
from tests.ties import tie

pytestmark = pytest.mark.xdist_group("stack")

SHOW = "import json, os; print(json.dumps({n: v for n, v in os.environ.items() if n.endswith('_URL')}))"


def test_the_command_gets_addresses_and_its_exit_code_is_passed_on(make_stack: MakeStack) -> None:
    stack = make_stack()
    shown = stack.run("exec", "--home", str(stack.home.root), "--", sys.executable, "-c", SHOW)
    assert shown.returncode == 0, shown.stderr
    urls = json.loads(shown.stdout)
    assert urls["DATABASE_URL"].startswith("postgresql://stemma_app:")
    assert urls["DATABASE_OWNER_URL"].startswith("postgresql://stemma_owner:")
    assert urls["BROKER_URL"].startswith("redis://:")
    failed = stack.run(
        "exec", "--home", str(stack.home.root), "--", sys.executable, "-c", "raise SystemExit(7)"
    )
    assert failed.returncode == 7
    assert list_processes_of(stack) == []


def test_two_at_once_get_folders_of_their_own(make_stack: MakeStack) -> None:
    stack = make_stack()
    inner = " ".join(stack.words("exec", "--", "printenv", "STEMMA_HOME"))
    shown = subprocess.run(
        tie(*stack.words("exec", "--", "sh", "-c", f"printenv STEMMA_HOME; {inner}")),
        env=dict(stack.environment),
        cwd=stack.checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    folders = [Path(line).name for line in shown.stdout.split()]
    assert folders == [".stemma-test", ".stemma-test-2"], shown.stderr


def test_a_named_home_in_use_is_refused(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    refused = stack.run("exec", "--home", str(stack.home.root), "--", "true")
    assert refused.returncode == 1
    assert "in use by another Stemma" in refused.stderr
