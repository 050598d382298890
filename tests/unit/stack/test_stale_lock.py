"""What a killed database left behind must not keep it from starting again."""

import os
import subprocess
from pathlib import Path

from project.stack.postgres import remove_stale_lock
from tests.ties import tie


def test_a_dead_server_that_nobody_buried_holds_no_lock(tmp_path: Path) -> None:
    unburied = subprocess.Popen(["true"])
    os.waitid(os.P_PID, unburied.pid, os.WEXITED | os.WNOWAIT)
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{unburied.pid}\n{tmp_path}\n", encoding="utf-8")
    try:
        remove_stale_lock(tmp_path)
        assert not lock.exists()
    finally:
        unburied.wait()


def test_a_server_whose_process_works_in_the_folder_keeps_its_lock_while_a_child_lives(
    tmp_path: Path,
) -> None:
    unburied = subprocess.Popen(["true"])
    os.waitid(os.P_PID, unburied.pid, os.WEXITED | os.WNOWAIT)
    child = subprocess.Popen(tie("sleep", "30"), cwd=tmp_path)
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{unburied.pid}\n{tmp_path}\n", encoding="utf-8")
    try:
        remove_stale_lock(tmp_path)
        assert lock.exists()
    finally:
        child.kill()
        child.wait()
        unburied.wait()


def test_the_lock_of_a_server_that_is_gone_is_left_to_the_database(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    lock = tmp_path / "postmaster.pid"
    lock.write_text(f"{gone.pid}\n", encoding="utf-8")
    remove_stale_lock(tmp_path)
    assert lock.exists()
