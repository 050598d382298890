"""What is answered where no view answers: a problem document to programs, a page to people."""

import sys

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views import defaults

from api.errors import CONTENT_TYPE, OUTAGES, RETRY_AFTER, build_problem, describe_outage

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
    """Answer where a view or what stands around it broke; the log has the reason."""
    fault = sys.exc_info()[1]
    if isinstance(fault, OUTAGES):
        return answer_unavailable(request, fault)
    if not request.path.startswith(_PROGRAMS):
        return defaults.server_error(request)
    problem = build_problem(
        status=500,
        code="server_fault",
        detail="The server made a mistake; it is in its log.",
        hint="Try again; if it happens again, write to the operator with the time and the address.",
    )
    return JsonResponse(problem, status=500, content_type=CONTENT_TYPE)


def answer_unavailable(request: HttpRequest, fault: BaseException) -> HttpResponse:
    """Answer while a part is away or there is too much to do; nothing in it asks the database."""
    problem = describe_outage(fault)
    headers = {**RETRY_AFTER, "Cache-Control": "no-store"}
    if request.path.startswith(_PROGRAMS):
        return JsonResponse(problem, status=503, content_type=CONTENT_TYPE, headers=headers)
    page = loader.get_template("503.html").render({"problem": problem})
    return HttpResponse(page, status=503, headers=headers)
