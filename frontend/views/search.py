from http import HTTPStatus

from django.http import HttpRequest, HttpResponse

from frontend.presentation.hits import describe_hits, name_facet_values
from frontend.presentation.search_form import build_search_form
from frontend.views.answers import answer_page, answering_refusals
from frontend.views.requests import next_address, read_cursor, visitor_of
from repository.errors import UnknownSearchFilterError
from repository.selectors.search import SearchRequest, build_search_request, search

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


@answering_refusals
def show_search(request: HttpRequest) -> HttpResponse:
    """Show what matches; a filter that cannot be understood is explained beside the unfiltered results."""
    problem = None
    try:
        wanted = build_search_request(request.GET)
    except UnknownSearchFilterError as refusal:
        problem, wanted = refusal, SearchRequest()
    visitor = visitor_of(request)
    page = search(visitor, wanted, after=read_cursor(request))
    context = {
        "section": "search",
        "form": build_search_form(request.GET, page.facets),
        "page": page,
        "hits": describe_hits(visitor, page.hits),
        "problem": problem,
        "next_address": next_address(request, page.continue_after),
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return answer_page(request, "search/search.html", context, status=status, is_public=problem is None)
