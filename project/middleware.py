from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve


class ForgivingSlashMiddleware:
    """Addresses answer with and without the last slash, without a redirect that would lose a POST."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Turn to the twin address where only that one exists."""
        path = request.path_info
        twin = path[:-1] if path.endswith("/") else f"{path}/"
        if not _resolves(path) and _resolves(twin):
            request.path_info = twin
        return self.get_response(request)


def _resolves(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True
