"""What is answered where no view answers: a problem document to programs, a page to people."""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views import defaults

from api.errors import CONTENT_TYPE, advise_retry, build_problem, describe_refusal
from repository.errors import StorageRefusedError
from repository.services.disk import explain_fault

_PROGRAMS = "/api/"


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
    """Answer where a view broke; the log has the reason."""
    fault = sys.exc_info()[1]
    if fault is not None and (refusal := explain_fault(fault)) is not None:
        return answer_storage(request, refusal)
    if not request.path.startswith(_PROGRAMS):
        return defaults.server_error(request)
    problem = build_problem(
        status=500,
        code="server_fault",
        detail="The server made a mistake; it is in its log.",
        hint="Try again; if it happens again, write to the operator with the time and the address.",
    )
    return JsonResponse(problem, status=500, content_type=CONTENT_TYPE)


def answer_storage(request: HttpRequest, refusal: StorageRefusedError) -> HttpResponse:
    """Answer while the disk takes no bytes; nothing in it asks the database."""
    problem = describe_refusal(refusal)
    headers = {**advise_retry(refusal), "Cache-Control": "no-store"}
    if request.path.startswith(_PROGRAMS):
        return JsonResponse(problem, status=problem["status"], content_type=CONTENT_TYPE, headers=headers)
    page = loader.get_template("507.html").render({"problem": problem})
    return HttpResponse(page, status=problem["status"], headers=headers)
