"""Telling the registrar of DOIs: an outbox, so that a published version never waits for somebody else's server.

Both kinds of job look at what the DOI names when they run, so it does not matter in which order they come.
"""

from repository.errors import RepositoryError, TransientError
from repository.exports.datacite_xml import build_datacite_xml
from repository.integrations.datacite import DoiRefusedError, DoiRegistrar, RegistrarError
from repository.models import DatasetVersion, Identifier
from repository.selectors import addresses
from repository.selectors.citation import build_record_for_doi
from repository.services.identifiers import (
    get_registrar,
    mark_hidden,
    mark_registered,
    note_registration_error,
)
from repository.services.jobs import ClaimedJob
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind


def tell_registrar(claim: ClaimedJob, progress: JobProgress) -> Apply:
    """Make the DOI findable, or hide it where all that it names was withdrawn. Every request may be repeated."""
    identifier = Identifier.objects.get(pk=claim.target)
    registrar = get_registrar()
    was_withdrawn = is_withdrawn(identifier)
    progress.report(0.5, f"{'Hiding' if was_withdrawn else 'Registering'} {identifier.doi}.")
    try:
        _make_findable(registrar, identifier)
        if was_withdrawn:
            registrar.hide(identifier.doi)
    except DoiRefusedError as fault:
        note_registration_error(doi=identifier.doi, error=str(fault))
        raise RepositoryError(str(fault)) from fault
    except RegistrarError as fault:
        note_registration_error(doi=identifier.doi, error=str(fault))
        raise TransientError(str(fault)) from fault
    mark = mark_hidden if was_withdrawn else mark_registered

    def apply() -> None:
        if is_withdrawn(identifier) != was_withdrawn:
            raise TransientError(f"{identifier.doi} was withdrawn or published while the registrar was told.")
        mark(doi=identifier.doi, registrar=type(registrar).__name__)

    return apply


def is_withdrawn(identifier: Identifier) -> bool:
    """Return whether every version that the DOI names was withdrawn: one, or for a concept DOI all."""
    named = DatasetVersion.objects.filter(dataset_id=identifier.dataset_id)
    if identifier.version_number is not None:
        named = named.filter(number=identifier.version_number)
    return not named.filter(state=DatasetVersion.State.PUBLISHED).exists()


def _make_findable(registrar: DoiRegistrar, identifier: Identifier) -> None:
    """Send address and description; also for what is hidden next, so that its DOI leads to the tombstone."""
    number = identifier.version_number
    record = build_record_for_doi(deposit_id=identifier.dataset_id, number=number)
    page = addresses.dataset_page(identifier.dataset_id)
    url = page if number is None else f"{page}?version={number}"
    registrar.make_findable(identifier.doi, url=url, metadata_xml=build_datacite_xml(record))


def _note_failure(claim: ClaimedJob, reason: str) -> None:
    note_registration_error(doi=claim.target, error=reason)


for _kind in ("register_doi", "hide_doi"):
    register_kind(_kind, JobKind(work=tell_registrar, apply_failure=_note_failure, lane="short"))
