"""Original files to a local folder: resumed with Range, verified by sha256, never over other content."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import httpx

from stemma.connection import Connection, describe_fault, is_hopeless
from stemma.digests import hash_file
from stemma.errors import DamagedFileError, JsonObject, StemmaError, UsageError
from stemma.problems import build_error
from stemma.retrying import AWAY_STATUSES, Patience, read_retry_after

# path, bytes of it that are there now, its size
DownloadListener = Callable[[str, int, int], None]
_RESERVED = frozenset('<>:"|?*\\')


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
    target: Path

    @property
    def partial(self) -> Path:
        # The digest in the name: what was begun for other content is never continued.
        return self.target.with_name(f"{self.target.name}.{self.sha256[:12]}.part")


def download_files(
    connection: Connection,
    files: Sequence[tuple[JsonObject, str]],
    folder: Path,
    *,
    on_progress: DownloadListener | None = None,
) -> list[Path]:
    """Download files, each given with its address; what is in `folder` with the right digest is left alone.

    Raises
    ------
    UsageError
        A different file is in the way (nothing has been downloaded then), or a path would leave the folder.
    DamagedFileError
        The bytes that arrived, twice, are not the published ones.
    """
    report = on_progress or _ignore
    wanted = [_plan(file, address, folder) for file, address in files if file.get("sha256")]
    missing = [file for file in wanted if not _is_there(file, report)]
    for file in missing:
        _download(connection, file, report)
    return [file.target for file in wanted]


def local_target(folder: Path, path: str) -> Path:
    """Return where a file of a dataset goes.

    Raises
    ------
    UsageError
        The path is absolute, climbs with ``..``, or cannot be a file name on every system.
    """
    parts = PurePosixPath(path).parts
    unsafe = (
        not parts or path.startswith("/") or ".." in parts or any(set(part) & _RESERVED for part in parts)
    )
    if unsafe or any(ord(symbol) < ord(" ") for symbol in path):
        raise UsageError(
            f"The server offers a file named {path!r}, which cannot be stored safely.", code="unsafe_path"
        )
    return folder.joinpath(*parts)


def _plan(file: JsonObject, address: str, folder: Path) -> WantedFile:
    target = local_target(folder, file["path"])
    return WantedFile(file["path"], int(file["size"]), str(file["sha256"]).lower(), address, target)


def _is_there(file: WantedFile, report: DownloadListener) -> bool:
    if not file.target.exists():
        return False
    if (
        file.target.is_file()
        and file.target.stat().st_size == file.size
        and hash_file(file.target) == file.sha256
    ):
        report(file.path, file.size, file.size)
        return True
    raise UsageError(
        f"{file.target} is there already and differs from the published file.",
        hint="Nothing was downloaded. Choose another folder, or move that file away.",
        code="would_overwrite",
    )


def _download(connection: Connection, file: WantedFile, report: DownloadListener) -> None:
    file.target.parent.mkdir(parents=True, exist_ok=True)
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
                raise StemmaError(
                    f"{file.path} could not be downloaded: {fault}.", code="server_unreachable"
                ) from fault
            continue
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
