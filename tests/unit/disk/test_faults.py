"""What a fault says of the disk, in numbers that the test gives; no database and no full disk is needed."""

import errno
import os
import shutil
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import OperationalError

from project.log_lines import EnduringLoggerFactory
from repository.errors import DiskFullError, DiskUnwritableError
from repository.services import disk
from repository.services.disk import (
    Disk,
    explain_fault,
    find_shortage,
    format_bytes,
    list_disks,
    list_unwritable,
    require_reserve,
)

GB = 10**9


@pytest.fixture
def home(tmp_path: Path, settings: Any) -> Path:
    settings.STEMMA_HOME = tmp_path / "home"
    settings.DISK_RESERVE_BYTES = 2 * GB
    (tmp_path / "home" / "uploads").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def free(home: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return what sets the free bytes of every disk."""

    def say(count: int) -> None:
        monkeypatch.setattr(disk, "read_free_bytes", lambda _folder: count)

    return say


def of_database(cause: Exception, text: str = "") -> OperationalError:
    fault = OperationalError(text)
    fault.__cause__ = cause
    return fault


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_and_a_used_up_quota_are_no_room(home: Path, number: int) -> None:
    assert isinstance(explain_fault(OSError(number, os.strerror(number))), DiskFullError)


def test_a_copied_tree_that_found_no_room_is_no_room(home: Path) -> None:
    fault = shutil.Error([("a", "b", f"[Errno {errno.ENOSPC}] {os.strerror(errno.ENOSPC)}: 'b'")])
    assert isinstance(explain_fault(fault), DiskFullError)
    assert explain_fault(shutil.Error([("a", "b", "[Errno 5] Input/output error: 'b'")])) is None


@pytest.mark.parametrize("number", [errno.EROFS, errno.EACCES, errno.EPERM])
def test_a_closed_folder_is_named_without_its_path(home: Path, number: int) -> None:
    refusal = explain_fault(OSError(number, os.strerror(number), str(home / "uploads" / "a" / "b")))
    assert isinstance(refusal, DiskUnwritableError)
    assert "“uploads”" in refusal.message
    assert str(home) not in refusal.message


def test_what_lies_elsewhere_is_not_laid_to_the_disk(home: Path) -> None:
    assert explain_fault(OSError(errno.EACCES, "closed", "/etc/shadow")) is None
    assert explain_fault(ConnectionRefusedError(errno.ECONNREFUSED, "refused")) is None
    assert explain_fault(ValueError("no")) is None


def test_a_database_without_room_is_not_called_away(free: Any) -> None:
    free(500 * GB)
    full = of_database(psycopg.errors.DiskFull("could not extend file"))
    assert isinstance(explain_fault(full), DiskFullError)
    assert isinstance(explain_fault(OperationalError("FATAL: … No space left on device")), DiskFullError)
    assert explain_fault(of_database(psycopg.errors.TooManyConnections("53300"))) is None
    assert explain_fault(OperationalError("connection refused")) is None


def test_a_database_that_stopped_on_a_full_disk_is_not_called_away(free: Any) -> None:
    free(10**6)
    refusal = explain_fault(OperationalError("server closed the connection unexpectedly"))
    assert isinstance(refusal, DiskFullError)
    assert "database has stopped" in refusal.message


def test_the_reserve_is_not_touched(free: Any, home: Path) -> None:
    free(2 * GB + 1000)
    require_reserve(home, 1000)
    with pytest.raises(DiskFullError, match=r"2\.0 GB are free, 2\.0 GB are kept in reserve"):
        require_reserve(home, 1001)


def test_a_disk_is_short_before_its_reserve_is_touched(free: Any) -> None:
    free(2 * GB + disk.LEAST_JOB_BYTES)
    assert find_shortage() is None
    free(2 * GB + disk.LEAST_JOB_BYTES - 1)
    assert find_shortage() is not None
    free(0)
    assert Disk(("uploads",), 0, 2 * GB).room == 0


def test_folders_that_are_not_there_yet_lie_where_they_will_be_made(home: Path, free: Any) -> None:
    free(7 * GB)
    (found,) = list_disks(("uploads", "objects", "work"))
    assert found == Disk(("uploads", "objects", "work"), 7 * GB, 2 * GB)


def test_folders_that_cannot_be_written_are_listed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert list_unwritable() == []
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "uploads")
    assert list_unwritable() == ["uploads"]


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, "0 bytes"), (1, "1 byte"), (999, "999 bytes"), (1500, "2 kB"), (2_100_000, "2.1 MB"), (2 * GB, "2.0 GB"),
     (750 * GB, "750 GB"), (12_300 * GB, "12.3 TB")],
)  # fmt: skip
def test_sizes_are_readable(count: int, text: str) -> None:
    assert format_bytes(count) == text


def test_an_answer_does_not_fail_for_its_log(monkeypatch: pytest.MonkeyPatch) -> None:
    class FullDisk:
        def write(self, _text: str) -> int:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        def flush(self) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("sys.stdout", FullDisk())
    logger = EnduringLoggerFactory()()
    for say in (logger.msg, logger.info, logger.warning, logger.error, logger.exception):
        say("a line")
