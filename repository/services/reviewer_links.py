"""Links by which somebody without an account reads one deposit: made, taken back, and their openings written down."""

import datetime as dt
import secrets
import uuid

from django.db import transaction
from django.utils import timezone

from repository.errors import InvalidMetadataError, NotFoundError, StateConflictError
from repository.models import AuditEvent, ReviewerLink, User
from repository.models.reviewer_link import digest_key
from repository.services.audit import record_event
from repository.services.deposits import lock_deposit

LONGEST_LIFE = dt.timedelta(days=366)
MOST_LINKS = 50
"""Of one deposit that are good at a time."""
_LONGEST_LABEL = 100
_KEY_BYTES = 32
_OPENED_AGAIN = dt.timedelta(minutes=1)


def create_reviewer_link(
    *, deposit_id: str, actor: User, label: str, lifetime: dt.timedelta
) -> tuple[ReviewerLink, str]:
    """Make a link; its key is returned this once and only its digest is kept.

    Raises
    ------
    InvalidMetadataError
        It is for nobody, or for no time or too long.
    StateConflictError
        The deposit has as many as any may have.
    """
    label = " ".join(label.split())
    if not label or len(label) > _LONGEST_LABEL or "\x00" in label:
        raise InvalidMetadataError(
            "Say whom the link is for.",
            pointer="/for_whom",
            hint=f"Such as “Reviewers of the journal”, in {_LONGEST_LABEL} letters at most: it tells your links apart.",
        )
    if not dt.timedelta(0) < lifetime <= LONGEST_LIFE:
        raise InvalidMetadataError(
            "A link is good for between one day and one year.",
            pointer="/days",
            hint="Make another one when it is over.",
        )
    key = secrets.token_urlsafe(_KEY_BYTES)
    with transaction.atomic():
        deposit = lock_deposit(deposit_id=deposit_id)
        now = timezone.now()
        if deposit.reviewer_links.filter(revoked_at=None, expires_at__gt=now).count() >= MOST_LINKS:
            raise StateConflictError(
                f"The deposit has {MOST_LINKS} links, and none has more.",
                hint="Take back one that is not needed.",
            )
        link = ReviewerLink.objects.create(
            deposit=deposit,
            label=label,
            digest=digest_key(key),
            created_by=actor,
            created_at=now,
            expires_at=now + lifetime,
        )
        record_event(
            actor=actor,
            action="link.create",
            target=deposit.pk,
            detail={
                "link": str(link.pk),
                "label": label,
                "until": link.expires_at.isoformat(timespec="seconds"),
            },
        )
    return link, key


def revoke_reviewer_link(*, deposit_id: str, actor: User, link_id: uuid.UUID) -> None:
    """End a link at once; one that is over already stays as it is.

    Raises
    ------
    NotFoundError
        The deposit has no such link.
    """
    with transaction.atomic():
        link = ReviewerLink.objects.select_for_update().filter(pk=link_id, deposit_id=deposit_id).first()
        if link is None:
            raise NotFoundError(f"The deposit {deposit_id} has no such link.", hint="Reload the page.")
        if link.revoked_at is None:
            link.revoked_at = timezone.now()
            link.save(update_fields=["revoked_at"])
            detail = {"link": str(link.pk), "label": link.label}
            record_event(actor=actor, action="link.revoke", target=deposit_id, detail=detail)


def open_reviewer_link(*, key: str) -> ReviewerLink:
    """Write down that a link was opened, once a minute at most, and return it.

    Raises
    ------
    NotFoundError
        It is unknown, was taken back, or is over: whoever guesses cannot tell which.
    """
    with transaction.atomic():
        rows = ReviewerLink.objects.select_for_update(of=("self",)).select_related("deposit")
        link = rows.filter(digest=digest_key(key)).first()
        now = timezone.now()
        if link is None or link.revoked_at is not None or link.expires_at <= now:
            raise NotFoundError(
                "This link does not lead anywhere, or not any more.",
                hint="Ask whoever gave it to you for another one: links end at a date, and can be taken back.",
            )
        openings = AuditEvent.objects.filter(
            action="link.open", target=link.deposit_id, detail__link=str(link.pk)
        )
        if not openings.filter(at__gt=now - _OPENED_AGAIN).exists():
            record_event(
                actor=None, action="link.open", target=link.deposit_id, detail={"link": str(link.pk)}
            )
    return link
