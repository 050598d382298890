"""STEMMA_HOME: what lies where, whether one can work there at all, and small files that are never seen half written."""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from project.environment import MailServerEnvironment
from project.stack.terminal import StackError

NEEDED_BYTES = 500 * 10**6
_PRIVATE_FOLDERS = ("logs", "objects", "uploads", "work", "beat")
_LATER_FOLDERS = ("cache", "dois", "mail", "static")  # made when they are needed


@dataclass(frozen=True, slots=True)
class StackHome:
    """The folders and files of one Stemma."""

    root: Path

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def mail(self) -> Path:
        """Where messages lie that no mail server is there for."""
        return self.root / "mail"

    def describe_mail(self, server: MailServerEnvironment | None) -> str:
        """Say where messages go."""
        if server is not None:
            return f"Mail goes out by {server.host}:{server.port}."
        return f"Mail is not sent: messages are written to {self.mail} (STEMMA_SMTP_URL names a mail server)."

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.json"

    @property
    def credentials(self) -> Path:
        return self.root / "credentials.json"

    @property
    def state(self) -> Path:
        return self.root / "stack.json"

    @property
    def lock(self) -> Path:
        return self.root / "stack.lock"

    @property
    def start_lock(self) -> Path:
        return self.root / "start.lock"

    @property
    def beat_schedule(self) -> Path:
        return self.root / "beat" / "schedule"

    @property
    def servers_note(self) -> Path:
        """Says where database and broker went, so that a home which is moved finds them again."""
        return self.root / "servers.json"

    @property
    def relocated(self) -> Path:
        """Where database and broker go when their system user cannot reach this home.

        Named after a hash, so that two homes never meet and no path of a person appears there.
        """
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:12]
        return Path("/var/lib") / f"stemma-{digest}"

    def log_of(self, part: str) -> Path:
        return self.logs / f"{part}.log"


def prepare_home(root: Path) -> StackHome:
    """Create the folders and refuse with a sentence where that cannot work."""
    home = StackHome(root)
    if any(symbol < " " or symbol == "\x7f" for symbol in str(root)):
        raise StackError(
            f"{str(root)!r} cannot hold the data of Stemma: its path has an invisible character, which the database "
            "refuses. Set STEMMA_HOME to another folder."
        )
    try:
        if not root.exists():
            root.mkdir(parents=True)
            # The database's system user passes through when root starts Stemma; nobody can list it.
            root.chmod(0o711 if os.geteuid() == 0 else 0o700)
        for name in _PRIVATE_FOLDERS:
            (root / name).mkdir(mode=0o700, exist_ok=True)
        home.lock.touch(mode=0o600)
        os.close(os.open(home.lock, os.O_RDWR))
        _require_writable(root)
    except (PermissionError, NotADirectoryError, FileExistsError) as error:
        raise StackError(
            f"{root} cannot be written: {error.strerror}. It holds the data of this Stemma; make it yours "
            "(was it made by root?), or set STEMMA_HOME to a folder of your own."
        ) from error
    except OSError as error:
        raise StackError(
            f"{root} cannot be used: {error.strerror}. Set STEMMA_HOME to another folder."
        ) from error
    check_space(root)
    return home


def _require_writable(root: Path) -> None:
    """Look at every folder of ours: one of them may be a disk of its own, mounted read-only."""
    for folder in (root, *(root / name for name in (*_PRIVATE_FOLDERS, *_LATER_FOLDERS))):
        if not folder.exists() or os.access(folder, os.W_OK | os.X_OK):
            continue
        raise StackError(
            f"{folder} cannot be written to: it is read-only, or belongs to somebody else. Stemma needs to write "
            "there: mount it writable or make it yours, then start again. Nothing was changed."
        )


def check_space(root: Path, *, needed: int = NEEDED_BYTES) -> None:
    """Refuse to start a database on a disk that is about to be full."""
    free = shutil.disk_usage(root).free
    if free < needed:
        raise StackError(
            f"Only {free / 1e6:.0f} MB are free where {root} lies; "
            f"Stemma needs {needed / 1e6:.0f} MB to start. "
            "Make room, or set STEMMA_HOME to a folder on another disk."
        )


def write_json(path: Path, content: Mapping[str, Any], *, mode: int = 0o600) -> None:
    """Write beside and rename, so that a reader or a power cut meets the old or the new file."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), mode)
        json.dump(content, file, indent=2)
        file.write("\n")
    draft.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Return the content, or nothing where the file is absent, unreadable or not JSON."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}
