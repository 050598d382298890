"""Room on the disks below STEMMA_HOME: what is free, what is kept in reserve, and what is promised already.

The database, the broker and the logs live on the same disks, as a rule. A reserve is kept for them that uploads and
jobs never touch: `promise_room` looks before bytes are promised, `require_reserve` while they are written.
"""

import datetime as dt
import errno
import os
import shutil
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Now

from repository.errors import DiskFullError, DiskUnwritableError, StorageRefusedError
from repository.models import Job, Measurement, Upload

PROMISE_LIFETIME = dt.timedelta(hours=1)
"""An upload that received nothing for this long no longer keeps others away; continued, it asks for room again."""

RESULT_SHARE = 1.0
"""Bytes of arrays, copies and pictures for each byte converted: detector counts compress, floats hardly do."""

LEAST_JOB_BYTES = 16 * 2**20
"""For the compiled code and the small results of any job that reads files."""

RETRY_AFTER_S = 60
SHORT_BYTES = 10 * 10**9
WAITING = "Waiting for the disk"

_CONVERSION = "convert_measurement"
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_READ_ONLY = frozenset({errno.EROFS})
_CLOSED = frozenset({errno.EACCES, errno.EPERM})
_DISK_FULL_SQLSTATE = "53100"
_WAL_SEGMENT_BYTES = 16 * 2**20  # with less than one left PostgreSQL stops
_PROMISES_LOCK = 0x5354454D  # any number that nobody else locks


@dataclass(frozen=True, slots=True)
class Disk:
    """One file system, and the folders of STEMMA_HOME that lie on it."""

    folders: tuple[str, ...]
    free: int
    reserve: int

    @property
    def room(self) -> int:
        """Return the bytes that uploads and jobs may use."""
        return max(0, self.free - self.reserve)

    @property
    def is_short(self) -> bool:
        """Return whether not even a small job can begin; uploads stop a little above the reserve, not below it."""
        return self.room < LEAST_JOB_BYTES


@dataclass(frozen=True, slots=True)
class Promise:
    """An upload whose bytes are still expected."""

    upload_id: uuid.UUID
    size: int
    arrived: int


def read_free_bytes(folder: Path) -> int:
    """Return what an ordinary account may still write on the disk of a folder."""
    return shutil.disk_usage(folder).free


def list_disks(names: Collection[str]) -> list[Disk]:
    """Return the disks on which these folders of STEMMA_HOME lie; most often it is one."""
    found: dict[int, list[str]] = {}
    for name in names:
        found.setdefault(_find_existing(name).stat().st_dev, []).append(name)
    return [
        Disk(tuple(folders), read_free_bytes(_find_existing(folders[0])), settings.DISK_RESERVE_BYTES)
        for folders in found.values()
    ]


def upload_folders() -> tuple[str, ...]:
    """Name the folders that an upload fills: where its bytes arrive, and where they stay."""
    return ("uploads", "objects") if settings.OBJECT_STORE is None else ("uploads",)


def job_folders() -> tuple[str, ...]:
    """Name the folders that a job fills."""
    return ("work", "objects" if settings.OBJECT_STORE is None else "cache")


def all_folders() -> tuple[str, ...]:
    """Name every folder that uploads and jobs fill."""
    return tuple(dict.fromkeys((*upload_folders(), *job_folders())))


def promise_room(*, upload_id: uuid.UUID, size: int, arrived: int = 0, given_back: int = 0) -> None:
    """Make sure that an upload fits beside all that is promised already.

    Call it last in the transaction that writes the promise: until that ends nobody else is promised anything.

    Parameters
    ----------
    size, arrived
        Bytes of the whole file, and how many of them are on the disk already.
    given_back
        Bytes of an upload that is thrown away for this one.

    Raises
    ------
    DiskFullError
        It does not fit, with what is needed and what can be given.
    """
    _lock_promises()
    others = [promise for promise in list_promises() if promise.upload_id != upload_id]
    jobs = _count_needs(Job.objects.filter(state__in=Job.ACTIVE).exclude(message__startswith=WAITING))
    for disk in list_disks(upload_folders()):
        needed = size - arrived - given_back if "uploads" in disk.folders else size
        _require_room(disk, needed, _count_missing(disk, others) + jobs)


def require_room_for_job(*, job_id: uuid.UUID) -> None:
    """Make sure that what a running job will write fits beside what is promised and what earlier jobs will write.

    Raises
    ------
    DiskFullError
        It does not fit.
    """
    with transaction.atomic():
        _lock_promises()
        job = Job.objects.get(pk=job_id)
        earlier = Job.objects.filter(
            Q(started_at__lt=job.started_at) | Q(started_at=job.started_at, pk__lt=job.pk),
            state=Job.State.RUNNING,
        )
        needed = max(LEAST_JOB_BYTES, _count_needs(Job.objects.filter(pk=job_id)))
        promises, jobs = list_promises(), _count_needs(earlier)
    for disk in list_disks(job_folders()):
        _require_room(disk, needed, _count_missing(disk, promises) + jobs)


def require_reserve(folder: Path, size: int = 0) -> None:
    """Refuse to write `size` bytes that would touch the reserve.

    Raises
    ------
    DiskFullError
        They would.
    """
    free = read_free_bytes(folder)
    if free - size < settings.DISK_RESERVE_BYTES:
        raise DiskFullError(_describe_full(free, settings.DISK_RESERVE_BYTES))


def find_shortage(names: Collection[str] | None = None) -> DiskFullError | None:
    """Return the refusal of a disk on which nothing can begin now."""
    for disk in list_disks(all_folders() if names is None else names):
        if disk.is_short:
            return DiskFullError(_describe_full(disk.free, disk.reserve))
    return None


def describe_short_room() -> str:
    """Return what a depositor should know of the room before choosing files; empty where there is plenty."""
    promises = list_promises()
    room = min(max(0, disk.room - _count_missing(disk, promises)) for disk in list_disks(upload_folders()))
    if unwritable := list_unwritable():
        return (
            f"{_describe_unwritable(unwritable[0])} No files can be taken until the operator has mended it."
        )
    if room == 0:
        return (
            "The server's disk is full: no files can be taken just now. What is here is safe, and "
            "descriptions can be written. Come back later, or write to the operator, who can make room."
        )
    if room < SHORT_BYTES:
        return f"The server's disk is nearly full: it takes about {format_bytes(room)} more just now."
    return ""


def is_promise_kept(upload_file: Path) -> bool:
    """Return whether an upload received something lately, so that its room is still kept for it."""
    return time.time() - upload_file.stat().st_mtime < PROMISE_LIFETIME.total_seconds()


def list_promises() -> list[Promise]:
    """Return the uploads that still receive bytes; the files themselves say when the last one came."""
    folder = _find_existing("uploads")
    arrived: dict[uuid.UUID, int] = {}
    for path in folder.iterdir() if folder.name == "uploads" else ():
        try:
            if is_promise_kept(path):
                arrived[uuid.UUID(path.name)] = path.stat().st_size
        except (ValueError, FileNotFoundError):
            continue  # not an upload, or one that has ended since
    rows = Upload.objects.filter(pk__in=arrived, completed_at__isnull=True, expires_at__gt=Now())
    return [Promise(key, size, arrived[key]) for key, size in rows.values_list("pk", "size")]


def list_unwritable() -> list[str]:
    """Name the folders below STEMMA_HOME that cannot be written to; `.` is STEMMA_HOME itself."""
    names = (".", *all_folders(), "logs")
    return [name for name in names if not os.access(_find_existing(name), os.W_OK | os.X_OK)]


def explain_fault(fault: BaseException) -> StorageRefusedError | None:
    """Return what a fault says of the disk; `None` where it is about something else."""
    if isinstance(fault, DatabaseError):
        return _explain_database(fault)
    if not isinstance(fault, OSError):
        return None
    number = _read_number(fault)
    if number in _FULL:
        return DiskFullError("The server's disk is full.")
    folder = _name_folder(fault)
    if number in _READ_ONLY or (number in _CLOSED and folder):
        return DiskUnwritableError(_describe_unwritable(folder))
    return None


def format_bytes(count: int) -> str:
    """Return a size as people read it, in powers of ten: `2.1 GB`."""
    if count == 1:
        return "1 byte"
    size = float(count)
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - the step of the prefixes
            return f"{size:.0f} {unit}" if unit in {"bytes", "kB"} or size >= 100 else f"{size:.1f} {unit}"  # noqa: PLR2004
        size /= 1000
    return f"{size:.1f} TB"


def _require_room(disk: Disk, needed: int, promised: int) -> None:
    room = max(0, disk.room - promised)
    if needed > room:
        elsewhere = f" ({format_bytes(promised)} are promised to others)" if promised else ""
        raise DiskFullError(
            f"The server's disk has too little room: {format_bytes(needed)} are needed, "
            f"{format_bytes(room)} can be given{elsewhere}."
        )


def _describe_full(free: int, reserve: int) -> str:
    return (
        f"The server's disk is full: {format_bytes(free)} are free, "
        f"{format_bytes(reserve)} are kept in reserve."
    )


def _lock_promises() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PROMISES_LOCK])


def _count_missing(disk: Disk, promises: Collection[Promise]) -> int:
    """Return the bytes that uploads will still write to a disk; where it only stores, what arrived comes too."""
    if "uploads" in disk.folders:
        return sum(max(0, promise.size - promise.arrived) for promise in promises)
    return sum(promise.size for promise in promises) if "objects" in disk.folders else 0


def _count_needs(jobs: QuerySet[Job]) -> int:
    """Return the bytes that conversions will still write."""
    left = dict(jobs.filter(kind=_CONVERSION).values_list("target", "fraction"))
    sizes = Measurement.objects.filter(pk__in=left).annotate(size=Sum("parts__data_file__size"))
    return sum(
        int(RESULT_SHARE * (1.0 - left[key]) * (size or 0)) for key, size in sizes.values_list("pk", "size")
    )


def _find_existing(name: str) -> Path:
    """Return a folder of STEMMA_HOME, or the nearest one above it that exists: it will be made there."""
    folder = Path(settings.STEMMA_HOME) / name
    while not folder.exists():
        folder = folder.parent
    return folder


def _explain_database(fault: DatabaseError) -> DiskFullError | None:
    state = getattr(fault.__cause__, "sqlstate", None)
    if state == _DISK_FULL_SQLSTATE or any(os.strerror(number) in str(fault) for number in _FULL):
        return DiskFullError("The database's disk is full: it can write nothing down.")
    if state is None and read_free_bytes(_find_existing(".")) < _WAL_SEGMENT_BYTES:
        return DiskFullError("The server's disk is full, and so the database has stopped.")
    return None


def _read_number(fault: OSError) -> int | None:
    """Return the number of the first cause; a copied tree collects texts only."""
    if isinstance(fault, shutil.Error):
        text = str(fault)
        numbers = (*_FULL, *_READ_ONLY)
        return next((number for number in numbers if f"[Errno {number}]" in text), None)
    return fault.errno


def _name_folder(fault: OSError) -> str:
    """Return the folder of STEMMA_HOME in which it happened; empty where it was elsewhere or nobody knows."""
    home = Path(settings.STEMMA_HOME)
    for name in (fault.filename, fault.filename2):
        if isinstance(name, str | os.PathLike) and Path(name).is_relative_to(home):
            first = next(iter(Path(name).relative_to(home).parts), ".")
            return first if (home / first).is_dir() else "."
    return ""


def _describe_unwritable(folder: str) -> str:
    named = f"folder “{folder}”" if folder not in {"", "."} else "disk"
    return f"The server's {named} cannot be written to just now."
