from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.auth.models import AnonymousUser
from rest_framework.permissions import BasePermission

from repository.errors import ScopeMissingError
from repository.selectors.grant_kinds import COOKIE, find_grants

if TYPE_CHECKING:  # Django REST framework's views import this module through the settings
    from rest_framework.request import Request
    from rest_framework.views import APIView

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ScopePermission(BasePermission):
    """A token does what its scopes name; a view names the scope of its writes in `write_scope`.

    What strangers read too, a token that may not read sees as a stranger does: never less, and nothing more.
    """

    message = "Sign in or send a token."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the visitor may call the view at all; who may see the thing itself is the selector's."""
        needs_account = getattr(view, "needs_account", request.method not in SAFE_METHODS)
        if needs_account and not request.user.is_authenticated:
            is_open = request.method in SAFE_METHODS and getattr(view, "is_open_to_grants", False)
            return is_open and bool(find_grants(request.COOKIES.get(COOKIE, "")))
        if request.auth is not None:
            token: Any = request.auth  # knox makes tokens of our model
            if not needs_account and request.method in SAFE_METHODS and "read" not in token.scopes:
                request.user = AnonymousUser()
                return True
            scope = "read" if request.method in SAFE_METHODS else getattr(view, "write_scope", "deposit")
            require_scope(request.auth, scope)
        return True


def require_scope(token: Any, scope: str) -> None:
    """Refuse what the token was not made for.

    Raises
    ------
    ScopeMissingError
        With the name of the missing scope.
    """
    if scope not in token.scopes:
        raise ScopeMissingError(
            f"This token has no `{scope}` scope.",
            hint=f"Make a token with the scope `{scope}` on the tokens page.",
        )
