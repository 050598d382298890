"""Thin Celery tasks; importing the package registers them."""

from repository.tasks.bells import answer_bell
from repository.tasks.fixity import check_due_objects
from repository.tasks.identifiers import tell_registrar
from repository.tasks.mail import send_message
from repository.tasks.maintenance import (
    collect_stored_objects,
    expire_uploads,
    forget_past_counts,
    reconcile_jobs,
)
from repository.tasks.worker import start_heartbeat

__all__ = [
    "answer_bell",
    "check_due_objects",
    "collect_stored_objects",
    "expire_uploads",
    "forget_past_counts",
    "reconcile_jobs",
    "send_message",
    "start_heartbeat",
    "tell_registrar",
]
