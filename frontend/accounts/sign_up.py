"""Making an account: a mail address first, then, by the link that was sent there, a name and a password.

Nobody learns from the first page whether an address has an account, and nobody is asked for a name before the address
is confirmed. Opening the link changes nothing: programs that look into mails open links too.
"""

from http import HTTPStatus
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.views import PasswordResetFromKeyView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from frontend.accounts.forms import SignUpForm
from frontend.views.answers import answer_page, answering_refusals
from repository.errors import InvalidMetadataError
from repository.services.sign_up import NewAccount, confirm_by_reset, create_account, read_sign_up_key


@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def start_account(request: HttpRequest) -> HttpResponse:
    """Take a mail address, and say the same to everybody."""
    form = SignUpForm(request.POST if request.method == "POST" else None)
    if request.method != "POST":
        return answer_page(request, "account/signup.html", {"form": form})
    if not form.is_valid():
        status = HTTPStatus.UNPROCESSABLE_ENTITY
        return answer_page(request, "account/signup.html", {"form": form}, status=status)
    form.save()
    return HttpResponseRedirect(reverse("account_email_verification_sent"))


@sensitive_post_parameters("password", "password2")
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def finish_account(request: HttpRequest, key: str) -> HttpResponse:
    """Take name and password of whoever was sent the link; make the account and sign in."""
    address = read_sign_up_key(key)
    if request.method != "POST":
        return _answer(request, address)
    wanted = NewAccount(
        username=request.POST.get("username", ""),
        full_name=request.POST.get("full_name", ""),
        password=request.POST.get("password", ""),
        password_again=request.POST.get("password2", ""),
    )
    try:
        user = create_account(key=key, wanted=wanted)
    except InvalidMetadataError as problem:
        return _answer(request, address, wanted=wanted, problem=problem)
    get_adapter(request).login(request, user)
    messages.success(request, f"Your account is made, {user}.")
    return HttpResponseRedirect(reverse("deposits"))


def _answer(
    request: HttpRequest,
    address: str,
    *,
    wanted: NewAccount | None = None,
    problem: InvalidMetadataError | None = None,
) -> HttpResponse:
    context = {
        "address": address,
        "wanted": wanted,
        "problem": problem,
        "wrong_field": problem.pointer.removeprefix("/") if problem else "",
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if problem else HTTPStatus.OK
    answer = answer_page(request, "account/signup_finish.html", context, status=status)
    answer["Referrer-Policy"] = "strict-origin"  # the address is a key; the form needs its origin
    return answer


class NewPasswordView(PasswordResetFromKeyView):  # type: ignore[misc]  # allauth is untyped
    """Choosing a password by the link of a message; opening it changes nothing, and it works once."""

    def form_valid(self, form: Any) -> HttpResponse:
        """Set the password. Whoever got here reads the account's mail, so its address is confirmed."""
        answer: HttpResponse = super().form_valid(form)
        confirm_by_reset(user=self.reset_user)
        return answer
