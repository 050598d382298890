"""One HTTP connection pool to one server: addresses, token, retries, and refusals as errors."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import httpx

from stemma.errors import JsonObject, ServerUnreachableError, UsageError
from stemma.identifiers import split_address
from stemma.problems import build_error, read_problem
from stemma.proxies import RoutedTransport, choose_proxy, name_via, via_of
from stemma.retrying import AWAY_STATUSES, Patience, read_retry_after

API = "/api/v1"
USER_AGENT = f"stemma-client/{version('stemma-client')}"
TIMEOUT = httpx.Timeout(60.0, connect=10.0)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
WaitListener = Callable[[str, float, float], None]


class Connection:
    """A server address, a token or the key of a reviewer link, and how long to be patient.

    Threads may share it. Token and key go to the server's own origin only, whatever addresses answers hold.
    """

    def __init__(
        self,
        url: str,
        token: str | None = None,
        *,
        link_key: str = "",
        retry_seconds: float = 20.0,
        transport: httpx.BaseTransport | None = None,
        on_wait: WaitListener | None = None,
    ) -> None:
        url = url if "://" in url else f"http://{url}"
        parts = split_address(url)
        if parts.scheme not in {"http", "https"} or not parts.netloc:
            raise UsageError(
                f"{url!r} is not the address of a server.", hint="It looks like https://stemma.example.org."
            )
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"
        if token is not None and not (token.isascii() and token.isprintable()):
            raise UsageError("The token holds characters that no token has.", hint="Copy it once more.")
        self.token = token
        self.link_key = link_key
        self.retry_seconds = retry_seconds
        self.on_wait = on_wait
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=16)
        if transport is None:
            choose_proxy(self.url)  # one that cannot be used is said at once
            transport = RoutedTransport(limits)
        self._http = httpx.Client(timeout=TIMEOUT, transport=transport, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def new_patience(self) -> Patience:
        return Patience(self.retry_seconds, self.on_wait)

    def address(self, path: str) -> str:
        """Return an absolute address; API paths start with ``/``.

        An absolute address of the API is moved to where this connection goes: a server behind a tunnel, or
        called ``localhost``, hands out addresses under its public name.
        """
        if "://" not in path:
            return self.url + path
        parts = urlsplit(path)
        if parts.path.startswith(f"{API}/"):
            return self.url + parts.path + (f"?{parts.query}" if parts.query else "")
        return path

    def is_own(self, address: str) -> bool:
        return _origin(address) == _origin(self.url)

    def headers_for(self, address: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, **(extra or {})}
        if self.token and self.is_own(address):
            headers["Authorization"] = f"Token {self.token}"
        if self.link_key and self.is_own(address):
            headers["Cookie"] = f"stemma_grants=link:{self.link_key}"
        return headers

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        content: Any = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
    ) -> httpx.Response:
        """Send once, with no retry and no judgment of the status; transport faults pass through.

        `timeout` is for the answer alone: a line that takes no bytes for a minute is broken.
        """
        address = self.address(path)
        return self._http.request(
            method,
            address,
            params=params,
            json=json,
            content=content,
            headers=self.headers_for(address, headers),
            timeout=httpx.Timeout(60.0, connect=10.0, read=timeout) if timeout else TIMEOUT,
        )

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        headers: Mapping[str, str] | None = None,
        patience: Patience | None = None,
        timeout: float | None = None,
        accept: frozenset[int] = frozenset(),
    ) -> httpx.Response:
        """Send, wait for a server that is away or busy, and raise what it refuses, but `accept`.

        Raises
        ------
        ServerUnreachableError
            No usable answer within the patience.
        RefusedError
            Any other answer that is not a success.
        """
        patience = patience or self.new_patience()
        while True:
            try:
                response = self.send(method, path, params=params, json=json, headers=headers, timeout=timeout)
            except httpx.TransportError as fault:
                if is_hopeless(fault) or not patience.wait(describe_fault(fault)):
                    raise self.unreachable(fault) from fault
                continue
            advised = read_retry_after(response)
            passes = response.status_code in AWAY_STATUSES or (
                response.is_client_error and advised is not None
            )
            if passes and patience.wait(_describe_wait(response), advised_s=advised):
                continue
            if not response.is_success and response.status_code not in accept:
                raise build_error(response)
            patience.restore()
            return response

    def get_json(self, path: str, *, params: Any = None, patience: Patience | None = None) -> JsonObject:
        return read_object(self.request("GET", path, params=params, patience=patience))

    @contextmanager
    def stream(self, path: str, headers: Mapping[str, str]) -> Iterator[httpx.Response]:
        """Open a GET whose body is read by the caller; no retry, no judgment of the status."""
        address = self.address(path)
        with self._http.stream(
            "GET", address, headers=self.headers_for(address, {"Accept-Encoding": "identity", **headers})
        ) as response:
            yield response

    def unreachable(self, fault: httpx.TransportError) -> ServerUnreachableError:
        hint = "Is the address right and the server running? Nothing sent is lost: repeat the command."
        if via_of(fault):
            hint += " The proxy is named by the environment; a server in NO_PROXY is reached without it."
        return ServerUnreachableError(f"No answer from {self.url}: {describe_fault(fault)}.", hint=hint)


def api_path(*parts: str) -> str:
    """Return ``/api/v1/…/`` from path segments, each percent-encoded."""
    return f"{API}/" + "".join(f"{quote(part, safe='')}/" for part in parts)


def file_path(kind: str, record_id: str, path: str, *, version: int | None = None) -> str:
    """Return the address of a file of a deposit or dataset; slashes of the file's path stay slashes."""
    record = (
        api_path(kind, record_id) if version is None else api_path(kind, record_id, "versions", str(version))
    )
    return f"{record}files/" + "/".join(map(_quote_part, path.split("/")))


def _quote_part(part: str) -> str:
    """Return a part of a path for an address: what came from a stranger never climbs out of it."""
    return part.replace(".", "%2E") if part in {".", ".."} else quote(part, safe="", errors="surrogatepass")


def read_object(response: httpx.Response) -> JsonObject:
    """Return the JSON object of a success.

    Raises
    ------
    ServerUnreachableError
        The body is no JSON object: whatever answers at this address is not a Stemma server.
    """
    try:
        body = response.json()
    except ValueError as fault:
        raise _not_stemma(response) from fault
    if not isinstance(body, dict):
        raise _not_stemma(response)
    return body


def describe_fault(fault: httpx.TransportError) -> str:
    if isinstance(fault, httpx.TimeoutException):
        return f"it took too long to answer{via_of(fault)}"
    return f"{str(fault) or type(fault).__name__}{via_of(fault)}"


def _describe_wait(response: httpx.Response) -> str:
    """Return the server's own sentence where it has one."""
    said = str(read_problem(response).get("detail") or "").rstrip(".")
    via = name_via(response.request)
    return said or f"the server answers{via} {response.status_code} {response.reason_phrase}"


def is_hopeless(fault: httpx.TransportError) -> bool:
    """Return whether trying again cannot help: an invalid certificate, a proxy that refuses, a bad request."""
    cause: BaseException | None = fault
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return True
        cause = cause.__cause__ or cause.__context__
    if isinstance(fault, httpx.ProxyError) and str(fault).startswith("4"):
        return True  # such as "407 Proxy Authentication Required"
    return isinstance(fault, httpx.UnsupportedProtocol | httpx.LocalProtocolError)


def _not_stemma(response: httpx.Response) -> ServerUnreachableError:
    return ServerUnreachableError(
        f"{response.request.url}{name_via(response.request)} did not answer as a Stemma server does.",
        hint="Check the server's address.",
        code="not_stemma",
    )


def _origin(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    default_port = 443 if parts.scheme == "https" else 80
    host = "localhost" if parts.hostname in _LOOPBACK else parts.hostname
    return parts.scheme, f"{host}:{parts.port or default_port}"
