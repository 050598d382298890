"""A grant is remembered as every decision is, and its withdrawal is a write that ends what was remembered."""

import datetime as dt
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.byte_service import hearing, reading, visitors
from repository.models import Membership
from repository.selectors import grant_kinds
from repository.selectors.sharing import compose_cookie
from repository.selectors.visibility import Grant
from repository.services.group_deposits import put_into_group
from repository.services.groups import create_group, remove_from_group
from repository.services.reviewer_links import create_reviewer_link, revoke_reviewer_link
from tests.api.conftest import WebClient, as_token, make_token
from tests.deposits import make_ready
from tests.factories import make_user
from tests.integration.permissions.conftest import list_addresses, list_deciding_tables
from tests.integration.permissions.long_memory import remember_for_long
from tests.patience import wait_until
from tests.toy_grant import TOY, carry, grants_from, make_link

# The marks are one file for all processes of a home: what one test ends, the others must not see ended.
pytestmark = pytest.mark.xdist_group("marks")
BEARER = {"Cookie": f"{grant_kinds.COOKIE}={carry('key')[grant_kinds.COOKIE]}"}


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with grants_from(tmp_path / "more", monkeypatch, toy=TOY):
        yield


def is_remembered(web: WebClient, address: str, headers: dict[str, str] = BEARER) -> bool:
    """Return whether the web process answers without asking the database who may."""

    def refuse(*_: Any, **__: Any) -> None:
        raise AssertionError("asked")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reading, "in_database", refuse)
        return web.get(address, headers=headers).is_success


def require_remembered(web: WebClient, address: str, headers: dict[str, str] = BEARER) -> None:
    """Ask until it is; not at the first try where another process of this home began to hear just then."""
    wait_until(
        lambda: web.get(address, headers=headers).status_code == 200 and is_remembered(web, address, headers)
    )


def test_a_withdrawn_grant_ends_at_once(web: WebClient, toy: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_decisions", remember_for_long())
    wait_until(lambda: hearing.find_heard_marks() is not None)
    granted, other = make_ready(), make_ready()
    link = make_link(granted.pk, "key")
    addresses = [
        address
        for address in list_addresses(granted)
        if "/datasets/" not in address and "data.dm4" not in address
    ]
    assert len(addresses) == 5
    for address in addresses:
        assert web.get(address).status_code == 404
        require_remembered(web, address)
        assert web.get(address).status_code == 404, "it is remembered for who carries the key alone"
    for address in list_addresses(other):
        assert web.get(address, headers=BEARER).status_code == 404
    link.delete()
    for address in addresses:
        assert web.get(address, headers=BEARER).status_code == 404, address


def test_a_link_that_is_ended_and_a_group_that_is_left_end_at_once(
    web: WebClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "_decisions", remember_for_long())
    wait_until(lambda: hearing.find_heard_marks() is not None)
    deposit, member = make_ready(), make_user()
    link, key = create_reviewer_link(
        deposit_id=deposit.pk, actor=deposit.owner, label="Reviewers", lifetime=dt.timedelta(days=1)
    )
    group = create_group(actor=deposit.owner, name="Laboratory")
    Membership.objects.create(group=group, user=member)
    put_into_group(deposit_id=deposit.pk, actor=deposit.owner, group_id=group.pk)
    address = list_addresses(deposit)[-1]
    by_link = {"Cookie": "=".join(compose_cookie(key))}
    as_member = as_token(make_token(member))
    for headers in (by_link, as_member):
        require_remembered(web, address, headers)
    revoke_reviewer_link(deposit_id=deposit.pk, actor=deposit.owner, link_id=link.pk)
    assert web.get(address, headers=by_link).status_code == 404
    remove_from_group(group_id=group.pk, actor=member, username=member.username)
    assert web.get(address, headers=as_member).status_code == 404


@pytest.mark.usefixtures("toy", "transactional_db", "stemma_home")
def test_a_decision_names_the_deposits_of_all_grants() -> None:
    """Also of those that it did not need: which of them it needed, the query alone knows."""
    first, second = make_ready(), make_ready()
    for deposit, key in ((first, "a"), (second, "b")):
        make_link(deposit.pk, key)
    deciding = list_deciding_tables()
    with CaptureQueriesContext(connection) as captured:
        keys = carry("a", "none", "b")[grant_kinds.COOKIE]
        asking = visitors.recognize_reader(visitors.Credential(grants=keys))
    assert asking.subjects == (f"deposit:{first.pk}", f"deposit:{second.pk}")
    assert asking.visitor.account is None
    read = {query["sql"].split('FROM "')[1].split('"')[0] for query in captured.captured_queries}
    assert read <= deciding, json.dumps(sorted(read))


def test_a_decision_lives_no_longer_than_its_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    soon, later = timezone.now() + dt.timedelta(seconds=1), timezone.now() + dt.timedelta(days=1)
    ends = {"soon": soon, "later": later, "never": None}
    kind = grant_kinds.GrantKind("test", lambda key: Grant("7q2m-x4dn", until=ends[key]))
    monkeypatch.setattr(grant_kinds, "get_kinds", lambda: {"test": kind})
    for keys, until in (
        ("test:never", None),
        ("test:later.test:soon", soon),
        ("test:never.test:later", later),
    ):
        assert visitors.recognize_reader(visitors.Credential(grants=keys)).until == until
