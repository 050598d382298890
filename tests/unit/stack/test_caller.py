"""`make` interrupted or killed alone: what it started ends as with Ctrl-C. A real make runs the program."""

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.patience import let_pass, patient, wait_until
from tests.ties import tie

CHECKOUT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from pathlib import Path
from project.stack.signals import StopSignals

signals = StopSignals()
Path(sys.argv[1]).write_text("ready")
while not signals.count:
    signals.pause(0.1)
Path(sys.argv[1]).write_text(f"stopped by {signals.last}")
"""


@pytest.fixture
def note(tmp_path: Path) -> Path:
    return tmp_path / "note"


@pytest.fixture
def make(tmp_path: Path, note: Path) -> Iterator[subprocess.Popen[bytes]]:
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(PROGRAM))
    makefile = tmp_path / "Makefile"
    makefile.write_text(f"up:\n\t@{sys.executable} {program} {note}\n")
    process = subprocess.Popen(
        tie("make", "-f", makefile, "up"),
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        start_new_session=True,
        # A test run may ignore SIGINT itself, and programs inherit that.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509  # one thread
    )
    wait_until(lambda: note.exists() and note.read_text() == "ready", "it does not begin")
    yield process
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_make_alone_is_enough(make: subprocess.Popen[bytes], note: Path, number: signal.Signals) -> None:
    make.send_signal(number)

    wait_until(lambda: note.read_text().startswith("stopped by"), "it goes on")
    assert make.wait(patient(10)) != 0


def test_without_a_signal_it_stays(make: subprocess.Popen[bytes], note: Path) -> None:
    let_pass(0.5)

    assert make.poll() is None
    assert note.read_text() == "ready"
