from django.db import transaction

from repository.models import DatasetVersion, User
from repository.services.withdrawal import withdraw_version
from repository.workflows.jobs import enqueue_job


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
