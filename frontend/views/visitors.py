"""Who looks at a page, as the selectors want to know it."""

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from repository.selectors.access import Visitor


def visitor_of(request: HttpRequest) -> Visitor:
    """Return the signed-in person, or the anonymous visitor."""
    return request.user if request.user.is_authenticated else AnonymousUser()
