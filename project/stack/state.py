"""`stack.json`: what runs, as the supervisor last saw it."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from project.stack.home import read_json, write_json
from project.stack.processes import ProcessIdentity

Phase = Literal["starting", "ready", "stopping", "stopped", "failed"]
PartState = Literal["waiting", "running", "restarting", "failing", "stopped", "external"]


@dataclass(slots=True)
class PartStatus:
    """One part as `make status` shows it."""

    name: str
    state: PartState = "waiting"
    pid: int | None = None
    started: int | None = None
    restarts: int = 0
    address: str = ""
    log: str = ""
    last_exit: str = ""

    @property
    def identity(self) -> ProcessIdentity | None:
        return None if self.pid is None or self.started is None else ProcessIdentity(self.pid, self.started)


@dataclass(slots=True)
class StackState:
    """Everything a second command needs to know about the first."""

    phase: Phase = "stopped"
    url: str = ""
    message: str = ""
    mail: str = ""
    supervisor_pid: int | None = None
    supervisor_started: int | None = None
    ports: dict[str, int] = field(default_factory=dict)
    parts: list[PartStatus] = field(default_factory=list)

    @property
    def supervisor(self) -> ProcessIdentity | None:
        if self.supervisor_pid is None or self.supervisor_started is None:
            return None
        return ProcessIdentity(self.supervisor_pid, self.supervisor_started)

    def list_living_parts(self) -> list[ProcessIdentity]:
        identities = (part.identity for part in self.parts)
        return [identity for identity in identities if identity is not None and identity.is_alive()]


def save_state(path: Path, state: StackState) -> None:
    write_json(path, asdict(state), mode=0o644)


def load_state(path: Path) -> StackState:
    """Return the stored state; a file of another version or a damaged one counts as none."""
    stored: dict[str, Any] = read_json(path)
    try:
        parts = [PartStatus(**part) for part in stored.pop("parts", [])]
        return StackState(**stored, parts=parts)
    except (TypeError, AttributeError):
        return StackState()
