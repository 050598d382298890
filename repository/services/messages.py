"""Messages to people: written down with what they are about, sent by a job, forgotten a month later."""

import datetime as dt
import uuid
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from pathlib import Path

from django.conf import settings
from django.db.models.functions import Now

from repository.errors import InvalidMetadataError
from repository.integrations.mail import (
    FolderTransport,
    MailTransport,
    SmtpTransport,
    is_address,
)
from repository.mail_addresses import canonicalize_address
from repository.models import Message

KEPT = dt.timedelta(days=30)
_LONGEST_ERROR = 500
_LONGEST_SUBJECT = 300


def get_mail_transport() -> MailTransport:
    """Return who takes messages: the operator's mail server where one is set, else the mail folder."""
    server = settings.MAIL_SERVER
    if server is None:
        return FolderTransport(Path(settings.STEMMA_HOME) / "mail")
    return SmtpTransport(
        host=server.host,
        port=server.port,
        encryption=server.encryption,
        user=server.user,
        password=server.password,
    )


def create_message(*, purpose: Message.Purpose, recipient: str, subject: str = "", text: str = "") -> Message:
    """Write a message down; call it in the transaction of what it is about."""
    address = require_address(recipient)
    one_line = " ".join(subject.split())[:_LONGEST_SUBJECT]
    return Message.objects.create(purpose=purpose, recipient=address, subject=one_line, text=text)


def require_address(text: str) -> str:
    """Return an address in its one spelling; refuse what no mail server can be told."""
    address = canonicalize_address(text)
    if not address or not is_address(address):
        raise InvalidMetadataError(
            "No message can be sent to this address.",
            pointer="/address",
            hint="Write it as name@example.org.",
        )
    return address


def find_waiting_message(*, message_id: str) -> Message | None:
    """Return a message that is still to be sent."""
    return Message.objects.filter(pk=uuid.UUID(message_id), state=Message.State.WAITING).first()


def compose_mail(message: Message, *, recipient: str, subject: str, text: str) -> EmailMessage:
    """Return the mail of a message; a second copy has the same Message-ID, by which mail programs know it."""
    mail = EmailMessage(policy=SMTP)
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    mail["From"] = settings.DEFAULT_FROM_EMAIL
    mail["To"] = require_address(recipient)
    mail["Subject"] = subject
    mail["Date"] = format_datetime(message.created_at)
    mail["Message-ID"] = f"<{message.pk}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # an absence note answers none of these
    mail.set_content(text)
    return mail


def mark_sent(*, message_id: uuid.UUID) -> None:
    """Note that the message was taken, and forget what it said."""
    _settle(message_id, Message.State.SENT, error="")


def mark_unsendable(*, message_id: uuid.UUID, reason: str) -> None:
    """Note that the message is never taken, and forget what it said; the person can ask for another one."""
    _settle(message_id, Message.State.FAILED, error=reason)


def note_delay(*, message_id: uuid.UUID, reason: str) -> None:
    """Note why the message was not taken yet."""
    waiting = Message.objects.filter(pk=message_id, state=Message.State.WAITING)
    waiting.update(last_error=reason[:_LONGEST_ERROR])


def forget_messages() -> int:
    """Remove messages that were settled long ago; return how many. Addresses are not kept for ever."""
    old = Message.objects.exclude(state=Message.State.WAITING).filter(settled_at__lt=Now() - KEPT)
    removed, _ = old.delete()
    return removed


def _settle(message_id: uuid.UUID, state: Message.State, *, error: str) -> None:
    Message.objects.filter(pk=message_id, state=Message.State.WAITING).update(
        state=state, settled_at=Now(), text="", last_error=error[:_LONGEST_ERROR]
    )
