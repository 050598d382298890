"""From promised bytes to a stored file. Every step may be killed and is run again safely."""

import mimetypes
import uuid
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Q, Sum
from django.db.models.functions import Now
from django.utils import timezone

from repository.errors import (
    DigestMismatchError,
    FileTooLargeError,
    InvalidMetadataError,
    NotFoundError,
    PathClashError,
    PathTakenError,
    QuotaExceededError,
    UploadGoneError,
    UploadRunningError,
)
from repository.models import DataFile, Deposit, Finding, Upload, User
from repository.schema.file_names import list_folders
from repository.schema.findings import Finding as FoundProblem
from repository.services.audit import record_event
from repository.services.deposits import lock_deposit, reopen_draft, require_open
from repository.services.disk import format_bytes, is_promise_kept, promise_room
from repository.services.findings import replace_findings
from repository.services.paths import normalize_path
from repository.services.storage import get_object_store, upload_folder
from repository.services.succession import leave_out_file

SHA256_LENGTH = 64


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What the client is to do: send bytes to the upload, or nothing because the file is there already."""

    upload_id: uuid.UUID | None
    path: str
    size: int
    offset: int

    @property
    def is_stored(self) -> bool:
        """Return whether the same bytes are stored under this path already."""
        return self.upload_id is None


def upload_file(upload_id: uuid.UUID) -> Path:
    """Return the file that collects the bytes of an upload."""
    return upload_folder() / str(upload_id)


def count_arrived(upload_id: uuid.UUID, size: int) -> int:
    """Return how many bytes are on the disk; a file that has moved into the store was whole."""
    try:
        return upload_file(upload_id).stat().st_size
    except FileNotFoundError:
        return size


def start_upload(
    *, deposit_id: str, actor: User, path: str, size: int, sha256: str = "", replace: str = ""
) -> UploadPlan:
    """Promise bytes for a path. Refuses before a byte is sent what could not be kept.

    The same promise made twice continues the first one, so that a client that lost its notes loses no bytes. Another
    one takes the place of an upload that received nothing for long, and of the one whose id `replace` names.

    Raises
    ------
    InvalidPathError
        The path breaks the rule for names.
    PathClashError
        It would make a folder of a file of the deposit, or a file of a folder.
    PathTakenError, UploadRunningError
        Other bytes are stored under it, or on their way.
    """
    path = normalize_path(path)
    sha256 = _normalize_digest(sha256)
    if size > settings.MAX_FILE_BYTES:
        raise FileTooLargeError(
            f"{path} has {size} bytes; this server accepts {settings.MAX_FILE_BYTES} per file."
        )
    former: _Former | None = None
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)  # promises of one deposit are made one after the other
        require_open(deposit)
        existing = deposit.current_files.select_related("upload").filter(path=path).first()
        if existing is not None:
            plan = _continue_existing(existing, size=size, sha256=sha256)
            if plan is not None:
                return plan
            former = _take_away(existing, replace=replace)
        _refuse_clash(deposit, path)
        _require_quota(deposit.owner, size)
        if deposit.state != Deposit.State.DRAFT:
            reopen_draft(deposit)
        upload = _create_upload(deposit, actor=actor, path=path, size=size, sha256=sha256)
        if former is not None:
            _note_replaced(upload, former, actor=actor)
        promise_room(upload_id=upload.pk, size=size, given_back=former.arrived if former is not None else 0)
        upload_file(upload.pk).touch()
    if former is not None:  # only now: a promise that was refused leaves what had arrived as it was
        former.location.unlink(missing_ok=True)
    return UploadPlan(upload_id=upload.pk, path=path, size=size, offset=0)


def renew_promise(*, upload_id: uuid.UUID, size: int) -> None:
    """Ask for room again for an upload that received nothing for so long that others were promised its room.

    Raises
    ------
    DiskFullError
        What is left of it does not fit any more; what arrived is kept.
    """
    path = upload_file(upload_id)
    if is_promise_kept(path):
        return
    with transaction.atomic():
        promise_room(upload_id=upload_id, size=size, arrived=path.stat().st_size)
        path.touch()


def record_offset(*, upload_id: uuid.UUID, offset: int) -> None:
    """Note how many bytes have arrived, for progress displays; the file itself is the truth."""
    Upload.objects.filter(pk=upload_id, size__gte=offset).update(
        offset=offset, expires_at=Now() + settings.UPLOAD_LIFETIME
    )


def complete_upload(*, upload_id: uuid.UUID, sha256: str) -> DataFile:
    """Turn the bytes that arrived into a stored file.

    Killed at any line, it is run again with the same digest: the digest is noted before the bytes move.

    Raises
    ------
    DigestMismatchError
        The bytes are not the ones that were promised; they are kept apart and the path can be uploaded again.
    """
    upload = Upload.objects.select_related("data_file", "data_file__deposit").filter(pk=upload_id).first()
    if upload is None:
        raise UploadGoneError("The upload was finished or cancelled.")
    if upload.completed_at is not None:
        _require_promised(upload, upload.data_file.sha256)
        return upload.data_file
    # The bytes moved before the answer did: the digest was noted then.
    sha256 = sha256 or upload.sha256
    if not sha256:
        raise UploadGoneError("The bytes of this upload are gone; start it again.")
    Upload.objects.filter(pk=upload_id).update(sha256=sha256)
    get_object_store().adopt(upload_file(upload_id), sha256)
    is_promised = upload.declared_sha256 in {"", sha256}
    with transaction.atomic():
        data_file = DataFile.objects.select_for_update().get(pk=upload.data_file_id)
        data_file.sha256 = sha256
        data_file.state = DataFile.State.STORED if is_promised else DataFile.State.QUARANTINED
        data_file.stored_at = timezone.now()
        data_file.save()
        Upload.objects.filter(pk=upload_id).update(completed_at=timezone.now(), offset=upload.size)
        record_event(
            actor=upload.user,
            action="file.store" if is_promised else "file.quarantine",
            target=data_file.deposit_id,
            detail={"path": data_file.path, "size": data_file.size, "sha256": sha256},
        )
        if not is_promised:
            replace_findings(
                deposit=data_file.deposit,
                stage=Finding.Stage.UPLOAD,
                data_file=data_file,
                found=[_mismatch_finding(data_file.path, upload.declared_sha256, sha256)],
            )
    _require_promised(upload, sha256)
    return data_file


def _require_promised(upload: Upload, sha256: str) -> None:
    if upload.declared_sha256 not in {"", sha256}:
        raise DigestMismatchError(
            f"{upload.data_file.path} arrived with sha256 {sha256}; {upload.declared_sha256} was promised."
        )


def cancel_upload(*, upload_id: uuid.UUID, actor: User | None) -> None:
    """Forget a transfer and its bytes."""
    with transaction.atomic():
        upload = Upload.objects.select_for_update().select_related("data_file").filter(pk=upload_id).first()
        if upload is None or upload.completed_at is not None:
            raise UploadGoneError("The upload was finished or cancelled.")
        record_event(
            actor=actor,
            action="upload.cancel",
            target=upload.data_file.deposit_id,
            detail={"path": upload.data_file.path},
        )
        upload.data_file.delete()
    upload_file(upload_id).unlink(missing_ok=True)


def expire_uploads() -> int:
    """Cancel transfers that nobody has continued in time; return how many."""
    over = Upload.objects.filter(expires_at__lt=Now())
    over.filter(completed_at__isnull=False).delete()
    expired = list(over.filter(completed_at__isnull=True).values_list("pk", flat=True)[:500])
    removed = 0
    for upload_id in expired:
        # Somebody may have finished or cancelled it since the list was made.
        with suppress(UploadGoneError):
            cancel_upload(upload_id=upload_id, actor=None)
            removed += 1
    return removed


def delete_file(*, deposit_id: str, actor: User, path: str) -> None:
    """Take a file out of a draft. A version that holds it keeps it; the next one is made without it."""
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        require_open(deposit)
        data_file = deposit.current_files.filter(path=path).first()
        if data_file is None:
            raise NotFoundError(f"The deposit has no file {path}.")
        upload = None
        deposit.measurements.filter(parts__data_file=data_file, frozen_at__isnull=True).delete()
        if data_file.published_in.exists():
            leave_out_file(data_file)
        else:
            upload = Upload.objects.filter(data_file=data_file).first()
            data_file.delete()
        reopen_draft(deposit)
        record_event(actor=actor, action="file.delete", target=deposit.pk, detail={"path": path})
    if upload is not None:
        upload_file(upload.pk).unlink(missing_ok=True)


def _continue_existing(existing: DataFile, *, size: int, sha256: str) -> UploadPlan | None:
    """Return the plan for a path that is known already; `None` where a new upload takes its place."""
    if existing.state == DataFile.State.STORED:
        if sha256 and sha256 == existing.sha256:
            return UploadPlan(upload_id=None, path=existing.path, size=existing.size, offset=existing.size)
        raise PathTakenError(f"{existing.path} is stored already with other bytes or an unknown promise.")
    if existing.state == DataFile.State.UPLOADING:
        upload = existing.upload
        if upload.size == size and upload.declared_sha256 == sha256 and upload_file(upload.pk).exists():
            renew_promise(upload_id=upload.pk, size=size)
            arrived = upload_file(upload.pk).stat().st_size
            return UploadPlan(upload_id=upload.pk, path=existing.path, size=size, offset=arrived)
    return None


@dataclass(frozen=True, slots=True)
class _Former:
    """An upload that ends for another promise of its path."""

    id: uuid.UUID
    location: Path
    size: int
    arrived: int


def _take_away(existing: DataFile, *, replace: str) -> _Former | None:
    """Make room for another promise of the same path; return the transfer that this ends.

    Raises
    ------
    UploadRunningError
        Bytes came lately, and nobody said that they are to be thrown away.
    """
    if existing.state != DataFile.State.UPLOADING:
        existing.delete()
        return None
    upload = existing.upload
    location = upload_file(upload.pk)
    former = _Former(upload.pk, location, upload.size, location.stat().st_size if location.exists() else 0)
    if replace != str(upload.pk) and location.exists() and is_promise_kept(location):
        raise UploadRunningError(
            f"{existing.path} is being uploaded already, with other bytes: {format_bytes(former.arrived)} of "
            f"{format_bytes(former.size)} are here, sent by {upload.user.username}.",
            pointer="/path",
            details={"upload": str(upload.pk)},
        )
    existing.delete()
    return former


def _note_replaced(upload: Upload, former: _Former, *, actor: User) -> None:
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


def _refuse_clash(deposit: Deposit, path: str) -> None:
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


def _create_upload(deposit: Deposit, *, actor: User, path: str, size: int, sha256: str) -> Upload:
    media_type, _ = mimetypes.guess_type(path)
    data_file = DataFile.objects.create(
        deposit=deposit,
        path=path,
        size=size,
        media_type=media_type or "application/octet-stream",
    )
    record_event(actor=actor, action="upload.start", target=deposit.pk, detail={"path": path, "size": size})
    return Upload.objects.create(
        data_file=data_file,
        user=actor,
        size=size,
        declared_sha256=sha256,
        expires_at=Now() + settings.UPLOAD_LIFETIME,
    )


def _require_quota(owner: User, size: int) -> None:
    # Uploads into two deposits of one account are promised one after the other: together they must fit.
    owner = User.objects.select_for_update(no_key=True).get(pk=owner.pk)
    quota = settings.QUOTA_BYTES if owner.quota_bytes is None else owner.quota_bytes
    used = DataFile.objects.filter(deposit__owner=owner).aggregate(total=Sum("size"))["total"] or 0
    if used + size > quota:
        raise QuotaExceededError(
            f"{size} bytes more would exceed the account's {quota} bytes; {used} are in use."
        )


def _normalize_digest(text: str) -> str:
    digest = text.strip().lower()
    if digest and (len(digest) != SHA256_LENGTH or set(digest) - set("0123456789abcdef")):
        raise InvalidMetadataError("The sha256 must be 64 hexadecimal digits.", pointer="/sha256")
    return digest


def _mismatch_finding(path: str, promised: str, arrived: str) -> FoundProblem:
    return FoundProblem(
        severity="error",
        code="digest_mismatch",
        layer="file",
        message=f"{path} arrived with sha256 {arrived}, but {promised} was promised.",
        hint="The file changed while it was sent or was damaged on the way. Upload it again under the same name.",
    )
