"""How the mail goes, for pages and operators."""

from dataclasses import dataclass

from django.conf import settings
from django.db.models import Count, F, Max, Q
from django.db.models.functions import Now

from repository.models import Message


@dataclass(frozen=True, slots=True)
class MailLoad:
    """What the outbox holds: messages by state, and for how long the oldest one waits."""

    messages: dict[str, int]
    oldest_s: float


def sends_mail() -> bool:
    """Return whether messages leave this server, or lie in the mail folder until the operator hands them on."""
    return settings.MAIL_SERVER is not None


def measure_mail() -> MailLoad:
    """Count the messages in each state, in one query."""
    counts = dict.fromkeys(Message.State.values, 0)
    is_waiting = Q(state=Message.State.WAITING)
    rows = Message.objects.values_list("state").annotate(
        count=Count("pk"), wait=Max(Now() - F("created_at"), filter=is_waiting)
    )
    oldest_s = 0.0
    for state, count, wait in rows.order_by():
        counts[state] = count
        oldest_s = wait.total_seconds() if wait is not None else oldest_s
    return MailLoad(counts, oldest_s)
