"""How a name and a password become an account: after exactly one hash, whoever asks for whomever."""

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.http import HttpRequest

from repository.selectors.accounts import find_account_to_sign_in, spend_a_hash


class PasswordBackend(ModelBackend):
    """Takes a user name or a mail address.

    A library that asked by name and by address in turn took one hash longer for an address that has an account: that is
    heard from outside. Here an unknown name, a wrong password and a closed account cost the same and are told the same.
    """

    def authenticate(
        self,
        request: HttpRequest | None,  # noqa: ARG002  # Django's signature
        username: str | None = None,
        password: str | None = None,
        email: str | None = None,
        **_: Any,
    ) -> Any:
        """Return the account, or `None`."""
        name = username or email
        if not name or not password:
            return None
        user = find_account_to_sign_in(name)
        if user is None:
            spend_a_hash(password)
            return None
        return user if user.check_password(password) and self.user_can_authenticate(user) else None
