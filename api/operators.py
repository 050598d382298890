"""Who runs this installation: only they see hosts, ports, reasons and counts."""

import asyncio
from collections.abc import Mapping
from functools import partial
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.db import Error
from django.http import HttpRequest
from starlette.requests import Request

from api.byte_service.visitors import Credential, compose_credential, identify, read_credential, tidily
from api.turns import NoTurnError, get_turns
from repository.errors import RepositoryError

DEADLINE_S = 2.0
# What a trusted proxy said is gone by now, and the visitor's address stands in place of its own (`api.doorway`). What
# still carries one of these came through a proxy that nobody named: its address is the proxy's, whoever sent it.
_FORWARDED = ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")


def is_operator(request: HttpRequest) -> bool:
    """Return whether an administrator asks, by session or token, or a program of a configured network."""
    if is_from_operator_network(request.META.get("REMOTE_ADDR") or "", request.headers):
        return True
    authorization = request.headers.get("Authorization", "")
    return is_administrator(compose_credential(authorization, request.COOKIES))


async def is_known_operator(request: Request) -> bool:
    """Return the same of a request beside Django, in time and whatever hangs.

    While nobody can say who asks, nobody is an administrator. The question has a thread of its own: the others are busy
    just when an operator wants to know why.
    """
    if is_from_operator_network(request.client.host if request.client else "", request.headers):
        return True
    credential = read_credential(request)
    if credential == Credential():
        return False
    try:
        async with asyncio.timeout(DEADLINE_S):
            return await get_turns("operators").run(tidily, partial(is_administrator, credential))
    except (TimeoutError, NoTurnError, Error):
        return False


def is_from_operator_network(peer: str, headers: Mapping[str, str]) -> bool:
    """Return whether a visitor comes from a network that the operator named.

    What came through an unknown proxy does not: the network would be the proxy's, and with it every stranger's.
    """
    if any(name in headers for name in _FORWARDED):
        return False
    try:
        address = ip_address(peer)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in settings.OPERATOR_NETWORKS)


def is_administrator(credential: Credential) -> bool:
    """Return whether a credential is an administrator's; one that is not valid is nobody's."""
    try:
        visitor = identify(credential, scope="read")
    except RepositoryError:
        return False
    return visitor.account is not None and visitor.account.is_administrator
