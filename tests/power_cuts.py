"""Ending a piece of our code before any chosen line of it, as a kill of its process would."""

import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, ModuleType
from typing import Any


class PowerCutError(BaseException):
    """Nothing catches this; an open transaction is rolled back, as the database does for a client that is gone."""


@contextmanager
def power_cut(at_line: int, *modules: ModuleType) -> Iterator[None]:
    """Cut the power before the line of these modules that would be executed as the `at_line`-th (from 1)."""
    files = {str(module.__file__) for module in modules}
    executed = 0

    def trace_lines(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal executed
        if event == "line" and not _is_passed_over(frame):
            executed += 1
            if executed == at_line:
                raise PowerCutError
        return trace_lines

    def trace(frame: FrameType, _event: str, _argument: Any) -> Any:
        return trace_lines if frame.f_code.co_filename in files else None

    former = sys.gettrace()
    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(former)


def _is_passed_over(frame: FrameType) -> bool:
    """Return whether to let a line be: a `with` is reached again as it ends, and cut there it would never end."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno).strip()
    return line.startswith(("with ", "except ", "finally:"))
