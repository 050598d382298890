"""Devices that signed in to an account before. Strangers cannot use up the count of such a device.

The cookie is signed and names the accounts only as keyed hashes of what their owner types. It opens nothing: it only
says whose count a wrong password belongs to.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from allauth.account.signals import password_reset
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.core import signing
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from repository.limits import fold_name

COOKIE = "stemma_device"
LIFETIME_S = 365 * 24 * 3600
_SALT = "stemma.device"
_MOST_NAMES = 60
"""A shared machine knows its last twenty people or so; the cookie stays below 4 kB."""


@dataclass(frozen=True, slots=True)
class Device:
    """A browser, and the names that people typed here to sign in."""

    id: str
    names: tuple[str, ...]

    def knows(self, name: str) -> bool:
        """Return whether somebody signed in to the account of this name here before."""
        return _hide(name) in self.names


def read_device(cookies: Mapping[str, str]) -> Device | None:
    """Return the device that a cookie of ours proves; anything else is no device."""
    try:
        said = signing.loads(cookies.get(COOKIE, ""), salt=_SALT, max_age=LIFETIME_S)
    except signing.BadSignature:
        return None
    return Device(id=said["id"], names=tuple(said["names"]))


def remember_names(device: Device | None, names: Iterable[str]) -> Device:
    """Return the device that also knows the account of these names, the newest first."""
    new = dict.fromkeys(_hide(name) for name in names if name)
    former = device.names if device else ()
    return Device(
        id=device.id if device else secrets.token_urlsafe(12),
        names=(*new, *(name for name in former if name not in new))[:_MOST_NAMES],
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
            names = (user.username, user.email, *user.emailaddress_set.values_list("email", flat=True))
            device = remember_names(read_device(request.COOKIES), names)
            response.set_cookie(
                COOKIE,
                signing.dumps({"id": device.id, "names": list(device.names)}, salt=_SALT),
                max_age=LIFETIME_S,
                secure=settings.SESSION_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )
        return response


def _hide(name: str) -> str:
    return salted_hmac(_SALT, fold_name(name), algorithm="sha256").hexdigest()[:24]
