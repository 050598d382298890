"""Links for reviewers: a key that an owner handed out opens one deposit until it ends or is taken back."""

from django.utils import timezone

from repository.models.reviewer_link import GRANT_KIND, digest_key
from repository.selectors.grant_kinds import GrantKind
from repository.selectors.visibility import Grant, find_reviewer_link

LONGEST_KEY = 100


def find_grant(key: str) -> Grant | None:
    """Return what a key opens, None where it is unknown, taken back, or over."""
    if len(key) > LONGEST_KEY:
        return None
    link = find_reviewer_link(digest_key(key))
    if link is None or link.revoked_at is not None or link.expires_at <= timezone.now():
        return None
    return Grant(link.deposit_id, until=link.expires_at)


KIND = GrantKind(name=GRANT_KIND, find=find_grant)
