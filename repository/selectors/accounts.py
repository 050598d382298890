import datetime as dt
from dataclasses import dataclass

from repository.models import ApiToken, User
from repository.models.account_addresses import find_account, find_address
from repository.models.accounts import name_ror
from repository.models.stored_object import StorageUse, measure_use

TOKEN_SCOPES = ApiToken.SCOPES


@dataclass(frozen=True, slots=True)
class AccountView:
    """Who a visitor is and what the token in use may do."""

    username: str
    name: str
    orcid: str
    affiliation: str
    affiliation_ror: str
    address: str
    is_address_confirmed: bool
    role: str
    scopes: tuple[str, ...]
    expiry: dt.datetime | None
    mails_when_read: bool
    storage: StorageUse


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token without its secret."""

    key: str
    name: str
    scopes: tuple[str, ...]
    created: dt.datetime
    expiry: dt.datetime | None
    last_used_at: dt.datetime | None


def find_by_address(address: str) -> User | None:
    """Return the account that a mail address opens; it asks the database the same where there is none."""
    return find_account(address)


def describe_account(user: User, token: ApiToken | None) -> AccountView:
    """Return the account; a browser session has all scopes."""
    address, is_confirmed = find_address(user)
    return AccountView(
        username=user.username,
        name=user.full_name,
        orcid=user.orcid,
        affiliation=user.affiliation,
        affiliation_ror=name_ror(user.affiliation_ror),
        address=address,
        is_address_confirmed=is_confirmed,
        role=user.role,
        scopes=tuple(token.scopes) if token is not None else ApiToken.SCOPES,
        expiry=token.expiry if token is not None else None,
        mails_when_read=user.mails_when_read,
        storage=measure_use(user),
    )


def list_tokens(user: User) -> list[TokenView]:
    """Return the person's tokens, newest first."""
    return [
        TokenView(
            key=token.token_key,
            name=token.name,
            scopes=tuple(token.scopes),
            created=token.created,
            expiry=token.expiry,
            last_used_at=token.last_used_at,
        )
        for token in ApiToken.objects.filter(user=user).order_by("-created")
    ]
