"""From the keys that a request carries to the grants that they are worth; each kind is one file in `grants`."""

import logging
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module

from django.contrib.auth.models import AnonymousUser

from repository.models import User
from repository.selectors import grants
from repository.selectors.visibility import Grant, Visitor

COOKIE = "stemma_grants"
"""Holds keys as `kind:key`, with dots between them."""
MOST_KEYS = 8  # of a cookie; each may cost a query

_logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class GrantKind:
    """How a key becomes a grant; a file in `repository/selectors/grants` has one as `KIND`.

    Attributes
    ----------
    name
        Before the colon where the key is carried.
    find
        Returns what the key opens, or None where it is unknown, withdrawn or at its end. The tables that it reads need
        triggers that name the deposit (migration 0013): withdrawing a grant is a write that ends decisions.
    """

    name: str
    find: Callable[[str], Grant | None]


@cache
def get_kinds() -> Mapping[str, GrantKind]:
    """Return the kinds of grants by name; a file that cannot be read is set aside, and all others work."""
    kinds: dict[str, GrantKind] = {}
    for name in sorted(module.name for module in pkgutil.iter_modules(grants.__path__)):
        file = f"repository/selectors/grants/{name}.py"
        try:
            kind = import_module(f"{grants.__name__}.{name}").KIND
        except Exception:  # whatever is wrong with one file, the others are read
            _logger.exception("The kind of grants in %s cannot be read. It is set aside.", file)
            continue
        if not isinstance(kind, GrantKind) or kind.name in kinds:
            _logger.error("%s has no KIND, or one whose name another file has. It is set aside.", file)
            continue
        kinds[kind.name] = kind
    return kinds


def carry_key(kind: str, key: str, carried: str = "") -> str:
    """Return what a cookie holds that carries one more key: the newest come first, and the oldest give way."""
    new = f"{kind}:{key}"
    former = [each for each in carried.split(".") if each and each != new]
    return ".".join([new, *former][:MOST_KEYS])


def find_grants(keys: str) -> tuple[Grant, ...]:
    """Return what the keys of a cookie open; those that open nothing say nothing."""
    if not keys or "\x00" in keys:
        return ()
    found = (_find_grant(key) for key in keys.split(".")[:MOST_KEYS])
    return tuple(grant for grant in found if grant is not None)


def _find_grant(text: str) -> Grant | None:
    name, _, key = text.partition(":")
    kind = get_kinds().get(name)
    return kind.find(key) if kind is not None and key else None


def build_visitor(user: User | AnonymousUser, cookies: Mapping[str, str]) -> Visitor:
    """Return who asks, from the account that Django found and the cookies beside it."""
    return Visitor(user if user.is_authenticated else None, find_grants(cookies.get(COOKIE, "")))
