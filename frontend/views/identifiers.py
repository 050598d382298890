"""Where identifiers lead: DOIs of the local minter, typed links, and the list of all landing pages."""

from urllib.parse import quote
from xml.sax.saxutils import escape

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.views.decorators.http import require_safe

from frontend.views.answers import answering_refusals
from frontend.views.dataset_addresses import read_dataset_id
from frontend.views.exports import EXPORTS
from frontend.views.visitors import visitor_of
from repository.errors import NotFoundError
from repository.selectors.access import get_version
from repository.selectors.addresses import dataset_page
from repository.selectors.citation import build_citation_record
from repository.selectors.deposits import get_identifier
from repository.selectors.sitemap import list_published_pages


@require_safe
@answering_refusals
def resolve_doi(request: HttpRequest, doi: str) -> HttpResponse:
    """Lead a DOI to its page, or to the format that a program asks for."""
    identifier = get_identifier(doi.strip().rstrip("/"))
    if identifier is None:
        raise NotFoundError(f"The DOI {doi} is not one of ours.")
    version = get_version(visitor_of(request), identifier.dataset_id, identifier.version_number)
    ending = _choose_ending(request.headers.get("Accept", ""))
    query = f"?version={identifier.version_number}" if identifier.version_number else ""
    response = HttpResponseRedirect(f"/datasets/{quote(version.dataset_id)}{ending}{query}")
    response["Vary"] = "Accept"
    return response


def _choose_ending(accept: str) -> str:
    wanted = [part.split(";")[0].strip().lower() for part in accept.split(",")]
    return next(
        (
            f".{export.ending}"
            for media in wanted
            for export in EXPORTS.values()
            if export.media_type == media
        ),
        "",
    )


@require_safe
@answering_refusals
def send_linkset(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Send every typed link of a dataset (RFC 9264)."""
    record = build_citation_record(get_version(visitor_of(request), read_dataset_id(dataset_id)))
    page = {
        "anchor": record.url,
        "cite-as": [{"href": record.address}],
        "type": [{"href": "https://schema.org/Dataset"}, {"href": "https://schema.org/AboutPage"}],
        "license": [{"href": record.license.url}],
        "author": [{"href": creator.orcid} for creator in record.creators if creator.orcid],
        "describedby": [
            {"href": f"{record.url}.{export.ending}", "type": export.media_type}
            for export in EXPORTS.values()
        ],
        "item": [{"href": file.url, "type": file.media_type} for file in record.files],
    }
    linkset = {"linkset": [{name: links for name, links in page.items() if links}]}
    response = JsonResponse(linkset, content_type="application/linkset+json")
    response["Access-Control-Allow-Origin"] = "*"
    return response


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
    return HttpResponse(body, content_type="application/xml")


@require_safe
def send_robots(request: HttpRequest) -> HttpResponse:
    """Welcome search engines to the landing pages, and keep them off the bytes."""
    del request
    sitemap = dataset_page("").replace("/datasets/", "/sitemap.xml")
    body = f"User-agent: *\nDisallow: /api/\nDisallow: /deposits/\nDisallow: /accounts/\nSitemap: {sitemap}\n"
    return HttpResponse(body, content_type="text/plain")
