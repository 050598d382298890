"""Whether the process lives, and whether the whole answers."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from api.errors import CONTENT_TYPE, build_problem
from api.operators import is_operator
from ingest.sandbox import probe_sandbox
from repository.selectors.health import PartHealth, check_database, check_worker, count_jobs
from repository.services.storage import ObjectStoreUnavailableError, get_object_store


def answer_alive(_request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"})


def answer_ready(request: HttpRequest) -> HttpResponse:
    """Say for each part whether it answers, and to operators why not; 503 until all do."""
    parts = [check_database(), check_broker(), check_worker(), check_objects(), check_sandbox()]
    is_ready = all(part.is_ok for part in parts)
    body = {
        "status": "ok" if is_ready else "unavailable",
        **describe_parts(parts, has_details=is_operator(request)),
    }
    return JsonResponse(body, status=200 if is_ready else 503)


def describe_parts(parts: Iterable[PartHealth], *, has_details: bool) -> dict[str, Any]:
    """Return the state of each part; its detail names hosts, ports and folders, and is for operators."""
    described: dict[str, Any] = {"parts": {}}
    for part in parts:
        detail = {"detail": part.detail} if has_details else {}
        described["parts"][part.name] = {"ok": part.is_ok, **detail}
        described[part.name] = "ok" if part.is_ok else (has_details and part.detail) or "unavailable"
    return described


def answer_metrics(request: HttpRequest) -> HttpResponse:
    """Return the counts that an operator plots, in the Prometheus text format."""
    if not is_operator(request):
        return refuse_stranger()
    lines = ["# HELP stemma_jobs Jobs by state.", "# TYPE stemma_jobs gauge"]
    lines += [f'stemma_jobs{{state="{state}"}} {count}' for state, count in count_jobs().items()]
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def refuse_stranger() -> HttpResponse:
    """Say who may see what only operators see."""
    problem = build_problem(
        status=401,
        code="not_authenticated",
        detail="Only operators see this.",
        hint="Send an administrator's token, or ask from a network named in STEMMA_OPERATOR_NETWORKS.",
    )
    headers = {"WWW-Authenticate": "Token"}
    return JsonResponse(problem, status=401, content_type=CONTENT_TYPE, headers=headers)


def check_broker() -> PartHealth:
    """Ask the broker, which also keeps the throttling counters."""
    try:
        cache.get("readiness")
    except (RedisError, OSError) as fault:
        return PartHealth("broker", is_ok=False, detail=str(fault))
    return PartHealth("broker", is_ok=True)


def check_objects() -> PartHealth:
    """Ask the store of the files."""
    try:
        get_object_store().check()
    except ObjectStoreUnavailableError as fault:
        return PartHealth("objects", is_ok=False, detail=str(fault))
    return PartHealth("objects", is_ok=True)


def check_sandbox() -> PartHealth:
    """Say how uploaded files are confined."""
    status = probe_sandbox(settings.SANDBOX_MODE)
    return PartHealth(
        "sandbox", is_ok=status.mode != "refused", detail=f"{status.mode}: {status.detail}".strip(": ")
    )
