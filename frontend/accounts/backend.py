"""Trying a password takes as long for a name that does not exist as for one that does."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from allauth.account.internal.userkit import filter_users_by_email, get_user_by_username
from django.http import HttpRequest


class EvenBackend(AuthenticationBackend):  # type: ignore[misc]  # allauth is untyped
    """Computes one hash for each way to read what was typed, whether it finds an account or not.

    The mail address goes first: nobody may keep its owner out by taking it for a user name.
    """

    def authenticate(self, _request: HttpRequest | None, **credentials: Any) -> Any:
        """Return the account whose password it is."""
        password = credentials.get("password")
        if not password:
            return None
        for account in _list_accounts(credentials):
            if account is None:
                self._mitigate_timing_attack(password)
            elif (user := self._check_password(account, password)) is not None:
                return user
        return None


def _list_accounts(credentials: dict[str, Any]) -> list[Any]:
    found = []
    if credentials.get("email"):
        owners = filter_users_by_email(credentials["email"], prefer_verified=True, for_login=True)
        found.append(next(iter(owners), None))
    if credentials.get("username"):
        found.append(get_user_by_username(credentials["username"]))
    return found
