"""Withdrawing what is published. Nothing is deleted: the version becomes a tombstone with its description."""

import re

from django.db import transaction
from django.utils import timezone

from repository.errors import InvalidMetadataError, NotFoundError, StateConflictError
from repository.models import DatasetVersion, SearchEntry, User
from repository.services.audit import record_event
from repository.services.deposits import lock_deposit
from repository.services.facts import index_version

LONGEST_REASON = 2000
_DOI = re.compile(r"10\.\d{4,9}/\S+")
_RESOLVER = re.compile(r"^(https?://(dx\.)?doi\.org/|doi:)", re.IGNORECASE)


def withdraw_version(
    *, dataset_id: str, number: int, actor: User, reason: str, replacement_doi: str = ""
) -> DatasetVersion:
    """Turn a published version into a tombstone and take it out of search.

    Search falls back to the newest version that is left, if there is one.

    Raises
    ------
    InvalidMetadataError
        There is no reason, or the replacement is not a DOI, or is the version itself.
    StateConflictError
        The version was withdrawn already; its tombstone is final.
    """
    reason = _read_reason(reason)
    replacement_doi = _read_doi(replacement_doi)
    with transaction.atomic():
        lock_deposit(deposit_id=dataset_id)
        versions = DatasetVersion.objects.select_related("dataset__deposit")
        version = versions.filter(dataset_id=dataset_id, number=number).first()
        if version is None:
            raise NotFoundError(f"There is no version {number} of the dataset {dataset_id}.")
        if version.state == DatasetVersion.State.WITHDRAWN:
            raise StateConflictError(
                f"Version {number} of {dataset_id} was withdrawn already.", hint="Its page says why."
            )
        if replacement_doi == version.doi:
            raise InvalidMetadataError("A version cannot replace itself.", pointer="/replacement")
        version.state = DatasetVersion.State.WITHDRAWN
        version.withdrawn_at = timezone.now()
        version.withdrawal_reason = reason
        version.replacement_doi = replacement_doi
        version.save(update_fields=["state", "withdrawn_at", "withdrawal_reason", "replacement_doi"])
        _take_out_of_search(version)
        record_event(
            actor=actor,
            action="version.withdraw",
            target=dataset_id,
            detail={"number": number, "reason": reason, "replacement": replacement_doi},
        )
    return version


def _take_out_of_search(version: DatasetVersion) -> None:
    left = version.dataset.versions.filter(state=DatasetVersion.State.PUBLISHED).order_by("-number").first()
    if left is None:
        SearchEntry.objects.filter(dataset=version.dataset).delete()
    elif SearchEntry.objects.filter(dataset=version.dataset, version=version).exists():
        index_version(version=left)


def _read_reason(text: str) -> str:
    reason = text.strip()
    if not reason or len(reason) > LONGEST_REASON or "\x00" in reason:
        raise InvalidMetadataError(
            f"A withdrawal needs a reason of at most {LONGEST_REASON} characters.",
            pointer="/reason",
            hint="The reason is shown on the page that stays in the place of the data.",
        )
    return reason


def _read_doi(text: str) -> str:
    doi = _RESOLVER.sub("", text.strip()).lower()
    if doi and not _DOI.fullmatch(doi):
        raise InvalidMetadataError(
            f"{text[:100]!r} is not a DOI.",
            pointer="/replacement",
            hint="Write the DOI of what replaces this version, such as 10.5072/k3f9-2xq7.v2, or leave it out.",
        )
    return doi
