"""A program whose import makes memory that forks do not get a copy of."""

import mmap
from typing import Any

SHARED = mmap.mmap(-1, 4096)


def main(*_: Any) -> dict[str, Any]:
    return {}
