"""As root, as an ordinary user, and below a home that nobody else may enter."""

import json
import os
import pwd
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from project.stack.home import StackHome
from project.stack.processes import compose_launcher
from project.stack.system_user import NAME, SystemUser
from tests.integration.stack.conftest import PACKAGES, MakeStack, build_checkout
from tests.integration.stack.test_life import list_processes_of
from tests.whole_stack import RunningStack, compose_environment

pytestmark = pytest.mark.xdist_group("stack")


def owner_of_process(pid: int) -> str:
    return pwd.getpwuid(Path(f"/proc/{pid}").stat().st_uid).pw_name


@pytest.mark.skipif(os.geteuid() != 0, reason="concerns root only")
def test_as_root_the_servers_run_as_a_system_user(make_stack: MakeStack) -> None:
    stack = make_stack()
    stack.start()
    owners = {name: owner_of_process(pid) for name, pid in stack.pids.items()}
    assert owners["database"] == owners["broker"] == NAME
    assert (stack.home.root / "postgres").owner() == NAME
    assert not stack.home.relocated.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="concerns root only")
def test_below_a_closed_home_nothing_is_opened(make_stack: MakeStack, open_folder: Path) -> None:
    closed = open_folder / "closed"
    closed.mkdir(mode=0o700)
    stack = make_stack("closed/home")
    stack.start()
    try:
        assert stat.S_IMODE(closed.stat().st_mode) == 0o700
        assert not (stack.home.root / "postgres").exists()
        assert (stack.home.relocated / "postgres").owner() == NAME
        assert owner_of_process(stack.pids["database"]) == NAME
        stack.stop()
        stack.start()
        assert stack.is_ready(), "the second start finds the data where the first put them"
        stack.stop()
        stack.home.root.rename(closed / "moved")
        moved = make_stack("closed/moved")
        moved.start()
        assert "created" not in moved.output, "a home that was moved finds its data"
        assert not moved.home.relocated.exists()
        moved.stop()
    finally:
        stack.clean()
    assert not stack.home.relocated.exists()


def find_python(user: SystemUser, checkout: Path) -> tuple[str, dict[str, str]]:
    """Return a Python with Stemma's packages that this account can run, and the variables it needs."""
    # The virtual environment may rest on a Python inside root's home; the packages themselves are open.
    choices = [(sys.executable, dict[str, str]()), ("/usr/bin/python3.11", {"PYTHONPATH": str(PACKAGES)})]
    for python, variables in choices:
        # By way of `env`: setpriv itself still has root's rights when it starts its program.
        attempt = ["env", python, "-c", "import psycopg, granian, celery, redis"]
        probe = subprocess.run(
            [*compose_launcher(signal.SIGTERM, user), *attempt],
            env={"PATH": os.environ["PATH"], **variables},
            cwd=checkout,
            capture_output=True,
            check=False,
        )
        if probe.returncode == 0:
            return python, variables
    pytest.skip("the packages of this environment are closed to other accounts")


def test_as_an_ordinary_user(ordinary_user: pwd.struct_passwd) -> None:
    user = SystemUser(ordinary_user.pw_name, ordinary_user.pw_uid, ordinary_user.pw_gid)
    own = Path(ordinary_user.pw_dir)
    checkout = build_checkout(own / "checkout")
    subprocess.run(["chown", "-R", f"{user.uid}:{user.gid}", str(own)], check=True)
    python, variables = find_python(user, checkout)
    home = StackHome(own / "checkout" / ".stemma")
    stack = RunningStack(
        home,
        compose_environment(home.root, port=None, extra={"HOME": str(own), **variables}),
        checkout,
        launcher=compose_launcher(signal.SIGTERM, user),
        python=python,
    )
    try:
        stack.start()
        assert {owner_of_process(pid) for pid in stack.pids.values()} == {user.name}
        assert json.loads(home.credentials.read_text())["url"] == stack.url
        assert stat.S_IMODE(home.root.stat().st_mode) == 0o700
        assert stack.stop() == 0
        assert list_processes_of(stack) == []
    finally:
        stack.clean()


def test_a_home_of_root_is_refused_to_others_with_a_sentence(
    ordinary_user: pwd.struct_passwd, make_stack: MakeStack
) -> None:
    stack = make_stack()
    stack.home.root.mkdir(mode=0o755)
    user = SystemUser(ordinary_user.pw_name, ordinary_user.pw_uid, ordinary_user.pw_gid)
    python, variables = find_python(user, stack.checkout)
    refused = subprocess.run(
        [*compose_launcher(signal.SIGTERM, user), python, "-m", "project.stack", "up"],
        env={**stack.environment, **variables},
        cwd=stack.checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert "make it yours" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_folder_of_root_inside_the_home_is_named_to_its_owner(
    ordinary_user: pwd.struct_passwd, make_stack: MakeStack
) -> None:
    stack = make_stack()
    (stack.home.root / "uploads").mkdir(parents=True, mode=0o755)
    os.chown(stack.home.root, ordinary_user.pw_uid, ordinary_user.pw_gid)
    user = SystemUser(ordinary_user.pw_name, ordinary_user.pw_uid, ordinary_user.pw_gid)
    python, variables = find_python(user, stack.checkout)
    refused = subprocess.run(
        [*compose_launcher(signal.SIGTERM, user), python, "-m", "project.stack", "up"],
        env={**stack.environment, **variables},
        cwd=stack.checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert refused.returncode == 1
    assert f"{stack.home.root / 'uploads'} cannot be written to" in refused.stderr
    assert "Traceback" not in refused.stderr
