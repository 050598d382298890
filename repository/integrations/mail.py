"""Where messages go: to a mail server, or into a folder for the operator, who hands them on."""

import smtplib
import ssl
from dataclasses import dataclass
from email.errors import MessageError
from email.generator import BytesGenerator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Literal, Protocol
from uuid import uuid4

Encryption = Literal["none", "starttls", "tls"]
PATIENCE_S = 20.0
_FIRST_FINAL = 500


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

    def send(self, message: EmailMessage) -> None:
        """Hand the message to the server."""
        try:
            with self._connect() as server:
                if self.encryption == "starttls":
                    server.starttls(context=ssl.create_default_context())
                if self.user is not None:
                    server.login(self.user, self.password or "")
                server.send_message(message)
        except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPNotSupportedError) as fault:
            raise self._judge(fault) from fault
        except (smtplib.SMTPException, OSError) as fault:
            raise MailUnavailableError(f"{self.host}:{self.port}: {_say(fault)}") from fault

    def _connect(self) -> smtplib.SMTP:
        if self.encryption == "tls":
            context = ssl.create_default_context()
            return smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE_S, context=context)
        return smtplib.SMTP(self.host, self.port, timeout=PATIENCE_S)

    def _judge(self, fault: smtplib.SMTPException) -> Exception:
        """Return what a refusal of this very message means: codes of the 500s are final, all others pass."""
        reason = f"{self.host}:{self.port}: {_say(fault)}"
        is_final = isinstance(fault, smtplib.SMTPNotSupportedError) or _code_of(fault) >= _FIRST_FINAL
        return MailRefusedError(reason) if is_final else MailUnavailableError(reason)


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
