from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction

from repository.models import DatasetVersion, MetadataRevision, User
from repository.services.publishing import publish_deposit
from repository.services.revisions import revise_version
from repository.services.withdrawal import withdraw_version
from repository.workflows.jobs import enqueue_job


def publish_dataset_version(
    *,
    deposit_id: str,
    actor: User,
    accept_warnings: Sequence[Mapping[str, Any]] = (),
    expected_revisions: Collection[int] | None = None,
) -> DatasetVersion:
    """Freeze the deposit and have its DOIs registered; the registrar may be away for hours."""
    with transaction.atomic():
        version = publish_deposit(
            deposit_id=deposit_id,
            actor=actor,
            accept_warnings=accept_warnings,
            expected_revisions=expected_revisions,
        )
        # The concept DOI is announced each time: its description lists the versions.
        for identifier in version.dataset.deposit.identifiers.all():
            if identifier.version_number in {None, version.number}:
                enqueue_job(kind="register_doi", target=identifier.doi, max_attempts=50)
    return version


def revise_dataset_version(
    *,
    dataset_id: str,
    number: int,
    actor: User,
    patch: Mapping[str, Any],
    reason: str,
    accept_warnings: Sequence[Mapping[str, Any]] = (),
    expected_revisions: Collection[int] | None = None,
) -> MetadataRevision:
    """Correct what a version says and tell the registrar, whose records follow the newest revision."""
    with transaction.atomic():
        revision = revise_version(
            dataset_id=dataset_id,
            number=number,
            actor=actor,
            patch=patch,
            reason=reason,
            accept_warnings=accept_warnings,
            expected_revisions=expected_revisions,
        )
        version = revision.version
        for doi in (version.doi, version.dataset.deposit.concept_doi):
            enqueue_job(kind="register_doi", target=doi, max_attempts=50)
    return revision


def withdraw_dataset_version(
    *, dataset_id: str, number: int, actor: User, reason: str, replacement_doi: str = ""
) -> DatasetVersion:
    """Withdraw a version and tell the registrar: the version's DOI is hidden, the concept DOI brought up to date."""
    with transaction.atomic():
        version = withdraw_version(
            dataset_id=dataset_id,
            number=number,
            actor=actor,
            reason=reason,
            replacement_doi=replacement_doi,
        )
        is_last = not version.dataset.versions.filter(state=DatasetVersion.State.PUBLISHED).exists()
        enqueue_job(kind="hide_doi", target=version.doi, max_attempts=50)
        concept = version.dataset.deposit.concept_doi
        enqueue_job(kind="hide_doi" if is_last else "register_doi", target=concept, max_attempts=50)
    return version
