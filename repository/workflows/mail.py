"""Messages that go out: each is a row and a job in the transaction that wants it."""

from collections.abc import Sequence
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction

from repository.models import Message
from repository.services.messages import create_message
from repository.workflows.jobs import enqueue_job

# Pauses grow to five minutes: a mail server may be away for three days, as long as links live.
_ATTEMPTS = 900


def ask_for_account(*, address: str) -> None:
    """Send a link by which an account is made, or word that there is one; nothing here looks which."""
    _post(purpose=Message.Purpose.SIGN_UP, recipient=address)


def ask_for_new_password(*, address: str) -> None:
    """Send a link by which a password is chosen, or word that there is no account; nothing here looks which."""
    _post(purpose=Message.Purpose.PASSWORD_RESET, recipient=address)


def write_to(*, recipient: str, subject: str, text: str) -> Message:
    """Send what is written here, in the transaction that it is about."""
    return _post(purpose=Message.Purpose.WRITTEN, recipient=recipient, subject=subject, text=text)


def _post(*, purpose: Message.Purpose, recipient: str, subject: str = "", text: str = "") -> Message:
    with transaction.atomic():
        message = create_message(purpose=purpose, recipient=recipient, subject=subject, text=text)
        enqueue_job(kind="send_message", target=str(message.pk), max_attempts=_ATTEMPTS)
    return message


class OutboxBackend(BaseEmailBackend):
    """Where Django and its libraries leave their mail: plain text, one message for each recipient."""

    def send_messages(self, email_messages: Sequence[Any]) -> int:
        """Write the messages down; return how many there were."""
        for mail in email_messages:
            self._write_down(mail)
        return len(email_messages)

    def _write_down(self, mail: EmailMessage) -> None:
        if mail.attachments or mail.content_subtype != "plain":
            raise ValueError("Only plain text goes out: attachments and HTML are not kept in the outbox.")
        with transaction.atomic():
            for recipient in mail.recipients():
                _post(
                    purpose=Message.Purpose.WRITTEN,
                    recipient=recipient,
                    subject=str(mail.subject),
                    text=str(mail.body),
                )
