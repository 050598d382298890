import datetime as dt
from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from repository.errors import InvalidMetadataError, NotFoundError
from repository.models import ApiToken, User
from repository.services.audit import record_event

LONGEST_LIFE = dt.timedelta(days=366)


def create_token(
    *, user: User, name: str, scopes: Sequence[str], lifetime: dt.timedelta
) -> tuple[ApiToken, str]:
    """Make a token; its text is returned this once and only its hash is kept."""
    unknown = [scope for scope in scopes if scope not in ApiToken.SCOPES]
    if unknown or not scopes:
        raise InvalidMetadataError(
            f"Unknown scope {', '.join(unknown)}." if unknown else "A token needs at least one scope.",
            pointer="/scopes",
            hint=f"Choose among {', '.join(ApiToken.SCOPES)}.",
        )
    if not dt.timedelta(0) < lifetime <= LONGEST_LIFE:
        raise InvalidMetadataError("A token lives between one day and one year.", pointer="/days")
    with transaction.atomic():
        token, text = ApiToken.objects.create(
            user=user, expiry=lifetime, name=name[:100], scopes=sorted(set(scopes))
        )
        record_event(
            actor=user,
            action="token.create",
            target=user.username,
            detail={"name": name, "scopes": list(scopes)},
        )
    return token, text


def revoke_token(*, user: User, token_key: str) -> None:
    """End a token at once."""
    with transaction.atomic():
        deleted, _ = ApiToken.objects.filter(user=user, token_key=token_key).delete()
        if not deleted:
            raise NotFoundError("There is no such token.")
        record_event(actor=user, action="token.revoke", target=user.username, detail={"token_key": token_key})


def ensure_account(*, username: str, password: str, role: str, full_name: str) -> tuple[User, str]:
    """Make sure an operator's account exists, and give it a fresh token with all scopes for 30 days.

    Older tokens of the same name are revoked, so that a restart leaves one behind, not many.
    """
    with transaction.atomic():
        user, created = User.objects.get_or_create(
            username=username,
            defaults={
                "role": role,
                "full_name": full_name,
                "is_staff": True,
                "is_superuser": role == "admin",
            },
        )
        if created or not user.check_password(password):
            user.set_password(password)
            user.save()
        ApiToken.objects.filter(user=user, name="credentials.json").delete()
        _, text = create_token(
            user=user, name="credentials.json", scopes=ApiToken.SCOPES, lifetime=dt.timedelta(days=30)
        )
    return user, text


def note_token_use(*, token: ApiToken) -> None:
    """Remember when a token was last used, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > dt.timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
