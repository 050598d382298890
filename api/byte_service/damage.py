"""What the byte routes do about bytes that are not good any more: refuse what is known, write down what they find."""

import time
from collections.abc import Mapping
from threading import Lock

import structlog
from anyio.to_thread import run_sync
from django.db import InterfaceError, OperationalError

from api.byte_service.visitors import at_length_in_database, in_database
from api.turns import NoTurnError
from repository.errors import DamagedError
from repository.marks import DAMAGE, find_group, find_marks
from repository.selectors.damage import list_damaged_digests
from repository.services.checked_reading import BrokenObjectError, CheckedReading, require_size
from repository.services.fixity import check_object
from repository.services.storage import ObjectStoreUnavailableError

log = structlog.get_logger(__name__)
LIFETIME_S = 1.0
"""So long a process may not know what one on another host found: far shorter than a permission is remembered."""

MOST_NAMED = 5


class KnownDamage:
    """The damaged digests as this process knows them.

    A process of this host that finds or mends damage changes its mark, before it answers whoever it found it for; then
    all ask the database. What other hosts found is asked for once a second at most.
    """

    def __init__(self) -> None:
        self._digests: frozenset[str] = frozenset()
        self._asked_at = float("-inf")
        self._mark: tuple[bytes, ...] | None = None
        self._lock = Lock()

    async def ask(self) -> frozenset[str]:
        """Return all that is damaged; while the database is away, what was known last: open data need none."""
        marks = find_marks()
        mark = None if marks is None else marks.pick([find_group(DAMAGE)])
        with self._lock:
            is_known = mark == self._mark and time.monotonic() - self._asked_at < LIFETIME_S
            if (
                not is_known and mark == self._mark
            ):  # only old: the others go on with what is known while one asks
                self._asked_at = time.monotonic()
        if not is_known:
            await self._learn(mark)
        return self._digests

    async def _learn(self, mark: tuple[bytes, ...] | None) -> None:
        """Ask the database; the mark was read before, so that what changes meanwhile is asked for again."""
        begun = time.monotonic()
        try:
            digests = await in_database(list_damaged_digests)
        except (OperationalError, InterfaceError, NoTurnError) as fault:
            log.warning("damage_unknown", reason=str(fault).strip())
            return
        with self._lock:
            self._digests, self._mark, self._asked_at = digests, mark, begun

    def forget(self) -> None:
        """Ask anew the next time."""
        with self._lock:
            self._asked_at = float("-inf")


_known = KnownDamage()


async def require_whole(files: Mapping[str, str]) -> None:
    """Refuse to give out what is known to be damaged; files are given as name and digest.

    Raises
    ------
    DamagedError
        One of them is; the answer names them and has nothing that may be kept, such as an ETag.
    """
    damaged = await _known.ask()
    found = [name for name, sha256 in files.items() if sha256 in damaged]
    if found:
        raise refuse(found)


async def look(name: str, sha256: str, size: int) -> None:
    """Look at an object whose bytes somebody else will send, or nobody.

    Raises
    ------
    DamagedError
        It is not there with its size.
    """
    try:
        await run_sync(require_size, sha256, size)
    except BrokenObjectError as fault:
        await report(sha256, fault)
        raise refuse([name]) from fault


async def read_first(name: str, sha256: str, reading: CheckedReading) -> bytes:
    """Read the first block, before anything is answered.

    Raises
    ------
    DamagedError
        It is not good, or no block of the object is: what is small enough is checked as a whole here.
    """
    try:
        return await run_sync(reading.next_block)
    except BrokenObjectError as fault:
        await report(sha256, fault)
        raise refuse([name]) from fault


async def report(sha256: str, fault: BrokenObjectError) -> None:
    """Have an object that a transfer stumbled over read once more, and what is found written down.

    It may be good: where its bytes were brought again meanwhile, a transfer has the beginning of one copy and the end
    of another.
    """
    log.error("transfer_broken_off", sha256=sha256, reason=str(fault))
    try:
        await at_length_in_database(check_object, sha256)
    except (OperationalError, InterfaceError, NoTurnError, ObjectStoreUnavailableError) as outage:
        log.warning("damage_not_recorded", sha256=sha256, reason=str(outage).strip())
    _known.forget()


def refuse(names: list[str]) -> DamagedError:
    """Return the refusal."""
    listed = ", ".join(names[:MOST_NAMED]) + (
        f" and {len(names) - MOST_NAMED} more" * (len(names) > MOST_NAMED)
    )
    verb = "is" if len(names) == 1 else "are"
    return DamagedError(f"What is stored of {listed} {verb} damaged, and is not given out.")
