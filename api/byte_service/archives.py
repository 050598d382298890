"""A version as a ZIP, made while it is sent.

Every member is checked against its sha256 on the way. A ZIP has a checksum of its own, which would be right for wrong
bytes as well; so at a member that is not good the archive breaks off, and without its end it is none.
"""

from collections.abc import AsyncIterator, Collection, Iterator

from anyio.to_thread import run_sync
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from zipstream import ZIP_STORED, ZipStream

from api.byte_service.damage import report, require_whole
from api.caching import PRIVATE, PUBLIC_BUT_ASK
from repository.schema.file_names import plan_member_names
from repository.selectors.byte_objects import VersionFiles
from repository.services.checked_reading import BrokenObjectError, CheckedReading

STORED_FILES = list[tuple[str, str, int]]


class BrokenMemberError(Exception):
    """A member of an archive is not good; the archive ends here."""

    def __init__(self, sha256: str, fault: BrokenObjectError) -> None:
        super().__init__(f"{sha256}: {fault}")
        self.sha256 = sha256
        self.fault = fault


async def send_archive(request: Request, version: VersionFiles) -> Response:
    """Send every file of a version; nothing is written to a disk on the way."""
    dataset_id = request.path_params["dataset_id"]
    number = request.path_params.get("number")
    await require_whole({path: sha256 for path, sha256, _ in version.files})
    archive = build_archive(version.files)
    name = f"{dataset_id}.v{number}.zip" if number else f"{dataset_id}.zip"
    headers = {
        "Content-Length": str(len(archive)),
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": PUBLIC_BUT_ASK if version.is_public else PRIVATE,
        "Vary": "Authorization, Cookie",
    }
    if request.method == "HEAD":
        return Response(headers=headers, media_type="application/zip")
    return StreamingResponse(_in_threads(iter(archive)), headers=headers, media_type="application/zip")


def build_archive(files: STORED_FILES) -> ZipStream:
    """Return the archive, uncompressed: its length is known beforehand and detector data hardly compress again.

    Each file has its own path in it, unless it was published before the rule for names and some system could not unpack
    it: then another, which a member at the end tells.
    """
    archive = ZipStream(compress_type=ZIP_STORED, sized=True)
    names = plan_member_names([path for path, _, _ in files])
    for path, sha256, size in files:
        archive.add(_read(sha256, size), names[path], size=size)
    renamed = [f"{name}\t{path!r}" for path, name in names.items() if name != path]
    if renamed:
        head = "Files that not every system can unpack under the names of the dataset: name here, name there."
        archive.add(
            "\n".join([head, *renamed, ""]).encode("utf-8", "backslashreplace"), _name_note(names.values())
        )
    return archive


def _name_note(taken: Collection[str]) -> str:
    name = "RENAMED-FILES.txt"
    while name.lower() in {one.lower() for one in taken}:
        name = f"_{name}"
    return name


def _read(sha256: str, size: int) -> Iterator[bytes]:
    try:
        yield from CheckedReading(sha256, size=size)
    except BrokenObjectError as fault:
        raise BrokenMemberError(sha256, fault) from fault


async def _in_threads(blocks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while True:
        try:
            block = await run_sync(next, blocks, None)
        except BrokenMemberError as broken:
            await report(broken.sha256, broken.fault)
            raise
        if block is None:
            return
        yield bytes(block)
