"""A dataset's description in other people's formats, at its address with an ending."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from frontend.negotiation import choose_representation
from frontend.views.answers import PUBLIC_BUT_ASK, NotAcceptableError, answering_refusals
from frontend.views.dataset_addresses import read_dataset_id, read_version_number
from frontend.views.visitors import visitor_of
from repository.errors import NotFoundError
from repository.schema.export import (
    CitationRecord,
    build_bibtex,
    build_datacite_json,
    build_datacite_xml,
    build_schema_org_jsonld,
)
from repository.selectors.access import get_version
from repository.selectors.citation import build_citation_record


@dataclass(frozen=True, slots=True)
class Export:
    """A format: its ending, what it is called, its media type, what writes it, and other names of the type."""

    ending: str
    label: str
    media_type: str
    build: Callable[[CitationRecord], str | bytes]
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ExportLink:
    """A link to a description."""

    label: str
    url: str


def _as_json(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


PAGE = "text/html"
EXPORTS: Mapping[str, Export] = {
    export.ending: export
    for export in (
        Export(
            "jsonld",
            "schema.org",
            "application/ld+json",
            lambda record: _as_json(build_schema_org_jsonld(record)),
            ("application/vnd.schemaorg.ld+json",),
        ),
        Export("datacite.xml", "DataCite XML", "application/vnd.datacite.datacite+xml", build_datacite_xml),
        Export(
            "datacite.json",
            "DataCite JSON",
            "application/vnd.datacite.datacite+json",
            lambda record: _as_json(build_datacite_json(record)),
        ),
        Export("bib", "BibTeX", "application/x-bibtex", build_bibtex, ("text/x-bibtex",)),
    )
}


def list_exports(dataset_id: str) -> tuple[ExportLink, ...]:
    """Return the links to all formats."""
    return tuple(
        ExportLink(export.label, f"/datasets/{dataset_id}.{export.ending}") for export in EXPORTS.values()
    )


def build_link_header(record: CitationRecord) -> str:
    """Return the typed links of a landing page (signposting.org)."""
    links = [f'<{record.address}>; rel="cite-as"', '<https://schema.org/Dataset>; rel="type"']
    links += ['<https://schema.org/AboutPage>; rel="type"', f'<{record.license.url}>; rel="license"']
    links += [f'<{creator.orcid}>; rel="author"' for creator in record.creators if creator.orcid]
    links += [
        f'<{record.url}.{export.ending}>; rel="describedby"; type="{export.media_type}"'
        for export in EXPORTS.values()
    ]
    base = record.url.rsplit("/datasets/", maxsplit=1)[0]
    links.append(f'<{base}/linkset/{record.id}>; rel="linkset"; type="application/linkset+json"')
    return ", ".join(links)


@require_safe
@answering_refusals
def send_export(request: HttpRequest, dataset_id: str, export: str) -> HttpResponse:
    """Send the description of a version; a tombstone keeps its description."""
    known = EXPORTS.get(export)
    if known is None:
        endings = ", ".join(f".{ending}" for ending in EXPORTS)
        raise NotFoundError(f"There is no description in the format .{export}.", hint=f"There are {endings}.")
    version = get_version(visitor_of(request), read_dataset_id(dataset_id), read_version_number(request))
    return answer_export(known, build_citation_record(version))


def answer_export(export: Export, record: CitationRecord) -> HttpResponse:
    """Return the description of a version in a format, which is the same for everybody."""
    content = export.build(record)
    status = HTTPStatus.OK if record.withdrawn is None else HTTPStatus.GONE
    response = HttpResponse(content, content_type=f"{export.media_type}; charset=utf-8", status=status)
    response["Cache-Control"] = PUBLIC_BUT_ASK
    return response


def choose_format(request: HttpRequest) -> Export | None:
    """Return the format that the request asks for; None for the page.

    Raises
    ------
    NotAcceptableError
        It excludes the page and every format.
    """
    offered: dict[str, Export | None] = {PAGE: None}
    offered |= {export.media_type: export for export in EXPORTS.values()}
    aliases = {alias: export.media_type for export in EXPORTS.values() for alias in export.aliases}
    aliases |= {"application/xhtml+xml": PAGE}
    chosen = choose_representation(request.headers.get("Accept"), list(offered), aliases)
    if chosen is None:
        raise NotAcceptableError(
            "There is no description in a format that the request accepts.",
            hint=f"There are {', '.join(offered)}.",
        )
    return offered[chosen]
