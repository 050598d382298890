from typing import Any, ClassVar

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from repository.errors import ScopeMissingError

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


class ScopePermission(BasePermission):
    """A token does what its scopes name; a view names the scope of its writes in `write_scope`."""

    message = "Sign in or send a token."

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the visitor may call the view at all; who may see the thing itself is the selector's."""
        needs_account = getattr(view, "needs_account", request.method not in SAFE_METHODS)
        if needs_account and not request.user.is_authenticated:
            return False
        if request.auth is not None:
            scope = "read" if request.method in SAFE_METHODS else getattr(view, "write_scope", "deposit")
            require_scope(request.auth, scope)
        return True


class AccountMixin:
    """For views that make no sense without an account."""

    needs_account: ClassVar[bool] = True


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
