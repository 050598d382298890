from django.http import HttpRequest, HttpResponse

from frontend.presentation.hits import describe_hits, name_facet_values
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.visitors import visitor_of
from repository.selectors.search import SearchRequest, search

_NEWEST = 5
_TECHNIQUES = 3


@answering_refusals
def show_home(request: HttpRequest) -> HttpResponse:
    """Show what this place is, and the newest datasets."""
    visitor = visitor_of(request)
    page = search(visitor, SearchRequest(), size=_NEWEST)
    techniques = name_facet_values("modality", page.facets["modality"][:_TECHNIQUES])
    context = {"page": page, "hits": describe_hits(visitor, page.hits), "techniques": techniques}
    return answer_page(request, "home.html", context, is_public=True)
