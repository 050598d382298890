"""What operators see of damaged objects. The store answers all the same, so readiness does not hang on them."""

from concurrent.futures import Future, ThreadPoolExecutor

from django.db import DatabaseError, InterfaceError, connection

from repository.selectors.damage import Fixity, measure_fixity
from repository.selectors.health import PartHealth

PATIENCE_S = 1.0
"""How long the store's health waits for the count; readiness as a whole has three seconds."""

_threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="damage")
_asked: Future[Fixity] | None = None


def describe_store() -> PartHealth:
    """Return the health of a store that answers, with the number of objects that are damaged.

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
