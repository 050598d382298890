"""What is kept of a child's output: all while it is short, else beginning, end, and how much is missing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confined.sandbox import processes
from confined.sandbox.processes import BoundedLog

HEAD, TAIL = 5, 9


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "_HEAD_BYTES", HEAD)
    monkeypatch.setattr(processes, "_TAIL_BYTES", TAIL)


@given(st.lists(st.text("abcdefg\n", max_size=12), max_size=8))
def test_the_beginning_and_the_end_are_kept_however_it_comes(pieces: list[str]) -> None:
    log, whole = BoundedLog(), "".join(pieces)
    for piece in pieces:
        log.add(piece.encode())
    kept = log.text()
    if len(whole) <= HEAD + TAIL:
        assert kept == whole
    else:
        gap = f"\n… {len(whole) - HEAD - TAIL} bytes left out …\n"
        assert kept == whole[:HEAD] + gap + whole[-TAIL:]


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    log = BoundedLog()
    log.add(b"\xff\xfe" * 20)
    assert re.fullmatch(r"�+\n… 26 bytes left out …\n�+", log.text())
