"""DOIs: reserved with the draft, registered after publishing, retried until the registrar has them."""

from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from repository.integrations.datacite import DoiRegistrar, LocalRegistrar
from repository.integrations.datacite_rest import DataCiteRegistrar
from repository.models import Deposit, Identifier
from repository.models.dataset import version_doi
from repository.services.audit import record_event


def get_registrar() -> DoiRegistrar:
    """Return who makes DOIs known: DataCite where an account is set, else a local registrar that never transmits."""
    account = settings.DATACITE
    if account is not None:
        return DataCiteRegistrar(
            url=account.url,
            repository=account.repository,
            password=account.password,
            prefix=account.prefix,
        )
    return LocalRegistrar(Path(settings.STEMMA_HOME) / "dois", resolver=f"{settings.PUBLIC_URL}/doi/")


def reserve_identifiers(*, deposit: Deposit, number: int) -> list[Identifier]:
    """Reserve the concept DOI and the DOI of a version; reserving twice changes nothing."""
    wanted = {None: deposit.concept_doi, number: version_doi(deposit.pk, number)}
    return [
        Identifier.objects.get_or_create(
            doi=doi, defaults={"dataset": deposit, "version_number": version_number}
        )[0]
        for version_number, doi in wanted.items()
    ]


def mark_registered(*, doi: str, registrar: str) -> None:
    """Note that the registrar has made the DOI findable; safe to repeat."""
    _settle(doi, Identifier.State.FINDABLE, registrar=registrar, action="doi.register")


def mark_hidden(*, doi: str, registrar: str) -> None:
    """Note that the registrar keeps the DOI but shows it to nobody; it leads to a tombstone. Safe to repeat."""
    _settle(doi, Identifier.State.REGISTERED, registrar=registrar, action="doi.hide")


def _settle(doi: str, state: Identifier.State, *, registrar: str, action: str) -> None:
    with transaction.atomic():
        changed = (
            Identifier.objects.filter(doi=doi)
            .exclude(state=state)
            .update(state=state, registrar=registrar, registered_at=timezone.now(), last_error="")
        )
        if changed:
            record_event(actor=None, action=action, target=doi, detail={"registrar": registrar})


def note_registration_error(*, doi: str, error: str) -> None:
    """Keep the registrar's answer where the operator sees it."""
    Identifier.objects.filter(doi=doi).update(last_error=error[:2000])
