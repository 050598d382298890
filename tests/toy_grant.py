"""A kind of grants and a rule that keeps descriptions back, which exist in tests only."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db.models import Q

from repository.models import DepositMember
from repository.selectors import grant_kinds, grants, visibility

# A row that has a name and no account gives nobody any right: here it stands for a link that an owner made.
TOY = """
from repository.models import DepositMember
from repository.selectors.grant_kinds import GrantKind
from repository.selectors.visibility import Grant


def find_toy(key):
    link = DepositMember.objects.filter(user=None, name=f"toy {key}").first()
    return None if link is None else Grant(link.deposit_id)


KIND = GrantKind(name="toy", find=find_toy)
"""


@contextmanager
def grants_from(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Iterator[None]:
    """Let the folder belong to the kinds of grants of this process while it holds these files."""
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(grants, "__path__", [*grants.__path__, str(folder)])
    grant_kinds.get_kinds.cache_clear()
    try:
        yield
    finally:
        for name in files:
            sys.modules.pop(f"repository.selectors.grants.{name}", None)
        monkeypatch.undo()
        grant_kinds.get_kinds.cache_clear()


def make_link(deposit_id: str, key: str) -> DepositMember:
    """Return the row of a link; whoever deletes it withdraws the grant."""
    return DepositMember.objects.create(deposit_id=deposit_id, name=f"toy {key}", user=None)


def carry(*keys: str) -> dict[str, str]:
    """Return the cookie of somebody who has opened links with these keys."""
    return {grant_kinds.COOKIE: ".".join(f"toy:{key}" for key in keys)}


def keep_back_what_is_embargoed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every embargo keep the description back too."""
    monkeypatch.setattr(visibility, "KEPT_BACK", (lambda: Q(access="embargoed"),))
