"""Whether the process lives, and whether the whole answers."""

from collections.abc import Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.disk_health import check_disk, list_disk_metrics
from api.probing import Probe, Prober
from ingest.sandbox import probe_sandbox
from repository.selectors.health import PartHealth, check_database, check_worker, measure_lanes
from repository.services.storage import ObjectStoreUnavailableError, get_object_store
from repository.tasks.broker import BrokerAwayError, ask_broker

_NEVER_KEPT = {"Cache-Control": "no-store"}


def check_broker() -> PartHealth:
    """Ask the broker itself, in its own protocol."""
    try:
        ask_broker()
    except BrokerAwayError as fault:
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


PROBES: Mapping[str, Probe] = {
    "database": check_database,
    "broker": check_broker,
    "worker": check_worker,
    "objects": check_objects,
    "sandbox": check_sandbox,
    "disk": check_disk,
}
"""Every part that /readyz names. A probe may block; it is given up on, but it should bound its own waiting too."""

_prober = Prober(PROBES)


def build_health_routes() -> list[BaseRoute]:
    """Return the two addresses that answer whatever the requests are waiting for: they need none of their threads."""
    return [
        Route(f"/{name}{slash}", answer)
        for name, answer in (("healthz", answer_alive), ("readyz", answer_ready))
        for slash in ("", "/")
    ]


async def answer_alive(_request: Request) -> Response:
    """Say that this process answers."""
    return JSONResponse({"status": "ok"}, headers=_NEVER_KEPT)


async def answer_ready(_request: Request) -> Response:
    """Say for each part whether it answers; 503 until all do."""
    parts = await _prober.ask_all()
    is_ready = all(part.is_ok for part in parts)
    body = {
        "status": "ok" if is_ready else "unavailable",
        "parts": {part.name: {"ok": part.is_ok, "detail": part.detail, **part.numbers} for part in parts},
        **{part.name: "ok" if part.is_ok else part.detail for part in parts},
    }
    return JSONResponse(body, status_code=200 if is_ready else 503, headers=_NEVER_KEPT)


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
