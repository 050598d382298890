"""A test run that is interrupted leaves nothing behind: neither its servers, nor what its tests have started."""

import os
import signal
import subprocess
import sys
import textwrap
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from project.environment import CHECKOUT
from tests.patience import Deadline, let_pass, patient
from tests.ties import tie
from tests.whole_stack import compose_environment

pytestmark = [pytest.mark.xdist_group("stack"), pytest.mark.timeout(900)]

PLUGINS = ("tests.conftest", "tests.integration.object_store.conftest", "tests.integration.stack.conftest")
# An S3 server and a client.
SMALL = """
import subprocess
import time
from pathlib import Path

from tests.ties import tie


def test_that_takes_long(s3_server):
    client = subprocess.Popen(tie("sleep", "600"))
    Path(__file__).with_name("ready").touch()
    time.sleep(600)
"""
# And a Stemma, one in the background, and a browser: everything that our fixtures start.
LARGE = """
import subprocess
import time
from pathlib import Path

from tests.programs import run_chromium
from tests.ties import tie


def test_that_takes_long(s3_server, make_stack):
    stack = make_stack("home")
    stack.start()
    assert make_stack("background").run("start").returncode == 0
    client = subprocess.Popen(tie("sleep", "600"))
    with run_chromium() as browser:
        browser.new_page()
        Path(__file__).with_name("ready").touch()
        time.sleep(600)
"""
PROGRAMS = {
    SMALL: ("moto.server", "postgres", "valkey", "sleep 600"),
    LARGE: ("moto.server", "postgres", "valkey", "sleep 600", "granian", "celery", "stack up", "chrom"),
}


@dataclass(frozen=True)
class Run:
    """A running session, known by a variable that only its processes have, and by its folder."""

    process: subprocess.Popen[bytes]
    folder: Path
    mark: str

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    @property
    def session(self) -> psutil.Process:
        (child,) = [
            child for child in psutil.Process(self.process.pid).children() if "pytest" in child.cmdline()
        ]
        return child

    @property
    def test_process(self) -> psutil.Process:
        return next(child for child in self.session.children() if child.name().startswith("python"))

    def list_processes(self) -> list[str]:
        """Return everything of this run that is alive; servers write over their environment, but work in the folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdecimal():
                continue
            try:
                works_here = f"{(entry / 'cwd').readlink()}/".startswith(f"{self.folder}/")
                if works_here or f"{self.mark}\0".encode() in (entry / "environ").read_bytes():
                    found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
            except OSError:
                continue
        return found

    def wait_until(self, condition: Callable[[], bool], what: str) -> None:
        deadline = Deadline(240)
        while not condition():
            if deadline.is_over():
                pytest.fail(f"Not {what} within {deadline}: {self.list_processes()}\n{self.log}")
            let_pass(0.05)


@contextmanager
def running(program_text: str, folder: Path) -> Iterator[Run]:
    """Run a session, and be in the middle of its test while the block runs."""
    program = folder / "test_session.py"
    program.write_text(textwrap.dedent(program_text), encoding="utf-8")
    mark = f"INTERRUPTED_RUN={uuid.uuid4()}"
    name, _, value = mark.partition("=")
    environment = compose_environment(
        folder / "unused", port=None, extra={name: value, "TMPDIR": str(folder)}
    )
    session = [sys.executable, "-m", "pytest", "-c", "pyproject.toml", "--rootdir", str(CHECKOUT), "-n", "1"]
    plugins = [word for plugin in PLUGINS for word in ("-p", plugin)]
    servers = ["-m", "project.stack", "exec", "--home", str(folder / "servers"), "--"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            tie(sys.executable, *servers, *session, *plugins, program),
            env=environment,
            cwd=CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    run = Run(process, folder, mark)
    try:
        run.wait_until(lambda: (folder / "ready").exists() or process.poll() is not None, "in its test")
        assert process.poll() is None, run.log
        yield run
    finally:
        process.kill()
        process.wait()


TARGETS = [
    ("terminal", signal.SIGINT),
    ("exec", signal.SIGINT),
    ("exec", signal.SIGTERM),
    ("exec", signal.SIGKILL),
    ("pytest", signal.SIGINT),
    ("pytest", signal.SIGTERM),
    ("pytest", signal.SIGKILL),
    ("worker", signal.SIGTERM),
    ("worker", signal.SIGKILL),
    ("everything that could tidy up", signal.SIGKILL),
]


def interrupt_and_look(run: Run, program_text: str, target: str, number: signal.Signals) -> None:
    listed = " ".join(run.list_processes())
    for program in PROGRAMS[program_text]:
        assert program in listed, "the session runs what it is to leave"
    if target == "terminal":
        os.killpg(run.process.pid, number)
    elif target == "exec":
        run.process.send_signal(number)
        if number == signal.SIGINT:  # a terminal sends it to all; alone it takes a second one
            let_pass(patient(3))  # two that arrive at once count as one
            run.process.send_signal(number)
    else:
        chosen = {"pytest": [run.session], "worker": [run.test_process]}
        for process in chosen.get(target, [run.test_process, run.session, psutil.Process(run.process.pid)]):
            process.send_signal(number)
    run.wait_until(lambda: run.process.poll() is not None, "ended")
    assert run.process.returncode != 0
    run.wait_until(lambda: not run.list_processes(), "without processes")


@pytest.mark.parametrize(
    ("target", "number"), [pytest.param(*TARGETS[0], marks=pytest.mark.long), TARGETS[-1]]
)
def test_an_interrupted_run_leaves_nothing(open_folder: Path, target: str, number: signal.Signals) -> None:
    with running(SMALL, open_folder) as run:
        interrupt_and_look(run, SMALL, target, number)


@pytest.mark.long
@pytest.mark.parametrize(("target", "number"), TARGETS)
def test_nor_does_one_with_everything(open_folder: Path, target: str, number: signal.Signals) -> None:
    with running(LARGE, open_folder) as run:
        interrupt_and_look(run, LARGE, target, number)
