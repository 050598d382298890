"""The sha256 of an upload: computed while it is written, read again once where that was lost."""

import hashlib
from pathlib import Path
from typing import Any, Self

import numpy as np
import pytest

from api.byte_service.receiving import HashStates

CONTENT = np.random.default_rng(3).bytes(3 << 20)


class CountingPath:
    """A path that counts the bytes read from it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.count = 0

    def open(self, mode: str) -> Any:
        source = self.path.open(mode)
        read = source.read
        holder = self

        class Counted:
            def __enter__(self) -> Self:
                return self

            def __exit__(self, *_: object) -> None:
                source.close()

            def seek(self, position: int) -> None:
                source.seek(position)

            def read(self, size: int) -> bytes:
                block: bytes = read(size)
                holder.count += len(block)
                return block

        return Counted()


@pytest.fixture
def file(tmp_path: Path) -> CountingPath:
    path = tmp_path / "upload"
    path.write_bytes(CONTENT)
    return CountingPath(path)


def feed(states: HashStates, key: str, start: int, stop: int) -> None:
    state = states.take(key, start)
    if state is not None:
        state.hasher.update(CONTENT[start:stop])
        state.position = stop
        states.keep(key, state)


def finish(states: HashStates, file: Any) -> str:
    return states.finish("a", file, len(CONTENT))


def test_bytes_seen_in_order_are_not_read_again(file: CountingPath) -> None:
    states = HashStates()
    for start in range(0, len(CONTENT), 1 << 20):
        feed(states, "a", start, start + (1 << 20))
    assert finish(states, file) == hashlib.sha256(CONTENT).hexdigest()
    assert file.count == 0


def test_lost_state_costs_one_reading(file: CountingPath) -> None:
    states = HashStates()
    feed(states, "a", 1 << 20, len(CONTENT))  # another process has seen the beginning
    assert finish(states, file) == hashlib.sha256(CONTENT).hexdigest()
    assert file.count == len(CONTENT)


def test_only_what_another_process_received_is_read(file: CountingPath) -> None:
    states = HashStates()
    feed(states, "a", 0, 2 << 20)
    assert finish(states, file) == hashlib.sha256(CONTENT).hexdigest()
    assert file.count == 1 << 20


def test_state_that_does_not_end_where_the_chunk_begins_is_not_used() -> None:
    states = HashStates()
    feed(states, "a", 0, 1000)
    assert states.take("a", 999) is None
    assert states.take("a", 1000) is None  # a state that was in doubt is gone


def test_start_from_nothing_forgets_what_was(file: CountingPath) -> None:
    states = HashStates()
    feed(states, "a", 0, 1000)
    feed(states, "a", 0, 500)
    assert finish(states, file) == hashlib.sha256(CONTENT).hexdigest()


def test_states_are_bounded() -> None:
    states = HashStates(size=2)
    for key in "abc":
        feed(states, key, 0, 10)
    assert states.take("a", 10) is None
    assert states.take("c", 10) is not None
