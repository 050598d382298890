"""The addresses below /accounts/: ours first, the rest is allauth's."""

from allauth.account import views as allauth_views
from django.db import transaction
from django.urls import include, path, re_path

from frontend.accounts import sign_up
from frontend.accounts.sign_up import NewPasswordView

# A change of an account and the message about it are written together, or neither is.
urlpatterns = [
    path("signup/", sign_up.start_account, name="account_signup"),
    re_path(r"^signup/(?P<key>[-:\w]+)/$", sign_up.finish_account, name="account_signup_finish"),
    path("email/", transaction.atomic(allauth_views.email), name="account_email"),
    re_path(
        r"^confirm-email/(?P<key>[-:\w]+)/$",
        transaction.atomic(allauth_views.confirm_email),
        name="account_confirm_email",
    ),
    path(
        "password/change/",
        transaction.atomic(allauth_views.password_change),
        name="account_change_password",
    ),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        transaction.atomic(NewPasswordView.as_view()),
        name="account_reset_password_from_key",
    ),
    path("", include("allauth.urls")),
]
