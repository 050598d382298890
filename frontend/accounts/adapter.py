"""What the library of the account forms asks us: here, before and after a password is tried."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import get_user_by_username
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from frontend.accounts.devices import read_device
from frontend.accounts.forms import clean_address
from repository.errors import InvalidMetadataError
from repository.limits import (
    PASSWORDS_OF_ACCOUNT,
    PASSWORDS_OF_ADDRESS,
    PASSWORDS_OF_DEVICE,
    PASSWORDS_OF_NAME,
    PASSWORDS_OF_PAIR,
    Charge,
    name_network,
)
from repository.selectors import addresses
from repository.selectors.accounts import find_by_address
from repository.services.accounts import require_new_name
from repository.services.limits import count_attempt, fold_typed, give_back, has_room


class EvenBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth is untyped
    """Trying a password takes as long for a name that does not exist as for one that does.

    One hash is computed for each way to read what was typed, whether it finds an account or not.

    The mail address goes first: nobody may keep its owner out by taking it for a user name.
    """

    def authenticate(self, _request: HttpRequest | None, **credentials: Any) -> Any:
        """Return the account whose password it is."""
        password = credentials.get("password")
        if not password:
            return None
        for account in list_accounts(credentials):
            if account is None:
                self._mitigate_timing_attack(password)
            elif (user := self._check_password(account, password)) is not None:
                return user
        return None


def list_accounts(credentials: Mapping[str, Any]) -> list[Any]:
    """Return the account for each way to read what was typed, `None` where there is none.

    Each way asks the database the same whether it finds one or not. An address that is not confirmed opens nothing,
    unless the account is from before confirmation.
    """
    found: list[Any] = []
    if credentials.get("email"):
        found.append(find_by_address(credentials["email"]))
    if credentials.get("username"):
        found.append(get_user_by_username(credentials["username"]))
    return found


class LinksAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Links in messages lead to the address that people know, never to the host that a request names."""

    def get_email_confirmation_url(self, request: HttpRequest, emailconfirmation: Any) -> str:  # noqa: ARG002
        """Return the link that confirms an address."""
        return addresses.confirmation(emailconfirmation.key)

    def get_reset_password_from_key_url(self, key: str) -> str:
        """Return the link that chooses a password."""
        account, _, secret = key.partition("-")
        return addresses.new_password(account, secret)

    def clean_email(self, email: str) -> str:
        """Return the address in its one spelling, if a mail server can be told it."""
        return clean_address(email)

    def format_email_subject(self, subject: str) -> str:
        """Return the subject as it was written."""
        return str(subject)


_WRONG = (
    "There is no account with this name and password. After many wrong passwords, of whomever, an account opens for "
    "a while only where it was opened before: if you are sure of yours, ask for a new one by mail (“Forgot your "
    "password?”)."
)


class AccountAdapter(LinksAdapter):
    """Counts wrong passwords, and has names that are no addresses."""

    error_messages: ClassVar = {
        **LinksAdapter.error_messages,
        "username_password_mismatch": _WRONG,
        "email_password_mismatch": _WRONG,
    }

    def clean_username(self, username: str, shallow: bool = False) -> str:  # allauth's signature
        """Return a name that a new account may have."""
        try:
            require_new_name(username)
        except InvalidMetadataError as refusal:
            raise ValidationError(refusal.message) from refusal
        return str(super().clean_username(username, shallow))

    def authenticate(self, request: HttpRequest, **credentials: Any) -> Any:
        """Try a password; one that is right was not counted in the end.

        Counting first, so that a thousand guesses at once are not all tried before the first one is counted. Where an
        account has been guessed at too often, a right password of an unknown device is answered like a wrong one, and
        counted like it: else a stranger could tell one from the other, and whether there is an account at all.
        """
        attempt = weigh_attempt(request, credentials)
        count_attempt(*attempt.told)
        counted = {pk: has_room(charge) for pk, charge in attempt.silent.items()}
        user = super().authenticate(request, **credentials)
        if user is None or not counted.get(user.pk, True):
            return None
        give_back(*attempt.told, *(charge for pk, charge in attempt.silent.items() if counted[pk]))
        return user


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a wrong password counts as.

    Attributes
    ----------
    told
        Counts whose end is answered with 429: they follow from what was typed, and from where.
    silent
        Counts of the accounts that were tried, by their keys; for each way to read the name that finds none, one that
        nobody asks, so that the database does the same.
    """

    told: tuple[Charge, ...]
    silent: Mapping[Any, Charge]


def weigh_attempt(request: HttpRequest, credentials: Mapping[str, Any]) -> Attempt:
    """Return what a wrong password counts as: a stranger is told the same whether there is an account or not."""
    accounts = list_accounts(credentials)
    name = fold_typed(credentials.get("email") or credentials.get("username") or "")
    user = next((found for found in accounts if found is not None), None)
    device = read_device(request.COOKIES)
    is_known = device is not None and user is not None and device.knows(user.pk)
    silent = {
        (f"none {number}" if found is None else found.pk): PASSWORDS_OF_ACCOUNT.of(
            f"no account {number} {name}" if found is None else f"account {found.pk}"
        )
        for number, found in enumerate(accounts)
        if not (is_known and found == user)
    }
    if device is not None and user is not None and is_known:
        return Attempt((PASSWORDS_OF_DEVICE.of(device.id, f"account {user.pk}"),), silent)
    network = name_network(str(request.META.get("REMOTE_ADDR") or ""))
    told = (PASSWORDS_OF_PAIR.of(network, name), PASSWORDS_OF_ADDRESS.of(network), PASSWORDS_OF_NAME.of(name))
    return Attempt(told, silent)
