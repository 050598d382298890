"""Who runs this installation: only they see hosts, ports and counts."""

from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest

from api.byte_service.visitors import Credential, identify
from repository.errors import RepositoryError
from repository.selectors.access import Visitor

# A request that carries one of these came through a proxy: its peer is the proxy, whoever sent it.
_FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_X_REAL_IP", "HTTP_FORWARDED", "HTTP_VIA")


def is_operator(request: HttpRequest) -> bool:
    """Return whether an administrator asks, by session or token, or a program of a configured network.

    A database that is away makes nobody an operator; the question itself never fails.
    """
    if is_from_operator_network(request):
        return True
    try:
        visitor = _identify(request)
        return bool(visitor.is_authenticated and getattr(visitor, "is_administrator", False))
    except (RepositoryError, DatabaseError):
        return False


def is_from_operator_network(request: HttpRequest) -> bool:
    """Return whether the connection itself comes from a network that the operator named.

    What came through a proxy does not: the network would be the proxy's, and with it every stranger's.
    """
    if any(request.META.get(name) for name in _FORWARDED):
        return False
    try:
        peer = ip_address(request.META.get("REMOTE_ADDR") or "")
    except ValueError:
        return False
    if isinstance(peer, IPv6Address) and peer.ipv4_mapped is not None:
        peer = peer.ipv4_mapped
    return any(peer in network for network in settings.OPERATOR_NETWORKS)


def _identify(request: HttpRequest) -> Visitor:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        return identify(Credential(token=token.strip() if scheme.lower() == "token" else "-"), scope="read")
    return request.user
