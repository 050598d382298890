from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction

from repository.models import DatasetVersion, User
from repository.services.publishing import publish_deposit
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
