"""Hostile bytes are read in a process that can do nothing but answer."""

from ingest.sandbox.errors import (
    ReaderAccessError,
    ReaderCpuLimitError,
    ReaderCrashedError,
    ReaderFailedError,
    ReaderFileSizeError,
    ReaderMemoryLimitError,
    ReaderOutputError,
    ReaderProtocolError,
    ReaderTimeoutError,
    SandboxDiskFullError,
    SandboxError,
    SandboxRefusalError,
    SandboxUnavailableError,
)
from ingest.sandbox.forking import Preparation, ZygoteKeeper
from ingest.sandbox.limits import Limits
from ingest.sandbox.results import collect_output
from ingest.sandbox.running import run_confined
from ingest.sandbox.status import SandboxStatus, probe_sandbox

__all__ = [
    "Limits",
    "Preparation",
    "ReaderAccessError",
    "ReaderCpuLimitError",
    "ReaderCrashedError",
    "ReaderFailedError",
    "ReaderFileSizeError",
    "ReaderMemoryLimitError",
    "ReaderOutputError",
    "ReaderProtocolError",
    "ReaderTimeoutError",
    "SandboxDiskFullError",
    "SandboxError",
    "SandboxRefusalError",
    "SandboxStatus",
    "SandboxUnavailableError",
    "ZygoteKeeper",
    "collect_output",
    "probe_sandbox",
    "run_confined",
]
