"""Which account a mail address belongs to. Whoever confirmed it comes before whoever only named it.

The database only narrows the search: its letter cases take a dotless i for an i. Addresses are the same if their
canonical forms are.
"""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db.models import Q

from repository.mail_addresses import canonicalize_address, spell_out
from repository.models.accounts import User

_NOBODY = "@"
"""What is asked for where an address has no canonical form: accounts without one must not be read."""


@dataclass(frozen=True, slots=True)
class Holding:
    """An account and the address that is stored in it: mail about the account goes there."""

    user: User
    address: str

    @classmethod
    def of(cls, user: User, stored: str) -> "Holding":
        """Return the account with its stored address in the one spelling."""
        return cls(user, canonicalize_address(stored))


def find_holding(address: str) -> Holding | None:
    """Return the account that an address opens, `None` where there is none.

    An account that named the address and confirmed none has it too, as accounts from before confirmation do, unless
    two of them name the same one: then nobody can say whose it is. Both questions are always asked, so that an
    answer takes as long for an unknown address.
    """
    address = canonicalize_address(address)
    confirmed = _list_confirmed(address)
    with_another = EmailAddress.objects.filter(verified=True).values("user_id")
    named = _list_named(address, Q(is_active=True) & ~Q(pk__in=with_another))
    if confirmed:
        return Holding.of(confirmed[0].user, confirmed[0].email) if confirmed[0].user.is_active else None
    return Holding.of(named[0], named[0].email) if len(named) == 1 else None


def find_account(address: str) -> User | None:
    """Return the account that an address opens, `None` where there is none."""
    holding = find_holding(address)
    return holding.user if holding is not None else None


def is_taken(address: str) -> bool:
    """Return whether no account can be made with the address: one has it, or one that was closed had it."""
    address = canonicalize_address(address)
    return (
        bool(_list_confirmed(address))
        or bool(_list_named(address, Q(is_active=False)))
        or find_account(address) is not None
    )


def is_confirmed(address: str) -> bool:
    """Return whether an account has confirmed the address."""
    return bool(_list_confirmed(canonicalize_address(address)))


def find_address(user: User) -> tuple[str, bool]:
    """Return the address of an account, and whether it was confirmed."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk").first()
    return (user.email, False) if confirmed is None else (confirmed.email, True)


def list_confirmed_addresses(user: User) -> list[str]:
    """Return the addresses that an account has confirmed, each in its one spelling."""
    stored = EmailAddress.objects.filter(user=user, verified=True).values_list("email", flat=True)
    return [canonical for address in stored if (canonical := canonicalize_address(address))]


def confirm_address(user: User, address: str) -> None:
    """Note that the person reads what is sent to the address; it becomes the account's only one."""
    address = canonicalize_address(address)
    if not address:
        raise ValueError("Nothing is ever sent to this address, so nobody confirms it.")
    EmailAddress.objects.filter(user=user).exclude(email=address).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=address, defaults={"verified": True, "primary": True}
    )
    if user.email != address:
        user.email = address
        user.save(update_fields=["email"])


def _list_confirmed(address: str) -> list[EmailAddress]:
    address = address or _NOBODY
    stored = EmailAddress.objects.filter(email__in=(address, spell_out(address)), verified=True)
    return [row for row in stored.select_related("user") if canonicalize_address(row.email) == address]


def _list_named(address: str, which: Q) -> list[User]:
    address = address or _NOBODY
    stored = User.objects.filter(which, Q(email__iexact=address) | Q(email__iexact=spell_out(address)))
    return [user for user in stored if canonicalize_address(user.email) == address]
