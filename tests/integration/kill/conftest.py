"""A Stemma of its own that is killed again and again, and the look into its tables that proves what is left."""

import hashlib
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import psutil
import psycopg
import pytest

from project.stack.credentials import ensure_secrets
from tests.integration.bytes.raw_tus import RawTus
from tests.integration.waiting import wait_for_deposit
from tests.patience import let_pass, patient
from tests.synthetic import make_pattern_scan
from tests.vendor_files.empad import write_empad
from tests.vendor_files.hdf5 import write_hspy
from tests.vendor_files.mib import write_hdr, write_mib
from tests.whole_stack import RunningStack, running_stack

LEASE_S = patient(5)
LARGE_SCAN = (60, 60)
SMALL_SCAN = (5, 6)
Announced = tuple[httpx.Response, str]
WORKERS = ("worker", "worker-short")
FOLDERS = ("large", "mib", "hspy", "small")


@dataclass(frozen=True)
class Kept:
    """What a deposit has become, without what differs between two deposits of the same files."""

    files: set[tuple[Any, ...]]
    signals: set[tuple[Any, ...]]
    objects: set[tuple[Any, ...]]
    products: set[tuple[Any, ...]]
    findings: Counter[tuple[Any, ...]]


@dataclass
class Victim:
    """The running Stemma with the means to work with it, to kill it, and to look into it."""

    stack: RunningStack
    http: httpx.Client
    large_bytes: int = 0

    def deposit(self, files: dict[str, bytes]) -> str:
        """Upload the files into a new draft and hand it in."""
        tus = RawTus(self.http)
        identifier = str(self.http.post("/api/v1/deposits/", json={"title": "Kill"}).json()["id"])
        for path, content in files.items():
            tus.store(identifier, path, content)
        assert self.http.post(f"/api/v1/deposits/{identifier}/submit/").status_code == 202
        return identifier

    def query(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the database directly."""
        password = ensure_secrets(self.stack.home).database_app
        port = self.stack.state.ports["database"]
        address = f"postgresql://stemma_app:{password}@127.0.0.1:{port}/stemma"
        with psycopg.connect(address, connect_timeout=int(patient(5))) as connection:
            return connection.execute(statement, values).fetchall()

    def conversion_of_large(self, deposit: str) -> tuple[str, Path]:
        """Return the state of the large scan's conversion and the folder of its attempt."""
        rows = self.query(
            "SELECT job.state, job.id, job.attempt FROM repository_job job"
            " JOIN repository_measurement m ON m.id = job.target"
            " JOIN repository_datafile f ON f.id = m.primary_file_id"
            " WHERE job.deposit_id = %s AND job.kind = 'convert_measurement' AND f.path LIKE 'large/%%'",
            deposit,
        )
        attempts = self.stack.home.root / "work" / "attempts"
        return (rows[0][0], attempts / f"{rows[0][1]}-{rows[0][2]}") if rows else ("", attempts)

    def count_attempts(self, deposit: str) -> int:
        """Return how often a conversion was begun."""
        statement = (
            "SELECT sum(attempt) FROM repository_job WHERE deposit_id = %s AND kind = 'convert_measurement'"
        )
        return int(self.query(statement, deposit)[0][0])

    def wait_for_conversion(self, deposit: str, share: float) -> None:
        """Return in the middle of the conversion of the large scan: `share` of its bytes are written."""

        def is_there() -> bool:
            state, folder = self.conversion_of_large(deposit)
            assert state != "done", "the conversion was over before it was seen: make the scan larger"
            # The row says it once a second; the folder at once.
            return state == "running" and self._watch_bytes(folder, share)

        self.stack.wait_until(is_there, seconds=90, what=f"at {share:.0%} of the conversion")

    def _watch_bytes(self, folder: Path, share: float) -> bool:
        """Watch an attempt's results grow for a second, without asking the database meanwhile."""
        for _ in range(100):
            with suppress(FileNotFoundError):  # a file moved on while it was measured
                written = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
                if written > share * self.large_bytes:
                    return True
            let_pass(0.01)
        return False

    def settle(self, deposit: str) -> dict[str, Any]:
        return wait_for_deposit(self.http, deposit, seconds=150)

    def kill_worker_group(self) -> None:
        """Kill the workers with every process they have started, as the kernel does when memory ends."""
        workers = [psutil.Process(self.stack.pids[name]) for name in WORKERS]
        for process in [
            *(child for worker in workers for child in worker.children(recursive=True)),
            *workers,
        ]:
            with suppress(ProcessLookupError):
                os.kill(process.pid, signal.SIGKILL)

    def wipe_broker(self) -> None:
        for folder in (self.stack.home.root, self.stack.home.relocated):
            if (folder / "valkey").is_dir():
                shutil.rmtree(folder / "valkey", ignore_errors=True)

    def keep(self, deposit: str) -> Kept:
        """Return everything that was made of the deposit, by names that two deposits share."""
        path = "SELECT f.path, s.name"
        source = (
            " FROM repository_measurement m JOIN repository_datafile f ON f.id = m.primary_file_id"
            " JOIN repository_signal s ON s.measurement_id = m.id"
        )
        mine = " WHERE m.deposit_id = %s"
        objects = " JOIN repository_arrayobject o ON o.signal_id = s.id"
        products = " JOIN repository_product p ON p.signal_id = s.id"
        return Kept(
            files=unique(
                self.query(
                    "SELECT path, size, sha256, state FROM repository_datafile WHERE deposit_id = %s", deposit
                )
            ),
            signals=unique(
                self.query(f"{path}, s.shape::text, s.dtype, s.statistics::text{source}{mine}", deposit)
            ),
            objects=unique(
                self.query(f"{path}, o.kind, o.key, o.size, o.sha256{source}{objects}{mine}", deposit)
            ),
            products=unique(
                self.query(f"{path}, p.output, p.kind, p.size, p.sha256{source}{products}{mine}", deposit)
            ),
            findings=Counter(
                self.query(
                    "SELECT severity, code, stage, message FROM repository_finding WHERE deposit_id = %s",
                    deposit,
                )
            ),
        )

    def require_done_once(self, deposit: str) -> None:
        """Require that every job ended well, that each had one effect, and that nothing is left over."""
        jobs = self.query(
            "SELECT kind, target, state, reason FROM repository_job WHERE deposit_id = %s", deposit
        )
        assert {state for _, _, state, _ in jobs} == {"done"}, jobs
        assert max(Counter((kind, target) for kind, target, _, _ in jobs).values()) == 1
        stored = self.query(
            "SELECT detail->>'path', count(*) FROM repository_auditevent"
            " WHERE action = 'file.store' AND target = %s GROUP BY 1",
            deposit,
        )
        assert {count for _, count in stored} == {1}
        home = self.stack.home.root
        assert list((home / "work" / "attempts").iterdir()) == []
        assert list((home / "uploads").iterdir()) == []

    def require_bytes(self, kept: Kept) -> None:
        """Require that the store holds every object under its digest."""
        named = {(row[2], row[1]) for row in kept.files}
        named |= {(row[-1], row[-2]) for row in (*kept.objects, *kept.products)}
        for sha256, size in named:
            path = self.stack.home.root / "objects" / "sha256" / sha256[:2] / sha256
            assert path.stat().st_size == size
            with path.open("rb") as stored:
                assert hashlib.file_digest(stored, "sha256").hexdigest() == sha256

    def renew(self) -> None:
        """Forget connections to processes that are dead."""
        self.http.close()
        self.http = connect(self.stack)


def unique(rows: list[tuple[Any, ...]]) -> set[tuple[Any, ...]]:
    assert len(rows) == len(set(rows)), "a row is there twice"
    return set(rows)


def connect(stack: RunningStack) -> httpx.Client:
    headers = {"Authorization": f"Token {stack.credentials.token}"}
    return httpx.Client(base_url=stack.url, headers=headers, timeout=patient(60))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Write four measurements, one of which takes some seconds to convert."""
    folder = tmp_path_factory.mktemp("kill")
    for name in FOLDERS:
        (folder / name).mkdir()
    pattern = make_pattern_scan(scan_shape=(2, 2), detector_shape=(128, 128), dtype=np.float32).data[0, 0]
    steps = np.arange(LARGE_SCAN[0] * LARGE_SCAN[1], dtype=np.float32).reshape(LARGE_SCAN)
    noise = np.random.default_rng(1).random((*LARGE_SCAN, 128, 128), dtype=np.float32)
    noise += pattern + steps[..., None, None]  # hardly compressible: the conversion takes its time
    write_empad(folder / "large", noise)
    counts = make_pattern_scan(scan_shape=SMALL_SCAN).data
    write_mib(folder / "mib" / "scan.mib", counts.reshape(-1, *counts.shape[2:]))
    write_hdr(folder / "mib" / "scan.hdr", frames=30, per_trigger=SMALL_SCAN[1], scan_shape=SMALL_SCAN)
    axes = [{"name": name, "navigate": index < 2} for index, name in enumerate(("y", "x", "ky", "kx"))]
    write_hspy(folder / "hspy" / "scan.hspy", {"scan": (counts, axes)})
    write_empad(folder / "small", np.broadcast_to(pattern, (*SMALL_SCAN, 128, 128)))
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def victim() -> Iterator[Victim]:
    variables = {"STEMMA_JOB_LEASE_SECONDS": f"{LEASE_S:.0f}", "STEMMA_RECONCILE_SECONDS": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="stemma-kill-") as folder,
        running_stack(Path(folder) / "home", env=variables) as stack,
    ):
        running = Victim(stack, connect(stack))
        yield running
        running.http.close()


@pytest.fixture(scope="module")
def announced(victim: Victim, files: dict[str, bytes]) -> Announced:
    """Return what the large array's address said while it was being converted, and the deposit."""
    deposit = victim.deposit(files)
    victim.wait_for_conversion(deposit, 0.01)
    record = victim.http.get(f"/api/v1/deposits/{deposit}/").json()
    (large,) = [item for item in record["measurements"] if item["path"].startswith("large/")]
    return victim.http.get(f"{large['signals'][0]['zarr'].rstrip('/')}/zarr.json"), deposit


@pytest.fixture(scope="module")
def undisturbed(victim: Victim, announced: Announced) -> Kept:
    """Return what becomes of the files when nothing is killed."""
    _, deposit = announced
    record = victim.settle(deposit)
    assert {item["state"] for item in record["measurements"]} == {"converted"}
    victim.require_done_once(deposit)
    kept = victim.keep(deposit)
    victim.require_bytes(kept)
    victim.large_bytes = sum(row[-2] for row in kept.objects if row[0].startswith("large/"))
    return kept
