"""What operators see of damaged objects. The store answers all the same, so readiness does not hang on them."""

from django.db import DatabaseError, InterfaceError, connection

from repository.selectors.damage import measure_fixity
from repository.selectors.health import PartHealth


def describe_store() -> PartHealth:
    """Return the health of a store that answers, with the number of objects that are damaged."""
    try:
        fixity = measure_fixity()
    except (DatabaseError, InterfaceError):
        return PartHealth("objects", is_ok=True)  # the database is a part of its own, and says so itself
    finally:
        connection.close()
    detail = ""
    if fixity.damaged:
        noun = "object is" if fixity.damaged == 1 else "objects are"
        detail = f"{fixity.damaged} stored {noun} damaged: `manage.py verify --list` names them."
    return PartHealth("objects", is_ok=True, detail=detail, numbers={"damaged": fixity.damaged})


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
