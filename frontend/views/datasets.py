from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from frontend.presentation.export_links import build_link_header, list_dataset_links
from frontend.presentation.landing import describe_landing_page
from frontend.views.answers import answer_page, answering_refusals, negotiated
from frontend.views.exports import answer_export, choose_format
from frontend.views.requests import (
    read_dataset_id,
    read_revision_number,
    read_version_number,
    visitor_of,
    write_query,
)
from repository.exports.schema_org import build_schema_org_jsonld, render_script_json
from repository.schema.export import build_meta_tags
from repository.selectors.access import (
    DECIDING_ROLE,
    EDITING_ROLES,
    find_role,
    may_have_bytes,
)
from repository.selectors.citation import build_citation_record
from repository.selectors.datasets import describe_dataset
from repository.selectors.revisions import get_description
from repository.selectors.visibility import sees_what_all_see


@require_safe
@negotiated
@answering_refusals
def show_dataset(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Show the newest version, or the one that the address names, as a page or in the format asked for."""
    number = read_version_number(request)
    visitor = visitor_of(request)
    revision = read_revision_number(request)
    description = get_description(visitor, read_dataset_id(dataset_id), number, revision=revision)
    version = description.version
    is_public = sees_what_all_see(visitor, version.dataset_id)
    export = choose_format(request)
    if export is not None:
        record = build_citation_record(visitor, description)
        response = answer_export(export, record, is_public=is_public)
        response["Content-Location"] = f"{export.locate(version.dataset_id)}{write_query(number, revision)}"
        return response
    dataset = describe_dataset(visitor, description)
    if dataset.state == "withdrawn":
        return answer_page(
            request,
            "datasets/withdrawn.html",
            {"dataset": dataset},
            status=HTTPStatus.GONE,
            is_public=is_public,
        )
    record = build_citation_record(visitor, description)
    role = find_role(visitor, version.dataset.deposit)
    context = {
        **describe_landing_page(dataset, record, shows_data=may_have_bytes(visitor, version)),
        "meta_tags": build_meta_tags(record),
        "json_ld": render_script_json(build_schema_org_jsonld(record)),
        "exports": list_dataset_links(dataset.id, write_query(number, revision)),
        "may_edit": role in EDITING_ROLES,
        "may_decide": role == DECIDING_ROLE,
    }
    response = answer_page(request, "datasets/dataset.html", context, is_public=is_public)
    response["Link"] = build_link_header(record)
    return response
