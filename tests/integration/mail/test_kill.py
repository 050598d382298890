"""A worker that is killed between sending and noting it: a second copy that says it is one, never none."""

import datetime as dt
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.mail import send_mail
from django.db import connection
from django.utils import timezone

from repository.models import Job, Message
from tests.integration.mail.conftest import MailServer
from tests.job_running import run_job
from tests.patience import patient
from tests.ties import tie

pytestmark = pytest.mark.django_db(transaction=True)
CHECKOUT = Path(__file__).resolve().parents[3]


def die_over(job: Job, server: MailServer) -> int:
    address = "postgresql://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    environment = {**os.environ, "DATABASE_URL": address, "PYTHONPATH": str(CHECKOUT)}
    environment["DJANGO_SETTINGS_MODULE"] = "project.settings"
    script = Path(__file__).with_name("dying_sender.py")
    return subprocess.run(
        tie(sys.executable, script, str(job.pk), "127.0.0.1", str(server.port)),
        env=environment,
        check=False,
        timeout=patient(120),
    ).returncode


def test_a_message_survives_its_worker(mail_server: MailServer) -> None:
    send_mail("A subject", "A text", None, ["marie@example.org"])
    job, message = Job.objects.get(kind="send_message"), Message.objects.get()
    assert die_over(job, mail_server) == -signal.SIGKILL
    assert len(mail_server.mailbox.taken) == 1
    message.refresh_from_db()
    assert message.state == "waiting"
    Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(seconds=1))
    run_job(str(job.pk))
    first, second = mail_server.mailbox.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert (first["Date"], first.get_content()) == (second["Date"], second.get_content())
    message.refresh_from_db()
    job.refresh_from_db()
    assert (message.state, job.state) == ("sent", Job.State.DONE)
    run_job(str(job.pk))
    assert len(mail_server.mailbox.taken) == 2
