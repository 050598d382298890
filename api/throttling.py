from rest_framework.throttling import AnonRateThrottle, UserRateThrottle


class AccountThrottle(UserRateThrottle):
    """So many requests a minute for each account or token."""

    scope = "account"

    def get_cache_key(self, request, view):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
        """Count each token by itself; visitors without an account are counted by address elsewhere."""
        if not request.user.is_authenticated:
            return None
        ident = getattr(request.auth, "token_key", None) or request.user.pk
        return self.cache_format % {"scope": self.scope, "ident": ident}


class AddressThrottle(AnonRateThrottle):
    """So many requests a minute for each address without an account."""

    scope = "address"
