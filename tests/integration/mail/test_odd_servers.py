"""A message is taken with the server's word after its end; whatever the server says then counts for nothing."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage

import pytest

from repository.integrations.mail import MailRefusedError, MailUnavailableError, SmtpTransport
from tests.patience import patient, within

LONG = b"x" * 100_000


@dataclass(slots=True)
class OddServer:
    """Speaks as a test tells it; an empty answer ends the connection."""

    answers: dict[bytes, bytes] = field(default_factory=dict)
    bodies: list[bytes] = field(default_factory=list)
    port: int = 0

    def answer(self, word: bytes, usual: bytes) -> bytes:
        return self.answers.get(word, usual)

    def talk(self, line: socket.socket) -> None:
        with line, suppress(OSError), line.makefile("rb") as said:
            line.sendall(b"220 here\r\n")
            while command := said.readline():
                word = command[:4].strip().upper()
                reply = self.answer(word, b"354 go on\r\n" if word == b"DATA" else b"250 fine\r\n")
                line.sendall(reply)
                if not reply:
                    return
                if word == b"DATA" and reply.startswith(b"354"):
                    self.bodies.append(b"".join(iter(said.readline, b".\r\n")))
                    line.sendall(self.answer(b"END", b"250 taken\r\n"))


@pytest.fixture
def odd_server() -> Iterator[OddServer]:
    server = OddServer()
    end = threading.Event()

    def listen(door: socket.socket) -> None:
        while not end.is_set():
            with suppress(TimeoutError):
                threading.Thread(target=server.talk, args=(door.accept()[0],), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        door.settimeout(0.2)
        server.port = door.getsockname()[1]
        listener = threading.Thread(target=listen, args=(door,), daemon=True)
        listener.start()
        yield server
        end.set()
        listener.join(patient(30))


def send(server: OddServer) -> None:
    message = EmailMessage()
    message["From"] = message["To"] = "marie@example.org"
    message.set_content("A text.")
    with within(60):
        SmtpTransport("127.0.0.1", server.port, "none", None, None, deadline_s=patient(20)).send(message)


@pytest.mark.parametrize(
    "goodbye",
    [
        *(b"221 bye\r\n", b"250 bye\r\n", b"bye\r\n", b"421 too busy\r\n", b"500 what?\r\n", b"221-and\r\n"),
        *(b"221 " + LONG + b"\r\n", LONG + b"\r\n", b"\xff\xfe\r\n", b"\r\n", b"221", b""),
    ],
    ids=lambda goodbye: repr(goodbye[:12]),
)
def test_a_message_that_was_taken_is_taken_whatever_the_server_says_then(
    odd_server: OddServer, goodbye: bytes
) -> None:
    odd_server.answers[b"QUIT"] = goodbye
    send(odd_server)
    assert len(odd_server.bodies) == 1


@pytest.mark.parametrize("word", [b"MAIL", b"RCPT", b"END"])
@pytest.mark.parametrize(
    "consent",
    [b"250 " + LONG + b"\r\n", b"251 forwarded\r\n", b"252 perhaps\r\n", b"299-so\r\n299 be it\r\n"],
)
def test_every_answer_of_the_two_hundreds_is_consent(
    odd_server: OddServer, word: bytes, consent: bytes
) -> None:
    odd_server.answers[word] = consent
    send(odd_server)
    assert len(odd_server.bodies) == 1


@pytest.mark.parametrize(
    "refusal", [b"452 full\r\n", b"what?\r\n", b"354 go on\r\n", b"451 " + LONG + b"\r\n", b""]
)
def test_anything_else_after_a_message_is_tried_again(odd_server: OddServer, refusal: bytes) -> None:
    odd_server.answers[b"END"] = refusal
    if not refusal:
        odd_server.answers[b"DATA"] = b""
    with pytest.raises(MailUnavailableError):
        send(odd_server)


def test_consent_before_the_message_was_sent_is_none(odd_server: OddServer) -> None:
    odd_server.answers[b"DATA"] = b"252 so be it\r\n"
    with pytest.raises(MailUnavailableError, match="252"):
        send(odd_server)
    assert odd_server.bodies == []


def test_a_refusal_stays_one_however_long_it_is(odd_server: OddServer) -> None:
    odd_server.answers[b"END"] = b"550 " + LONG + b"\r\n"
    with pytest.raises(MailRefusedError) as caught:
        send(odd_server)
    assert len(str(caught.value)) < 1000
