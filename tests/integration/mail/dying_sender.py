"""A worker that sends a message and dies before it notes that: python dying_sender.py JOB HOST PORT."""

import os
import signal
import sys
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402 - after the app registry

from project.environment import MailServerEnvironment  # noqa: E402
from repository.tasks import jobs  # noqa: E402
from tests.job_running import run_job  # noqa: E402


def die(*_: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


settings.MAIL_SERVER = MailServerEnvironment(
    host=sys.argv[2], port=int(sys.argv[3]), encryption="none", user=None, password=None
)
settings.DEFAULT_FROM_EMAIL = "Stemma <stemma@example.org>"
setattr(jobs, "_settle_success", die)  # noqa: B010  # between the server's word and ours
run_job(sys.argv[1])
