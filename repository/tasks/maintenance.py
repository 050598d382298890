"""What beat asks for: jobs that fell between two processes, uploads that nobody finishes, counts of the past."""

import time

import structlog
from celery import shared_task
from django.conf import settings

from repository.services import uploads
from repository.services.collection import collect_objects
from repository.services.jobs import list_exhausted_jobs, list_jobs_to_announce
from repository.services.leftovers import remove_leftovers
from repository.services.limits import remove_past_counts
from repository.services.messages import forget_messages
from repository.services.store_walks import mark_unreferenced, note_unlisted
from repository.tasks.bells import announce_job, list_unheard_bells
from repository.tasks.jobs import fail_exhausted

log = structlog.get_logger(__name__)


_last_round: float | None = None


@shared_task(name="stemma.reconcile_jobs")
def reconcile_jobs() -> None:
    """Reconcile, unless this process just did: beat's messages pile up while no worker runs."""
    global _last_round  # noqa: PLW0603  # of this process
    now = time.monotonic()
    if _last_round is None or now - _last_round > settings.RECONCILE_SECONDS / 2:
        _last_round = now
        reconcile()


def reconcile() -> None:
    """Ring for what was not rung for, hand on what lost its worker, end what kills every worker."""
    for job_id in list_exhausted_jobs():
        fail_exhausted(job_id)
    due = list_jobs_to_announce(ringing=list_unheard_bells())
    for job_id, lane in due.items():
        if not announce_job(job_id, lane):
            return
    if due:
        log.info("jobs_reconciled", count=len(due))


@shared_task(name="stemma.expire_uploads")
def expire_uploads() -> None:
    """Remove transfers that were not continued in time, what killed processes left, and old messages."""
    removed = uploads.expire_uploads()
    if removed:
        log.info("uploads_expired", count=removed)
    swept = remove_leftovers()
    if swept:
        log.info("leftovers_removed", count=swept)
    forgotten = forget_messages()
    if forgotten:
        log.info("messages_forgotten", count=forgotten)


@shared_task(name="stemma.collect_objects")
def collect_stored_objects() -> None:
    """Go on with the walks over the store and its rows, and remove what nobody has owned for the grace time.

    Each part stops after some seconds and goes on from there next time; rounds that run at once share the work.
    """
    unlisted = note_unlisted()
    marked = mark_unreferenced()
    if unlisted or marked:
        log.info("objects_marked", unreferenced=marked, without_row=unlisted)
    collect_objects()


@shared_task(name="stemma.forget_past_counts")
def forget_past_counts() -> None:
    """Remove the counts of attempts that have all come back, so that the table holds what counts just now."""
    removed = remove_past_counts()
    if removed:
        log.info("past_counts_forgotten", count=removed)
