"""Every refusal of the domain: one class each, no HTTP in it (`api/errors.py` maps class to problem document)."""

from collections.abc import Mapping, Sequence
from typing import Any

from repository.schema.findings import Finding


class RepositoryError(Exception):
    """A request that the domain refuses, with what to do about it.

    Attributes
    ----------
    code
        Stable name of the refusal; programs rely on it.
    hint
        What the person can do next.
    pointer
        JSON pointer to the field that was refused, or empty.
    findings
        The findings that caused the refusal, where there are any.
    details
        Further members of the problem document, for programs.
    """

    code = "refused"
    hint = ""

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        pointer: str = "",
        findings: Sequence[Finding] = (),
        details: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint or type(self).hint
        self.pointer = pointer
        self.findings = tuple(findings)
        self.details = dict(details or {})


class NotFoundError(RepositoryError):
    """The thing does not exist, or does not exist for this person."""

    code = "not_found"
    hint = "Check the address; a draft is visible only to its owners when they are signed in."


class PermissionRefusedError(RepositoryError):
    """The person may see the thing but not do this."""

    code = "permission_denied"
    hint = "Sign in with an account or a token that has the right to do this."


class ScopeMissingError(PermissionRefusedError):
    """The token does not carry the scope that the request needs."""

    code = "scope_missing"
    hint = "Make a token with the missing scope on the tokens page."


class ReductionRefusedError(RepositoryError):
    """No such product can be made of this measurement."""

    code = "reduction_refused"
    hint = "The page of recipes says which there are and what they take."


class ExportTooLargeError(RepositoryError):
    """The arrays are larger than what is written into one stream."""

    code = "export_too_large"
    hint = "Read its arrays at their Zarr addresses, part by part; the measurement names them."


class StateConflictError(RepositoryError):
    """The deposit is in a state in which this cannot be done."""

    code = "state_conflict"
    hint = "Reload the deposit to see its state."


class DepositBusyError(StateConflictError):
    """The deposit is being processed."""

    code = "deposit_busy"
    hint = "Wait until processing ends; the deposit's page shows its progress."


class DepositAlreadyPublishedError(StateConflictError):
    """The deposit was published; published content never changes."""

    code = "already_published"
    hint = "Start a new version to change or add something."


class RevisionConflictError(RepositoryError):
    """Somebody else changed the deposit since it was read.

    Attributes
    ----------
    current
        What the deposit says now.
    changes
        Where it is other than it was, and who changed it.
    is_all
        Nothing else changed; older changes are not kept.
    """

    code = "revision_conflict"
    hint = "Compare with `current` and `changes`, and send what you still want to change with the new ETag."

    def __init__(
        self,
        message: str,
        *,
        current: Mapping[str, Any],
        changes: Sequence[Mapping[str, Any]],
        is_all: bool,
    ) -> None:
        super().__init__(message)
        self.current = dict(current)
        self.changes = tuple(changes)
        self.is_all = is_all


class NotPublishableError(RepositoryError):
    """The deposit has errors, undeclared gaps or unacknowledged warnings."""

    code = "not_publishable"
    hint = (
        "Answer what is missing or declare it as not recorded; acknowledge the warnings; then publish again."
    )


class InvalidMetadataError(RepositoryError):
    """The metadata document cannot be accepted as it stands."""

    code = "invalid_metadata"
    hint = "Correct the fields that the findings name."


class InvalidPathError(RepositoryError):
    """The file path cannot be used inside a deposit."""

    code = "invalid_path"
    hint = "Rename the file; the rule for names is at /api/v1/schemas/file-names.json."


class PathTakenError(RepositoryError):
    """Another file has this path already."""

    code = "path_taken"
    hint = "Delete the stored file first or upload under another name."


class PathClashError(PathTakenError):
    """The path would make a folder of a file, or a file of a folder."""

    code = "path_clash"
    hint = "No disk holds a file and a folder of one name: rename one of them."


class UploadRunningError(PathTakenError):
    """Other bytes for this path are on their way just now."""

    code = "upload_running"
    hint = (
        "Let it finish, or end it: remove the unfinished file from the deposit (`stemma remove`, or DELETE on the "
        "upload), or repeat the promise with its id under `replace` in Upload-Metadata."
    )


class FileTooLargeError(RepositoryError):
    """The file is larger than this server accepts."""

    code = "file_too_large"
    hint = "Ask the operator to raise the limit, or split the data."


class QuotaExceededError(RepositoryError):
    """The account's storage is used up."""

    code = "quota_exceeded"
    hint = "Delete drafts or files that you do not need, or ask the operator for more space."

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int | None = None) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class DigestMismatchError(RepositoryError):
    """The bytes that arrived do not have the digest that was promised."""

    code = "digest_mismatch"
    hint = "The file changed or was damaged on the way: upload it again."


class UploadGoneError(RepositoryError):
    """The upload was finished, cancelled or expired."""

    code = "upload_gone"
    hint = "Start the upload again; nothing that was stored is lost."


class WithdrawnError(RepositoryError):
    """The version was withdrawn; only its tombstone is left."""

    code = "withdrawn"
    hint = "The page of the dataset says why and names a replacement where there is one."


class DamagedError(RepositoryError):
    """The stored bytes are not those that were stored any more; they are kept apart and given to nobody."""

    code = "damaged"
    hint = (
        "Nothing is wrong with the request. The operator sees this and can restore the bytes from a backup; whoever "
        "has the same file can upload it again. Everything else can be had."
    )


class EmbargoedError(PermissionRefusedError):
    """The data are under embargo; their description is public."""

    code = "embargoed"
    hint = "The data become available on the date that the page names."


class UnknownSearchFilterError(RepositoryError):
    """A search filter names a field or unit that does not exist."""

    code = "unknown_filter"
    hint = "Write a quantity, a sign and an amount: dose>1000 e/Å², voltage=80..300 kV."


class StorageRefusedError(RepositoryError):
    """The server's disk takes no bytes just now: nothing is wrong with the request, and later it may work."""

    code = "storage_refused"
    hint = "Nothing that arrived is lost. Try again later; if it stays so, write to the operator."


class DiskFullError(StorageRefusedError):
    """There is no room above the reserve."""

    code = "disk_full"
    hint = "Nothing that arrived is lost. Try again later, or write to the operator, who can make room."


class DiskUnwritableError(StorageRefusedError):
    """A folder of the server is read-only, or closed to it."""

    code = "disk_unwritable"


class TransientError(Exception):
    """Something outside failed that may work a little later; the job is tried again."""


class LeaseLostError(Exception):
    """Another worker has taken the job over; this one must not write any more."""


class LimitExceededError(RepositoryError):
    """Somebody asks more often than anybody may; it passes.

    Attributes
    ----------
    wait_s
        Whole seconds until there is room again.
    """

    code = "throttled"
    hint = "Wait as long as Retry-After says."

    def __init__(self, message: str, *, wait_s: int, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.wait_s = wait_s


class RevisionNeedsVersionError(RepositoryError):
    """The correction is no matter of words: files would have to be read again, or other people have the bytes."""

    code = "revision_needs_version"
    hint = (
        "Start a new version (the button on the dataset's page, or POST …/new-version/), give the answer there and "
        "hand it in: only the files that are named here are read again. All other corrections need no version."
    )


class RevisionChangesNothingError(RepositoryError):
    """The correction says what the version says already."""

    code = "revision_changes_nothing"
    hint = "Compare it with the newest revision; what is said there already needs no correction."
