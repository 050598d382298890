"""Thin Celery tasks; importing the package registers them."""

from repository.tasks.identifiers import announce_doi
from repository.tasks.jobs import run_job
from repository.tasks.maintenance import expire_uploads, reconcile_jobs
from repository.tasks.worker import start_heartbeat

__all__ = ["announce_doi", "expire_uploads", "reconcile_jobs", "run_job", "start_heartbeat"]
