"""Pages on which a person does several things: each form names its act; a refusal is shown beside what was typed."""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from repository.errors import (
    InvalidMetadataError,
    LimitExceededError,
    NotFoundError,
    QuotaExceededError,
    RepositoryError,
    StateConflictError,
)

Acts = Mapping[str, Callable[[], str]]
"""By the value of the button: what is done; it returns what to say about it."""

_SHOWN: tuple[tuple[type[RepositoryError], HTTPStatus], ...] = (
    (InvalidMetadataError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (StateConflictError, HTTPStatus.CONFLICT),
    (QuotaExceededError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (LimitExceededError, HTTPStatus.TOO_MANY_REQUESTS),
)


def run_act(
    request: HttpRequest,
    acts: Acts,
    show: Callable[[RepositoryError, HTTPStatus], HttpResponse],
    *,
    then: str | Callable[[], str],
) -> HttpResponse:
    """Do what the form asks for and go on to `then`; what is refused is shown by `show`.

    A form that names no act, as one from an older page may, changes nothing and shows the page as it is now.
    """
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        return HttpResponseRedirect(request.path)
    try:
        said = act()
    except tuple(kind for kind, _ in _SHOWN) as refusal:
        status = next(status for kind, status in _SHOWN if isinstance(refusal, kind))
        answer = show(refusal, status)
        if isinstance(refusal, LimitExceededError):
            answer["Retry-After"] = str(refusal.wait_s)
        return answer
    if said:
        messages.success(request, said)
    return HttpResponseRedirect(then if isinstance(then, str) else then())
