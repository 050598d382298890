"""Who calls the API, as the selectors want to know it."""

from rest_framework.request import Request

from repository.selectors.grant_kinds import build_visitor
from repository.selectors.visibility import Visitor


def visitor_of(request: Request) -> Visitor:
    """Return the account and the grants behind a request; with neither it is nobody."""
    return build_visitor(request.user, request.COOKIES)
