"""Trying a password takes as long for a name that does not exist as for one that does."""

from collections.abc import Mapping
from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import get_user_by_username
from django.http import HttpRequest

from repository.selectors.accounts import find_by_address


class EvenBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth is untyped
    """Computes one hash for each way to read what was typed, whether it finds an account or not.

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
