"""Everything holds in the same way for a worker that is not root."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_CHECKOUT = Path(__file__).resolve().parents[3]
_NOBODY = "65534"
_SELECTION = (
    "not namespaces and (appear_under or machine_are_closed or network or process_is_started "
    "or other_process or allocation or large_scan or tensorstore or threads_run or probe or be_changed "
    "or written_elsewhere or zygote or hurt_the_next or share_no_pipe or leave_nothing or with_one_thread)"
)


@pytest.fixture
def home() -> Iterator[Path]:
    """Give a folder of that user's own; pytest's is closed to other users."""
    folder = Path(f"/var/tmp/stemma-sandbox-{os.getpid()}")  # noqa: S108 - mkdir fails where it exists
    folder.mkdir(mode=0o700)
    os.chown(folder, int(_NOBODY), int(_NOBODY))
    yield folder
    shutil.rmtree(folder)


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_the_same_holds_as_an_ordinary_user(home: Path) -> None:
    # The interpreter may lie below root's closed home: the right to read is left to this user, no other.
    become = ["setpriv", "--pdeathsig", "KILL", "--reuid", _NOBODY, "--regid", _NOBODY, "--clear-groups"]
    become += ["--inh-caps", "-all,+dac_read_search", "--ambient-caps", "+dac_read_search"]
    pytest_alone = [sys.executable, "-m", "pytest", "-c", "/dev/null", "--rootdir", str(_CHECKOUT), "-q"]
    plugins = ["--import-mode=importlib", "-p", "no:django", "-p", "no:cacheprovider"]
    folder = Path(__file__).parent
    ended = subprocess.run(
        [*become, *pytest_alone, *plugins, "--basetemp", str(home / "t"), str(folder), "-k", _SELECTION],
        cwd=_CHECKOUT,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home),
            "TMPDIR": str(home),
            "PYTHONPATH": str(_CHECKOUT),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout[-4000:] + ended.stderr[-2000:]
    assert " passed" in ended.stdout
