from typing import Any

from allauth.account.views import PasswordResetFromKeyView
from django.http import HttpResponse

from repository.services.sign_up import confirm_by_reset


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]  # allauth is untyped
    """Choosing a password by the link of a message; opening it changes nothing, and it works once."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password. Whoever got here reads the account's mail, so its address is confirmed."""
        answer: HttpResponse = super().form_valid(form)
        confirm_by_reset(user=self.reset_user)
        return answer
