"""Links to exports: on pages, and typed ones for programs (signposting.org, RFC 9264)."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from repository.exports.declaration import Export
from repository.exports.registry import list_dataset_exports, list_measurement_exports
from repository.schema.export import CitationRecord
from repository.selectors import addresses


@dataclass(frozen=True, slots=True)
class ExportLink:
    """A link to an export."""

    label: str
    url: str
    is_citation: bool = False


def list_dataset_links(dataset_id: str, query: str = "") -> tuple[ExportLink, ...]:
    """Return the links to all exports of a dataset; the query names a version or revision that is not the newest."""
    return tuple(
        ExportLink(export.label, f"{export.locate(dataset_id)}{query}", export.is_citation)
        for export in list_dataset_exports()
    )


def list_measurement_links(measurement_id: str, *, with_arrays: bool) -> tuple[ExportLink, ...]:
    """Return the links to the exports of a measurement; those with arrays only where their bytes are given out."""
    return tuple(
        ExportLink(export.label, export.locate(measurement_id))
        for export in list_measurement_exports()
        if with_arrays or export.needs != "arrays"
    )


def build_link_header(record: CitationRecord) -> str:
    """Return the typed links of a landing page."""
    links = [f'<{record.address}>; rel="cite-as"', '<https://schema.org/Dataset>; rel="type"']
    links += ['<https://schema.org/AboutPage>; rel="type"', f'<{record.license.url}>; rel="license"']
    links += [f'<{creator.orcid}>; rel="author"' for creator in record.creators if creator.orcid]
    for export in list_dataset_exports():
        profile = f'; profile="{export.profile}"' if export.profile else ""
        links.append(
            f'<{_absolute(export, record.id)}>; rel="{export.relation}"; type="{export.media_type}"{profile}'
        )
    links.append(
        f'<{settings.PUBLIC_URL}/linkset/{record.id}>; rel="linkset"; type="application/linkset+json"'
    )
    return ", ".join(links)


def build_linkset(record: CitationRecord) -> list[dict[str, Any]]:
    """Return every typed link of a dataset, and of those of its measurements that have exports of their own."""
    page = {
        "anchor": record.url,
        "cite-as": [{"href": record.address}],
        "type": [{"href": "https://schema.org/Dataset"}, {"href": "https://schema.org/AboutPage"}],
        "license": [{"href": record.license.url}],
        "author": [{"href": creator.orcid} for creator in record.creators if creator.orcid],
        **_group_targets(list_dataset_exports(), record.id),
        "item": [{"href": file.url, "type": file.media_type} for file in record.files],
    }
    measurements = [
        {"anchor": addresses.measurement_address(each.id), **targets}
        for each in record.measurements
        if (targets := _group_targets(list_measurement_exports(), each.id))
    ]
    return [{name: links for name, links in context.items() if links} for context in (page, *measurements)]


def _group_targets(exports: Iterable[Export], subject: str) -> Mapping[str, list[dict[str, Any]]]:
    grouped: dict[str, list[dict[str, Any]]] = {}
    for export in exports:
        grouped.setdefault(export.relation, []).append(dict(_describe_target(export, subject)))
    return grouped


def _describe_target(export: Export, subject: str) -> Iterator[tuple[str, Any]]:
    yield "href", _absolute(export, subject)
    yield "type", export.media_type
    if export.profile:
        yield "profile", [export.profile]


def _absolute(export: Export, subject: str) -> str:
    return f"{settings.PUBLIC_URL}{export.locate(subject)}"
