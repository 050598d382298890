"""Whether the process lives, and whether the whole answers."""

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from redis.exceptions import RedisError

from api.disk_health import check_disk, list_disk_metrics
from ingest.sandbox import probe_sandbox
from repository.selectors.health import PartHealth, check_database, check_worker, measure_lanes
from repository.services.storage import ObjectStoreUnavailableError, get_object_store


def answer_alive(_request: HttpRequest) -> HttpResponse:
    """Say that this process answers."""
    return JsonResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})


def answer_ready(_request: HttpRequest) -> HttpResponse:
    """Say for each part whether it answers; 503 until all do."""
    parts = [check_database(), check_broker(), check_worker(), check_objects(), check_sandbox(), check_disk()]
    is_ready = all(part.is_ok for part in parts)
    body = {
        "status": "ok" if is_ready else "unavailable",
        "parts": {part.name: {"ok": part.is_ok, "detail": part.detail, **part.numbers} for part in parts},
        **{part.name: "ok" if part.is_ok else part.detail for part in parts},
    }
    return JsonResponse(body, status=200 if is_ready else 503, headers={"Cache-Control": "no-store"})


def answer_metrics(_request: HttpRequest) -> HttpResponse:
    """Return the counts that an operator plots, in the Prometheus text format."""
    loads = measure_lanes()
    lines = ["# HELP stemma_jobs Jobs by lane and state.", "# TYPE stemma_jobs gauge"]
    lines += [
        f'stemma_jobs{{lane="{load.lane}",state="{state}"}} {count}'
        for load in loads
        for state, count in load.jobs.items()
    ]
    lines += [
        "# HELP stemma_oldest_queued_job_seconds How long the oldest waiting job of a lane has been due.",
        "# TYPE stemma_oldest_queued_job_seconds gauge",
    ]
    lines += [f'stemma_oldest_queued_job_seconds{{lane="{load.lane}"}} {load.oldest_s:.3f}' for load in loads]
    lines += list_disk_metrics()
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


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
