"""Whether the process lives, and whether the whole answers: with its disks, and with what is damaged."""

import asyncio
from collections.abc import Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from api.errors import CONTENT_TYPE, RETRY_AFTER, build_problem
from api.operators import is_known_operator, is_operator
from api.probing import Probe, Prober
from confined.sandbox import probe_sandbox
from repository.selectors.damage import Fixity, measure_fixity
from repository.selectors.health import PartHealth, check_database, check_worker, measure_lanes
from repository.selectors.mail import measure_mail
from repository.services.disk import all_folders, find_shortage, list_disks, list_unwritable
from repository.services.storage import ObjectStoreUnavailableError, get_object_store
from repository.tasks.broker import BrokerAwayError, ask_broker


def check_disk() -> PartHealth:
    """Look at every folder that uploads and jobs fill: writable, and with more free than is kept in reserve."""
    try:
        unwritable, shortage = list_unwritable(), find_shortage()
        disks = list_disks(all_folders())
    except OSError as fault:
        return PartHealth("disk", is_ok=False, detail=str(fault.strerror))
    numbers = {"free": min(disk.free for disk in disks), "reserve": max(disk.reserve for disk in disks)}
    detail = shortage.message if shortage is not None else ""
    if unwritable:
        named = ", ".join("STEMMA_HOME" if name == "." else name for name in unwritable)
        detail = f"Cannot be written to: {named}. {detail}".strip()
    return PartHealth("disk", is_ok=not detail, detail=detail, numbers=numbers)


def list_disk_metrics() -> list[str]:
    """Return the lines of the disks in the Prometheus text format."""
    disks = list_disks(all_folders())
    labels = [",".join(disk.folders) for disk in disks]
    return [
        "# HELP stemma_disk_free_bytes Free bytes of the disk on which these folders of STEMMA_HOME lie.",
        "# TYPE stemma_disk_free_bytes gauge",
        *(
            f'stemma_disk_free_bytes{{folders="{label}"}} {disk.free}'
            for label, disk in zip(labels, disks, strict=True)
        ),
        "# HELP stemma_disk_reserve_bytes Bytes that uploads and jobs never touch.",
        "# TYPE stemma_disk_reserve_bytes gauge",
        *(
            f'stemma_disk_reserve_bytes{{folders="{label}"}} {disk.reserve}'
            for label, disk in zip(labels, disks, strict=True)
        ),
    ]


PATIENCE_S = 1.0
"""How long the store's health waits for the count; readiness as a whole has three seconds."""

_threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="damage")
_asked: Future[Fixity] | None = None


def describe_store() -> PartHealth:
    """Return the health of a store that answers, with the number of objects that are damaged.

    The store answers all the same, so readiness does not hang on them.
    Without the number where the database does not say it in time: that is a part of its own, and says so itself.
    """
    try:
        fixity = _ask().result(timeout=PATIENCE_S)
    except (DatabaseError, InterfaceError, TimeoutError):
        return PartHealth("objects", is_ok=True)
    detail = ""
    if fixity.damaged:
        noun = "object is" if fixity.damaged == 1 else "objects are"
        detail = f"{fixity.damaged} stored {noun} damaged: `manage.py verify --list` names them."
    return PartHealth("objects", is_ok=True, detail=detail, numbers={"damaged": fixity.damaged})


def _ask() -> Future[Fixity]:
    """Return the question that is under way, or a new one: a frozen database collects no crowd of threads."""
    global _asked  # noqa: PLW0603  # of this process
    if _asked is None or _asked.done():
        _asked = _threads.submit(_measure)
    return _asked


def _measure() -> Fixity:
    try:
        return measure_fixity()
    finally:
        connection.close()


def list_damage_metrics() -> list[str]:
    """Return the lines of fixity in the Prometheus text format."""
    fixity = measure_fixity()
    return [
        "# HELP stemma_damaged_objects Stored objects whose bytes are known not to be good.",
        "# TYPE stemma_damaged_objects gauge",
        f"stemma_damaged_objects {fixity.damaged}",
        "# HELP stemma_oldest_fixity_check_seconds Age of the oldest check.",
        "# TYPE stemma_oldest_fixity_check_seconds gauge",
        f"stemma_oldest_fixity_check_seconds {fixity.oldest_s:.0f}",
    ]


log = structlog.get_logger(__name__)


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
    return describe_store()


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
_known_away: set[str] = set()


def build_health_routes() -> list[BaseRoute]:
    """Return the two addresses that answer whatever the requests are waiting for: they need none of their threads."""
    return [
        Route(f"/{name}{slash}", answer)
        for name, answer in (("healthz", answer_alive), ("readyz", answer_ready))
        for slash in ("", "/")
    ]


async def answer_alive(_request: Request) -> Response:
    """Say that this process answers."""
    return JSONResponse({"status": "ok"})


async def answer_ready(request: Request) -> Response:
    """Say for each part whether it answers, and to operators why not; 503 until all do."""
    parts, has_details = await asyncio.gather(_prober.ask_all(), is_known_operator(request))
    _write_down_changes(parts)
    is_ready = all(part.is_ok for part in parts)
    body = {
        "status": "ok" if is_ready else "unavailable",
        **describe_parts(parts, has_details=has_details),
    }
    return JSONResponse(body) if is_ready else JSONResponse(body, 503, dict(RETRY_AFTER))


def describe_parts(parts: Iterable[PartHealth], *, has_details: bool) -> dict[str, Any]:
    """Return the state of each part; details name hosts, ports, folders and sizes, and are for operators."""
    described: dict[str, Any] = {"parts": {}}
    for part in parts:
        details = {"detail": part.detail, **part.numbers} if has_details else {}
        described["parts"][part.name] = {"ok": part.is_ok, **details}
        described[part.name] = "ok" if part.is_ok else (has_details and part.detail) or "unavailable"
    return described


def _write_down_changes(parts: Iterable[PartHealth]) -> None:
    """Log why a part went away, once: who starts the server asks as a stranger, and reads the log."""
    for part in parts:
        if part.is_ok:
            _known_away.discard(part.name)
        elif part.name not in _known_away:
            _known_away.add(part.name)
            log.warning("part_away", part=part.name, reason=part.detail)


def answer_metrics(request: HttpRequest) -> HttpResponse:
    """Return the counts that an operator plots, in the Prometheus text format."""
    if not is_operator(request):
        return refuse_stranger()
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
    lines += list_damage_metrics()
    lines += _list_mail_metrics()
    return HttpResponse("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _list_mail_metrics() -> list[str]:
    load = measure_mail()
    return [
        "# HELP stemma_mail Messages by state; failed ones were refused for good.",
        "# TYPE stemma_mail gauge",
        *(f'stemma_mail{{state="{state}"}} {count}' for state, count in load.messages.items()),
        "# HELP stemma_oldest_waiting_mail_seconds For how long the oldest message waits that is not sent yet.",
        "# TYPE stemma_oldest_waiting_mail_seconds gauge",
        f"stemma_oldest_waiting_mail_seconds {load.oldest_s:.3f}",
    ]


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
