"""From promised bytes to a stored file. Every step may be killed and is run again safely."""

import mimetypes
import uuid
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import NoReturn

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from repository.errors import (
    DigestMismatchError,
    FileTooLargeError,
    InvalidMetadataError,
    NotFoundError,
    PathTakenError,
    QuotaExceededError,
    UploadGoneError,
)
from repository.models import DataFile, Deposit, Finding, Upload, User
from repository.schema.findings import Finding as FoundProblem
from repository.services.audit import record_event
from repository.services.collection import collect_charged
from repository.services.deposits import lock_deposit, remove_transfers, reopen_draft, require_open
from repository.services.disk import is_promise_kept, promise_room
from repository.services.findings import replace_findings
from repository.services.fixity import is_damaged
from repository.services.former_uploads import FormerUpload, note_replaced, refuse_clash, take_away
from repository.services.paths import normalize_path
from repository.services.quota import require_quota
from repository.services.sorting import forget_sorting, set_droppings_aside
from repository.services.storage import upload_file
from repository.services.stored_objects import adopt_object, delete_files
from repository.services.succession import leave_out_file

SHA256_LENGTH = 64
_OVER = "The upload was finished or cancelled."


@dataclass(frozen=True, slots=True)
class UploadPlan:
    """What the client is to do: send bytes to the upload, or nothing because the file is there already."""

    upload_id: uuid.UUID | None
    path: str
    size: int
    offset: int


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
    promise = partial(
        _promise, deposit_id=deposit_id, actor=actor, path=path, size=size, sha256=sha256, replace=replace
    )
    try:
        return promise()
    except QuotaExceededError:
        # What the owner has deleted makes room at once; the second look decides.
        if not collect_charged(deposit_id=deposit_id):
            raise
        return promise()


def _promise(*, deposit_id: str, actor: User, path: str, size: int, sha256: str, replace: str) -> UploadPlan:
    former: FormerUpload | None = None
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)  # promises of one deposit are made one after the other
        require_open(deposit)
        existing = deposit.current_files.select_related("upload").filter(path=path).first()
        if existing is not None:
            plan = _continue_existing(existing, size=size, sha256=sha256)
            if plan is not None:
                return plan
            if existing.state != DataFile.State.STORED:
                former = take_away(existing, owner=deposit.owner, replace=replace)
                existing = None
        if existing is not None:
            upload = _start_mending(existing, actor=actor)
        else:
            refuse_clash(deposit, path)
            require_quota(deposit, size)
            if deposit.state != Deposit.State.DRAFT:
                reopen_draft(deposit)
            upload = _create_upload(deposit, actor=actor, path=path, size=size, sha256=sha256)
            if former is not None:
                note_replaced(upload, former, actor=actor)
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

    Killed at any line, it is run again with the same digest: the digest is noted before the bytes move, and
    from then on the upload refers to them.

    Raises
    ------
    DigestMismatchError
        The bytes are not the ones that were promised; they are kept apart and the path can be uploaded again.
    """
    upload = Upload.objects.select_related("data_file").filter(pk=upload_id).first()
    if upload is None:
        raise UploadGoneError(_OVER)
    if upload.completed_at is not None:
        _require_promised(upload, upload.data_file.sha256)
        return upload.data_file
    # The bytes moved before the answer did: the digest was noted then.
    sha256 = sha256 or upload.sha256
    if not sha256:
        raise UploadGoneError("The bytes of this upload are gone; start it again.")
    is_mending = upload.data_file.state == DataFile.State.STORED
    if is_mending and sha256 != upload.declared_sha256:
        return _refuse_mending(upload, sha256)
    if not Upload.objects.filter(pk=upload_id).update(sha256=sha256):
        raise UploadGoneError(_OVER)
    try:
        adopt_object(upload_file(upload_id), sha256)
    except FileNotFoundError:
        if Upload.objects.filter(pk=upload_id).exists():
            raise
        raise UploadGoneError(_OVER) from None
    with transaction.atomic():
        upload = _lock_upload(upload_id)
        if upload is None:  # another promise took its path, or it was cancelled, while the bytes moved
            raise UploadGoneError(_OVER)
        if upload.completed_at is None:
            (_end_mending if is_mending else _end_transfer)(upload, sha256)
    _require_promised(upload, sha256)
    return upload.data_file


def _lock_upload(upload_id: uuid.UUID) -> Upload | None:
    """Return a transfer as it is now, and `None` where it is over; it stays so until the transaction ends.

    The row of the deposit is locked, as by a promise and a deletion, and before any other: so of a last byte and a
    promise that takes its path one is first, and none waits for the other in a circle.
    """
    deposits = Upload.objects.filter(pk=upload_id).values_list("data_file__deposit_id", flat=True)
    Deposit.objects.select_for_update().filter(pk=deposits.first()).first()
    uploads = Upload.objects.select_related("user", "data_file__deposit__owner")
    return uploads.filter(pk=upload_id).first()


def _end_transfer(upload: Upload, sha256: str) -> None:
    """Write down what arrived: the file where it was promised so, else something to be looked at."""
    data_file, is_promised = upload.data_file, upload.declared_sha256 in {"", sha256}
    data_file.sha256 = sha256
    data_file.state = DataFile.State.STORED if is_promised else DataFile.State.QUARANTINED
    data_file.stored_at = timezone.now()
    data_file.save()
    Upload.objects.filter(pk=upload.pk).update(completed_at=timezone.now(), offset=upload.size)
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


def _end_mending(upload: Upload, sha256: str) -> None:
    """Note that the bytes of a stored file were sent again; the file itself is what it was."""
    Upload.objects.filter(pk=upload.pk).update(completed_at=timezone.now(), offset=upload.size)
    record_event(
        actor=upload.user,
        action="file.mend",
        target=upload.data_file.deposit_id,
        detail={"path": upload.data_file.path, "sha256": sha256},
    )


def _refuse_mending(upload: Upload, sha256: str) -> NoReturn:
    """End a transfer that was to mend a file and brought other bytes: no row would refer to them, so none is kept."""
    with transaction.atomic():
        locked = _lock_upload(upload.pk)
        if locked is None:
            raise UploadGoneError(_OVER)
        record_event(
            actor=locked.user,
            action="upload.mismatch",
            target=locked.data_file.deposit_id,
            detail={"path": locked.data_file.path, "sha256": sha256, "promised": locked.declared_sha256},
        )
        locked.delete()
    upload_file(upload.pk).unlink(missing_ok=True)
    raise _describe_mismatch(upload, sha256)


def _require_promised(upload: Upload, sha256: str) -> None:
    if upload.declared_sha256 not in {"", sha256}:
        raise _describe_mismatch(upload, sha256)


def _describe_mismatch(upload: Upload, sha256: str) -> DigestMismatchError:
    return DigestMismatchError(
        f"{upload.data_file.path} arrived with sha256 {sha256}; {upload.declared_sha256} was promised."
    )


def cancel_upload(*, upload_id: uuid.UUID, actor: User | None) -> None:
    """Forget a transfer and its bytes."""
    with transaction.atomic():
        upload = _lock_upload(upload_id)
        if upload is None or upload.completed_at is not None:
            raise UploadGoneError(_OVER)
        record_event(
            actor=actor,
            action="upload.cancel",
            target=upload.data_file.deposit_id,
            detail={"path": upload.data_file.path},
        )
        if upload.data_file.state == DataFile.State.STORED:
            upload.delete()  # sent to mend a file, which stays as it is
        else:
            files = DataFile.objects.filter(pk=upload.data_file_id)
            delete_files(files, owner=upload.data_file.deposit.owner)
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
        transfers: list[str] = []
        forget_sorting(deposit, path)
        deposit.measurements.filter(parts__data_file=data_file, frozen_at__isnull=True).delete()
        if data_file.published_in.exists():
            leave_out_file(data_file)
        else:
            transfers = delete_files(DataFile.objects.filter(pk=data_file.pk), owner=deposit.owner)
        reopen_draft(deposit)
        record_event(actor=actor, action="file.delete", target=deposit.pk, detail={"path": path})
    remove_transfers(transfers)


def _continue_existing(existing: DataFile, *, size: int, sha256: str) -> UploadPlan | None:
    """Return the plan for a path that is known already; `None` where a new upload takes its place."""
    if existing.state == DataFile.State.STORED:
        if sha256 and sha256 == existing.sha256:
            if is_damaged(sha256):
                return _continue_mending(existing)
            return UploadPlan(upload_id=None, path=existing.path, size=existing.size, offset=existing.size)
        raise PathTakenError(f"{existing.path} is stored already with other bytes or an unknown promise.")
    if existing.state == DataFile.State.UPLOADING:
        upload = existing.upload
        if upload.size == size and upload.declared_sha256 == sha256 and upload_file(upload.pk).exists():
            renew_promise(upload_id=upload.pk, size=size)
            arrived = upload_file(upload.pk).stat().st_size
            return UploadPlan(upload_id=upload.pk, path=existing.path, size=size, offset=arrived)
    return None


def _continue_mending(existing: DataFile) -> UploadPlan | None:
    """Return the plan for sending a damaged file again; `None` where that has not begun."""
    upload = Upload.objects.filter(data_file=existing, completed_at__isnull=True).first()
    if upload is None or not upload_file(upload.pk).exists():
        return None
    renew_promise(upload_id=upload.pk, size=upload.size)
    arrived = upload_file(upload.pk).stat().st_size
    return UploadPlan(upload_id=upload.pk, path=existing.path, size=existing.size, offset=arrived)


def _start_mending(existing: DataFile, *, actor: User) -> Upload:
    """Promise the bytes of a stored file once more; a published file's row never changes, and this one's need not."""
    Upload.objects.filter(data_file=existing).delete()
    record_event(
        actor=actor, action="upload.mend", target=existing.deposit_id, detail={"path": existing.path}
    )
    return Upload.objects.create(
        data_file=existing,
        user=actor,
        size=existing.size,
        declared_sha256=existing.sha256,
        expires_at=Now() + settings.UPLOAD_LIFETIME,
    )


def _create_upload(deposit: Deposit, *, actor: User, path: str, size: int, sha256: str) -> Upload:
    media_type, _ = mimetypes.guess_type(path)
    data_file = DataFile.objects.create(
        deposit=deposit,
        path=path,
        size=size,
        media_type=media_type or "application/octet-stream",
    )
    set_droppings_aside(deposit, [path])
    record_event(actor=actor, action="upload.start", target=deposit.pk, detail={"path": path, "size": size})
    return Upload.objects.create(
        data_file=data_file,
        user=actor,
        size=size,
        declared_sha256=sha256,
        expires_at=Now() + settings.UPLOAD_LIFETIME,
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
