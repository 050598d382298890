"""What a confined program can see, change and leave behind."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from confined.sandbox import (
    ReaderAccessError,
    ReaderOutputError,
    SandboxError,
    SandboxRefusalError,
    collect_output,
)
from tests.unit.sandbox.conftest import Run


@pytest.fixture
def stored(tmp_path: Path) -> dict[str, Path]:
    """Two uploads in one content-addressed store; only the first is given to the program."""
    store = tmp_path / "objects" / "sha256" / "ab"
    store.mkdir(parents=True)
    mine, other = store / "ab12", store / "ab34"
    mine.write_text("mine", encoding="utf-8")
    other.write_text("another person's", encoding="utf-8")
    return {"mine": mine, "other": other}


def test_inputs_appear_under_their_own_names(run: Run, stored: dict[str, Path], output: Path) -> None:
    names = ["scan.mib", "session 1/größe λ.hdr", "a/b/c/深い.raw"]
    messages: list[dict[str, Any]] = []
    seen = run("honest:describe", inputs=dict.fromkeys(names, stored["mine"]), on_message=messages.append)
    assert set(names) <= set(seen["listing"])
    assert seen["contents"] == dict.fromkeys(names, "mine")
    assert seen["cwd_is_folder"]
    assert messages == [{"type": "progress", "fraction": 0.5, "message": "half way"}]
    assert collect_output(output) == {"deep/result.npy": output / "deep" / "result.npy"}
    assert [path.name for path in output.parent.iterdir()] == ["output"]  # the private folder is gone


def test_nothing_is_inherited(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    secrets = {"DATABASE_URL": "postgresql://secret", "STEMMA_SECRET_KEY": "secret", "AWS_SECRET": "secret"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    kept_open = os.open(tmp_path, os.O_RDONLY)
    os.set_inheritable(kept_open, True)  # noqa: FBT003 - by position only
    try:
        seen = run("honest:describe")
    finally:
        os.close(kept_open)
    assert "secret" not in str(seen["environment"])
    assert set(seen["environment"]).isdisjoint(secrets)
    assert "STEMMA_HOME" not in seen["environment"]
    assert len(seen["descriptors"]) == 4  # nothing to read, two for what it prints, one for its answer
    assert "" not in seen["search_path"]
    assert seen["uid"] == os.getuid()


@pytest.mark.parametrize(
    "path",
    ["/etc/passwd", "/proc/1/environ", "/proc/self/mem", f"/proc/{os.getpid()}/environ"],
    ids=["passwd", "environment of init", "own memory", "environment of the parent"],
)
def test_files_of_the_machine_are_closed(run: Run, path: str) -> None:
    with pytest.raises(ReaderAccessError, match="something else") as caught:
        run("hostile:open_file", {"path": path})
    assert caught.value.finding.code == "reader_opened_other_file"


def test_other_uploads_and_homes_are_closed(run: Run, stored: dict[str, Path], tmp_path: Path) -> None:
    credentials = tmp_path / "credentials.json"
    credentials.write_text("{}", encoding="utf-8")
    inside_checkout = Path(__file__).resolve().parents[3] / "pyproject.toml"
    at_home = [path for path in Path.home().iterdir() if path.is_file()][:1]
    for path in (stored["other"], credentials, inside_checkout, *at_home):
        with pytest.raises(ReaderAccessError):
            run("hostile:open_file", {"path": str(path)}, inputs={"x": stored["mine"]})
    with pytest.raises(ReaderAccessError):
        run("hostile:open_file", {"path": "../../../objects/sha256/ab/ab34"}, inputs={"x": stored["mine"]})


def test_hdf5_link_to_another_file_is_a_refused_access(run: Run, tmp_path: Path) -> None:
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["secret"] = b"secret"
    with h5py.File(tmp_path / "crafted.h5", "w") as file:
        file["link"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/secret")
    with pytest.raises(ReaderAccessError) as caught:
        run("hostile:open_hdf5", {"name": "c.h5"}, inputs={"c.h5": tmp_path / "crafted.h5"})
    assert caught.value.finding.code == "reader_opened_other_file"


@pytest.mark.parametrize("how", ["truncate", "read_only", "mode", "unlink", "link", "write"])
def test_inputs_cannot_be_changed(run: Run, stored: dict[str, Path], how: str) -> None:
    before = stored["mine"].stat()
    with pytest.raises(ReaderAccessError):
        run("hostile:truncate_input", {"name": "x", "how": how}, inputs={"x": stored["mine"]})
    after = stored["mine"].stat()
    assert stored["mine"].read_text(encoding="utf-8") == "mine"
    assert (after.st_mode, after.st_nlink, after.st_mtime_ns) == (
        before.st_mode,
        before.st_nlink,
        before.st_mtime_ns,
    )


def test_nothing_is_written_elsewhere(run: Run, tmp_path: Path, stored: dict[str, Path]) -> None:
    shared_memory = Path("/dev/shm/planted")  # noqa: S108 - the shared folder itself is the point
    code = Path(__file__).parent / "programs" / "planted.py"
    for path in (tmp_path / "planted", stored["other"], code, shared_memory):
        with pytest.raises(ReaderAccessError):
            run("hostile:write_file", {"path": str(path)})
    assert not (tmp_path / "planted").exists()
    assert stored["other"].read_text(encoding="utf-8") == "another person's"


def test_limits_cannot_be_raised_again(run: Run) -> None:
    with pytest.raises(SandboxError, match=r"maximum limit|something else"):
        run("hostile:raise_the_limit")


@pytest.mark.skipif(sys.platform != "linux" or os.uname().machine != "x86_64", reason="numbers of x86-64")
@pytest.mark.parametrize(
    ("number", "arguments", "error"),
    [
        (425, [1, 0], 38),  # io_uring_setup
        (435, [0, 0], 38),  # clone3
        (437, [0, 0, 0, 0], 38),  # openat2
        (428, [0, 0, 0], 38),  # open_tree
        (452, [0, 0, 0, 0], 38),  # fchmodat2
        (56, [17, 0, 0, 0, 0], 1),  # clone without CLONE_THREAD
        (165, [0, 0, 0, 0, 0], 1),  # mount
        (272, [0x10000000], 1),  # unshare
        (101, [0, 0, 0, 0], 1),  # ptrace
        (310, [1, 0, 0, 0, 0, 0], 1),  # process_vm_readv
        (321, [0, 0, 0], 1),  # bpf
        (298, [0, 0, 0, 0, 0], 1),  # perf_event_open
        (250, [0, 0, 0], 1),  # keyctl
        (29, [0, 4096, 0o600], 1),  # shmget
        (319, [0, 0], 1),  # memfd_create
        (105, [65534], 1),  # setuid
        (200, [1, 0], 1),  # tkill
        (157, [1, 0, 0, 0, 0], 1),  # prctl: no death signal
    ],
)
def test_system_calls_are_denied(run: Run, number: int, arguments: list[int], error: int) -> None:
    seen = run("hostile:call", {"number": number, "arguments": arguments})
    assert seen == {"result": -1, "errno": error}


@pytest.mark.parametrize("how", ["symbolic", "hard", "name", "pipe"])
def test_results_are_plain_files_only(run: Run, output: Path, how: str) -> None:
    if how == "pipe":
        with pytest.raises(ReaderAccessError):
            run("hostile:leave_link", {"how": how})
        os.mkfifo(output / "pipe")  # what a weak sandbox would let through
    elif how in {"symbolic", "hard"}:
        run_or_denied(run, how, output)
    else:
        run("hostile:leave_link", {"how": how})
    with pytest.raises(ReaderOutputError):
        collect_output(output)


def run_or_denied(run: Run, how: str, output: Path) -> None:
    """Landlock already denies symbolic links; a hard link inside the output is for the collector to find."""
    try:
        run("hostile:leave_link", {"how": how})
    except ReaderAccessError:
        (output / "link").symlink_to("/etc/passwd")


def test_sum_of_results_is_bounded(output: Path) -> None:
    from confined.sandbox import ReaderFileSizeError

    (output / "a").write_bytes(bytes(100))
    (output / "b").write_bytes(bytes(100))
    assert list(collect_output(output, max_bytes=200)) == ["a", "b"]
    with pytest.raises(ReaderFileSizeError):
        collect_output(output, max_bytes=199)
    with pytest.raises(ReaderFileSizeError):
        collect_output(output, max_files=1)


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", "n" * 300, "a\0b", "a\ud800"])
def test_names_that_cannot_be_shown_are_refused(run: Run, stored: dict[str, Path], name: str) -> None:
    with pytest.raises(SandboxRefusalError) as caught:
        run("honest:describe", inputs={name: stored["mine"]})
    assert caught.value.finding.code == "file_name_unusable"


def test_two_runs_at_once_do_not_meet(run: Run) -> None:
    results: dict[int, dict[str, Any]] = {}

    def one(number: int) -> None:
        results[number] = run("honest:echo", {"number": number, "text": "x" * 500_000})

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: result["number"] for number, result in results.items()} == {0: 0, 1: 1}
    assert len(results[1]["text"]) == 500_000


def test_large_scan_is_mapped_though_it_cannot_be_loaded(run: Run, tmp_path: Path) -> None:
    sparse = tmp_path / "sparse.raw"
    with sparse.open("wb") as file:
        file.truncate(10 << 30)
    seen = run("honest:map_sparse", {"name": "s.raw"}, inputs={"s.raw": sparse})
    assert seen == {"size": 10 << 30, "last": 0}
    assert np.uint8(seen["last"]) == 0
