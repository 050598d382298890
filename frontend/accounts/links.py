"""What allauth does our way: links lead to the address that people know, never to the host that a request names."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from frontend.accounts.forms import clean_address
from repository.selectors import addresses


class LinksAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth is untyped
    """Addresses and subjects of messages."""

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
