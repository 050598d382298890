"""The one place where environment variables are read.

Two readings: `read_environment` for the settings of web, worker and management commands, where the
addresses of the parts are required; `read_stack_environment` for the embedded stack, which provides every
part that has no address yet.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import unquote, urlsplit

from repository.limits import LEAST_REQUESTS_A_MINUTE

CHECKOUT = Path(__file__).resolve().parents[1]

SandboxMode = Literal["strict", "weak"]
Encryption = Literal["none", "starttls", "tls"]

_SIZE = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([kMGT]i?)?B?\s*$")
_SIZE_FACTORS = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
_MAX_PORT = 65535


class EnvironmentVariableError(Exception):
    """A variable is missing or cannot be understood; the sentence says which one and what to write."""


@dataclass(frozen=True, slots=True)
class ObjectStoreEnvironment:
    """An S3 store that replaces the local object folder."""

    endpoint_url: str | None
    bucket: str
    region: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True, slots=True)
class DataCiteEnvironment:
    """The DOI registrar; absent, DOIs are minted locally and never transmitted."""

    url: str
    repository: str
    password: str
    prefix: str


@dataclass(frozen=True, slots=True)
class MailServerEnvironment:
    """The mail server; absent, messages are written into a folder and nobody is sent any."""

    host: str
    port: int
    encryption: Encryption
    user: str | None
    password: str | None


@dataclass(frozen=True, slots=True)
class Environment:
    """What web, worker and management commands take from the environment."""

    home: Path
    secret_key: str
    database_url: str
    database_owner_url: str | None
    broker_url: str
    object_store: ObjectStoreEnvironment | None
    object_cache_bytes: int
    disk_reserve_bytes: int
    fixity_days: int
    fixity_bytes_per_second: int
    datacite: DataCiteEnvironment | None
    orcid_client_id: str | None
    orcid_client_secret: str | None
    public_url: str
    allowed_hosts: tuple[str, ...]
    debug: bool
    sandbox: SandboxMode
    job_lease_seconds: float
    reconcile_seconds: float
    max_file_bytes: int
    quota_bytes: int
    collect_grace_hours: float
    requests_per_minute: int
    anonymous_requests_per_minute: int
    web_threads: int
    accel_redirect: bool
    operator_networks: tuple[IPv4Network | IPv6Network, ...]
    trusted_proxies: tuple[IPv4Network | IPv6Network, ...]
    log_level: str
    mail_server: MailServerEnvironment | None
    mail_from: str
    commit: str | None


@dataclass(frozen=True, slots=True)
class StackEnvironment:
    """What the embedded stack takes from the environment; an address that is set switches its part off."""

    home: Path
    bind: str
    port: int
    web_workers: int
    web_threads: int
    worker_processes: int
    short_worker_processes: int
    database_url: str | None
    database_owner_url: str | None
    broker_url: str | None
    secret_key: str | None
    account: str
    mail_server: MailServerEnvironment | None = None


def read_environment(variables: Mapping[str, str] | None = None) -> Environment:
    """Return the settings' environment; a missing or malformed variable stops the start with a sentence."""
    source = _Variables(os.environ if variables is None else variables)
    port = source.integer("STEMMA_PORT", 8000, minimum=0, maximum=_MAX_PORT)
    public_url = (source.optional("STEMMA_PUBLIC_URL") or f"http://127.0.0.1:{port}").rstrip("/")
    mail_server = _read_mail_server(source)
    return Environment(
        home=source.home(),
        secret_key=source.required(
            "STEMMA_SECRET_KEY", "a long random text that stays the same between starts"
        ),
        database_url=source.required("DATABASE_URL", "postgresql://user:password@host:port/database"),
        database_owner_url=source.optional("DATABASE_OWNER_URL"),
        broker_url=source.required("BROKER_URL", "redis://:password@host:port/0"),
        object_store=_read_object_store(source),
        object_cache_bytes=source.size("STEMMA_OBJECT_CACHE", "50 GB"),
        # PostgreSQL's write-ahead log grows to 1 GB; as much again for tables, messages and logs.
        disk_reserve_bytes=source.size("STEMMA_DISK_RESERVE", "2 GB"),
        fixity_days=source.integer("STEMMA_FIXITY_DAYS", 90, minimum=1),
        fixity_bytes_per_second=source.size("STEMMA_FIXITY_RATE", "20 MB"),
        datacite=_read_datacite(source),
        orcid_client_id=source.optional("ORCID_CLIENT_ID"),
        orcid_client_secret=source.optional("ORCID_CLIENT_SECRET"),
        public_url=public_url,
        allowed_hosts=source.words("STEMMA_ALLOWED_HOSTS"),
        debug=source.flag("STEMMA_DEBUG"),
        sandbox=source.sandbox(),
        job_lease_seconds=source.number("STEMMA_JOB_LEASE_SECONDS", 30.0, minimum=1.0),
        reconcile_seconds=source.number("STEMMA_RECONCILE_SECONDS", 5.0, minimum=0.2),
        max_file_bytes=source.size("STEMMA_MAX_FILE_SIZE", "2 TB"),
        quota_bytes=source.size("STEMMA_QUOTA", "10 TB"),
        collect_grace_hours=source.number("STEMMA_COLLECT_GRACE", 24.0, minimum=0.0),
        requests_per_minute=source.integer(
            "STEMMA_REQUESTS_PER_MINUTE", LEAST_REQUESTS_A_MINUTE, minimum=LEAST_REQUESTS_A_MINUTE
        ),
        anonymous_requests_per_minute=source.integer("STEMMA_ANONYMOUS_REQUESTS_PER_MINUTE", 600, minimum=1),
        web_threads=source.web_threads(),
        accel_redirect=source.flag("STEMMA_ACCEL_REDIRECT"),
        operator_networks=source.networks("STEMMA_OPERATOR_NETWORKS"),
        trusted_proxies=source.networks("STEMMA_TRUSTED_PROXIES"),
        log_level=source.optional("STEMMA_LOG_LEVEL") or "INFO",
        mail_server=mail_server,
        mail_from=_read_mail_from(source, public_url=public_url, is_needed=mail_server is not None),
        commit=source.optional("STEMMA_COMMIT"),
    )


def read_stack_environment(variables: Mapping[str, str] | None = None) -> StackEnvironment:
    """Return what the embedded stack needs to know; nothing is required."""
    source = _Variables(os.environ if variables is None else variables)
    return StackEnvironment(
        home=source.home(),
        bind=source.optional("STEMMA_BIND") or "127.0.0.1",
        port=source.integer("STEMMA_PORT", 8000, minimum=0, maximum=_MAX_PORT),
        web_workers=source.integer("STEMMA_WEB_WORKERS", 2, minimum=1),
        web_threads=source.web_threads(),
        worker_processes=source.integer("STEMMA_WORKER_PROCESSES", 2, minimum=1),
        short_worker_processes=source.integer("STEMMA_SHORT_WORKER_PROCESSES", 1, minimum=1),
        database_url=source.optional("DATABASE_URL"),
        database_owner_url=source.optional("DATABASE_OWNER_URL"),
        broker_url=source.optional("BROKER_URL"),
        secret_key=source.optional("STEMMA_SECRET_KEY"),
        account=source.optional("STEMMA_ACCOUNT") or "admin",
        mail_server=_read_mail_server(source),
    )


def require_readable_settings(variables: Mapping[str, str] | None = None) -> None:
    """Refuse, before anything is started, what the settings of web and worker would refuse when they start.

    Raises
    ------
    EnvironmentVariableError
        With the variable, and what to write.
    """
    given = os.environ if variables is None else variables
    unset = {name: value for name, value in _PROVIDED.items() if not given.get(name, "").strip()}
    read_environment({**given, **unset})


_PROVIDED: Mapping[str, str] = {
    "STEMMA_SECRET_KEY": "provided",
    "DATABASE_URL": "postgresql://provided",
    "BROKER_URL": "redis://provided",
}
"""What the embedded stack gives to its parts; here only that they are there counts."""


def _read_object_store(source: "_Variables") -> ObjectStoreEnvironment | None:
    bucket = source.optional("S3_BUCKET")
    if bucket is None:
        if source.optional("S3_ENDPOINT_URL") is not None:
            raise EnvironmentVariableError(
                "S3_ENDPOINT_URL is set but S3_BUCKET is not: name the bucket, or unset both."
            )
        return None
    return ObjectStoreEnvironment(
        endpoint_url=source.optional("S3_ENDPOINT_URL"),
        bucket=bucket,
        region=source.optional("S3_REGION") or "us-east-1",
        access_key_id=source.required("S3_ACCESS_KEY_ID", "the key of the account that owns the bucket"),
        secret_access_key=source.required(
            "S3_SECRET_ACCESS_KEY", "the secret that belongs to S3_ACCESS_KEY_ID"
        ),
    )


def _read_datacite(source: "_Variables") -> DataCiteEnvironment | None:
    repository = source.optional("DATACITE_REPOSITORY")
    if repository is None:
        return None
    return DataCiteEnvironment(
        url=source.optional("DATACITE_URL") or "https://api.test.datacite.org",
        repository=repository,
        password=source.required("DATACITE_PASSWORD", "the password of the repository account at DataCite"),
        prefix=source.required("DATACITE_PREFIX", "the DOI prefix that DataCite assigned, such as 10.12345"),
    )


_MAIL_SCHEMES: Mapping[str, tuple[Encryption, int]] = {
    "smtp": ("none", 25),
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
}
_THIS_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


def _read_mail_server(source: "_Variables") -> MailServerEnvironment | None:
    address = source.optional("STEMMA_SMTP_URL")
    if address is None:
        return None
    example = "write smtp+starttls://user:password@mail.example.org:587, smtps://… or smtp://…"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError as error:
        raise EnvironmentVariableError(f"STEMMA_SMTP_URL cannot be read; {example}.") from error
    if parts.scheme not in _MAIL_SCHEMES or not parts.hostname or parts.path not in {"", "/"}:
        raise EnvironmentVariableError(f"STEMMA_SMTP_URL names no mail server; {example}.")
    encryption, usual_port = _MAIL_SCHEMES[parts.scheme]
    if parts.username and encryption == "none" and parts.hostname not in _THIS_MACHINE:
        raise EnvironmentVariableError(
            "STEMMA_SMTP_URL would send its password readable to everybody on the way; "
            "write smtp+starttls:// or smtps://."
        )
    return MailServerEnvironment(
        host=parts.hostname,
        port=port or usual_port,
        encryption=encryption,
        user=unquote(parts.username) if parts.username else None,
        password=unquote(parts.password) if parts.password else None,
    )


def _read_mail_from(source: "_Variables", *, public_url: str, is_needed: bool) -> str:
    """Return the sender; without a mail server nobody answers, and the server's own name will do."""
    if is_needed:
        written = source.required("STEMMA_MAIL_FROM", "the sender of messages, Stemma <stemma@example.org>")
    else:
        host = urlsplit(public_url).hostname or ""
        domain = host if re.search("[a-z]", host) and ":" not in host else "localhost"
        written = source.optional("STEMMA_MAIL_FROM") or f"Stemma <stemma@{domain}>"
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", parseaddr(written)[1]):
        raise EnvironmentVariableError(
            f"STEMMA_MAIL_FROM is {written!r}; write a sender such as Stemma <stemma@example.org>."
        )
    return written


class _Variables:
    """The variables with one method per kind of value, so that every refusal names variable and remedy."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def optional(self, name: str) -> str | None:
        return self._variables.get(name, "").strip() or None

    def required(self, name: str, example: str) -> str:
        value = self.optional(name)
        if value is None:
            instead = ", or start with `make up`, which provides every part itself" * (name in _PROVIDED)
            raise EnvironmentVariableError(
                f"{name} is not set. Stemma needs it to start: set it to {example}{instead}."
            )
        return value

    def flag(self, name: str) -> bool:
        value = (self.optional(name) or "0").lower()
        if value not in {"0", "1", "true", "false", "yes", "no"}:
            raise EnvironmentVariableError(f"{name} is {value!r}; write 1 or 0.")
        return value in {"1", "true", "yes"}

    def words(self, name: str) -> tuple[str, ...]:
        return tuple(word for word in re.split(r"[\s,]+", self.optional(name) or "") if word)

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            return tuple(ip_network(word) for word in self.words(name))
        except ValueError as error:
            raise EnvironmentVariableError(
                f"{name}: {error}; write networks such as 10.1.0.0/16 or 127.0.0.1, separated by spaces."
            ) from error

    def integer(self, name: str, default: int, *, minimum: int, maximum: int | None = None) -> int:
        text = self.optional(name)
        if text is None:
            return default
        if not text.isdecimal() or int(text) < minimum or (maximum is not None and int(text) > maximum):
            upper = "" if maximum is None else f" and at most {maximum}"
            raise EnvironmentVariableError(
                f"{name} is {text!r}; write a whole number, at least {minimum}{upper}."
            )
        return int(text)

    def number(self, name: str, default: float, *, minimum: float) -> float:
        text = self.optional(name)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text) or float(text) < minimum:
            raise EnvironmentVariableError(
                f"{name} is {text!r}; write a number of seconds, at least {minimum:g}."
            )
        return float(text)

    def web_threads(self) -> int:
        return self.integer("STEMMA_WEB_THREADS", 8, minimum=1, maximum=200)

    def size(self, name: str, default: str) -> int:
        text = self.optional(name) or default
        match = _SIZE.match(text)
        if match is None:
            raise EnvironmentVariableError(f"{name} is {text!r}; write a size such as 500 GB or 2 TiB.")
        return int(float(match[1]) * _SIZE_FACTORS[match[2] or ""])

    def sandbox(self) -> SandboxMode:
        value = self.optional("STEMMA_SANDBOX") or "strict"
        for mode in get_args(SandboxMode):
            if value == mode:
                return "weak" if mode == "weak" else "strict"
        raise EnvironmentVariableError(f"STEMMA_SANDBOX is {value!r}; write strict (the default) or weak.")

    def home(self) -> Path:
        return Path(self.optional("STEMMA_HOME") or CHECKOUT / ".stemma").expanduser().absolute()
