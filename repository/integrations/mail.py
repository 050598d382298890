"""Where messages go: to a mail server, or into a folder for the operator, who hands them on."""

import smtplib
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from email.errors import MessageError
from email.generator import BytesGenerator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, Self
from uuid import uuid4

Encryption = Literal["none", "starttls", "tls"]
DEADLINE_S = 30.0
"""So long one message may take from the first look for the server to its last word, however it spreads its bytes."""
_TAKEN, _CONSENT = 250, 2
_FIRST_FINAL = 500
_WORDS = 500
"""So much of a line is kept."""


class MailUnavailableError(Exception):
    """The mail server is away, or refuses everything for now; later it may take the message."""


class MailRefusedError(Exception):
    """The mail server will never take this message."""


class MailTransport(Protocol):
    """Takes one message; taking it twice does no harm beyond a second copy."""

    def send(self, message: EmailMessage) -> None:
        """Hand the message over.

        Raises
        ------
        MailUnavailableError
            It was not taken, and may be later.
        MailRefusedError
            It is never taken.
        """


@dataclass(frozen=True, slots=True)
class SmtpTransport:
    """A mail server. Its certificate is checked against the authorities that the machine trusts."""

    host: str
    port: int
    encryption: Encryption
    user: str | None
    password: str | None
    deadline_s: float = DEADLINE_S

    def send(self, message: EmailMessage) -> None:
        """Hand the message to the server."""
        with _Watch(self.deadline_s) as watch:
            try:
                self._talk(message, watch)
            except (
                smtplib.SMTPRecipientsRefused,
                smtplib.SMTPDataError,
                smtplib.SMTPNotSupportedError,
            ) as fault:
                raise self._judge(fault) from fault
            except (smtplib.SMTPException, OSError) as fault:
                # A socket gets what is left of the deadline: it may notice the end before the watch does.
                is_over = watch.is_over or isinstance(fault, TimeoutError)
                said = f"It was not done within {self.deadline_s:g} s." if is_over else _say(fault)
                raise MailUnavailableError(f"{self.host}:{self.port}: {said}") from fault

    def _talk(self, message: EmailMessage, watch: "_Watch") -> None:
        server = self._connect(watch)
        try:
            if self.encryption == "starttls":
                server.starttls(context=ssl.create_default_context())
            if self.user is not None:
                server.login(self.user, self.password or "")
            server.send_message(message)
        finally:
            _say_goodbye(server)

    def _connect(self, watch: "_Watch") -> smtplib.SMTP:
        if self.encryption == "tls":
            context = ssl.create_default_context()
            return _WatchedTls(watch, self.host, self.port, timeout=self.deadline_s, context=context)
        return _Watched(watch, self.host, self.port, timeout=self.deadline_s)

    def _judge(self, fault: smtplib.SMTPException) -> Exception:
        """Return what a refusal of this very message means: codes of the 500s are final, all others pass."""
        reason = f"{self.host}:{self.port}: {_say(fault)}"
        is_final = isinstance(fault, smtplib.SMTPNotSupportedError) or _code_of(fault) >= _FIRST_FINAL
        return MailRefusedError(reason) if is_final else MailUnavailableError(reason)


def _say_goodbye(server: smtplib.SMTP) -> None:
    """Leave. The message was taken or refused before: whatever a server makes of the goodbye counts for nothing.

    Its answer is not waited for.
    """
    with suppress(smtplib.SMTPException, OSError):
        server.putcmd("quit")
    with suppress(OSError):
        server.close()


class _Watch:
    """Cuts a connection at the deadline: a timeout of a socket counts anew with every byte that drips in."""

    def __init__(self, seconds: float) -> None:
        self.is_over = False
        self._end = time.monotonic() + seconds
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        with self._lock:
            if self._line is not None:
                self._line.close()
            self._line = None

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a connection to the first address that answers, and cut it at the deadline."""
        fault = OSError("Its name has no address.")
        for *_, address in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            left = self._end - time.monotonic()
            if left <= 0:
                break
            try:
                connection = socket.create_connection((str(address[0]), port), left)
            except OSError as refusal:
                fault = refusal
                continue
            self._follow(connection)
            return connection
        raise fault

    def _follow(self, connection: socket.socket) -> None:
        with self._lock:
            # A second handle on the same line: TLS takes the first one over, also while it is being negotiated.
            self._line = connection.dup()
            if self.is_over:
                self._hang_up()

    def _cut(self) -> None:
        with self._lock:
            self.is_over = True
            self._hang_up()

    def _hang_up(self) -> None:
        if self._line is not None:
            with suppress(OSError):  # the server was quicker
                self._line.shutdown(socket.SHUT_RDWR)


class _Watched(smtplib.SMTP):
    def __init__(self, watch: _Watch, host: str, port: int, **options: Any) -> None:
        self._watch = watch
        super().__init__(host, port, **options)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del timeout  # of one read; the watch knows what is left of the whole
        return self._watch.connect(host, port)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = _Lines(self.sock.makefile("rb"))
        return super().getreply()

    # The first digit of an answer says what it means (RFC 5321, 4.2.1); the library knows one code for each word.

    def mail(self, sender: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        return _round(super().mail(sender, options))

    def rcpt(self, recip: str, options: Sequence[str] = ()) -> tuple[int, bytes]:
        return _round(super().rcpt(recip, options))

    def data(self, msg: Any) -> tuple[int, bytes]:
        return _round(super().data(msg))


def _round(answer: tuple[int, bytes]) -> tuple[int, bytes]:
    """Return an answer of the 200s as the one that the library takes for consent."""
    code, words = answer
    return (_TAKEN if code // 100 == _CONSENT else code), words


class _Lines:
    """The lines of a server, however long: what is beyond a few words is read and left out."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source

    def readline(self, limit: int = -1) -> bytes:
        """Return a line, shorter than the limit."""
        line = part = self._source.readline(limit)
        while part and not part.endswith(b"\n"):
            part = self._source.readline(limit)
        return line if len(line) < limit else line[:_WORDS]

    def close(self) -> None:
        """Close the connection's side of it."""
        self._source.close()


class _WatchedTls(smtplib.SMTP_SSL, _Watched):
    """The same; `SMTP_SSL` asks the next class for the bare connection, and negotiates over it."""

    def __init__(self, watch: _Watch, host: str, port: int, **options: Any) -> None:
        self._watch = watch
        smtplib.SMTP_SSL.__init__(self, host, port, **options)


@dataclass(frozen=True, slots=True)
class FolderTransport:
    """A folder of `.eml` files, readable by the account of the server alone."""

    folder: Path

    def send(self, message: EmailMessage) -> None:
        """Write the message under its own name: the same message again replaces the file."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        identity = str(message["Message-ID"]).strip("<>").partition("@")[0]
        moment = message["Date"].datetime.strftime("%Y%m%dT%H%M%SZ")
        path = self.folder / f"{moment}-{identity}.eml"
        half = path.with_name(f".{identity}-{uuid4().hex}.part")
        half.touch(mode=0o600)
        with half.open("wb") as file:
            BytesGenerator(file, policy=SMTP).flatten(message)
        half.replace(path)


def is_address(text: str) -> bool:
    """Return whether a mail server can be told this address, which is in ASCII."""
    try:
        address = Address(addr_spec=text)
    except (ValueError, MessageError):
        return False
    return bool(address.username and address.domain) and address.addr_spec == text


def _code_of(fault: smtplib.SMTPException) -> int:
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return max(code for code, _ in fault.recipients.values())
    return fault.smtp_code if isinstance(fault, smtplib.SMTPResponseException) else 0


def _say(fault: Exception) -> str:
    """Return one line of what the server answered."""
    if isinstance(fault, smtplib.SMTPRecipientsRefused):
        return "; ".join(
            f"{code} {answer.decode(errors='replace')}" for code, answer in fault.recipients.values()
        )
    if isinstance(fault, smtplib.SMTPResponseException):
        answer = fault.smtp_error
        text = answer.decode(errors="replace") if isinstance(answer, bytes) else str(answer)
        return f"{fault.smtp_code} {text}"
    return (str(fault).strip().splitlines() or ["It does not answer."])[0]
