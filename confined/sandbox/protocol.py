"""Length-prefixed JSON on a pipe: four bytes of length, big endian, then that many bytes of UTF-8.

The far end may be hostile: sizes and numbers of messages are capped before anything is held or parsed.
"""

import json
import math
import struct
from collections.abc import Callable, Iterator
from typing import Any, Never

MAX_MESSAGE_BYTES = 64 << 20
MAX_TOTAL_BYTES = 256 << 20
MAX_MESSAGES = 100_000
_LENGTH = struct.Struct(">I")

# Between a process and its zygote: one word, for FORK with the ends of three pipes and of the leash.
ZYGOTE_PROTOCOL = 1
FORK, RETIRE = b"fork", b"retire"
DESCRIPTORS_OF_A_RUN = 4

Send = Callable[[dict[str, Any]], None]  # what a program is given to say how far it is


class ProtocolViolationError(Exception):
    """The bytes on the pipe are not an answer of a well-behaved program."""


def encode_message(message: dict[str, Any]) -> bytes:
    """Return the bytes that say `message`; raises ValueError or TypeError where it is not plain JSON."""
    body = json.dumps(message, allow_nan=False, ensure_ascii=True, separators=(",", ":")).encode("ascii")
    if len(body) > MAX_MESSAGE_BYTES:
        raise ValueError(f"the message has {len(body)} bytes; at most {MAX_MESSAGE_BYTES} are carried")
    return _LENGTH.pack(len(body)) + body


def read_message(read: Callable[[int], bytes]) -> dict[str, Any]:
    """Read one message from a blocking source; the child reads its request with this."""
    return decode_body(_read_exactly(read, _LENGTH.unpack(_read_exactly(read, _LENGTH.size))[0]))


def _read_exactly(read: Callable[[int], bytes], size: int) -> bytes:
    parts: list[bytes] = []
    while size > 0:
        part = read(size)
        if not part:
            raise ProtocolViolationError("the pipe ended inside a message")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def decode_body(body: bytes) -> dict[str, Any]:
    """Parse one message body into a JSON object that a database can store."""
    try:
        message = json.loads(body, parse_constant=_refuse_constant)
        message = clean_json(message)
    except (ValueError, RecursionError) as error:
        raise ProtocolViolationError(f"a message is not JSON ({type(error).__name__})") from error
    if not isinstance(message, dict):
        raise ProtocolViolationError("a message is not a JSON object")
    return message


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is not JSON")


def clean_json(value: Any) -> Any:
    """Replace NUL and lone surrogates, which no database stores; refuse infinite numbers with ValueError."""
    if isinstance(value, str):
        return _clean_text(value)
    if isinstance(value, dict):
        return {_clean_text(key): clean_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is not finite")
    return value


def _clean_text(text: str) -> str:
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode("utf-8", "replace").decode("utf-8")


class MessageDecoder:
    """Collects bytes as they arrive and gives whole messages back."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._received = 0
        self._messages = 0

    def feed(self, received: bytes) -> Iterator[dict[str, Any]]:
        """Take bytes in and yield the messages that are now complete."""
        self._received += len(received)
        if self._received > MAX_TOTAL_BYTES:
            raise ProtocolViolationError(f"more than {MAX_TOTAL_BYTES} bytes of messages")
        self._buffer += received
        while (body := self._take_body()) is not None:
            self._messages += 1
            if self._messages > MAX_MESSAGES:
                raise ProtocolViolationError(f"more than {MAX_MESSAGES} messages")
            yield decode_body(body)

    def _take_body(self) -> bytes | None:
        if len(self._buffer) < _LENGTH.size:
            return None
        (size,) = _LENGTH.unpack_from(self._buffer)
        if size > MAX_MESSAGE_BYTES:
            raise ProtocolViolationError(f"a message announces {size} bytes")
        end = _LENGTH.size + size
        if len(self._buffer) < end:
            return None
        body = bytes(self._buffer[_LENGTH.size : end])
        del self._buffer[:end]
        return body

    @property
    def is_between_messages(self) -> bool:
        """False where a message has begun and not ended."""
        return not self._buffer
