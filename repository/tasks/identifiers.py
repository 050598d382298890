"""Registering DOIs: an outbox, so that a published version never waits for somebody else's server."""

from functools import partial

from django.conf import settings

from repository.errors import TransientError
from repository.integrations.datacite import DoiRegistrar, RegistrarError, open_registrar
from repository.models import Identifier
from repository.selectors.citation import build_citation_record
from repository.services.identifiers import mark_registered, note_registration_error
from repository.services.jobs import ClaimedJob
from repository.tasks.handlers import Apply, JobHandler, JobProgress, register_handler

KIND = "register_doi"


def register_doi(claim: ClaimedJob, progress: JobProgress) -> Apply:
    """Tell the registrar of one DOI. The request is a PUT: safe to repeat."""
    identifier = Identifier.objects.get(pk=claim.target)
    registrar: DoiRegistrar = open_registrar(settings.DATACITE)
    progress.report(0.5, f"Registering {identifier.doi}.")
    record = build_citation_record(deposit_id=identifier.dataset_id, number=identifier.version_number)
    try:
        registrar.register(doi=identifier.doi, record=record)
    except RegistrarError as fault:
        note_registration_error(doi=identifier.doi, error=str(fault))
        raise TransientError(str(fault)) from fault
    return partial(mark_registered, doi=identifier.doi, registrar=registrar.name)


def _note_failure(claim: ClaimedJob, reason: str) -> None:
    note_registration_error(doi=claim.target, error=reason)


register_handler(KIND, JobHandler(work=register_doi, apply_failure=_note_failure))
