"""Bytes that rotted in the store: a transfer breaks off, what is known is refused, and the same bytes mend it."""

import hashlib
import io
import json
import os
import subprocess
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import tensorstore
import zarr

from api.byte_service.damage import LIFETIME_S
from processing.engine.shard_index import read_index
from tests.client.conftest import Shell, make_shell
from tests.client.experiments import write_experiment
from tests.integration.bytes.conftest import list_findings
from tests.integration.bytes.raw_tus import RawTus
from tests.integration.waiting import wait_for_deposit
from tests.patience import let_pass, wait_until

SMALL, LARGE = "small.dat", "large.dat"
SIZES = {SMALL: 3000, LARGE: 3_000_000}


Spoil = Callable[[str, Callable[[bytearray], None]], None]


@dataclass(frozen=True)
class Store:
    """The objects of the running Stemma, as their medium has them."""

    home: Path

    def locate(self, sha256: str) -> Path:
        return self.home / "objects" / "sha256" / sha256[:2] / sha256


def flip(content: bytearray) -> None:
    """Flip four bytes in the middle."""
    for position in range(len(content) // 2, len(content) // 2 + 4):
        content[position] ^= 0xFF


def cut(content: bytearray) -> None:
    del content[len(content) // 2 :]


@dataclass(frozen=True)
class Rotting:
    """A published dataset of which one file after the other is damaged."""

    id: str
    files: dict[str, bytes]
    measurement: dict[str, Any]

    def address(self, path: str) -> str:
        return f"/api/v1/datasets/{self.id}/versions/1/files/{path}"

    @property
    def zip(self) -> str:
        return f"/api/v1/datasets/{self.id}/versions/1/zip"

    @property
    def zarr(self) -> str:
        return str(self.measurement["signals"][0]["zarr"]).rstrip("/")

    def digest(self, path: str) -> str:
        return hashlib.sha256(self.files[path]).hexdigest()


@pytest.fixture(scope="session")
def rotting(live_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Rotting:
    """Publish a scan, in a shape that no other test has, with two files that are not read."""
    folder = tmp_path_factory.mktemp("rotting")
    experiment = write_experiment(folder / "session", title="Bytes that rot", scan_shape=(13, 3))
    for name, size in SIZES.items():
        (experiment.folder / name).write_bytes(os.urandom(size))
    shell = make_shell(folder / "home", url=live_stack.url, token=live_stack.credentials.token)
    draft = shell.run_json("deposit", experiment.folder, "--metadata", experiment.metadata)
    codes = {finding["code"] for finding in list_findings(draft) if finding["severity"] == "warning"}
    accepted = [word for code in sorted(codes) for word in ("--accept-warnings", f"{code}:seen")]
    record = shell.run_json("publish", draft["id"], *accepted)
    paths = [file["path"] for file in record["files"]]
    files = {path: (experiment.folder / Path(path).name).read_bytes() for path in paths}
    (measurement,) = record["measurements"]
    return Rotting(record["id"], files, measurement)


def path_of(rotting: Rotting, name: str) -> str:
    (path,) = [path for path in rotting.files if path.endswith(name)]
    return path


@pytest.fixture
def store(live_stack: Any) -> Store:
    return Store(live_stack.home.root)


@pytest.fixture
def manage(live_stack: Any) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return what runs a management command as the operator of the running Stemma does."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        done: subprocess.CompletedProcess[str] = live_stack.run("manage", *words)
        return done

    return run


@pytest.fixture
def spoil(
    store: Store, stranger: httpx.Client, rotting: Rotting, tus: RawTus, deposit: str
) -> Iterator[Spoil]:
    """Return what spoils an object until the end of the test; then its bytes are sent again."""
    good: dict[str, bytes] = {}

    def do(sha256: str, how: Callable[[bytearray], None]) -> None:
        path = store.locate(sha256)
        good[sha256] = path.read_bytes()
        content = bytearray(good[sha256])
        how(content)
        path.chmod(0o644)
        path.write_bytes(content)

    yield do
    for number, content in enumerate(good.values()):
        tus.store(deposit, f"again-{number}.dat", content)
    let_pass(LIFETIME_S)  # so long a process may still refuse it
    wait_until(lambda: stranger.head(rotting.zip).status_code == 200)


def require_problem(answer: httpx.Response) -> None:
    """Check that an answer refuses damaged bytes, and that nothing of it may be kept."""
    assert answer.status_code == 500
    assert {"etag", "repr-digest"}.isdisjoint(answer.headers)
    assert answer.headers["Cache-Control"] == "private, no-store"
    assert answer.headers["Content-Type"] == "application/problem+json"
    if answer.request.method == "HEAD":
        assert answer.content == b""
        return
    problem = answer.json()
    assert (problem["code"], problem["status"]) == ("damaged", 500)
    assert problem["hint"]
    assert "/objects/" not in problem["detail"]


def receive(client: httpx.Client, address: str) -> tuple[int, bytes, Exception | None]:
    """Return status, what arrived, and how the transfer ended."""
    received = bytearray()
    with client.stream("GET", address) as answer:
        try:
            for block in answer.iter_raw():
                received += block
        except httpx.TransportError as fault:
            return answer.status_code, bytes(received), fault
    return answer.status_code, bytes(received), None


@pytest.mark.parametrize("how", [flip, cut])
def test_a_small_damaged_file_is_refused_from_the_first_request_on(
    stranger: httpx.Client, rotting: Rotting, spoil: Spoil, how: Callable[[bytearray], None]
) -> None:
    path = path_of(rotting, SMALL)
    address, etag = rotting.address(path), f'"{rotting.digest(path)}"'
    assert stranger.get(address).content == rotting.files[path]
    spoil(rotting.digest(path), how)
    require_problem(stranger.get(address))
    for method, headers in (
        ("HEAD", {}),
        ("GET", {"If-None-Match": etag}),
        ("HEAD", {"If-None-Match": etag}),
        ("GET", {"Range": "bytes=0-9"}),
        ("GET", {"Range": "bytes=0-9", "If-Range": etag}),
    ):
        wait_until(
            lambda method=method, headers=headers: (  # type: ignore[misc]
                stranger.request(method, address, headers=headers).status_code == 500
            )
        )
        require_problem(stranger.request(method, address, headers=headers))
    require_problem(stranger.get(f"/api/v1/datasets/{rotting.id}/files/{path}"))
    other = path_of(rotting, LARGE)
    assert stranger.get(rotting.address(other)).content == rotting.files[other]


def test_a_large_damaged_file_breaks_off_and_is_refused_afterwards(
    stranger: httpx.Client, rotting: Rotting, spoil: Spoil
) -> None:
    path = path_of(rotting, LARGE)
    address = rotting.address(path)
    spoil(rotting.digest(path), flip)
    status, received, fault = receive(stranger, address)
    assert status == 200
    assert isinstance(fault, httpx.TransportError)
    assert len(received) < len(rotting.files[path])
    wait_until(lambda: stranger.head(address).status_code == 500)
    require_problem(stranger.get(address))


def test_a_range_over_the_whole_file_is_checked_and_a_cut_file_is_never_begun(
    stranger: httpx.Client, rotting: Rotting, spoil: Spoil
) -> None:
    path = path_of(rotting, LARGE)
    spoil(rotting.digest(path), flip)
    with pytest.raises(httpx.TransportError):
        stranger.get(rotting.address(path), headers={"Range": "bytes=0-"})
    wait_until(lambda: stranger.head(rotting.address(path)).status_code == 500)


def test_a_cut_or_missing_file_is_never_begun(
    stranger: httpx.Client, rotting: Rotting, spoil: Spoil, store: Store
) -> None:
    path = path_of(rotting, LARGE)
    spoil(rotting.digest(path), cut)
    require_problem(stranger.head(rotting.address(path)))
    other = path_of(rotting, SMALL)
    spoil(rotting.digest(other), flip)
    store.locate(rotting.digest(other)).unlink()
    require_problem(stranger.get(rotting.address(other)))


@pytest.mark.parametrize("name", [SMALL, LARGE])
def test_an_archive_with_a_damaged_member_breaks_off(
    stranger: httpx.Client, rotting: Rotting, spoil: Spoil, name: str
) -> None:
    good = stranger.get(rotting.zip).content
    spoil(rotting.digest(path_of(rotting, name)), flip)
    status, received, fault = receive(stranger, rotting.zip)
    assert status == 200
    assert isinstance(fault, httpx.TransportError)
    assert len(received) < len(good)
    with pytest.raises(zipfile.BadZipFile):
        zipfile.ZipFile(io.BytesIO(received))
    wait_until(lambda: stranger.head(rotting.zip).status_code == 500)
    answer = stranger.get(rotting.zip)
    require_problem(answer)
    assert name in answer.json()["detail"]


def test_zarr_keys_and_pictures_are_refused_like_files(
    stranger: httpx.Client, live_stack: Any, rotting: Rotting, spoil: Spoil
) -> None:
    base = rotting.zarr.removeprefix(live_stack.url)
    reductions = stranger.get(f"/api/v1/measurements/{rotting.measurement['id']}/reductions/").json()
    products = {
        product["kind"]: product["url"].removeprefix(live_stack.url) for product in reductions["results"]
    }
    addresses = [f"{base}/zarr.json", f"{base}/c/0/0/0/0", products["preview"], products["array"]]
    digests = [stranger.head(address).headers["ETag"].strip('"') for address in addresses]
    for sha256 in digests:
        spoil(sha256, flip)
    for address in addresses:
        status, received, fault = receive(stranger, address)
        assert status == 500 or fault is not None, (address, len(received))
        wait_until(lambda address=address: stranger.head(address).status_code == 500)  # type: ignore[misc]
        require_problem(stranger.get(address))
        require_problem(stranger.get(address, headers={"If-None-Match": "*"}))


def test_readers_of_arrays_stumble_over_a_chunk_that_nobody_found_yet(
    stranger: httpx.Client, live_stack: Any, rotting: Rotting, spoil: Spoil, store: Store
) -> None:
    sha256 = (
        stranger.head(f"{rotting.zarr.removeprefix(live_stack.url)}/c/0/0/0/0").headers["ETag"].strip('"')
    )
    metadata = json.loads(stranger.get(f"{rotting.zarr.removeprefix(live_stack.url)}/zarr.json").text)
    outer = metadata["chunk_grid"]["configuration"]["chunk_shape"]
    inner = metadata["codecs"][0]["configuration"]["chunk_shape"]
    per_shard = tuple(a // b for a, b in zip(outer, inner, strict=True))
    offset, size = (int(number) for number in read_index(store.locate(sha256), per_shard).reshape(-1, 2)[0])

    def flip_a_bit(content: bytearray) -> None:
        content[offset + size // 2] ^= 1

    whole = np.asarray(zarr.open_array(rotting.zarr, mode="r")[:])
    spoil(sha256, flip_a_bit)
    with pytest.raises(ValueError, match="checksum"):
        zarr.open_array(rotting.zarr, mode="r")[0, 0]
    spec = {"driver": "zarr3", "kvstore": {"driver": "http", "base_url": f"{rotting.zarr}/"}}
    array = tensorstore.open(spec).result()
    with pytest.raises(ValueError, match=r"Digest mismatch|Blosc error"):
        array[0, 0].read().result()
    np.testing.assert_array_equal(array[12:].read().result(), whole[12:])


def test_readers_of_arrays_take_no_refused_chunk_for_fill_values(
    stranger: httpx.Client, live_stack: Any, rotting: Rotting, spoil: Spoil
) -> None:
    address = f"{rotting.zarr.removeprefix(live_stack.url)}/c/0/0/0/0"
    sha256 = stranger.head(address).headers["ETag"].strip('"')
    spoil(sha256, cut)
    wait_until(lambda: [stranger.head(address).status_code for _ in range(6)] == [500] * 6)
    with pytest.raises(Exception, match="500"):
        zarr.open_array(rotting.zarr, mode="r")[0, 0]


def test_the_operator_and_the_visitor_are_told(
    http: httpx.Client,
    stranger: httpx.Client,
    rotting: Rotting,
    spoil: Spoil,
    store: Store,
    manage: Callable[..., Any],
) -> None:
    path = path_of(rotting, SMALL)
    assert read_metric(http) == 0
    spoil(rotting.digest(path), flip)
    require_problem(stranger.get(rotting.address(path)))
    record = stranger.get(f"/api/v1/datasets/{rotting.id}/").json()
    assert {file["path"] for file in record["files"] if file["damaged_at"]} == {path}
    page = stranger.get(f"/datasets/{rotting.id}").text
    assert page.count("Damaged: what is stored") == 1
    parts = http.get("/readyz").json()["parts"]
    assert (parts["objects"]["ok"], parts["objects"]["damaged"]) == (True, 1)
    assert "verify --list" in parts["objects"]["detail"]
    assert stranger.get("/readyz").json()["parts"]["objects"] == {"ok": True}
    assert read_metric(http) == 1
    done = manage("verify", "--list", "--json")
    assert done.returncode == 1, done.stderr
    (damaged,) = json.loads(done.stdout)["damaged"]
    assert damaged["sha256"] == rotting.digest(path)
    assert f"{path} of {rotting.id} version 1" in damaged["places"]
    store.locate(rotting.digest(path)).write_bytes(rotting.files[path])  # from a backup
    assert stranger.get(rotting.address(path)).status_code == 500, "nobody has looked yet"
    assert manage("verify", rotting.digest(path)).returncode == 0
    wait_until(lambda: stranger.get(rotting.address(path)).status_code == 200)
    assert read_metric(http) == 0


def read_metric(http: httpx.Client) -> int:
    told = http.get("/metrics").text
    return int(told.partition("\nstemma_damaged_objects ")[2].partition("\n")[0])


def test_anybody_who_brings_the_same_bytes_mends_them(
    stranger: httpx.Client, rotting: Rotting, spoil: Spoil, tus: RawTus, deposit: str
) -> None:
    path = path_of(rotting, SMALL)
    spoil(rotting.digest(path), flip)
    require_problem(stranger.get(rotting.address(path)))
    tus.store(deposit, "found-again.dat", rotting.files[path])
    wait_until(lambda: stranger.get(rotting.address(path)).status_code == 200)
    answer = stranger.get(rotting.address(path))
    assert (answer.content, answer.headers["ETag"]) == (rotting.files[path], f'"{rotting.digest(path)}"')


def test_the_command_says_which_file_is_damaged_and_brings_the_others(
    live_stack: Any, rotting: Rotting, spoil: Spoil, tmp_path: Path
) -> None:
    shell: Shell = make_shell(tmp_path / "home", url=live_stack.url, token=live_stack.credentials.token)
    path = path_of(rotting, LARGE)
    spoil(rotting.digest(path), flip)
    told = shell.run_json("get", rotting.id, tmp_path / "out", code=4)
    (failed,) = told["failed"]
    assert (failed["path"], failed["code"]) == (path, "damaged")
    assert {file["path"] for file in told["files"]} == set(rotting.files) - {path}
    arrived = [found.name for found in (tmp_path / "out").rglob("*") if found.is_file()]
    assert sorted(arrived) == sorted(Path(one).name for one in rotting.files if one != path)


def test_a_conversion_of_damaged_bytes_ends_in_a_finding(
    http: httpx.Client, live_stack: Any, tmp_path: Path, spoil: Spoil
) -> None:
    """Four flipped bytes of counts are counts to every reader."""
    experiment = write_experiment(tmp_path / "session", title="Rot before reading", scan_shape=(3, 13))
    deposit = http.post("/api/v1/deposits/", json={"title": "Rot before reading"}).json()["id"]
    tus = RawTus(http)
    for file in sorted(experiment.folder.iterdir()):
        tus.store(deposit, file.name, file.read_bytes())
    assert http.post(f"/api/v1/deposits/{deposit}/submit/", json={"until": "opened"}).status_code < 300
    opened = wait_for_deposit(http, deposit)
    assert [measurement["state"] for measurement in opened["measurements"]] == ["opened"]
    (raw,) = [file for file in opened["files"] if file["path"].endswith(".raw")]
    spoil(raw["sha256"], flip)
    assert http.post(f"/api/v1/deposits/{deposit}/submit/", json={}).status_code < 300
    record = wait_for_deposit(http, deposit)
    (measurement,) = record["measurements"]
    assert measurement["state"] == "failed"
    assert "damaged_file" in {finding["code"] for finding in measurement["findings"]}
    assert not any(signal["is_converted"] for signal in measurement["signals"])
    (raw,) = [file for file in record["files"] if file["path"].endswith(".raw")]
    assert (raw["state"], raw["damaged_at"] is not None) == ("quarantined", True)
    require_problem(http.get(f"/api/v1/deposits/{deposit}/files/{raw['path']}"))
