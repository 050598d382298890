"""Registering DOIs: an outbox, so that a published version never waits for somebody else's server."""

from functools import partial

from repository.errors import TransientError
from repository.integrations.datacite import DoiRefusedError, RegistrarError
from repository.models import Identifier
from repository.schema.export.datacite_xml import build_datacite_xml
from repository.selectors import addresses
from repository.selectors.citation import build_record_for_doi
from repository.services.identifiers import get_registrar, mark_registered, note_registration_error
from repository.services.jobs import ClaimedJob
from repository.tasks.handlers import Apply, JobHandler, JobProgress, register_handler


def register_doi(claim: ClaimedJob, progress: JobProgress) -> Apply:
    """Tell the registrar of one DOI. The request is a PUT: safe to repeat."""
    identifier = Identifier.objects.get(pk=claim.target)
    registrar = get_registrar()
    progress.report(0.5, f"Registering {identifier.doi}.")
    record = build_record_for_doi(deposit_id=identifier.dataset_id, number=identifier.version_number)
    page = addresses.dataset_page(identifier.dataset_id)
    number = identifier.version_number
    url = page if number is None else f"{page}?version={number}"
    try:
        registrar.publish(identifier.doi, url=url, metadata_xml=build_datacite_xml(record))
    except DoiRefusedError as fault:
        note_registration_error(doi=identifier.doi, error=str(fault))
        raise
    except RegistrarError as fault:
        note_registration_error(doi=identifier.doi, error=str(fault))
        raise TransientError(str(fault)) from fault
    return partial(mark_registered, doi=identifier.doi, registrar=type(registrar).__name__)


def _note_failure(claim: ClaimedJob, reason: str) -> None:
    note_registration_error(doi=claim.target, error=reason)


register_handler("register_doi", JobHandler(work=register_doi, apply_failure=_note_failure))
