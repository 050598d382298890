import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from knox.crypto import hash_token

from repository.errors import InvalidMetadataError, NotFoundError
from repository.models import ApiToken, User
from repository.models.accounts import require_name
from repository.services.audit import record_event
from repository.services.outside_identifiers import read_orcid, read_ror

LONGEST_LIFE = dt.timedelta(days=366)
OPERATOR_TOKEN = "credentials.json"  # noqa: S105  # the name of a token, after the file it stands in
OPERATOR_TOKEN_LIFE = dt.timedelta(days=30)


def set_mails_when_read(*, user: User, wanted: bool) -> None:
    """Say whether a mail is to tell that a deposit was read and what waits."""
    with transaction.atomic():
        user.mails_when_read = wanted
        user.save(update_fields=["mails_when_read"])
        record_event(actor=user, action="account.mails", target=user.username, detail={"when_read": wanted})


def update_profile(*, user: User, changes: Mapping[str, str]) -> User:
    """Change what a person says of themselves; a new deposit names its creator by it.

    Parameters
    ----------
    changes
        Any of `name`, `orcid`, `affiliation` and `affiliation_ror`; what is not named stays, empty takes away.

    Raises
    ------
    InvalidMetadataError
        A text is too long, or an identifier is none.
    """
    with transaction.atomic():
        user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        written = {}
        for name, text in changes.items():
            field, read = _PROFILE[name]
            value = read(text)
            if value != getattr(user, field):
                setattr(user, field, value)
                written[name] = value
        if written:
            user.save(update_fields=[_PROFILE[name][0] for name in written])
            record_event(
                actor=user,
                action="account.profile",
                target=user.username,
                detail={"changed": sorted(written)},
            )
    return user


def _read_line(pointer: str, longest: int, text: str) -> str:
    line = " ".join(text.split())
    if len(line) > longest or "\x00" in line:
        raise InvalidMetadataError(
            "This text cannot be kept.", pointer=pointer, hint=f"Write it in {longest} letters at most."
        )
    return line


_PROFILE: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "name": ("full_name", partial(_read_line, "/name", 200)),
    "orcid": ("orcid", read_orcid),
    "affiliation": ("affiliation", partial(_read_line, "/affiliation", 300)),
    "affiliation_ror": ("affiliation_ror", partial(read_ror, pointer="/affiliation_ror")),
}


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


def ensure_account(
    *, username: str, password: str, role: str, full_name: str, former_token: str = ""
) -> tuple[User, str]:
    """Make sure an operator's account exists, and that it has one token with all scopes for 30 days.

    The token that it had is renewed where its text is handed in: programs that wait for a restart go on with
    it. Other tokens of the same name are revoked, so that a restart leaves one behind, not many.
    """
    with transaction.atomic():
        if not User.objects.filter(username=username).exists():
            require_new_name(username)
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
        known = ApiToken.objects.filter(user=user, name=OPERATOR_TOKEN)
        former = known.filter(digest=hash_token(former_token)).first() if former_token else None
        known.exclude(pk=former.pk if former else None).delete()
        if former is None:
            _, text = create_token(
                user=user, name=OPERATOR_TOKEN, scopes=ApiToken.SCOPES, lifetime=OPERATOR_TOKEN_LIFE
            )
            return user, text
        former.expiry = timezone.now() + OPERATOR_TOKEN_LIFE
        former.scopes = sorted(ApiToken.SCOPES)
        former.save()
        record_event(actor=user, action="token.renew", target=user.username, detail={"name": OPERATOR_TOKEN})
    return user, former_token


def require_new_name(username: str) -> None:
    """Refuse a name that no new account may have."""
    try:
        require_name(username)
    except ValidationError as fault:
        raise InvalidMetadataError(" ".join(fault.messages), pointer="/username") from fault


def note_token_use(*, token: ApiToken) -> None:
    """Remember when a token was last used, at most once a minute."""
    now = timezone.now()
    if token.last_used_at is None or now - token.last_used_at > dt.timedelta(minutes=1):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
