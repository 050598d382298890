"""Where identifiers lead: DOIs of the local minter, typed links, and the list of all landing pages."""

from urllib.parse import quote
from xml.sax.saxutils import escape

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_safe

from frontend.presentation.export_links import build_linkset
from frontend.views.answers import PRIVATE, PUBLIC_BUT_ASK, answering_refusals, negotiated
from frontend.views.exports import choose_format
from frontend.views.requests import read_dataset_id, visitor_of
from repository.errors import NotFoundError
from repository.exports.registry import list_measurement_exports
from repository.selectors.access import get_version
from repository.selectors.addresses import ARCHIVE, dataset_page
from repository.selectors.citation import build_citation_record
from repository.selectors.identifiers import find_identifier, find_missing_version, split_version
from repository.selectors.revisions import get_description
from repository.selectors.sitemap import list_published_pages
from repository.selectors.visibility import Visitor, sees_what_all_see

_IS_PUBLIC = {"Cache-Control": PUBLIC_BUT_ASK}
# Exports name files, measurements and the schema below /api/. The longest match decides (RFC 9309); older readers
# take the first line that matches, so what is allowed comes first.
_ALLOWED = ("/api/v1/datasets/", "/api/v1/measurements/", "/api/v1/schemas/", "/api/v1/openapi.json")
_KEPT = (
    ARCHIVE.format(dataset_id="*"),
    "/api/v1/measurements/*/signals/",
    "/api/",
    "/deposits/",
    "/accounts/",
    "/admin/",
    "/tokens",
    "/groups/",
    "/invitations/",
    "/shared/",
)


@require_safe
@negotiated
@answering_refusals
def resolve_doi(request: HttpRequest, doi: str) -> HttpResponse:
    """Lead a DOI to its page, or to the format that a program asks for."""
    visitor = visitor_of(request)
    named = doi.strip().rstrip("/")
    identifier = find_identifier(visitor, named)
    if identifier is None:
        raise _refuse(visitor, named)
    version = get_version(visitor, identifier.dataset_id, identifier.version_number)
    chosen = choose_format(request)
    dataset_id = quote(version.dataset_id)
    address = chosen.locate(dataset_id) if chosen else f"/datasets/{dataset_id}"
    query = f"?version={identifier.version_number}" if identifier.version_number else ""
    return HttpResponseRedirect(f"{address}{query}")


def _refuse(visitor: Visitor, doi: str) -> NotFoundError:
    """Return why a DOI leads nowhere: the same for one that is reserved and one that was never given out."""
    if not doi.lower().startswith(f"{settings.DOI_PREFIX.lower()}/"):
        return NotFoundError(f"The DOI {doi} is not one of ours.", hint="Ask for it at https://doi.org.")
    missing = find_missing_version(visitor, doi)
    hint = "A DOI answers here once what it names is published."
    if missing is not None:
        try:
            get_version(visitor, *missing)
        except NotFoundError as refusal:  # says which versions there are
            hint = f"{refusal.message} {refusal.hint} {hint}"
    return NotFoundError(f"The DOI {doi} is unknown, or reserved and not public yet.", hint=hint)


@require_safe
@answering_refusals
def send_linkset(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Send every typed link of a dataset (RFC 9264)."""
    visitor = visitor_of(request)
    named, number = split_version(dataset_id)
    record = build_citation_record(visitor, get_description(visitor, read_dataset_id(named), number))
    linkset = {"linkset": build_linkset(record)}
    headers = _IS_PUBLIC if sees_what_all_see(visitor, record.id) else {"Cache-Control": PRIVATE}
    return JsonResponse(linkset, content_type="application/linkset+json", headers=headers)


@require_safe
def send_sitemap(request: HttpRequest) -> HttpResponse:
    """List the landing pages for search engines."""
    del request
    lines = [
        f"<url><loc>{escape(page.url)}</loc><lastmod>{page.changed.date().isoformat()}</lastmod></url>"
        for page in list_published_pages()
    ]
    body = "".join(
        [
            '<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">',
            *lines,
            "</urlset>\n",
        ]
    )
    return HttpResponse(body, content_type="application/xml", headers=_IS_PUBLIC)


@require_safe
def send_robots(request: HttpRequest) -> HttpResponse:
    """Welcome search engines to the pages and to every address that an export names."""
    del request
    streamed = [export.locate("*") for export in list_measurement_exports() if export.needs == "arrays"]
    lines = [
        "User-agent: *",
        *(f"Allow: {path}" for path in _ALLOWED),
        *(f"Disallow: {path}" for path in (*streamed, *_KEPT)),
    ]
    lines.append(f"Sitemap: {dataset_page('').replace('/datasets/', '/sitemap.xml')}")
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain", headers=_IS_PUBLIC)
