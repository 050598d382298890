"""The kernel's side: every Landlock version, and the death of the parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from confined.sandbox.landlock import find_landlock_abi
from tests.patience import wait_until
from tests.ties import tie

_CHECKOUT = Path(__file__).resolve().parents[3]
_CONFINE = """
import sys
from pathlib import Path
from confined.sandbox.landlock import Reach, forbid_new_privileges, restrict_paths
readable, writable, other = map(Path, sys.argv[2:5])
forbid_new_privileges()
restrict_paths(Reach((readable, Path("/absent/tree")), (writable,)), int(sys.argv[1]))
assert (readable / "x").read_text() == "x"
(writable / "new").write_text("new")
(writable / "new").replace(writable / "renamed")
attempts = [(other / "x").read_text, lambda: (readable / "x").write_text("y"), (other / "n").touch]
for attempt in attempts:
    try:
        attempt()
    except PermissionError:
        continue
    raise SystemExit("not stopped")
"""
_HANG = """
import sys
from pathlib import Path
from confined.sandbox import Limits, run_confined
run_confined(
    program="tests.unit.sandbox.programs.hostile:hang", request={}, inputs={}, output=Path(sys.argv[1]),
    limits=Limits(wall_s=60, free_bytes=0), on_message=lambda message: print(message["pid"], flush=True),
)
"""


@pytest.mark.parametrize("abi", range(1, 8))
def test_every_landlock_version_closes_the_rest(tmp_path: Path, abi: int) -> None:
    if abi > find_landlock_abi():
        pytest.skip(f"this kernel has Landlock ABI {find_landlock_abi()}")
    for name in ("readable", "writable", "other"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_text("x", encoding="utf-8")
    folders = [str(tmp_path / name) for name in ("readable", "writable", "other")]
    ended = subprocess.run(
        tie(sys.executable, "-c", _CONFINE, str(abi), *folders),
        cwd=_CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


def test_reader_dies_with_its_worker(output: Path) -> None:
    with subprocess.Popen(
        tie(sys.executable, "-c", _HANG, output), cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        reader = int(worker.stdout.readline())
        os.kill(reader, 0)
        worker.send_signal(signal.SIGKILL)
        worker.wait()
        wait_until(lambda: not _is_running(reader), "the reader outlived its worker", seconds=30)


def _is_running(pid: int) -> bool:
    """Tell whether a process runs; one that nobody waited for yet is dead."""
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return False
