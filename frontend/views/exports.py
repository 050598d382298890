"""A dataset's description in other people's formats, at its address with an ending."""

import re
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from frontend.negotiation import choose_representation
from frontend.views.answers import PRIVATE, PUBLIC_BUT_ASK, NotAcceptableError, answering_refusals
from frontend.views.requests import (
    read_dataset_id,
    read_revision_number,
    read_version_number,
    visitor_of,
)
from repository.errors import NotFoundError
from repository.exports.declaration import DatasetExport, render
from repository.exports.registry import PAGE_TYPES, find_dataset_export, list_dataset_exports
from repository.schema.export import CitationRecord
from repository.selectors.access import get_version
from repository.selectors.citation import build_citation_record
from repository.selectors.revisions import get_description
from repository.selectors.visibility import sees_what_all_see

_VERSION = re.compile(r"v([1-9][0-9]{0,8})")


@require_safe
@answering_refusals
def send_export(request: HttpRequest, dataset_id: str, export: str) -> HttpResponse:
    """Send the description of a version; a tombstone keeps its description.

    The end of a DOI, ``ID.v2``, leads to the page of that version.
    """
    visitor = visitor_of(request)
    known = find_dataset_export(export)
    if known is None and (named := _VERSION.fullmatch(export)):
        version = get_version(visitor, read_dataset_id(dataset_id), int(named[1]))
        return redirect(f"{reverse('dataset', args=[version.dataset_id])}?version={version.number}")
    if known is None:
        endings = ", ".join(f".{each.ending}" for each in list_dataset_exports())
        raise NotFoundError(f"There is no description in the format .{export}.", hint=f"There are {endings}.")
    description = get_description(
        visitor,
        read_dataset_id(dataset_id),
        read_version_number(request),
        revision=read_revision_number(request),
    )
    record = build_citation_record(visitor, description)
    return answer_export(known, record, is_public=sees_what_all_see(visitor, record.id))


def answer_export(export: DatasetExport, record: CitationRecord, *, is_public: bool) -> HttpResponse:
    """Return the description of a version in a format; others may keep what everybody gets alike."""
    content = render(export.write(record))
    status = HTTPStatus.OK if record.withdrawn is None else HTTPStatus.GONE
    response = HttpResponse(content, content_type=f"{export.content_type}; charset=utf-8", status=status)
    response["Cache-Control"] = PUBLIC_BUT_ASK if is_public else PRIVATE
    return response


def choose_format(request: HttpRequest) -> DatasetExport | None:
    """Return the format that the request asks for; None for the page.

    Raises
    ------
    NotAcceptableError
        It excludes the page and every format.
    """
    page, *page_aliases = PAGE_TYPES
    offered: dict[str, DatasetExport | None] = {page: None}
    offered |= {export.representation: export for export in list_dataset_exports()}
    aliases = {alias: name for name, export in offered.items() if export for alias in export.aliases}
    aliases |= dict.fromkeys(page_aliases, page)
    chosen = choose_representation(request.headers.get("Accept"), list(offered), aliases)
    if chosen is None:
        raise NotAcceptableError(
            "There is no description in a format that the request accepts.",
            hint=f"There are {', '.join(offered)}.",
        )
    return offered[chosen]
