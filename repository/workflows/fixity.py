"""When a round over what is stored begins: beat asks, often; a round is due seldom."""

from celery import shared_task
from django.conf import settings

from repository.services.fixity import list_due
from repository.services.jobs import forget_ended_jobs
from repository.services.store_mark import note_store
from repository.tasks.fixity import KIND, TARGET
from repository.workflows.jobs import enqueue_job


@shared_task(name="stemma.start_fixity_round")
def start_fixity_round() -> None:
    """Begin a round where something is due, unless one waits or runs.

    The store gets its mark first: before anything is lost.
    """
    note_store()
    if settings.FIXITY_ROUND_BYTES == 0:
        return
    forget_ended_jobs(kind=KIND, kept=settings.FIXITY_TRACE)
    if list_due(most=1):
        enqueue_job(kind=KIND, target=TARGET)
