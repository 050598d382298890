"""A mail server that drips its answer byte by byte is left at the deadline, and holds one process at most."""

import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import suppress
from email.message import EmailMessage

import pytest
from django.db import connection, transaction

from project.connections import LONGEST_LOCK_S
from repository.integrations import mail
from repository.integrations.mail import Encryption, MailUnavailableError, SmtpTransport
from repository.lanes import LANES
from repository.models import Job
from repository.models.job_order import lock_next_job
from repository.services.jobs import ClaimedJob, claim_job, claim_next_job, complete_job, create_job
from repository.tasks import bells
from tests.integration.mail.conftest import choose_port
from tests.patience import patient, within

PAUSE_S = 0.05
TLS_RECORD = b"\x16\x03\x03\x40\x00"  # the head of a long one


@pytest.fixture
def said() -> tuple[bytes, ...]:
    """Return what the server says at once: first, and after each word of the client."""
    return (b"",)


@pytest.fixture
def dripping_port(said: tuple[bytes, ...]) -> Iterator[int]:
    """Run a server that goes on with a byte in each twentieth of a second until the test ends."""
    end = threading.Event()
    port = choose_port()

    def drip(line: socket.socket) -> None:
        with line, suppress(OSError):
            line.sendall(said[0])
            for word in said[1:]:
                line.recv(2**16)
                line.sendall(word)
            while not end.wait(PAUSE_S):
                line.sendall(b"2")

    def listen(door: socket.socket) -> None:
        while not end.is_set():
            with suppress(TimeoutError):
                threading.Thread(target=drip, args=(door.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", port)) as door:
        door.settimeout(0.2)
        listener = threading.Thread(target=listen, args=(door,), daemon=True)
        listener.start()
        yield port
        end.set()
        listener.join(patient(30))


@pytest.mark.parametrize(
    ("encryption", "said"),
    [
        ("none", (b"",)),
        ("none", (b"220 here\r\n", b"250-first\r\n")),
        ("tls", (b"", TLS_RECORD)),
        ("starttls", (b"220 here\r\n", b"250-here\r\n250 STARTTLS\r\n", b"220 go on\r\n", TLS_RECORD)),
    ],
)
def test_a_server_that_drips_is_left_at_the_deadline(encryption: Encryption, dripping_port: int) -> None:
    message = EmailMessage()
    message["From"] = message["To"] = "marie@example.org"
    transport = SmtpTransport("127.0.0.1", dripping_port, encryption, None, None, deadline_s=1.0)
    with within(60), pytest.raises(MailUnavailableError, match=r"It was not done within 1 s\."):
        transport.send(message)


def test_nobody_waits_longer_than_half_a_minute_for_a_mail_server() -> None:
    transport = SmtpTransport("127.0.0.1", 25, "none", None, None)
    assert transport.deadline_s == mail.DEADLINE_S <= 30


def wait_in_line(kind: str, count: int) -> list[Job]:
    return [create_job(kind=kind, target=uuid.uuid4().hex, lane="short") for _ in range(count)]


def claim() -> ClaimedJob:
    found = claim_next_job(lanes=LANES)
    assert found is not None
    return found


@pytest.mark.django_db
def test_messages_occupy_one_process_and_cost_no_attempt_while_they_wait() -> None:
    messages = wait_in_line("send_message", 3)
    others = wait_in_line("test", 2)
    first = claim()
    assert first.id == messages[0].pk
    assert [claim().id for _ in others] == [job.pk for job in others], "the others are free for other work"
    assert claim_next_job(lanes=LANES) is None
    assert set(
        Job.objects.filter(pk__in=[job.pk for job in messages[1:]]).values_list("state", "attempt")
    ) == {("queued", 0)}
    complete_job(claim=first)
    assert claim().id == messages[1].pk


@pytest.mark.django_db
def test_a_message_whose_worker_died_does_not_stop_the_mail_for_ever() -> None:
    dead, waiting = wait_in_line("send_message", 2)
    held = claim()
    Job.objects.filter(pk=dead.pk).update(lease_until=dead.created_at)
    again = claim()
    assert (held.id, again.id, again.attempt) == (dead.pk, dead.pk, 2)
    complete_job(claim=again)
    assert claim().id == waiting.pk


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_look_in_the_same_moment_begin_one_message() -> None:
    first, _ = wait_in_line("send_message", 2)
    found: list[ClaimedJob | None] = []

    def look() -> None:
        try:
            found.append(claim_next_job(lanes=LANES))
        finally:
            connection.close()

    with transaction.atomic():
        job_id = lock_next_job("short", waited=first.created_at - first.created_at)
        other = threading.Thread(target=look)
        other.start()
        # It waits for us, no longer than the database lets it; where it does not, it has claimed the second by now.
        other.join(min(patient(1), LONGEST_LOCK_S / 2))
        assert job_id == first.pk
        assert claim_job(job_id=first.pk) is not None
    other.join(patient(60))
    assert found == [None]


@pytest.mark.django_db
def test_whoever_is_done_with_a_message_rings_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bells of those that waited were heard meanwhile, and nothing was found."""
    rung: list[str] = []
    monkeypatch.setattr(bells, "ring", rung.append)
    monkeypatch.setattr(bells, "list_own_lanes", lambda: LANES)
    monkeypatch.setattr(bells, "run_job", lambda claimed: complete_job(claim=claimed))
    wait_in_line("send_message", 2)
    bells.answer_bell("short")
    assert rung == ["short"]
    bells.answer_bell("short")
    assert rung == ["short"], "nothing waits"
