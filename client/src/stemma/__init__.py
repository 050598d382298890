"""Deposit, find and read STEM data on a Stemma server: ``stemma.connect(url)``.

What talks to servers and holds arrays is loaded when it is first named: the command and whoever only catches an error
need not wait for numpy.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from stemma.errors import (
    ConflictError,
    DamagedFileError,
    MissingDependencyError,
    NotFoundError,
    NotReadyError,
    PermissionRefusedError,
    RefusedError,
    RenamedFileWarning,
    ServerUnreachableError,
    StemmaError,
    UsageError,
    ValidationRefusedError,
)

if TYPE_CHECKING:
    from stemma.client import Client, connect
    from stemma.records import Dataset, Deposit, Measurement
    from stemma.search import SearchResult, SearchResults
    from stemma.signals import Axis, Signal

__all__ = [
    "Axis",
    "Client",
    "ConflictError",
    "DamagedFileError",
    "Dataset",
    "Deposit",
    "Measurement",
    "MissingDependencyError",
    "NotFoundError",
    "NotReadyError",
    "PermissionRefusedError",
    "RefusedError",
    "RenamedFileWarning",
    "SearchResult",
    "SearchResults",
    "ServerUnreachableError",
    "Signal",
    "StemmaError",
    "UsageError",
    "ValidationRefusedError",
    "connect",
]

_HOMES = {
    "Axis": "signals",
    "Client": "client",
    "Dataset": "records",
    "Deposit": "records",
    "Measurement": "records",
    "SearchResult": "search",
    "SearchResults": "search",
    "Signal": "signals",
    "connect": "client",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
