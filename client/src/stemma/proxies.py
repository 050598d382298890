"""Which way a request goes: straight, or through the proxy that the environment names.

httpx would ask the environment itself, but then a proxy also catches this very machine, one of a kind it does not know
ends in a traceback, and no error tells that a proxy was in between.
"""

import importlib.util
import ipaddress
import os
import socket
import urllib.request
from collections.abc import Mapping
from functools import lru_cache
from threading import Lock
from urllib.parse import urlsplit

import httpx

from stemma.errors import MissingDependencyError, UsageError

VIA = "stemma_proxy"  # the request's note of the proxy it went through
_KINDS = frozenset({"http", "https", "socks5", "socks5h"})


def choose_proxy(address: str, proxies: Mapping[str, str] | None = None) -> str | None:
    """Return the proxy for an address, or None where the way is straight.

    Parameters
    ----------
    proxies
        As `urllib.request.getproxies` gives them: by scheme, ``all`` for any, ``no`` for who is to be left out.

    Raises
    ------
    UsageError
        What is named there is no proxy of a kind that is known.
    MissingDependencyError
        It is a SOCKS proxy, and the library for it is not installed.
    """
    named = urllib.request.getproxies() if proxies is None else proxies
    parts = urlsplit(address)
    host = parts.hostname or ""
    proxy = (named.get(parts.scheme) or named.get("all") or "").strip()
    if not proxy or is_this_machine(host) or _is_left_out(host, parts.port, parts.scheme, named):
        return None
    return _check(proxy if "://" in proxy else f"http://{proxy}")


@lru_cache(maxsize=256)
def is_this_machine(host: str) -> bool:
    """Return whether a host is the machine this runs on: loopback, its own name, or one of its own addresses."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost") or name == socket.gethostname().lower():
        return True
    try:
        number = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    number = getattr(number, "ipv4_mapped", None) or number
    if number.is_loopback or number.is_unspecified:
        return True
    if number.is_multicast:
        return False
    family = socket.AF_INET if number.version == 4 else socket.AF_INET6  # noqa: PLR2004
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((str(number), 0))  # only addresses of its own can be bound
    except OSError:
        return False
    return True


def hide_password(proxy: str) -> str:
    """Return a proxy's address as it may be shown."""
    kind, _, rest = proxy.partition("://")
    return f"{kind}://{rest.partition('/')[0].rpartition('@')[2]}"


def name_via(request: httpx.Request | None) -> str:
    """Return the words that name the proxy a request went through, or none."""
    via = "" if request is None else str(request.extensions.get(VIA) or "")
    return f" through the proxy {via}" if via else ""


def via_of(fault: httpx.TransportError) -> str:
    try:
        return name_via(fault.request)
    except RuntimeError:
        return ""  # it failed before there was a request


class RoutedTransport(httpx.BaseTransport):
    """Sends each request the way that its address and the environment ask for."""

    def __init__(self, limits: httpx.Limits) -> None:
        self._limits = limits
        self._trust = httpx.create_ssl_context()  # SSL_CERT_FILE and SSL_CERT_DIR count
        self._lock = Lock()
        self._ways: dict[str | None, httpx.HTTPTransport] = {}

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        proxy = choose_proxy(str(request.url))
        if proxy is not None:
            request.extensions[VIA] = hide_password(proxy)
        return self._way(proxy).handle_request(request)

    def close(self) -> None:
        with self._lock:
            ways, self._ways = list(self._ways.values()), {}
        for way in ways:
            way.close()

    def _way(self, proxy: str | None) -> httpx.HTTPTransport:
        with self._lock:
            if proxy not in self._ways:
                # Whoever resolves names, a SOCKS proxy is given the name; "socks5h" only says so.
                address = proxy.replace("socks5h://", "socks5://", 1) if proxy else None
                self._ways[proxy] = httpx.HTTPTransport(
                    verify=self._trust, limits=self._limits, proxy=address
                )
            return self._ways[proxy]


def _is_left_out(host: str, port: int | None, scheme: str, named: Mapping[str, str]) -> bool:
    """Return whether NO_PROXY names the host: itself, its domain, its network, with or without a port."""
    if "no" not in named and urllib.request.proxy_bypass(host):
        return True  # macOS and Windows keep a list of their own
    port = port or (443 if scheme == "https" else 80)
    return any(
        _matches(entry.strip().lower(), host.lower(), port) for entry in named.get("no", "").split(",")
    )


def _matches(entry: str, host: str, port: int) -> bool:
    if entry in {"", "*"}:
        return entry == "*"
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        pass  # a name, or an entry with a port
    entry = entry.rpartition("://")[2]
    name, colon, wanted = entry.rpartition(":")
    if colon and wanted.isdigit() and (name.endswith("]") or ":" not in name):
        if int(wanted) != port:
            return False
        entry = name
    entry = entry.strip("[]").removeprefix("*").removeprefix(".").rstrip(".")
    return bool(entry) and (host == entry or host.endswith(f".{entry}"))


def _check(proxy: str) -> str:
    shown, kind = hide_password(proxy), proxy.partition("://")[0].lower()
    where = f"The environment names the proxy {shown}"
    hint = "Correct {variables}, or put the server into NO_PROXY to go there straight."
    named = ", ".join(sorted(name for name in os.environ if name.lower().endswith("_proxy"))) or "the proxy"
    try:
        is_whole = bool(httpx.URL(proxy).host)
    except httpx.InvalidURL:
        is_whole = False
    if kind not in _KINDS or not is_whole:
        raise UsageError(
            f"{where}, which is none that is known here: http, https, socks5 and socks5h are.",
            hint=hint.format(variables=named),
            code="bad_proxy",
        )
    if kind.startswith("socks") and importlib.util.find_spec("socksio") is None:
        raise MissingDependencyError(
            f"{where}, and the library for SOCKS is not installed.",
            hint="pip install './client[socks]' in a checkout of Stemma; "
            "or put the server into NO_PROXY to go there straight.",
            code="bad_proxy",
        )
    return proxy
