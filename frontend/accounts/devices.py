"""Devices that signed in to an account before. Strangers cannot use up the count of such a device.

The cookie is signed and holds the accounts only as keyed hashes of their keys: not of names, which somebody can have
without owning what another person types. It opens nothing: it only says whose count a wrong password belongs to.
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.account.signals import password_reset
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

COOKIE = "stemma_device"
LIFETIME_S = 365 * 24 * 3600
_SALT = "stemma.device.accounts"
_MOST_ACCOUNTS = 60
"""A shared machine knows its last sixty people; the cookie stays below 4 kB."""


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, and the accounts that were signed in to here."""

    id: str
    accounts: tuple[str, ...]

    def knows(self, account: int) -> bool:
        """Return whether somebody signed in to the account of this key here before."""
        return _hide(account) in self.accounts


def read_device(cookies: Mapping[str, str]) -> Device | None:
    """Return the device that a cookie of ours proves; anything else is no device."""
    try:
        said = signing.loads(cookies.get(COOKIE, ""), salt=_SALT, max_age=LIFETIME_S)
    except signing.BadSignature:
        return None
    return Device(id=said["id"], accounts=tuple(said["accounts"]))


def remember_account(device: Device | None, account: int) -> Device:
    """Return the device that also knows the account of this key, the newest first."""
    new = _hide(account)
    former = device.accounts if device else ()
    return Device(
        id=device.id if device else secrets.token_urlsafe(12),
        accounts=(new, *(other for other in former if other != new))[:_MOST_ACCOUNTS],
    )


@receiver((user_logged_in, password_reset))
def note_owner(request: HttpRequest, user: Any, **_: Any) -> None:
    """Note whose device this is from now on; `DeviceMiddleware` tells the browser.

    Somebody signed in, in whatever way, or set a new password by a link out of a mail: then the password is tried next,
    and strangers who guess must not be in its way.
    """
    setattr(request, "device_of", user)  # noqa: B010  # Django's requests carry what middleware agrees on


class DeviceMiddleware:
    """Sends the cookie after somebody proved to own an account."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the cookie to that answer."""
        response = self.get_response(request)
        user: Any = getattr(request, "device_of", None)
        if user is not None:
            device = remember_account(read_device(request.COOKIES), user.pk)
            response.set_cookie(
                COOKIE,
                signing.dumps({"id": device.id, "accounts": list(device.accounts)}, salt=_SALT),
                max_age=LIFETIME_S,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _hide(account: int) -> str:
    return salted_hmac(_SALT, str(account), algorithm="sha256").hexdigest()[:24]
