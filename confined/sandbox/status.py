"""What /readyz says about the sandbox."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from confined.sandbox.availability import Mode, choose_confinement, describe_lack
from confined.sandbox.errors import SandboxError, SandboxUnavailableError
from confined.sandbox.landlock import find_landlock_abi
from confined.sandbox.resource_limits import GIB, MIB, Limits
from confined.sandbox.running import run_confined


@dataclass(frozen=True, slots=True)
class SandboxStatus:
    """How uploads are read on this machine, and why so."""

    mode: Literal["landlock+seccomp", "namespaces", "weak", "refused"]
    detail: str

    def as_dict(self) -> dict[str, str]:
        """Return the form that /readyz shows."""
        return {"mode": self.mode, "detail": self.detail}


_known: dict[Mode, SandboxStatus] = {}


def probe_sandbox(mode: Mode = "strict") -> SandboxStatus:
    """Report what holds a confined program that tries to get out; a refusal is tried anew each time."""
    if mode not in _known:
        found = try_escape(mode)
        if found.mode == "refused":
            return found
        _known[mode] = found
    return _known[mode]


def try_escape(mode: Mode) -> SandboxStatus:
    """Return what a confined program can and cannot do here, tried now."""
    try:
        confinement = choose_confinement(mode)
        stopped = _attempt_escape(mode)
    except SandboxUnavailableError as error:
        return SandboxStatus("refused", error.finding.hint)
    except SandboxError as error:
        return SandboxStatus("refused", f"{error.finding.message} {error.finding.hint}")
    if confinement == "weak":
        return SandboxStatus("weak", f"Readers can open every file of this account; {describe_lack()}")
    if not all(stopped.values()):
        leaks = ", ".join(name for name, held in stopped.items() if not held)
        return SandboxStatus("refused", f"{confinement} did not stop: {leaks}")
    abi = f" (Landlock ABI {find_landlock_abi()})" if confinement == "landlock+seccomp" else ""
    return SandboxStatus(confinement, f"files, network and processes are closed to readers{abi}")


def _attempt_escape(mode: Mode) -> dict[str, bool]:
    with tempfile.TemporaryDirectory(prefix="stemma-sandbox-") as name:
        home = Path(name).resolve()
        foreign, output = home / "foreign", home / "output"
        foreign.write_bytes(b"another person's upload")
        output.mkdir()
        return run_confined(
            program="confined.sandbox.selftest:main",
            request={"foreign_file": str(foreign)},
            inputs={},
            output=output,
            limits=Limits(wall_s=30, cpu_s=10, data_bytes=GIB, file_bytes=MIB, free_bytes=0),
            on_message=lambda _: None,
            mode=mode,
        )
