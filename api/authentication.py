from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from knox.auth import TokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from api.throttling import count_wrong_token, find_address
from repository.services.accounts import note_token_use


class ScopedTokenAuthentication(TokenAuthentication):  # type: ignore[misc]  # knox is untyped
    """`Authorization: Token …`: hashed, expiring, and limited to the token's scopes."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return user and token, or nothing where no token was sent."""
        try:
            authenticated = super().authenticate(request)
        except AuthenticationFailed:
            count_wrong_token(find_address(request))
            raise
        if authenticated is None:
            return None
        user, token = authenticated
        note_token_use(token=token)
        return user, token

    def authenticate_header(self, _request: Request) -> str:
        """Return what a 401 asks for."""
        return "Token"


class ScopedTokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How OpenAPI describes the token."""

    target_class = "api.authentication.ScopedTokenAuthentication"
    name = "token"

    def get_security_definition(self, _auto_schema: Any) -> dict[str, str]:
        """Return the security scheme."""
        return {
            "type": "apiKey",
            "in": "header",
            "name": "Authorization",
            "description": "`Token <token>`; make one on the tokens page or with `stemma login`.",
        }
