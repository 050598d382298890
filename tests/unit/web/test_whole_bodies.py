"""Bodies of requests to Django: whole and with their length, whoever sends them in whichever way."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from api.before_django import WholeBodies

MOST = 1000


class Sink:
    """An application that reads all it is given."""

    def __init__(self) -> None:
        self.length: str | None = None
        self.body: bytes | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del send
        self.length = Headers(scope=scope).get("content-length")
        assert "transfer-encoding" not in Headers(scope=scope)
        body, is_more = b"", True
        while is_more:
            message = await receive()
            body += message["body"]
            is_more = message.get("more_body", False)
        self.body = body
        assert (await receive())["type"] == "http.disconnect"


class Client:
    """What a server hands on of a client, piece by piece."""

    def __init__(self, messages: Iterator[Message]) -> None:
        self._messages = messages
        self.taken = 0

    async def __call__(self) -> Message:
        self.taken += 1
        return next(self._messages, {"type": "http.disconnect"})


def say(pieces: Sequence[bytes], *, is_whole: bool = True) -> Iterator[Message]:
    for number, piece in enumerate(pieces, 1):
        is_more = number < len(pieces) or not is_whole
        yield {"type": "http.request", "body": piece, "more_body": is_more}


def ask(client: Client, *headers: tuple[bytes, bytes]) -> Sink:
    async def send(message: Message) -> None:
        raise AssertionError(message)

    sink = Sink()
    scope: dict[str, Any] = {"type": "http", "method": "POST", "path": "/", "headers": list(headers)}
    asyncio.run(WholeBodies(sink)(scope, client, send))
    return sink


@pytest.fixture(autouse=True)
def _limit(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = MOST


CHUNKED = (b"transfer-encoding", b"chunked")


@given(st.lists(st.binary(max_size=90), min_size=1, max_size=10), st.booleans())
def test_a_body_without_a_length_gets_one(pieces: list[bytes], is_http_1: bool) -> None:
    whole = b"".join(pieces)
    sink = ask(Client(say(pieces)), *([CHUNKED] if is_http_1 else []))
    assert (sink.body, sink.length) == (whole, str(len(whole)))


def test_a_declared_body_is_handed_on_as_it_comes() -> None:
    sink = ask(Client(say([b"ab", b"cd"])), (b"content-length", b"4"))
    assert (sink.body, sink.length) == (b"abcd", "4")


def test_pieces_of_a_body_on_disk_come_back_in_order(settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 8 << 20
    pieces = [bytes([number]) * 300_001 for number in range(10)]
    assert ask(Client(say(pieces)), CHUNKED).body == b"".join(pieces)


def test_a_declared_body_that_is_too_long_is_not_read() -> None:
    sink = ask(Client(say([b"x" * 900] * 3)), (b"content-length", b"2700"))
    assert (sink.body, sink.length) == (b"", "2700")


def test_a_body_without_end_is_read_up_to_the_limit() -> None:
    class Endless(Client):
        is_gone = False

        async def __call__(self) -> Message:
            self.taken += 1
            # After the refusal the server tells of the client's going, and a Django that listens ends there.
            if self.taken > 50:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": b"x" * 100, "more_body": True}

    sink = ask(Endless(iter(())), CHUNKED)
    assert sink.body == b""
    assert sink.length == str(MOST + 100)


def test_whoever_goes_in_the_middle_is_answered_nothing() -> None:
    sink = ask(Client(say([b"half"], is_whole=False)), CHUNKED)
    assert sink.body is None
