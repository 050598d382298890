"""Uploads whose connection or server dies on the way: nothing that arrived is sent or lost twice."""

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.integration.bytes.raw_tus import RawTus, bytes_on_disk, reset, sha256_of, wait_for_bytes
from tests.integration.bytes.test_tus_clients import read_words, start_node
from tests.patience import patient

SIZE = 12_000_000
BLOCK = 1 << 20
CONTENT = np.random.default_rng(21).bytes(SIZE)
SHARES = (0.1, 0.5, 0.99)


def finish(tus: RawTus, deposit: str, path: str, address: str, offset: int) -> None:
    assert tus.patch(address, offset, CONTENT[offset:]).status_code == 204
    file = tus.file(deposit, path)
    assert (file["state"], file["sha256"]) == ("stored", sha256_of(CONTENT))


@pytest.mark.parametrize("share", SHARES)
def test_broken_connection_keeps_what_arrived(
    tus: RawTus, deposit: str, live_stack: Any, share: float
) -> None:
    sent = int(SIZE * share)
    address = tus.start(SIZE, deposit=deposit, path="a.bin", sha256=sha256_of(CONTENT))
    connection = tus.begin_patch(address, 0, SIZE)
    connection.sendall(CONTENT[:sent])
    wait_for_bytes(live_stack.home.root, address, max(1, sent - sent % BLOCK - BLOCK))
    reset(connection)
    offset = tus.offset(address)
    assert sent - 2 * BLOCK <= offset <= sent
    assert offset == bytes_on_disk(live_stack.home.root, address)
    finish(tus, deposit, "a.bin", address, offset)


def test_broken_checked_chunk_leaves_nothing(tus: RawTus, deposit: str, live_stack: Any) -> None:
    """A chunk with a checksum counts whole or not at all."""
    address = tus.start(SIZE, deposit=deposit, path="a.bin")
    tus.patch(address, 0, CONTENT[:1000])
    connection = tus.begin_patch(address, 1000, SIZE - 1000, {"Upload-Checksum": "sha1 AAAA"})
    connection.sendall(CONTENT[1000 : 5 * BLOCK])
    wait_for_bytes(live_stack.home.root, address, BLOCK)
    reset(connection)
    offset = tus.offset(address)
    assert offset == 1000
    finish(tus, deposit, "a.bin", address, offset)


def test_client_that_says_farewell_too_early(tus: RawTus, deposit: str, live_stack: Any) -> None:
    """A connection that is closed in order before the announced length is a cut like any other."""
    address = tus.start(SIZE, deposit=deposit, path="a.bin")
    connection = tus.begin_patch(address, 0, SIZE)
    connection.sendall(CONTENT[: SIZE // 2])
    wait_for_bytes(live_stack.home.root, address, SIZE // 2 - 2 * BLOCK)
    connection.close()
    offset = tus.offset(address)
    assert 0 < offset <= SIZE // 2
    finish(tus, deposit, "a.bin", address, offset)


def test_silent_connection_lets_go_of_its_upload(tus: RawTus, deposit: str, live_stack: Any) -> None:
    """A client that vanished without a word must not lock its successor out for ever."""
    address = tus.start(SIZE, deposit=deposit, path="a.bin")
    connection = tus.begin_patch(address, 0, SIZE)
    connection.sendall(CONTENT[: 3 * BLOCK])
    wait_for_bytes(live_stack.home.root, address, BLOCK)
    connection.settimeout(patient(40))
    assert connection.recv(100)  # the server has given up waiting
    offset = tus.offset(address)
    assert offset == 3 * BLOCK
    finish(tus, deposit, "a.bin", address, offset)
    connection.close()


def test_server_killed_in_the_middle(tus: RawTus, deposit: str, live_stack: Any, tmp_path: Path) -> None:
    """One kill -9 of the web part meets uploads at 10, 50 and 99 %, one that is whole, and tus-js-client."""
    home = live_stack.home.root
    sent = {f"{share}.bin": int(SIZE * share) for share in SHARES}
    addresses = {
        path: tus.start(SIZE, deposit=deposit, path=path, sha256=sha256_of(CONTENT))
        for path in [*sent, "whole.bin"]
    }
    connections = {path: tus.begin_patch(addresses[path], 0, SIZE) for path in sent}
    for path, connection in connections.items():
        connection.sendall(CONTENT[: sent[path]])
    tus.patch(addresses["whole.bin"], 0, CONTENT[:BLOCK])
    for path, count in sent.items():
        wait_for_bytes(home, addresses[path], max(1, count - count % BLOCK - BLOCK))
    node = start_slow_client(live_stack, deposit, tmp_path)
    killed = live_stack.identities["web"]
    live_stack.kill("web")
    live_stack.wait_for_restart(killed)
    # As if the last byte had been written and the server had died before it could say so.
    with (home / "uploads" / addresses["whole.bin"].rstrip("/").rsplit("/", 1)[-1]).open("ab") as rest:
        rest.write(CONTENT[BLOCK:])
    tus.http.close()
    tus = RawTus(type(tus.http)(base_url=live_stack.url, headers=tus.http.headers, timeout=patient(60)))
    for path, address in addresses.items():
        offset = bytes_on_disk(home, address)
        assert tus.offset(address) == offset
        if path != "whole.bin":
            assert sent[path] - 2 * BLOCK <= offset <= sent[path]
            assert tus.patch(address, offset, CONTENT[offset:]).status_code == 204
        file = tus.file(deposit, path)
        assert (file["state"], file["sha256"]) == ("stored", sha256_of(CONTENT)), path
    words = list(read_words(node))
    assert node.wait(patient(60)) == 0
    assert words[-1] == {"done": True}
    assert any("retry" in word for word in words)
    assert tus.file(deposit, "node.bin")["sha256"] == sha256_of((tmp_path / "node.bin").read_bytes())


def start_slow_client(live_stack: Any, deposit: str, folder: Path) -> subprocess.Popen[str]:
    """Start tus-js-client on a file of many chunks and return when the first few are over."""
    large = folder / "node.bin"
    large.write_bytes(CONTENT * 8)
    node = start_node(live_stack, large, deposit, "node.bin", chunk=200_000)
    words = read_words(node)
    for _ in range(20):
        assert "accepted" in next(words)
    return node
