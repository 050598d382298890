"""The system user for database and broker when root starts Stemma: PostgreSQL refuses to run as root."""

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path

from project.stack.terminal import StackError

NAME = "stemma"


@dataclass(frozen=True, slots=True)
class SystemUser:
    """An account without password or home folder."""

    name: str
    uid: int
    gid: int


def find_or_create(name: str = NAME) -> SystemUser:
    """Return the system user, created when missing."""
    try:
        entry = pwd.getpwnam(name)
    except KeyError:
        entry = _create(name)
    if entry.pw_uid == 0:
        raise StackError(
            f"The account {name} is root under another name; the database refuses to run as root."
        )
    return SystemUser(entry.pw_name, entry.pw_uid, entry.pw_gid)


def _create(name: str) -> pwd.struct_passwd:
    command = [
        "useradd",
        "--system",
        "--user-group",
        "--no-create-home",
        "--shell",
        "/usr/sbin/nologin",
        name,
    ]
    try:
        result = subprocess.run(command, capture_output=True, text=True, check=False)
        reason = result.stderr.strip()
    except FileNotFoundError:
        reason = "useradd is not installed"
    try:
        return pwd.getpwnam(name)
    except KeyError as error:
        raise StackError(
            f"The database cannot run as root, and the system user {name} could not be created: {reason}. "
            f"Create it by hand, or run Stemma as an ordinary user."
        ) from error


def owner_of(path: Path) -> SystemUser | None:
    """Return who owns existing data, so that it is served by the account that made it."""
    if not path.exists():
        return None
    status = path.stat()
    if status.st_uid == 0:
        return None
    try:
        name = pwd.getpwuid(status.st_uid).pw_name
    except KeyError:
        name = str(status.st_uid)
    return SystemUser(name, status.st_uid, status.st_gid)


def can_reach(user: SystemUser, path: Path) -> bool:
    """Tell whether this user may pass to a path: asked of the kernel, as that user."""
    command = [
        "setpriv",
        "--reuid",
        str(user.uid),
        "--regid",
        str(user.gid),
        "--clear-groups",
        "test",
        "-x",
        str(path),
    ]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def give(path: Path, user: SystemUser | None) -> None:
    """Hand a folder or file over to the user who serves it."""
    if user is not None and os.geteuid() == 0:
        os.chown(path, user.uid, user.gid)
