"""Hostile bytes are read in a process that can do nothing but answer."""

from confined.sandbox.errors import (
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
from confined.sandbox.forking import Preparation, ZygoteKeeper
from confined.sandbox.resource_limits import Limits
from confined.sandbox.results import collect_output
from confined.sandbox.running import run_confined
from confined.sandbox.status import SandboxStatus, probe_sandbox

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
