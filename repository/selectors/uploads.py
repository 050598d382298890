import datetime as dt
import uuid
from dataclasses import dataclass

from repository.errors import UploadGoneError
from repository.models import User
from repository.selectors.access import get_upload
from repository.selectors.visibility import Visitor


@dataclass(frozen=True, slots=True)
class UploadView:
    """A transfer as the protocol shows it."""

    id: uuid.UUID
    deposit_id: str
    path: str
    size: int
    is_complete: bool
    expires_at: dt.datetime
    declared_sha256: str


def describe_upload(visitor: Visitor, upload_id: str) -> UploadView:
    """Return a transfer that the visitor may continue."""
    try:
        key = uuid.UUID(upload_id)
    except ValueError as error:
        raise UploadGoneError("There is no such upload.") from error
    upload = get_upload(visitor, str(key))
    return UploadView(
        id=upload.pk,
        deposit_id=upload.data_file.deposit_id,
        path=upload.data_file.path,
        size=upload.size,
        is_complete=upload.completed_at is not None,
        expires_at=upload.expires_at,
        declared_sha256=upload.declared_sha256,
    )


def require_user(visitor: Visitor) -> User:
    """Return the visitor as an account; selectors of drafts have refused everybody else before."""
    if visitor.account is None:
        raise UploadGoneError("There is no such upload.")
    return visitor.account
