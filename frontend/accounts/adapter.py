"""What the library of the account forms asks us: here, before and after a password is tried."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest

from frontend.accounts.backend import list_accounts
from frontend.accounts.devices import read_device
from frontend.accounts.links import LinksAdapter
from repository.errors import InvalidMetadataError
from repository.limits import (
    PASSWORDS_OF_ACCOUNT,
    PASSWORDS_OF_ADDRESS,
    PASSWORDS_OF_DEVICE,
    PASSWORDS_OF_PAIR,
    Charge,
    fold_name,
    name_network,
)
from repository.services.accounts import require_new_name
from repository.services.limits import count_attempt, give_back


class AccountAdapter(LinksAdapter):
    """Counts wrong passwords, and has names that are no addresses."""

    def clean_username(self, username: str, shallow: bool = False) -> str:  # allauth's signature
        """Return a name that a new account may have."""
        try:
            require_new_name(username)
        except InvalidMetadataError as refusal:
            raise ValidationError(refusal.message) from refusal
        return str(super().clean_username(username, shallow))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Try a password; one that is right was not counted in the end.

        Counting first, so that a thousand guesses at once are not all tried before the first one is counted.
        """
        charges = list_password_charges(request, credentials)
        count_attempt(*charges)
        user = super().authenticate(request, **credentials)
        if user is not None:
            give_back(*charges)
        return user


def list_password_charges(request: HttpRequest, credentials: Mapping[str, Any]) -> tuple[Charge, ...]:
    """Return what a wrong password counts as; whether there is such an account makes no difference.

    An account has one count under its user name and its mail address; a name without an account has its own.
    """
    user = next((found for found in list_accounts(credentials) if found is not None), None)
    name = credentials.get("email") or credentials.get("username") or ""
    account = f"name {fold_name(name)}" if user is None else f"account {user.pk}"
    device = read_device(request.COOKIES)
    if device is not None and user is not None and device.knows(user.pk):
        return (PASSWORDS_OF_DEVICE.of(device.id, account),)
    network = name_network(str(request.META.get("REMOTE_ADDR") or ""))
    return (
        PASSWORDS_OF_PAIR.of(network, account),
        PASSWORDS_OF_ADDRESS.of(network),
        PASSWORDS_OF_ACCOUNT.of(account),
    )
