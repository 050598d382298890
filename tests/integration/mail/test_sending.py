"""Messages go out by a real mail server, or into the mail folder; what goes wrong is told and tried again."""

import logging
import re
import stat
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from django.core.mail import EmailMessage, send_mail
from django.db import IntegrityError, transaction

from repository.errors import InvalidMetadataError
from repository.models import Job, Message
from repository.services.messages import KEPT, forget_messages
from repository.workflows.mail import ask_for_account, ask_for_new_password
from tests.factories import make_user
from tests.integration.mail.conftest import MailServer
from tests.mail import work_off

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("in_one_connection", "stemma_home")]
ADDRESS = "marie@example.org"
LINK = re.compile(r"http\S+/accounts/\S+")


def write(text: str = "Open https://stemma.test/accounts/confirm-email/secret/") -> Message:
    send_mail("A subject", text, None, [ADDRESS])
    return Message.objects.latest("created_at")


@pytest.mark.parametrize("encryption", ["none", "starttls", "tls"])
def test_a_message_goes_out(mail_server: MailServer) -> None:
    message = write("Grüße")
    work_off()
    (mail,) = mail_server.mailbox.taken
    assert (mail["To"], mail["Subject"]) == (ADDRESS, "A subject")
    assert mail["From"] == "Stemma <stemma@example.org>"
    assert mail["Message-ID"] == f"<{message.pk}@example.org>"
    assert mail["Date"].datetime == message.created_at.replace(microsecond=0)
    assert mail.get_content().strip() == "Grüße"
    message.refresh_from_db()
    assert (message.state, message.text, message.last_error) == ("sent", "", "")


@pytest.mark.parametrize("encryption", ["starttls", "tls"])
def test_a_certificate_that_nobody_vouches_for_is_not_trusted(
    mail_server: MailServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "none.pem").touch()
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none.pem"))
    message = write()
    work_off()
    message.refresh_from_db()
    assert mail_server.mailbox.taken == []
    assert message.state == "waiting"
    assert "CERTIFICATE_VERIFY_FAILED" in message.last_error


@pytest.mark.parametrize("encryption", ["starttls"])
def test_a_wrong_password_is_told_and_tried_again(mail_server: MailServer, settings: Any) -> None:
    from dataclasses import replace

    settings.MAIL_SERVER = replace(mail_server.environment, password="wrong")
    message = write()
    work_off()
    message.refresh_from_db()
    assert message.state == "waiting"
    assert "535" in message.last_error
    settings.MAIL_SERVER = mail_server.environment
    work_off()
    assert len(mail_server.mailbox.taken) == 1


def test_a_server_that_was_away_gets_the_message_later(mail_server: MailServer) -> None:
    mail_server.stop()
    message = write()
    for _ in range(3):
        work_off()
    message.refresh_from_db()
    assert message.state == "waiting"
    assert "127.0.0.1" in message.last_error
    assert Job.objects.get(kind="send_message").attempt == 3
    mail_server.start()
    work_off()
    message.refresh_from_db()
    assert [mail["To"] for mail in mail_server.mailbox.taken] == [ADDRESS]
    assert (message.state, message.last_error) == ("sent", "")


def test_a_pause_grows_before_the_next_try(mail_server: MailServer) -> None:
    mail_server.stop()
    write()
    work_off()
    mail_server.start()
    work_off(also_pausing=False)
    assert mail_server.mailbox.taken == [], "its time has not come"


def test_what_the_server_takes_later_waits_and_what_it_never_takes_ends(mail_server: MailServer) -> None:
    mail_server.mailbox.answer = "451 Try again later"
    message = write()
    work_off()
    message.refresh_from_db()
    assert (message.state, message.last_error[-19:]) == ("waiting", "451 Try again later")
    mail_server.mailbox.answer = ""
    mail_server.mailbox.refused_recipients[ADDRESS] = "550 No such mailbox"
    work_off()
    message.refresh_from_db()
    assert (message.state, message.text) == ("failed", "")
    assert "550 No such mailbox" in message.last_error
    assert Job.objects.get(kind="send_message").state == Job.State.FAILED


def test_a_message_is_part_of_the_change_that_wants_it() -> None:
    with transaction.atomic():
        write()
        ask_for_account(address=ADDRESS)
        transaction.set_rollback(True)
    assert not Message.objects.exists()
    assert not Job.objects.exists()


def test_without_a_server_messages_lie_in_the_mail_folder(stemma_home: Path, settings: Any) -> None:
    settings.MAIL_SERVER = None
    first = write("First")
    write("Second")
    work_off()
    folder = stemma_home / "mail"
    files = sorted(folder.glob("*"), key=lambda file: str(first.pk) not in file.name)
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}
    mail = message_from_bytes(files[0].read_bytes(), policy=policy.default)
    assert (mail["To"], mail.get_content().strip()) == (ADDRESS, "First")
    assert set(Message.objects.values_list("state", "text")) == {("sent", "")}


def test_a_settled_message_cannot_keep_its_text() -> None:
    message = write()
    with pytest.raises(IntegrityError), transaction.atomic():
        Message.objects.filter(pk=message.pk).update(state="sent")


def test_no_link_is_written_into_logs_or_rows(
    mail_server: MailServer, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    make_user("marie", email=ADDRESS)
    write()
    ask_for_new_password(address=ADDRESS)
    ask_for_account(address="new@example.org")
    work_off()
    links = [link for mail in mail_server.mailbox.taken for link in LINK.findall(mail.get_content())]
    secrets = {link.rstrip("/").rsplit("/", 1)[-1] for link in links} - {"login"}
    assert len(secrets) >= 3
    output = capfd.readouterr()
    kept = [output.out, output.err, caplog.text]
    kept += [str(row) for model in (Message, Job) for row in model.objects.values()]
    assert [secret for secret in secrets if any(secret in each for each in kept)] == []


def test_lines_cannot_be_put_into_headers(mail_server: MailServer) -> None:
    mail = EmailMessage("One\nBcc: other@example.org", "Text", None, [ADDRESS])
    from repository.workflows.mail import OutboxBackend

    OutboxBackend().send_messages([mail])
    work_off()
    (taken,) = mail_server.mailbox.taken
    assert taken["Bcc"] is None
    assert taken["Subject"] == "One Bcc: other@example.org"
    with pytest.raises(InvalidMetadataError):
        ask_for_account(address="marie@example.org\nBcc: other@example.org")


def test_messages_are_forgotten_after_a_month() -> None:
    from django.utils import timezone

    old, young, waiting = write(), write(), write()
    long_ago = timezone.now() - 2 * KEPT
    Message.objects.filter(pk=old.pk).update(state="sent", text="", settled_at=long_ago)
    Message.objects.filter(pk=young.pk).update(state="sent", text="", settled_at=timezone.now())
    Message.objects.filter(pk=waiting.pk).update(created_at=long_ago)
    assert forget_messages() == 1
    assert set(Message.objects.values_list("pk", flat=True)) == {young.pk, waiting.pk}


def test_operators_see_how_the_mail_goes(client: Any, mail_server: MailServer) -> None:
    mail_server.stop()
    write()
    work_off()
    client.force_login(make_user(role="admin"))
    metrics = client.get("/metrics").content.decode()
    assert 'stemma_mail{state="waiting"} 1' in metrics
    assert re.search(r"^stemma_oldest_waiting_mail_seconds \d+\.\d+$", metrics, re.MULTILINE)
    page = client.get("/admin/repository/message/").content.decode()
    assert "127.0.0.1" in page
    message = Message.objects.get()
    shown = client.get(f"/admin/repository/message/{message.pk}/change/")
    assert shown.status_code == 200
    assert "confirm-email/secret" not in shown.content.decode()
