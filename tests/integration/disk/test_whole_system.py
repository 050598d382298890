"""A whole Stemma on a disk that becomes full, or read-only, and recovers: nothing dies, nothing is lost."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.client.conftest import make_shell
from tests.integration.bytes.raw_tus import RawTus, sha256_of
from tests.integration.disk.conftest import MB, RESERVE, SmallDisk
from tests.integration.disk.mounting import read_only
from tests.integration.waiting import wait_for_deposit
from tests.patience import wait_until
from tests.synthetic import make_pattern_scan
from tests.ties import tie
from tests.vendor_files.empad import write_empad

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("small_disk")]

PATIENCE_S = 240.0


def read_disk(disk: SmallDisk) -> tuple[int, dict[str, Any]]:
    answer = disk.http.get("/readyz")
    return answer.status_code, dict(answer.json()["parts"]["disk"])


def is_ready(disk: SmallDisk) -> bool:
    return disk.http.get("/readyz").status_code == 200


def make_scan(folder: Path) -> dict[str, bytes]:
    """Return the files of an EMPAD scan of 40 MB."""
    folder.mkdir()
    scan = make_pattern_scan(scan_shape=(25, 24), detector_shape=(128, 128), dtype=np.float32)
    write_empad(folder, scan.data)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_command_says_it_and_goes_on_at_the_right_byte(disk: SmallDisk, tmp_path: Path) -> None:
    content = np.random.default_rng(5).bytes(60 * MB)
    (tmp_path / "scan.raw").write_bytes(content)
    shell = make_shell(tmp_path / "own", url=disk.stack.url, token=disk.stack.credentials.token)
    shell.environment["STEMMA_RETRY_SECONDS"] = "2"
    disk.leave(20 * MB)
    refused = shell.run("deposit", tmp_path / "scan.raw", "--no-wait")
    assert refused.returncode == 4
    assert "60.0 MB are needed" in refused.stderr
    disk.make_room()
    address = disk.tus.create(60 * MB, deposit=disk.begin(), path="scan.raw").headers["Location"]
    disk.leave(20 * MB)
    stopped = disk.tus.patch(address, 0, content)
    assert (stopped.status_code, stopped.json()["code"]) == (507, "disk_full")
    kept = disk.tus.offset(address)
    assert 0 < kept == int(stopped.headers["Upload-Offset"])
    assert disk.free >= RESERVE - MB
    status, part = read_disk(disk)
    assert (status, part["ok"], part["reserve"]) == (503, False, RESERVE)
    assert disk.http.get("/").status_code == 200
    disk.make_room()
    assert disk.tus.patch(address, kept, content[kept:]).status_code == 204
    assert is_ready(disk)
    assert shell.run("deposit", tmp_path / "scan.raw", "--no-wait").returncode == 0


def test_a_conversion_waits_for_room_and_goes_on(disk: SmallDisk, tmp_path: Path) -> None:
    deposit = disk.begin()
    for path, content in make_scan(tmp_path / "scan").items():
        disk.tus.store(deposit, path, content)
    disk.leave(25 * MB)  # enough to look at the files, not to convert them
    assert disk.http.post(f"/api/v1/deposits/{deposit}/submit/").status_code == 202

    def read_progress() -> dict[str, Any]:
        return dict(disk.http.get(f"/api/v1/deposits/{deposit}/").json()["progress"])

    progress = wait_until(
        lambda: (found := read_progress())["message"].startswith("Waiting for the disk") and found,
        "the conversion never waited",
    )
    assert "can be given" in progress["message"]
    assert progress["failed"] == []
    attempts = disk.stack.home.root / "work" / "attempts"
    assert wait_until(lambda: not list(attempts.iterdir()), "work folders stayed") is True
    disk.make_room()
    record = wait_for_deposit(disk.http, deposit, seconds=PATIENCE_S)
    assert [measurement["state"] for measurement in record["measurements"]] == ["converted"]


def test_down_to_the_last_byte_everything_answers_and_goes_on(disk: SmallDisk) -> None:
    deposit, content = disk.begin(), np.random.default_rng(6).bytes(5 * MB)
    disk.tus.store(deposit, "before.raw", content)
    disk.fill()
    seen = set()
    for number in range(40):
        answer = disk.http.post("/api/v1/deposits/", json={"title": f"Deposit {number} " + "x" * 400})
        seen.add((answer.status_code, answer.json().get("code")))
    assert seen <= {(201, None), (507, "disk_full")}
    assert disk.tus.create(10, deposit=deposit, path="a.raw").json()["code"] == "disk_full"
    status, part = read_disk(disk)
    assert (status, part["ok"]) == (503, False)
    for address in ("/", f"/api/v1/deposits/{deposit}/", "/healthz"):
        assert disk.http.get(address).status_code == 200
    assert disk.stack.process is not None
    assert disk.stack.process.poll() is None, "the supervisor lives"
    disk.make_room()
    wait_until(lambda: is_ready(disk), "it never became ready again")
    disk.tus.store(deposit, "after.raw", content[: 2 * MB])
    got = disk.http.get(f"/api/v1/deposits/{deposit}/files/before.raw").content
    assert sha256_of(got) == sha256_of(content)


@pytest.mark.parametrize("name", ["uploads", "objects", "work", "logs", "."])
def test_a_folder_becomes_read_only_and_writable_again(disk: SmallDisk, tmp_path: Path, name: str) -> None:
    deposit, content = disk.begin(), np.random.default_rng(list(name.encode())).bytes(3 * MB)
    folder = disk.stack.home.root / name
    with read_only(folder):
        _, part = wait_until(lambda: (found := read_disk(disk))[0] == 503 and found, "nobody noticed")
        assert part["detail"].startswith("Cannot be written to: ")
        assert ("STEMMA_HOME" if name == "." else name) in part["detail"]
        if name in {"uploads", "."}:
            refused = disk.tus.create(len(content), deposit=deposit, path="a.raw")
            assert (refused.status_code, refused.json()["code"]) == (503, "disk_unwritable")
        elif name == "objects":
            address = disk.tus.start(len(content), deposit=deposit, path="a.raw", sha256=sha256_of(content))
            refused = disk.tus.patch(address, 0, content)
            assert (refused.status_code, refused.json()["code"]) == (503, "disk_unwritable")
            assert "“objects”" in refused.json()["detail"]
        elif name == "work":
            disk.tus.store(deposit, "a.raw", content)
            assert disk.http.post(f"/api/v1/deposits/{deposit}/submit/").status_code == 202
            wait_until(
                lambda: (
                    "“work”" in disk.http.get(f"/api/v1/deposits/{deposit}/").json()["progress"]["message"]
                ),
                "the job did not say why it waits",
            )
        else:
            disk.tus.store(deposit, "a.raw", content)
        assert disk.http.get("/").status_code == 200
    wait_until(lambda: is_ready(disk), "it never became ready again")
    send(disk.tus, deposit, content)
    assert sha256_of(disk.http.get(f"/api/v1/deposits/{deposit}/files/a.raw").content) == sha256_of(content)
    if name == "work":
        assert wait_for_deposit(disk.http, deposit, seconds=PATIENCE_S)["progress"]["failed"] == []


def send(tus: RawTus, deposit: str, content: bytes) -> None:
    """Upload the file, going on with what is there of it."""
    begun = tus.create(len(content), deposit=deposit, path="a.raw", sha256=sha256_of(content))
    if begun.status_code == 409:  # stored, or begun without the digest
        assert tus.file(deposit, "a.raw")["state"] == "stored"
        return
    assert begun.status_code in {200, 201}
    offset = int(begun.headers["Upload-Offset"])
    if offset < len(content):
        assert tus.patch(begun.headers["Location"], offset, content[offset:]).status_code == 204


@pytest.mark.parametrize("name", ["objects", "uploads", "work", "logs", "."])
def test_a_start_on_a_read_only_folder_is_refused_by_name(disk: SmallDisk, name: str) -> None:
    home = disk.mount / f"second-{name.strip('.') or 'home'}"
    (home / name).mkdir(parents=True)
    words = (sys.executable, "-m", "project.stack", "up")
    variables = {**disk.stack.environment, "STEMMA_HOME": str(home)}
    with read_only(home / name):
        refused = subprocess.run(
            tie(*words), env=variables, cwd=disk.stack.checkout, capture_output=True, text=True, check=False
        )
    assert refused.returncode == 1
    assert str((home / name).resolve()) in refused.stderr
    assert "Traceback" not in refused.stderr
