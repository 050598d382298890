"""Corrections after publishing: the form with a look at what would change, and the history that readers see."""

from http import HTTPStatus
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.decorators.http import require_http_methods, require_safe

from frontend.presentation.correction import CorrectionForm, build_correction_form
from frontend.views.answers import answer_page, answering_refusals, find_status
from frontend.views.requests import (
    account_or_grant_required,
    read_dataset_id,
    read_version_number,
    visitor_of,
)
from processing.workflows import correct_version
from repository.errors import RepositoryError, WithdrawnError
from repository.selectors.access import get_version, require_account
from repository.selectors.revisions import (
    Description,
    get_correctable_version,
    list_revisions,
    parse_revision,
    read_description,
)
from repository.selectors.visibility import sees_what_all_see
from repository.services.revisions import LONGEST_REASON, Preview, preview_revision


@require_safe
@answering_refusals
def show_revisions(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Show who corrected what of a version, when and why, with the differences."""
    visitor = visitor_of(request)
    version = get_version(visitor, read_dataset_id(dataset_id), read_version_number(request))
    context = {
        "version": version,
        "title": read_description(version).title,
        "revisions": list_revisions(version),
    }
    is_public = sees_what_all_see(visitor, version.dataset_id)
    return answer_page(request, "datasets/revisions.html", context, is_public=is_public)


@account_or_grant_required
@require_http_methods(["GET", "HEAD", "POST"])
@answering_refusals
def correct_dataset(request: HttpRequest, dataset_id: str) -> HttpResponse:
    """Show the form over what may be corrected; then what would change, and last write it down."""
    visitor = visitor_of(request)
    version = get_correctable_version(visitor, read_dataset_id(dataset_id), read_version_number(request))
    if version.state == "withdrawn":
        raise WithdrawnError(f"{version} was withdrawn: its tombstone is final, and is not corrected.")
    typed = {key: str(value) for key, value in request.POST.items()}
    if request.method != "POST":
        chosen = request.GET.get("measurement", "")
        description = read_description(version)
        form = build_correction_form(description, {"measurement": chosen} if chosen else {})
        return _answer(request, description, form, {"measurement": chosen})
    base = parse_revision(typed.get("base"))
    description = read_description(version, base)
    form = build_correction_form(description, typed)
    if form.problems:
        return _answer(request, description, form, typed, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    change: dict[str, Any] = {
        "dataset_id": version.dataset_id,
        "number": version.number,
        "patch": form.patch,
        "accept_warnings": [{"code": code} for code in request.POST.getlist("accept")],
        "expected_revisions": [description.number],
    }
    try:
        if "make" not in typed:
            return _answer(request, description, form, typed, preview=preview_revision(**change))
        made = correct_version(**change, actor=require_account(visitor), reason=typed.get("reason", ""))
    except RepositoryError as refusal:
        return _answer(request, description, form, typed, refusal=refusal, status=find_status(refusal))
    messages.success(request, f"Revision {made.number} is made; page, search, exports and DOI follow it.")
    return HttpResponseRedirect(f"/datasets/{version.dataset_id}/revisions?version={version.number}")


def _answer(
    request: HttpRequest,
    description: Description,
    form: CorrectionForm,
    typed: dict[str, str],
    *,
    preview: Preview | None = None,
    refusal: RepositoryError | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HttpResponse:
    obstacles = preview.obstacles if preview is not None else getattr(refusal, "findings", ())
    context = {
        "version": description.version,
        "title": description.title,
        "base": description.number,
        "form": form,
        "typed": typed,
        "preview": preview,
        "refusal": refusal,
        "is_stale": refusal is not None and refusal.code == "revision_conflict",
        "findings": preview.findings if preview is not None else obstacles,
        "to_accept": sorted({one.code for one in obstacles if one.severity == "warning"}),
        "accepted": request.POST.getlist("accept"),
        "errors": [one for one in obstacles if one.severity == "error"],
        "longest_reason": LONGEST_REASON,
    }
    return answer_page(request, "datasets/correct.html", context, status=status)
