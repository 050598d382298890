"""Sending messages: an outbox, so that no request waits for a mail server and no message is lost with one.

A message is marked as sent after the server took it. A worker that is killed in between sends it again, with the same
Message-ID: two copies, never none.
"""

from functools import partial

from django.db import transaction

from repository.errors import RepositoryError, TransientError
from repository.integrations.mail import MailRefusedError, MailUnavailableError
from repository.services.jobs import ClaimedJob
from repository.services.messages import (
    compose_mail,
    find_waiting_message,
    get_mail_transport,
    mark_sent,
    mark_unsendable,
    note_delay,
)
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind
from repository.tasks.letters import compose_letter


def send_message(claim: ClaimedJob, progress: JobProgress) -> Apply:
    """Hand the message over, unless that was done."""
    message = find_waiting_message(message_id=claim.target)
    if message is None:
        return _do_nothing
    progress.report(0.5, "Sending a message.")
    with transaction.atomic():
        letter = compose_letter(message)
    mail = compose_mail(message, recipient=letter.recipient, subject=letter.subject, text=letter.text)
    try:
        get_mail_transport().send(mail)
    except MailRefusedError as fault:
        raise RepositoryError(str(fault)) from fault
    except MailUnavailableError as fault:
        note_delay(message_id=message.pk, reason=str(fault))
        raise TransientError(str(fault)) from fault
    return partial(mark_sent, message_id=message.pk)


def _do_nothing() -> None:
    """Settle a job whose message is settled."""


def _note_failure(claim: ClaimedJob, reason: str) -> None:
    message = find_waiting_message(message_id=claim.target)
    if message is not None:
        mark_unsendable(message_id=message.pk, reason=reason)


register_kind("send_message", JobKind(work=send_message, apply_failure=_note_failure, lane="short"))
