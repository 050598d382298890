"""Working off the outbox as a worker does, and reading what lies in the mail folder."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from repository.models import Job
from tests.job_running import run_job

_LINK = re.compile(r"https?://[^/\s]+(/accounts/\S+)")


def work_off(*, also_pausing: bool = True) -> None:
    """Do every message that waits, once."""
    for job in list(Job.objects.filter(kind="send_message", state=Job.State.QUEUED)):
        if also_pausing:
            Job.objects.filter(pk=job.pk).update(not_before=job.created_at)
        run_job(str(job.pk))


def list_letters(home: Path) -> list[EmailMessage]:
    """Return what lies in the mail folder, the oldest first."""
    letters = []
    for file in sorted(
        (home / "mail").glob("*.eml"), key=lambda file: (file.name[:16], file.stat().st_mtime_ns)
    ):
        letter = message_from_bytes(file.read_bytes().replace(b"\r\n", b"\n"), policy=policy.default)
        assert isinstance(letter, EmailMessage)
        letters.append(letter)
    return letters


def find_links(letter: EmailMessage) -> list[str]:
    """Return the addresses below /accounts/ that a letter names, without the host."""
    return _LINK.findall(letter.get_content())
