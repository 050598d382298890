"""Deposit, find and read STEM data on a Stemma server: ``stemma.connect(url)``."""

from stemma.client import Client, connect
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
