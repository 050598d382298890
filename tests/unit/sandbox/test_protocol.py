"""Messages survive any cutting of the pipe, and nothing oversized is ever held."""

import contextlib
import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from confined.sandbox.protocol import (
    MAX_MESSAGE_BYTES,
    MessageDecoder,
    ProtocolViolationError,
    clean_json,
    encode_message,
    read_message,
)

_SAFE = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _SAFE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_SAFE, inner, max_size=3),
    max_leaves=6,
)
_MESSAGES = st.lists(st.dictionaries(_SAFE, _VALUES, max_size=3), max_size=4)


@given(messages=_MESSAGES, pieces=st.integers(min_value=1, max_value=9))
def test_messages_survive_any_cutting(messages: list[dict[str, Any]], pieces: int) -> None:
    stream = b"".join(encode_message(message) for message in messages)
    decoder = MessageDecoder()
    received: list[dict[str, Any]] = []
    for start in range(0, len(stream), pieces):
        received += decoder.feed(stream[start : start + pieces])
    assert received == messages
    assert decoder.is_between_messages


@given(message=st.dictionaries(_SAFE, _VALUES, max_size=3))
def test_child_reads_what_the_parent_wrote(message: dict[str, Any]) -> None:
    assert read_message(io.BytesIO(encode_message(message)).read) == message


@given(garbage=st.binary(max_size=200))
def test_garbage_is_refused_or_awaited_but_never_another_error(garbage: bytes) -> None:
    with contextlib.suppress(ProtocolViolationError):
        for message in MessageDecoder().feed(garbage):
            assert isinstance(message, dict)


def test_size_is_judged_before_the_bytes_arrive() -> None:
    with pytest.raises(ProtocolViolationError, match="announces"):
        list(MessageDecoder().feed((MAX_MESSAGE_BYTES + 1).to_bytes(4)))


@pytest.mark.parametrize("message", [{"x": float("nan")}, {"x": float("inf")}])
def test_numbers_that_json_does_not_know_are_not_sent(message: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="JSON"):
        encode_message(message)


def test_end_inside_a_message_is_refused() -> None:
    with pytest.raises(ProtocolViolationError, match="ended"):
        read_message(io.BytesIO(encode_message({"a": 1})[:-1]).read)


def test_text_becomes_storable() -> None:
    assert clean_json({"a\0": ["\ud800", 1.5, None]}) == {"a\N{REPLACEMENT CHARACTER}": ["?", 1.5, None]}
