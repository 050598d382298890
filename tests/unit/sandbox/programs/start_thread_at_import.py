"""A program whose import leaves a thread behind that no restriction would reach."""

import threading
from typing import Any

_gate = threading.Event()
threading.Thread(target=_gate.wait, daemon=True).start()


def main(*_: Any) -> dict[str, Any]:
    return {}
