"""A miniature Stemma: the real stack around stand-ins for web, jobs and commands, up in two seconds."""

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from project.environment import CHECKOUT
from project.stack.home import StackHome
from tests.whole_stack import RunningStack, compose_environment

MINIATURE = Path(__file__).parent / "miniature"
STAND_INS = {
    "prepare_database.py": "project/stack",
    "asgi.py": "project",
    "celery.py": "project",
}
PACKAGES = Path(sys.prefix) / "lib" / "python3.11" / "site-packages"

MakeStack = Callable[..., RunningStack]


@pytest.fixture(scope="session")
def owner_address() -> str:
    """Return the address of the embedded database for the role that owns its tables."""
    if "DATABASE_OWNER_URL" not in os.environ:
        pytest.skip("no database: run the tests with `make test`")
    return os.environ["DATABASE_OWNER_URL"]


def build_checkout(folder: Path) -> Path:
    """Copy the stack with its stand-ins, so that it believes in a checkout of its own."""
    project = folder / "project"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(CHECKOUT / "project" / "stack", project / "stack", ignore=ignore)
    for name in ("environment.py", "connections.py"):
        shutil.copyfile(CHECKOUT / "project" / name, project / name)
    repository = folder / "repository"
    repository.mkdir()
    for name in ("lanes.py", "limits.py"):
        shutil.copyfile(CHECKOUT / "repository" / name, repository / name)
    for package in (project, repository):
        (package / "__init__.py").touch()
    for name, target in STAND_INS.items():
        shutil.copyfile(MINIATURE / name, folder / target / name)
    (folder / "async_timeout.py").write_text("from asyncio import timeout\n")  # Debian's 3.11.2 lacks a fix
    for path in [folder, *folder.rglob("*")]:  # other accounts read it, whatever the mask of this run is
        path.chmod(0o755)
    return folder


@contextmanager
def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="stemma-stack-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Yield a folder that other accounts may pass through; pytest's own is closed to them."""
    with _open_folder() as folder:
        yield folder


@pytest.fixture
def make_stack(open_folder: Path) -> Iterator[MakeStack]:
    """Yield a maker of stacks, not yet started, which are ended and removed after the test."""
    with making_stacks(open_folder) as make:
        yield make


@pytest.fixture(scope="module")
def make_module_stack() -> Iterator[MakeStack]:
    """Yield a maker of stacks that stay until the last test of the module."""
    with _open_folder() as folder, making_stacks(folder) as make:
        yield make


@contextmanager
def making_stacks(folder: Path) -> Iterator[MakeStack]:
    """Make stacks in this folder while the block runs."""
    made: list[RunningStack] = []
    watchers: list[subprocess.Popen[bytes]] = []
    checkout = build_checkout(folder / "checkout")

    def make(name: str = "home", *, port: int | None = None, **variables: str) -> RunningStack:
        home = StackHome(folder / name)
        small = {"STEMMA_WEB_WORKERS": "1", "STEMMA_WORKER_PROCESSES": "1"}
        environment = {**small, **compose_environment(home.root, port=port, extra=variables)}
        made.append(RunningStack(home, environment, checkout))
        watchers.append(watch(made[-1]))
        return made[-1]

    try:
        yield make
    finally:
        for stack, watcher in zip(made, watchers, strict=True):
            stack.clean()
            watcher.kill()
            watcher.communicate()


def watch(stack: RunningStack) -> subprocess.Popen[bytes]:
    """Stop even a Stemma in the background when this test process is killed: then the watcher's pipe is closed."""
    words = ["sh", "-c", 'read -r line; exec "$@"', "watcher", "env", f"STEMMA_HOME={stack.home.root}"]
    return subprocess.Popen(
        [*words, *stack.words("stop")],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={name: value for name, value in stack.environment.items() if name != "STEMMA_HOME"},
        cwd=stack.checkout,
        start_new_session=True,
    )


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def ordinary_user() -> Iterator[pwd.struct_passwd]:
    """Yield an account without rights, made for the test by root."""
    if os.geteuid() != 0:
        pytest.skip("only root can make another account")
    name = f"stemma-test-{os.getpid()}"
    subprocess.run(["useradd", "--create-home", "--shell", "/bin/sh", name], check=True)
    yield pwd.getpwnam(name)
    subprocess.run(["userdel", "--remove", "--force", name], check=True, capture_output=True)
