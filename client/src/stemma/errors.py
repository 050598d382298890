"""Every refusal this package raises, with a stable code and what to do about it."""

from collections.abc import Mapping, Sequence
from typing import Any

JsonObject = dict[str, Any]


class StemmaError(Exception):
    """The root: ``code`` is stable, ``hint`` says what to do, ``status`` is the HTTP status, if any.

    ``more`` holds what else belongs into the problem document, such as the files that were left out.
    """

    default_code = "error"

    def __init__(
        self,
        message: str,
        *,
        code: str = "",
        hint: str = "",
        status: int | None = None,
        pointer: str = "",
        findings: Sequence[JsonObject] = (),
        more: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.default_code
        self.hint = hint
        self.status = status
        self.pointer = pointer
        self.findings = list(findings)
        self.more: JsonObject = dict(more or {})

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def as_problem(self) -> JsonObject:
        """Return the error as a problem document (RFC 9457), the form the server itself uses."""
        problem: JsonObject = {
            "type": "about:blank",
            "title": type(self).__name__.removesuffix("Error"),
            "status": self.status,
            "detail": self.message,
            "code": self.code,
            "hint": self.hint,
        }
        if self.pointer:
            problem["pointer"] = self.pointer
        if self.findings:
            problem["findings"] = self.findings
        return {**problem, **self.more}


class RenamedFileWarning(UserWarning):
    """A file was saved under another name than the dataset has for it."""


class UsageError(StemmaError):
    """What was asked cannot be meant: a wrong argument, a file that is not there, no server named."""

    default_code = "usage"


class ServerUnreachableError(StemmaError):
    """No answer from the server within the time allowed, or only answers that say to come back later."""

    default_code = "server_unreachable"


class RefusedError(StemmaError):
    """The server answered, and the answer is no."""

    default_code = "refused"


class NotFoundError(RefusedError):
    """There is nothing at this address, or nothing that this account may know of."""

    default_code = "not_found"


class PermissionRefusedError(RefusedError):
    """The token is missing, has expired, lacks a scope, or the data are under embargo."""

    default_code = "permission_refused"


class ConflictError(RefusedError):
    """Someone or something else changed the record in the meantime, or its state forbids the request."""

    default_code = "conflict"


class ValidationRefusedError(RefusedError):
    """The record has findings that forbid what was asked; they are in ``findings``."""

    default_code = "validation_failed"


class NotReadyError(RefusedError):
    """The array is still being converted; ``retry_after`` seconds is the server's advice."""

    default_code = "converting"
    retry_after: float | None = None


class DamagedFileError(StemmaError):
    """The bytes that arrived are not the bytes that were published, or a local file changed underneath."""

    default_code = "digest_mismatch"


class MissingDependencyError(StemmaError, ImportError):
    """An optional library is needed for this call and is not installed."""

    default_code = "missing_dependency"
