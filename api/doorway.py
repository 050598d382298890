"""Who asks, under which name and over which scheme: decided once, before any route, and alike for all of them.

A proxy hides its visitors. It says who they are in headers that anybody can send; they are believed only of the proxies
that the operator named in STEMMA_TRUSTED_PROXIES, and of each of them only what it can know itself: who called it. So
the list of addresses is read from its end, as long as the addresses are those of such proxies.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host
from starlette.datastructures import Headers
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from api.errors import CONTENT_TYPE, build_problem

Network = IPv4Network | IPv6Network
_FOR, _PROTO, _HOST = "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"
_SAY_WHO = frozenset({b"x-forwarded-for", b"x-real-ip", b"forwarded", b"via"})
PROBES = frozenset({"/healthz", "/healthz/", "/readyz", "/readyz/"})
"""A load balancer probes by number, not by name; what these answer holds no address and depends on no name."""


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a request before anything is read of it.

    Attributes
    ----------
    address
        Of the visitor, as far as those who are trusted know it.
    scheme, host
        What the visitor used: the outermost trusted proxy knows. Empty where none said so.
    was_forwarded
        Whether a trusted proxy named the visitor.
    """

    address: str
    scheme: str = ""
    host: str = ""
    was_forwarded: bool = False


def read_visit(peer: str, headers: Headers, trusted: Sequence[Network]) -> Visit:
    """Return who asks; headers of strangers say nothing."""
    peer = _parse(peer) or peer
    if not _is_within(peer, trusted):
        return Visit(address=peer)
    address, hops, was_forwarded = peer, 1, False
    for said in reversed(_list_words(headers, _FOR)):
        hop = _parse(said)
        if hop is None:
            break  # what a proxy does not know either, such as "unknown"
        address, was_forwarded = hop, True
        if not _is_within(hop, trusted):
            break
        hops += 1
    else:
        hops -= was_forwarded  # even the first one who called is a proxy: then it is the visitor
    scheme = _said_by(hops, _list_words(headers, _PROTO)).lower()
    return Visit(
        address=address,
        scheme=scheme if scheme in {"http", "https"} else "",
        host=_said_by(hops, _list_words(headers, _HOST)),
        was_forwarded=was_forwarded,
    )


def is_own_host(host: str) -> bool:
    """Return whether the server answers under a name; with its port, as it stands in the header."""
    domain, _ = split_domain_port(host)
    return bool(domain) and validate_host(domain, settings.ALLOWED_HOSTS)


class Doorway:
    """Puts the visitor's address, scheme and host where every route looks for them, and refuses foreign names."""

    def __init__(self, application: ASGIApp) -> None:
        self.application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer 400 where it was meant for another server."""
        if scope["type"] != "http":
            await self.application(scope, receive, send)
            return
        seen = _see(scope)
        hosts = Headers(scope=seen).getlist("host")
        if seen["path"] in PROBES or (len(hosts) == 1 and is_own_host(hosts[0])):
            await self.application(seen, receive, send)
            return
        await _refuse_host(scope)(scope, receive, send)


def _see(scope: Scope) -> Scope:
    """Return the scope with what is true of the visitor, and without what a trusted proxy said about it."""
    headers = Headers(scope=scope)
    peer, port = scope.get("client") or ("", 0)
    visit = read_visit(peer, headers, settings.TRUSTED_PROXIES)
    raw: list[tuple[bytes, bytes]] = list(scope["headers"])
    if visit.was_forwarded:
        raw = [pair for pair in raw if pair[0].lower() not in _SAY_WHO]
    if visit.host:
        raw = [pair for pair in raw if pair[0].lower() != b"host"]
        raw.append((b"host", visit.host.encode("latin-1")))
    host = Headers(raw=raw).get("host", "")
    return {
        **scope,
        "client": (visit.address, 0 if visit.was_forwarded else port),
        "scheme": visit.scheme or _scheme_of(host) or scope["scheme"],
        "headers": raw,
    }


def _scheme_of(host: str) -> str:
    """Return the scheme of the public address where it was used, also when no proxy is trusted to say so."""
    public = urlsplit(settings.PUBLIC_URL)
    return public.scheme if host == public.netloc else ""


def _refuse_host(scope: Scope) -> ASGIApp:
    problem = build_problem(
        status=400,
        code="unknown_host",
        detail="This server does not answer under the name in the Host header.",
        hint="Use the address that the operator gave you; operators name others in STEMMA_ALLOWED_HOSTS.",
    )
    if scope["method"] == "HEAD":
        return Response(status_code=400, media_type=CONTENT_TYPE)
    return JSONResponse(problem, status_code=400, media_type=CONTENT_TYPE)


def _list_words(headers: Headers, name: str) -> list[str]:
    return [word for line in headers.getlist(name) for said in line.split(",") if (word := said.strip())]


def _said_by(hops: int, said: Sequence[str]) -> str:
    """Return what the outermost of so many proxies said: each adds a word at the end, or replaces them all by one."""
    return said[max(len(said) - hops, 0)] if said else ""


def _parse(said: str) -> str | None:
    """Return an address as it is written everywhere here; proxies add ports, and brackets around IPv6."""
    return next(_list_readings(said), None)


def _list_readings(said: str) -> Iterator[str]:
    bare = said.strip('"')
    for text in (bare, bare.rpartition(":")[0]):
        try:
            address: IPv4Address | IPv6Address = ip_address(text.strip("[]"))
        except ValueError:
            continue
        if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
            address = address.ipv4_mapped
        yield str(address)


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in networks)
