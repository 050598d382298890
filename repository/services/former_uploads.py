"""Who has a path of a deposit already: what makes room for a new promise, and what stands in its way."""

import uuid
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Q

from repository.errors import PathClashError, UploadRunningError
from repository.models import DataFile, Deposit, Finding, Upload, User
from repository.schema.file_names import list_folders
from repository.schema.findings import Finding as FoundProblem
from repository.services.audit import record_event
from repository.services.disk import format_bytes, is_promise_kept
from repository.services.findings import replace_findings
from repository.services.storage import upload_file
from repository.services.stored_objects import delete_files


@dataclass(frozen=True, slots=True)
class FormerUpload:
    """An upload that ends for another promise of its path."""

    id: uuid.UUID
    location: Path
    size: int
    arrived: int


def take_away(existing: DataFile, *, owner: User, replace: str) -> FormerUpload | None:
    """Make room for another promise of the same path; return the transfer that this ends.

    Raises
    ------
    UploadRunningError
        Bytes came lately, and nobody said that they are to be thrown away.
    """
    if existing.state != DataFile.State.UPLOADING:
        delete_files(DataFile.objects.filter(pk=existing.pk), owner=owner)
        return None
    upload = existing.upload
    location = upload_file(upload.pk)
    former = FormerUpload(
        upload.pk, location, upload.size, location.stat().st_size if location.exists() else 0
    )
    if replace != str(upload.pk) and location.exists() and is_promise_kept(location):
        raise UploadRunningError(
            f"{existing.path} is being uploaded already, with other bytes: {format_bytes(former.arrived)} of "
            f"{format_bytes(former.size)} are here, sent by {upload.user.username}.",
            pointer="/path",
            details={"upload": str(upload.pk)},
        )
    delete_files(DataFile.objects.filter(pk=existing.pk), owner=owner)
    return former


def note_replaced(upload: Upload, former: FormerUpload, *, actor: User) -> None:
    """Say where the person looks that an unfinished upload has ended for this one."""
    data_file = upload.data_file
    detail = {
        "path": data_file.path,
        "upload": str(former.id),
        "size": former.size,
        "arrived": former.arrived,
    }
    record_event(actor=actor, action="upload.replace", target=data_file.deposit_id, detail=detail)
    found = FoundProblem(
        severity="info",
        code="upload_replaced",
        layer="file",
        message=(
            f"An unfinished upload of {data_file.path} ({format_bytes(former.arrived)} of "
            f"{format_bytes(former.size)}) was ended for this one, which promises other bytes."
        ),
    )
    replace_findings(
        deposit=data_file.deposit, stage=Finding.Stage.UPLOAD, data_file=data_file, found=[found]
    )


def refuse_clash(deposit: Deposit, path: str) -> None:
    """Refuse a file where another needs a folder: readers, and people who download, could not have both."""
    folders = list_folders(path)
    near = deposit.current_files.filter(Q(path__in=folders) | Q(path__startswith=f"{path}/")).first()
    if near is None:
        return
    what = (
        f"{near.path} is a file of this deposit, and {path} would lie in a folder of that name."
        if near.path in folders
        else f"{path} is a folder of this deposit already: {near.path} lies in it."
    )
    raise PathClashError(what, pointer="/path")
