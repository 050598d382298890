"""What a child prints, kept within bounds."""

_HEAD_BYTES, _TAIL_BYTES = 1 << 14, 3 << 14
LOG_BYTES = _HEAD_BYTES + _TAIL_BYTES


class BoundedLog:
    """Keeps the beginning and the end of what the child prints, however much it prints."""

    def __init__(self) -> None:
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, printed: bytes) -> None:
        """Take more output in."""
        room = _HEAD_BYTES - len(self._head)
        self._head += printed[:room]
        self._tail += printed[room:]
        surplus = max(len(self._tail) - _TAIL_BYTES, 0)
        del self._tail[:surplus]
        self._left_out += surplus

    def text(self) -> str:
        """Return what was kept."""
        gap = f"\n… {self._left_out} bytes left out …\n" if self._left_out else ""
        return self._head.decode("utf-8", "replace") + gap + self._tail.decode("utf-8", "replace")
