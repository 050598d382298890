"""Forms that are told the same answer whatever they are given."""

from typing import Any

from django import forms
from django.http import HttpRequest

from repository.errors import InvalidMetadataError
from repository.services.messages import require_address
from repository.workflows.mail import ask_for_account, ask_for_new_password


class _AddressForm(forms.Form):
    email = forms.EmailField(
        label="Mail address",
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean_email(self) -> str:
        """Return the address in its one spelling, if a mail server can be told it."""
        address: str = self.cleaned_data["email"]
        return clean_address(address)


def clean_address(address: str) -> str:
    """Return the address in its one spelling, or say at the field that nothing can be sent there."""
    try:
        return require_address(address)
    except InvalidMetadataError as refusal:
        raise forms.ValidationError(f"{refusal.message} {refusal.hint}") from refusal


class ForgottenPasswordForm(_AddressForm):
    """Asks for a new password. Whether the address has an account is looked up by the job, not here."""

    def save(self, request: HttpRequest, **_: Any) -> str:  # noqa: ARG002  # allauth's signature
        """Have the message sent; return the address."""
        address: str = self.cleaned_data["email"]
        ask_for_new_password(address=address)
        return address


class SignUpForm(_AddressForm):
    """Asks for an account. Whether the address has one is looked up by the job, not here."""

    def save(self) -> None:
        """Have the message sent."""
        ask_for_account(address=self.cleaned_data["email"])
