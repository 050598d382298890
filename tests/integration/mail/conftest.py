"""A real mail server, with and without TLS, whose moods a test decides."""

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from project import settings as written
from project.environment import MailServerEnvironment
from tests.patience import patient

USER, PASSWORD = "stemma", "p@ss/word"


@dataclass(slots=True)
class Mailbox:
    """What the server took, and what it answers to the next ones."""

    taken: list[EmailMessage] = field(default_factory=list)
    answer: str = ""
    refused_recipients: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802  # the server's names
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address in self.refused_recipients:
            return self.refused_recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.answer:
            return self.answer
        content = envelope.content
        assert isinstance(content, bytes)
        mail = message_from_bytes(content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.taken.append(mail)
        return "250 OK"


@dataclass(slots=True)
class MailServer:
    """A server that can be taken away and come back at the same address."""

    mailbox: Mailbox
    make: Callable[[int], Controller]
    encryption: str
    controller: Controller | None = None
    port: int = 0

    def start(self) -> None:
        self.port = self.port or choose_port()
        self.controller = self.make(self.port)
        self.controller.start()

    def stop(self) -> None:
        if self.controller is not None:
            self.controller.stop()
        self.controller = None

    @property
    def environment(self) -> MailServerEnvironment:
        has_login = self.encryption != "none"
        return MailServerEnvironment(
            host="127.0.0.1",
            port=self.port,
            encryption=self.encryption,  # type: ignore[arg-type]  # one of the three
            user=USER if has_login else None,
            password=PASSWORD if has_login else None,
        )


def choose_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def check_login(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any
) -> AuthResult:
    is_right = isinstance(data, LoginPassword) and (data.login, data.password) == (
        USER.encode(),
        PASSWORD.encode(),
    )
    return AuthResult(success=is_right, handled=False)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """Write a certificate for this machine, its own authority, and the key to it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mail of the tests")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    written = folder / "mail.pem", folder / "mail.key"
    written[0].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    written[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return written


@pytest.fixture(autouse=True)
def _as_in_production(settings: Any) -> None:
    """Django's tests keep mail in memory; here it goes the way of the server."""
    settings.EMAIL_BACKEND = written.EMAIL_BACKEND


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return write_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture
def encryption() -> str:
    """Return how the connection is protected; a test may say otherwise."""
    return "none"


@pytest.fixture
def mail_server(
    encryption: str, certificate: tuple[Path, Path], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MailServer]:
    """Run a mail server and let Stemma send by it; it trusts the server's certificate."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    mailbox = Mailbox()
    login = {"authenticator": check_login, "auth_required": True}
    more: dict[str, dict[str, Any]] = {
        "none": {},
        "starttls": {"tls_context": context, "require_starttls": True, **login},
        "tls": {"ssl_context": context, "auth_require_tls": False, "authenticator": check_login},
    }
    server = MailServer(
        mailbox,
        lambda port: Controller(
            mailbox, hostname="127.0.0.1", port=port, ready_timeout=patient(60), **more[encryption]
        ),
        encryption,
    )
    server.start()
    settings.MAIL_SERVER = server.environment
    settings.DEFAULT_FROM_EMAIL = "Stemma <stemma@example.org>"
    yield server
    server.stop()


@pytest.fixture
def in_one_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a job settle in the transaction of the test; a worker would close the connection."""
    monkeypatch.setattr("repository.tasks.jobs.close_old_connections", lambda: None)
