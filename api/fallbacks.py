"""What is answered where no view answers: a problem document to programs, a page to people."""

import sys
from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views import defaults

from api.errors import (
    CONTENT_TYPE,
    OUTAGES,
    RETRY_AFTER,
    advise_retry,
    build_problem,
    describe_outage,
    describe_refusal,
)
from repository.services.disk import explain_fault

_PROGRAMS = "/api/"
_PASSING_PAGES = {507: "507.html", 429: "429.html"}
_WITH_EVERYTHING = {429}
"""The database has just counted: these look like any page, and may ask who is signed in."""


def answer_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer an address that does not exist."""
    if not request.path.startswith(_PROGRAMS):
        return defaults.page_not_found(request, exception)
    problem = build_problem(
        status=404,
        code="not_found",
        detail="There is no such address.",
        hint="The documentation at /api/v1/docs lists every address.",
    )
    return JsonResponse(problem, status=404, content_type=CONTENT_TYPE)


def answer_fault(request: HttpRequest) -> HttpResponse:
    """Answer where a view or what stands around it broke; the log has the reason."""
    fault = sys.exc_info()[1]
    if fault is not None and (refusal := explain_fault(fault)) is not None:
        return answer_passing(request, describe_refusal(refusal), advise_retry(refusal))
    if isinstance(fault, OUTAGES):
        return answer_passing(request, describe_outage(fault), RETRY_AFTER)
    if not request.path.startswith(_PROGRAMS):
        return defaults.server_error(request)
    problem = build_problem(
        status=500,
        code="server_fault",
        detail="The server made a mistake; it is in its log.",
        hint="Try again; if it happens again, write to the operator with the time and the address.",
    )
    return JsonResponse(problem, status=500, content_type=CONTENT_TYPE)


def answer_passing(
    request: HttpRequest, problem: Mapping[str, Any], retry_after: Mapping[str, str]
) -> HttpResponse:
    """Answer what passes by itself: a part away, a full disk, a used-up limit. Only the last may ask the database."""
    status = int(problem["status"])
    if request.path.startswith(_PROGRAMS):
        return JsonResponse(
            dict(problem), status=status, content_type=CONTENT_TYPE, headers=dict(retry_after)
        )
    template = _PASSING_PAGES.get(status, "503.html")
    context = {"problem": problem}
    page = loader.get_template(template).render(context, request if status in _WITH_EVERYTHING else None)
    return HttpResponse(page, status=status, headers=dict(retry_after))
