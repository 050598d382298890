"""The slow round over everything that is stored: each object is read again within the cycle, a little at a time.

A round is a job of the long lane, so that it takes its turn among conversions and one runs at a time. It reads what is
due, the objects read the longest time ago first, up to its share of bytes; what it has read is written down object by
object, and a round that is killed or ends early is continued by the next one.
"""

import structlog
from django.conf import settings

from repository.errors import TransientError
from repository.services.fixity import ObjectUnreadableError, check_object, list_due
from repository.services.jobs import ClaimedJob
from repository.services.storage import ObjectStoreUnavailableError
from repository.tasks.job_kinds import Apply, JobKind, JobProgress, register_kind

log = structlog.get_logger(__name__)
KIND = "check_objects"
TARGET = "store"
MOST_OBJECTS = 20_000


def check_due_objects(claim: ClaimedJob, progress: JobProgress) -> Apply:
    """Read what is due, up to one round's share of bytes; an object larger than that has a round of its own.

    An object that the store refuses keeps nobody from the others: it stays due, and a round that read nothing but such
    objects is tried again.
    """
    del claim
    share = settings.FIXITY_ROUND_BYTES
    read = checked = damaged = 0
    refused = ""
    for sha256, size in list_due(most=MOST_OBJECTS):
        if checked and read + size > share:
            break
        progress.report(min(1.0, read / share), f"Reading stored bytes again: {checked} objects so far.")
        try:
            damaged += bool(check_object(sha256))
        except ObjectUnreadableError as fault:
            log.warning("object_not_checked", sha256=sha256, reason=str(fault))
            refused = refused or str(fault)
            continue
        except ObjectStoreUnavailableError as fault:
            raise _put_off(str(fault)) from fault
        checked += 1
        read += size
    if checked:
        log.info("objects_checked", count=checked, bytes=read, damaged=damaged)
    elif refused:
        raise _put_off(refused)
    return _apply_nothing


def _put_off(reason: str) -> TransientError:
    return TransientError(f"The object store does not answer: {reason}")


def _apply_nothing() -> None:
    """Leave it at what was written down already, object by object."""


def _note_failure(claim: ClaimedJob, reason: str) -> None:
    log.error("objects_not_checked", job=str(claim.id), reason=reason)


register_kind(KIND, JobKind(work=check_due_objects, apply_failure=_note_failure, lane="long"))
