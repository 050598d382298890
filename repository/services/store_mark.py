"""Whether the store that answers is the one whose objects the database knows.

A disk that is not mounted and a wrong bucket lack every object, and objects that are lost are missing as well. A store
bears a mark, and the audit trail knows it: whatever is missing in a store with a known mark is missing. A store without
one is asked for objects drawn from all of them, and gets its mark where it holds most.
"""

import secrets

import structlog

from repository.integrations.object_store import ObjectStore
from repository.models import AuditEvent, StoredObject
from repository.services.audit import record_event
from repository.services.storage import ObjectStoreUnavailableError, open_whole_store

log = structlog.get_logger(__name__)
DRAWN = 32
TARGET = "object store"
ACTION = "store.mark"
_noted: set[int] = set()


class ForeignStoreError(ObjectStoreUnavailableError):
    """The store that answers is not the one whose objects the database knows."""


def require_own_store() -> None:
    """Make sure that a missing object is missing, and not the store.

    Raises
    ------
    ForeignStoreError
        The store has no mark that we know, and lacks most of what it should hold.
    """
    if _is_known(open_whole_store().read_mark()):
        return
    drawn = draw_objects()
    store = open_whole_store()
    found = sum(store.exists(sha256) for sha256 in drawn)
    if found * 2 < len(drawn):
        raise ForeignStoreError(
            f"it has no mark of this installation, and {found} of {len(drawn)} objects drawn from all: is its disk "
            "mounted, is it the right bucket?"
        )
    mark_store()


def note_store() -> None:
    """Give a store its mark while it holds what it should: before anything is lost."""
    try:
        require_own_store()
    except ObjectStoreUnavailableError as fault:
        log.warning("store_not_known", reason=str(fault))


def note_store_once(store: ObjectStore) -> None:
    """Do so when this process brings bytes into it for the first time."""
    if id(store) not in _noted:  # stores live as long as the process
        note_store()
        _noted.add(id(store))


def mark_store() -> None:
    """Leave a mark in the store by which it is known from now on, however little it holds."""
    mark = secrets.token_hex(16)
    # The trail comes first: a mark that nobody knows says nothing, and the next one takes its place.
    record_event(actor=None, action=ACTION, target=TARGET, detail={"mark": mark})
    open_whole_store().write_mark(mark)
    log.info("store_marked", mark=mark)


def _is_known(mark: str) -> bool:
    events = AuditEvent.objects.filter(target=TARGET, action=ACTION)
    return bool(mark) and events.filter(detail__mark=mark).exists()


def draw_objects() -> list[str]:
    """Return digests drawn evenly from all that should be in the store; all of them where they are few."""
    kept = StoredObject.objects.filter(
        is_present=True, damaged_at__isnull=True, unreferenced_since__isnull=True
    ).order_by("pk")
    few = list(kept.values_list("pk", flat=True)[: DRAWN + 1])
    if len(few) <= DRAWN:
        return few
    # Digests are spread evenly, so the first one behind a random place is as good as any, and found by the index.
    part = (1 << 256) // DRAWN
    places = (f"{number * part + secrets.randbelow(part):064x}" for number in range(DRAWN))
    drawn = (kept.filter(pk__gte=place).values_list("pk", flat=True).first() for place in places)
    return sorted({sha256 for sha256 in drawn if sha256 is not None})
