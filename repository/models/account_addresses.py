"""Which account a mail address belongs to. Whoever confirmed it comes before whoever only named it."""

from allauth.account.models import EmailAddress

from repository.models.accounts import User


def normalize_address(text: str) -> str:
    """Return an address as it is compared: without spaces around it, in small letters."""
    return text.strip().lower()


def find_account(address: str) -> User | None:
    """Return the account that an address opens, `None` where there is none.

    An account that named the address and confirmed none has it too, as accounts from before confirmation do, unless
    two of them name the same one: then nobody can say whose it is.
    """
    address = normalize_address(address)
    confirmed = EmailAddress.objects.filter(email=address, verified=True).select_related("user").first()
    if confirmed is not None:
        owner: User = confirmed.user
        return owner if owner.is_active else None
    with_another = EmailAddress.objects.filter(verified=True).values("user_id")
    named = list(User.objects.filter(email__iexact=address, is_active=True).exclude(pk__in=with_another)[:2])
    return named[0] if len(named) == 1 else None


def is_taken(address: str) -> bool:
    """Return whether no account can be made with the address: one has it, or one that was closed had it."""
    address = normalize_address(address)
    return (
        EmailAddress.objects.filter(email=address, verified=True).exists()
        or User.objects.filter(email__iexact=address, is_active=False).exists()
        or find_account(address) is not None
    )


def find_address(user: User) -> tuple[str, bool]:
    """Return the address of an account, and whether it was confirmed."""
    confirmed = EmailAddress.objects.filter(user=user, verified=True).order_by("-primary", "pk").first()
    return (user.email, False) if confirmed is None else (confirmed.email, True)


def confirm_address(user: User, address: str) -> None:
    """Note that the person reads what is sent to the address; it becomes the account's only one."""
    address = normalize_address(address)
    EmailAddress.objects.filter(user=user).exclude(email=address).delete()
    EmailAddress.objects.update_or_create(
        user=user, email=address, defaults={"verified": True, "primary": True}
    )
    if user.email != address:
        user.email = address
        user.save(update_fields=["email"])
