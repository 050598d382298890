"""A dataset's description in other people's formats, at its address with an ending."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from frontend.views.answers import answering_refusals
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
    """A format: its ending, what it is called, its media type, and what writes it."""

    ending: str
    label: str
    media_type: str
    build: Callable[[CitationRecord], str | bytes]


@dataclass(frozen=True, slots=True)
class ExportLink:
    """A link to a description."""

    label: str
    url: str


def _as_json(document: Mapping[str, object]) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2)


EXPORTS: Mapping[str, Export] = {
    export.ending: export
    for export in (
        Export(
            "jsonld",
            "schema.org",
            "application/ld+json",
            lambda record: _as_json(build_schema_org_jsonld(record)),
        ),
        Export("datacite.xml", "DataCite XML", "application/vnd.datacite.datacite+xml", build_datacite_xml),
        Export(
            "datacite.json",
            "DataCite JSON",
            "application/vnd.datacite.datacite+json",
            lambda record: _as_json(build_datacite_json(record)),
        ),
        Export("bib", "BibTeX", "application/x-bibtex", build_bibtex),
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
    content = known.build(build_citation_record(version))
    status = HTTPStatus.GONE if version.state == "withdrawn" else HTTPStatus.OK
    response = HttpResponse(content, content_type=f"{known.media_type}; charset=utf-8", status=status)
    response["Cache-Control"] = "public, max-age=60"
    response["Access-Control-Allow-Origin"] = "*"
    return response
