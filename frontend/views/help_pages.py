"""Help in the running house: the guides, and what every field of the schema is for."""

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from frontend.presentation.field_help import list_field_groups, locate_field
from frontend.presentation.guides import GUIDES, find_guide, read_page
from frontend.presentation.help_search import LONGEST_QUERY, MOST_HITS, search_help
from frontend.views.answers import answer_page, answering_refusals
from repository.errors import NotFoundError
from repository.schema.versions.in_force import VERSION_IN_FORCE


def show_help(request: HttpRequest) -> HttpResponse:
    """List what there is to read, or what holds the words of `q`."""
    query = request.GET.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
    context = {
        "section": "help",
        "guides": [(guide, read_page(guide).title) for guide in GUIDES],
        "groups": list_field_groups(),
        "query": query,
        "hits": search_help(query),
        "most": MOST_HITS,
    }
    return answer_page(request, "help/index.html", context, is_public=True)


@answering_refusals
def show_guide(request: HttpRequest, guide: str) -> HttpResponse:
    """Show a guide."""
    found = find_guide(guide)
    if found is None:
        raise NotFoundError("There is no guide of this name.", hint="/help lists all of them.")
    context = {"section": "help", "page": read_page(found)}
    return answer_page(request, "help/guide.html", context, is_public=True)


@answering_refusals
def show_fields(request: HttpRequest, field_group: str) -> HttpResponse:
    """Show what the fields of a group are for."""
    groups = list_field_groups()
    group = next((one for one in groups if one.name == field_group), None)
    if group is None:
        raise NotFoundError("There is no such group of fields.", hint="/help lists all of them.")
    context = {"section": "help", "group": group, "groups": groups, "version": VERSION_IN_FORCE}
    return answer_page(request, "help/fields.html", context, is_public=True)


@answering_refusals
def lead_to_field(_request: HttpRequest, field: str) -> HttpResponse:
    """Lead to the help of a field, wherever it stands."""
    address = locate_field(field)
    if address is None:
        raise NotFoundError("No field of a measurement has this name.", hint="/help lists all of them.")
    return HttpResponseRedirect(address)
