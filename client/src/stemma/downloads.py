"""Original files to a local folder: resumed with Range, verified by sha256, never over other content."""

import errno
import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import httpx

from stemma.connection import Connection, describe_fault, is_hopeless
from stemma.digests import hash_file
from stemma.errors import (
    DamagedFileError,
    JsonObject,
    PermissionRefusedError,
    RefusedError,
    ServerUnreachableError,
    StemmaError,
    UsageError,
)
from stemma.local_names import LONGEST_PART, SavedName, rename_by_digest
from stemma.problems import build_error
from stemma.retrying import AWAY_STATUSES, Patience, read_retry_after
from stemma.texts import show_system_text

# path, bytes of it that are there now, its size
DownloadListener = Callable[[str, int, int], None]
# What file systems say of a name they cannot hold.
_NAME_REFUSALS = frozenset({errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ})


class _ServerAwayError(Exception):
    """A 429 or 5xx in the middle of a download: to be waited for."""

    def __init__(self, reason: str, advised_s: float | None) -> None:
        super().__init__(reason)
        self.advised_s = advised_s


@dataclass(frozen=True, slots=True)
class WantedFile:
    """A published file and the place it goes to."""

    path: str
    size: int
    sha256: str
    address: str
    name: SavedName
    target: Path

    @property
    def partial(self) -> Path:
        # The digest in the name: what was begun for other content is never continued.
        mark = f".{self.sha256[:12]}.part"
        name = self.target.name
        while len(os.fsencode(name)) > LONGEST_PART - len(mark):
            name = name[:-1]
        return self.target.with_name(f"{name}{mark}")


@dataclass(slots=True)
class Downloaded:
    """What became of the files: all that are here now by their paths, and those that could not be had."""

    saved: dict[str, SavedName] = field(default_factory=dict)
    failed: list[tuple[str, StemmaError]] = field(default_factory=list)

    @property
    def renamed(self) -> list[SavedName]:
        return [name for name in self.saved.values() if name.is_renamed]

    def describe_failed(self) -> list[JsonObject]:
        return [{"path": path, "code": fault.code, "reason": fault.message} for path, fault in self.failed]


def download_files(
    connection: Connection,
    files: Sequence[tuple[JsonObject, str]],
    folder: Path,
    names: Mapping[str, SavedName],
    *,
    on_progress: DownloadListener | None = None,
) -> Downloaded:
    """Download files, each given with its address; what is in `folder` with the right digest is left alone.

    A file that cannot be had does not stop the others.

    Parameters
    ----------
    names
        Where each path goes: `local_names.plan_names` of all files of the dataset, so that some of them get the same
        names as all.

    Raises
    ------
    UsageError
        A different file is in the way; nothing has been downloaded then.
    ServerUnreachableError, PermissionRefusedError
        No file can be had.
    """
    report = on_progress or _ignore
    wanted = [_plan(file, address, folder, names) for file, address in files if file.get("sha256")]
    missing = [file for file in wanted if not _is_there(file, report)]
    result = Downloaded({file.path: file.name for file in wanted})
    for file in missing:
        try:
            kept = _download_somewhere(connection, file, folder, report)
        except (RefusedError, DamagedFileError, ServerUnreachableError) as fault:
            if isinstance(fault, PermissionRefusedError) or _is_away(fault):
                raise
            result.failed.append((file.path, fault))
            del result.saved[file.path]
        else:
            result.saved[file.path] = kept
    return result


def _is_away(fault: StemmaError) -> bool:
    """Return whether nobody answered; an answer, whatever it says, is about this file alone."""
    return isinstance(fault, ServerUnreachableError) and fault.status is None


def _plan(file: JsonObject, address: str, folder: Path, names: Mapping[str, SavedName]) -> WantedFile:
    path = str(file["path"])
    name = names[path]
    wanted = WantedFile(
        path, int(file["size"]), str(file["sha256"]).lower(), address, name, name.within(folder)
    )
    # This file system may have refused the name before.
    other = rename_by_digest(name)
    return wanted if not other.within(folder).exists() else _rename(wanted, other, folder)


def _rename(file: WantedFile, name: SavedName, folder: Path) -> WantedFile:
    return replace(file, name=name, target=name.within(folder))


def _download_somewhere(
    connection: Connection, file: WantedFile, folder: Path, report: DownloadListener
) -> SavedName:
    """Download under the planned name, or under a plain one where the file system refuses that."""
    try:
        file.target.parent.mkdir(parents=True, exist_ok=True)
        file.partial.open("ab").close()
        if file.partial.stat().st_size == 0:
            file.partial.unlink()
    except (OSError, UnicodeError) as fault:
        if isinstance(fault, OSError) and fault.errno not in _NAME_REFUSALS:
            raise
        file = _rename(file, rename_by_digest(file.name), folder)
    if os.path.lexists(file.target):
        # None of the files was there a moment ago: this system takes two of their names for one.
        name = rename_by_digest(file.name, reason="another file has its name")
        file.partial.unlink(missing_ok=True)
        file = _rename(file, name, folder)
    _download(connection, file, report)
    return file.name


def _is_there(file: WantedFile, report: DownloadListener) -> bool:
    if not os.path.exists(file.target):  # noqa: PTH110 - also of a name that cannot be
        return False
    if (
        file.target.is_file()
        and file.target.stat().st_size == file.size
        and hash_file(file.target) == file.sha256
    ):
        report(file.path, file.size, file.size)
        return True
    raise UsageError(
        f"{show_system_text(str(file.target))} is there already and differs from the published file.",
        hint="Nothing was downloaded. Choose another folder, or move that file away.",
        code="would_overwrite",
    )


def _download(connection: Connection, file: WantedFile, report: DownloadListener) -> None:
    patience = connection.new_patience()
    second_try = False
    while True:
        try:
            digest = _continue(connection, file, patience, report)
        except httpx.TransportError as fault:
            if is_hopeless(fault) or not patience.wait(describe_fault(fault)):
                raise connection.unreachable(fault) from fault
            continue
        except _ServerAwayError as fault:
            if not patience.wait(str(fault), advised_s=fault.advised_s):
                raise ServerUnreachableError(f"{file.path} could not be downloaded: {fault}.") from fault
            continue
        except DamagedFileError:
            file.partial.unlink(missing_ok=True)  # what had arrived may be of the damaged bytes
            raise
        if digest == file.sha256:
            file.partial.replace(file.target)
            return
        file.partial.unlink(missing_ok=True)
        if second_try:
            raise DamagedFileError(
                f"{file.path} arrived with sha256 {digest}, published is {file.sha256}.",
                hint="It was downloaded twice. A proxy may alter it; if not, tell the server's operator.",
            )
        second_try = True


def _continue(connection: Connection, file: WantedFile, patience: Patience, report: DownloadListener) -> str:
    """Fetch what is missing of the partial file and return the digest of the whole."""
    have = file.partial.stat().st_size if file.partial.exists() else 0
    if have > file.size:
        file.partial.unlink()
        have = 0
    digest = hashlib.sha256()
    if have:
        hash_file(file.partial, digest)
    report(file.path, have, file.size)
    if have == file.size:
        file.partial.touch()
        return digest.hexdigest()
    headers = {"Range": f"bytes={have}-", "If-Range": f'"{file.sha256}"'} if have else {}
    with connection.stream(file.address, headers) as response:
        _raise_for(response)
        resumed = response.status_code == httpx.codes.PARTIAL_CONTENT
        if not resumed:
            digest, have = hashlib.sha256(), 0
        with file.partial.open("ab" if resumed else "wb") as stream:
            for block in response.iter_bytes():
                stream.write(block)
                digest.update(block)
                have += len(block)
                patience.restore()
                report(file.path, have, file.size)
    if have < file.size:
        raise httpx.ReadError(f"the connection ended after {have} of {file.size} bytes")
    return digest.hexdigest()


def _raise_for(response: httpx.Response) -> None:
    if response.is_success:
        return
    if response.status_code in AWAY_STATUSES:
        raise _ServerAwayError(f"the server answers {response.status_code}", read_retry_after(response))
    response.read()
    raise build_error(response)


def _ignore(path: str, have: int, size: int) -> None:
    del path, have, size
