"""Who may: one object for each kind of people that byte routes serve, which also asks.

A route is handed what its audience let the visitor in to. It never sees who asks, so it cannot forget to ask.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

from api.byte_service.visitors import Credential, Recognized, recognize, recognize_reader
from repository.errors import NotFoundError
from repository.exports.declaration import StreamedExport
from repository.exports.registry import MeasuredExport, find_measurement_export, list_measurement_exports
from repository.selectors.access import (
    DepositAccess,
    MeasurementAccess,
    VersionAccess,
    get_deposit,
    get_editable_deposit,
    get_measurement,
    get_readable_version,
)
from repository.selectors.exports import ExportSubject, get_export_subject
from repository.selectors.revisions import parse_revision
from repository.selectors.uploads import UploadView, describe_upload
from repository.selectors.visibility import NOBODY, Visitor

Words = Mapping[str, Any]
"""What stands in an address, by the names in its path."""


class Access(Protocol):
    """What a visitor was let in to."""

    @property
    def deposit_id(self) -> str:
        """Return the deposit whose rows decided."""


A_co = TypeVar("A_co", covariant=True)


@dataclass(frozen=True, slots=True)
class Audience(Generic[A_co]):
    """The people whom an address serves.

    Attributes
    ----------
    name
        By which the table of permissions knows it (`tests/api/byte_lines.py`).
    sentence
        Who they are, for the documentation.
    needs_account
        Nobody is served without one.
    recognize
        Says who stands behind a credential; a token must carry the scope.
    admit
        Asks `repository.selectors` whether the visitor may, and returns what is behind the address; raises otherwise.
    """

    name: str
    sentence: str
    needs_account: bool
    recognize: Callable[[Credential], Recognized]
    admit: Callable[[Visitor, Words], A_co]


@dataclass(frozen=True, slots=True)
class ExportAccess:
    """An export, and the measurement that the visitor may have in it."""

    export: MeasuredExport
    subject: ExportSubject

    @property
    def deposit_id(self) -> str:
        """Return the deposit whose rows decided."""
        return self.subject.access.deposit_id


def _recognize_reader_of_drafts(credential: Credential) -> Recognized:
    return recognize(credential, scope="read")


def _recognize_depositor(credential: Credential) -> Recognized:
    return recognize(credential, scope="deposit")


def _recognize_nobody(_credential: Credential) -> Recognized:
    return Recognized(NOBODY)


def _see_draft(visitor: Visitor, words: Words) -> DepositAccess:
    return DepositAccess(get_deposit(visitor, words["deposit_id"]))


def _edit_draft(visitor: Visitor, words: Words) -> DepositAccess:
    return DepositAccess(get_editable_deposit(visitor, words["deposit_id"]))


def _read_version(visitor: Visitor, words: Words) -> VersionAccess:
    return get_readable_version(visitor, words["dataset_id"], words.get("number"))


def _read_measurement(visitor: Visitor, words: Words) -> MeasurementAccess:
    return get_measurement(visitor, words["measurement_id"], for_bytes=True)


def _read_export(visitor: Visitor, words: Words) -> ExportAccess:
    ending = words["ending"]
    export = find_measurement_export(ending)
    if export is None:
        known = ", ".join(each.ending for each in list_measurement_exports()) or "none yet"
        raise NotFoundError(
            f"There is no export of measurements called {ending[:64]!r}.",
            hint=f"Known are: {known}; /docs/exports says more.",
        )
    subject = get_export_subject(
        visitor,
        words["measurement_id"],
        for_bytes=export.needs == "arrays",
        with_parts=isinstance(export, StreamedExport),
        revision=parse_revision(words.get("revision")),
    )
    return ExportAccess(export, subject)


def _continue_upload(visitor: Visitor, words: Words) -> UploadView:
    return describe_upload(visitor, words["upload_id"])


ANYBODY: Audience[None] = Audience(
    "anybody",
    "For anybody.",
    needs_account=False,
    recognize=_recognize_nobody,
    admit=lambda _visitor, _words: None,
)
READERS_OF_DRAFT = Audience(
    "readers of a draft",
    "For owners and curators; to others the draft does not exist (404).",
    needs_account=True,
    recognize=_recognize_reader_of_drafts,
    admit=_see_draft,
)
EDITORS_OF_DRAFT = Audience(
    "editors of a draft",
    "For owners, with a token that may deposit; to others the draft does not exist (404).",
    needs_account=True,
    recognize=_recognize_depositor,
    admit=_edit_draft,
)
SENDERS_OF_UPLOAD = Audience(
    "senders of an upload",
    "For owners of the draft, with a token that may deposit; to others there is no such upload (404).",
    needs_account=True,
    recognize=_recognize_depositor,
    admit=_continue_upload,
)
READERS_OF_VERSION = Audience(
    "readers of a version",
    "For everybody; under embargo for owners and curators (403 `embargoed` to others), withdrawn for nobody (410).",
    needs_account=False,
    recognize=recognize_reader,
    admit=_read_version,
)
READERS_OF_MEASUREMENT = Audience(
    "readers of a measurement",
    "For everybody once it is published; a draft for owners and curators (404 to others), under embargo for them too "
    "(403 `embargoed`), withdrawn for nobody (410).",
    needs_account=False,
    recognize=recognize_reader,
    admit=_read_measurement,
)
READERS_OF_EXPORT = Audience(
    "readers of an export",
    "For everybody once it is published. What holds arrays: under embargo for owners and curators (403 `embargoed` to "
    "others), withdrawn for nobody (410).",
    needs_account=False,
    recognize=recognize_reader,
    admit=_read_export,
)
